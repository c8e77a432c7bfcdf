//! Integrations: apps as a workspace offers them to its tenants, with the parameters that it has set for them.
//!
//! `model.rs` holds the stored integration and what follows from its parameters, `rules.rs` lists (with catalog
//! candidates), makes and changes integrations, `view.rs` has the wire form, `element_view.rs` the fields that all
//! elements show, `routes.rs` the handlers.
//! Invariant: the key of an integration that is not archived is unique in its workspace.

mod element_view;
pub mod model;
pub mod routes;
mod rules;
mod view;

pub use element_view::ElementView;
pub(crate) use routes::connector_at;
pub use rules::redefine;
pub use view::IntegrationView;
