//! Webhooks out: notifications of connections and flow runs that the workspace sends to its app.
//!
//! `model.rs` holds the events and a delivery with its attempts; `rules.rs` writes deliveries and sends them, with
//! retries. Webhooks that come in are in [`crate::nouns::external_event`].
//! Invariant: a delivery is stored in the transaction of the change that it tells of, so no change goes untold.

pub mod model;
mod rules;

pub use rules::{forget_old, of_external_event, outbox};
