//! Actions: reusable operations on external apps, at one of three layers, and their runs.
//!
//! `model.rs` holds the stored action and its state machine, `rules.rs` the verbs that only actions have, `act.rs`
//! reads the body of `/act`, `run/` carries runs out and logs them, `view.rs` has the wire form and `routes.rs` the
//! handlers, `schemas.rs` works out what an output looks like. What actions share with flows is in [`crate::elements`].
//! Invariant: every run that is asked for writes one run log, unless the workspace's settings turn run logs off.

mod act;
mod building;
pub mod kind;
pub mod model;
pub mod routes;
mod rules;
pub mod run;
mod schemas;
pub mod seed;
mod view;

pub use building::{finish, notice};
