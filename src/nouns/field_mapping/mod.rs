//! Field mappings: how the fields of an app's records become those of the user's own app and back, and the versions that
//! integrations and connections have of that.
//!
//! `model.rs` holds the fields, `kind.rs` what may stand in them, `rules.rs` what is made
//! of them; the verbs and routes that all kinds have are those of
//! [`crate::elements`].

mod kind;
pub mod model;
mod routes;
mod rules;
