//! Data link tables: which record of an external app is which of the user's own app, and the tables that connections
//! have of that.
//!
//! `model.rs` holds the fields and the links, `rules.rs` what is done with links, `kind.rs` what is its own as a kind of
//! element, `routes.rs` the handlers of links. Invariant: links are in the instances of a table, so each connection has its own; a table has a link once.

mod kind;
pub mod model;
pub mod routes;
mod rules;

pub use rules::{LinkVerb, at_node, finder};
