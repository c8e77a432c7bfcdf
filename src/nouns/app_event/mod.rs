//! App events: what happens in the user's own app, sent to an address of the workspace, and the flows that it launches.
//!
//! `model.rs` holds the fields of event types and the log of events, `kind.rs` what is their own as a kind of element,
//! `rules.rs` what an event that comes in does, `routes.rs` the handlers. A subscription is a tenant's instance of an event
//! type. Invariant: an event that was taken is in the log, with the runs that it launched.

mod kind;
pub mod model;
pub mod routes;
mod rules;

pub use rules::{notice, problem_of};
