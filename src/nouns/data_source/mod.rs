//! Data sources: which collection of an app's data a user's app works with, and the versions that integrations and
//! connections have of that.
//!
//! `model.rs` holds the fields, `kind.rs` what may stand in them; the verbs and routes that all kinds have are those of
//! [`crate::elements`]. Invariant: a data source names a collection, or none yet; whether its connector has that is asked
//! when its records are.

mod kind;
pub mod model;
mod rules;

pub use rules::{Located, locate};
