//! Tenants, called customers on the wire: your users or their companies, each with
//! connections that no other tenant sees.
//!
//! `model.rs` holds the record and what a request may change, `rules.rs` how tokens make and update
//! tenants and what managers do with them, `view.rs` its form inside other records, `routes.rs` the
//! handlers of `/self` and `/customers`.
//! Invariant: a tenant's key (`internalId`) is unique in its workspace and never empty.

pub mod model;
pub mod routes;
mod rules;
mod view;

pub use rules::admit;
pub use view::TenantView;
