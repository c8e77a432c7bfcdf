//! Data collections: what an app keeps records of, as its connector describes it, and the records themselves, which each
//! connection has of its own.
//!
//! `model.rs` holds the collection and the stored record, `records.rs` what a connection finds and changes, `view.rs` the
//! wire forms, `routes.rs` the handlers. Invariant: a record that a connection has not changed is not stored: it is one of
//! those that its connector's app begins with.

pub mod model;
mod records;
pub mod routes;
mod view;

pub use model::Verb;
pub use records::{Collection, Request, perform, unified};
// The routes of a data source instance are those of its collection.
pub(crate) use routes::{get_of_instance, perform_of_instance, unified_to_native};
pub use view::{RecordView, record_schema, spec};
