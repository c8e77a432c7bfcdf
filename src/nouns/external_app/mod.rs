//! External apps: the products that connectors connect to, such as HubSpot, found by search.
//!
//! `model.rs` holds the record and what a request may change; verbs and handlers are in [`crate::nouns::connector`].
//! Invariant: the catalog's apps are shared and never written; a workspace that changes one keeps its own copy.

pub mod model;
