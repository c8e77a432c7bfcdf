//! Connectors and external apps: the apps that users can connect to, and how each is authenticated and called.
//!
//! `model.rs` holds the connector (the app itself is in [`crate::nouns::external_app`]), `rules.rs` lists and changes
//! both, `view.rs` has the wire forms, `routes.rs` has the handlers of `/connectors`, `/external-apps` and drawn logos.
//! Invariant: the catalog that all workspaces share is never written; a change of a catalog
//! entry is kept in the workspace.

pub mod model;
pub mod routes;
mod rules;
mod view;

// An agent session searches the apps as the list of apps does.
pub(crate) use routes::apps_found;
pub use rules::{get, publish, update};
pub(crate) use view::{AppView, ConnectorView};
