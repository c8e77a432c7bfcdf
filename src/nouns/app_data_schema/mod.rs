//! App data schemas: the shapes of the data of the user's own app, and the versions that tenants have of them.
//!
//! `model.rs` holds the stored type and what a request body may change, `kind.rs` what is its own as a kind of
//! element, `view.rs` the wire form, `seed.rs` the form in seeds and archives; the verbs and routes are those of
//! [`crate::elements`]. Invariant: the schema of a stored app data schema is a JSON Schema.

mod kind;
pub mod model;
mod seed;
mod view;
