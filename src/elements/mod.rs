//! Elements at the three layers (actions and flows), whatever their kind: found, listed,
//! changed, made for one connection.
//!
//! `model/` holds what they share, `find.rs`, `list.rs`, `change.rs` and `instance.rs` the verbs,
//! `routes.rs` the handlers. Wire forms are in the `view.rs` of each noun. What a kind has of its own
//! is in [`crate::nouns::action::rules`] and [`crate::nouns::flow::rules`].
//!
//! Invariant: a key is unique at its place, and the most specific version of a key serves a scope.

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

/// A kind of element at the three layers that a workspace stores.
pub trait Element: Layered + Record {
    /// The catalog's elements of this kind; none where it has no such kind.
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
