//! App data schemas: the shapes of the data of the user's own app, and the versions that tenants have of them.
//!
//! `model.rs` holds the fields, `kind.rs` what may stand in them; the verbs and routes are those of
//! [`crate::elements`]. Invariant: the schema of a stored app data schema is a JSON Schema.

mod kind;
pub mod model;
