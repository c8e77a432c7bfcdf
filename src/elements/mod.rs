//! Elements at the three layers (actions and flows), whatever their kind: found, listed,
//! changed, made for one connection.
//!
//! `model/` holds what they share, `find.rs`, `list.rs`, `change.rs` and `instance.rs` the verbs,
//! `routes.rs` the handlers. Wire forms are in the `view.rs` of each noun. What a kind has of its own
//! is in `nouns/action/rules.rs` and `nouns/flow/rules.rs`.
//!
//! Invariant: a key is unique at its place, and the most specific version of a key serves a scope.

pub mod kind;
pub mod model;
pub mod origin;
pub mod routes;

mod change;
mod find;
mod holder;
mod instance;
mod list;

pub use change::{Change, Wanted, archive, create, manager_only, reset, restore, update};
pub use find::Archived;
pub use holder::{Holder, Holders};
pub use instance::{by_id, instance, instance_of, put_instance, restore_instance};
pub use kind::{Kind, SeedForm};
pub use list::{
    CATALOG_START, ElementFilter, Listed, ancestors, app_of, described, get, is_tenant, list, universal_parent,
};
