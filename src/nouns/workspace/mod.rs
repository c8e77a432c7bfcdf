//! The workspace: the space of one test or team, with its secret, settings and clock.
//!
//! `model.rs` holds the stored workspace with the platform's and the fake's own settings, `model/progress.rs` when
//! state machines move, `rules.rs` what managers may change, `view.rs` the wire form, `routes.rs` the handlers of `/workspaces`.
//! Invariant: a token reaches its own workspace only, and the secret is never shown by this API.

pub mod model;
pub mod routes;
mod rules;
mod view;

pub use rules::{merge_settings, merged_mock};
