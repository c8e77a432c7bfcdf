//! Background jobs: exports and imports of what a workspace defines, for managers that move it between workspaces.
//!
//! `model.rs` holds the stored job and its state machine, `rules.rs` what exports and imports do, `view.rs` the
//! wire form, `routes.rs` the handlers of `/export`, `/import` and `/background-jobs`.
//! Invariant: an import that fails, or is only tried, changes nothing.

pub mod model;
pub mod routes;
pub mod rules;
pub mod view;
