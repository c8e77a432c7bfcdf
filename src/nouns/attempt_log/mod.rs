//! The log of attempts to connect: one record for each attempt that ended, for whoever looks into failed connections.
//!
//! `model.rs` holds the record; it is written by [`crate::nouns::connection::connect`] and shown by
//! [`crate::nouns::run_log::routes`]. Invariant: a record is never changed, and the oldest go when
//! a workspace has more than 1000.

pub mod model;
