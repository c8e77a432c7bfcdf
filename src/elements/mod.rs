//! Elements at the three layers, whatever their kind: found, listed, changed, made for one connection.
//!
//! What is a kind's own (how it is made from a body, what it does) is in its module: [`crate::nouns::action::rules`], [`crate::nouns::flow::rules`].

pub mod model;
pub mod routes;

mod change;
mod find;
mod instance;
mod list;

pub use change::{Change, Wanted, archive, create, manager_only, reset, restore, update};
pub use find::Archived;
pub use instance::{instance, instance_of, instance_with};
pub use list::{
    CATALOG_START, ElementFilter, Listed, ancestors, app_of, described, get, is_tenant, list, universal_parent,
};

use crate::elements::model::place::Layered;
use crate::engine::catalog::{Catalog, Shelf};
use crate::nouns::action::model::Action;
use crate::nouns::flow::model::Flow;
use crate::store::Record;

/// A kind of element at the three layers that a workspace keeps.
pub trait Element: Layered + Record {
    /// Those of the catalog, where it has any of the kind.
    fn shared(_: &Catalog) -> Option<&Shelf<Self>> {
        None
    }
}

impl Element for Action {
    fn shared(catalog: &Catalog) -> Option<&Shelf<Self>> {
        Some(&catalog.actions)
    }
}

impl Element for Flow {}
