//! Operations: what a connector can do by itself, and what runs them.
//!
//! `model.rs` holds an operation as its connector describes it, `rules.rs` finding and running one, `routes.rs` the handlers.
//! Invariant: an operation does what an action of its type and configuration would, and leaves no run log of its own.

pub mod model;
pub mod routes;
mod rules;

pub use rules::{find, run};
