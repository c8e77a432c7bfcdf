//! Logs of what happened: action runs, calls to external apps, attempts to connect and incoming webhooks.
//!
//! `model.rs` holds the records and their details, `routes.rs` the handlers of all log routes; runs are logged by
//! [`crate::nouns::action::run`] and read by [`crate::store::logs`].
//! Invariant: a log is written once and never changed, and a caller sees the logs of its own
//! tenant only, unless it is a manager.

pub mod model;
pub mod routes;
