//! Elements, whatever their kind (actions, flows, app data schemas): found, listed, changed, made for a connection or a
//! tenant.
//!
//! `model/` holds what they share, `find.rs`, `list.rs`, `change.rs` and `instance.rs` the verbs, `hints.rs` what is answered
//! where nothing is found, `holder.rs` who has instances, `routes.rs` the handlers. Wire forms are in the `view.rs` of each
//! noun, and what a kind has of its own in its `kind.rs`.
//!
//! Invariant: a key is unique at its place, and the most specific version of a key serves a scope.

pub mod kind;
pub mod model;
pub mod origin;
pub mod routes;
mod service;
pub mod settings;

mod apply;
mod change;
mod find;
mod hints;
mod holder;
mod instance;
mod list;

pub use apply::{Applied, applied, apply};
pub(crate) use change::refuse_taken;
pub use change::{Change, Wanted, archive, copy, create, manager_only, reset, restore, update};
pub use find::{Archived, Spot};
pub use holder::{Holder, Holders};
pub use instance::{by_id, instance, instance_of, put_instance, restore_instance};
pub use kind::{Address, Kind, SeedForm};
pub use list::{
    CATALOG_START, ElementFilter, Listed, ancestors, app_of, described, get, in_service, is_tenant, list, parent_of,
    universal_parent,
};
