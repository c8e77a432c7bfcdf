//! Connection requests: a program asks a tenant to connect an app, and the user answers on a hosted page.
//!
//! `model.rs` holds what can be asked and the stored request; requests are made and settled by
//! [`crate::nouns::connection::connect`], whose `routes.rs` has the handlers.
//! Invariant: a request is settled once; afterwards its status never changes.

pub mod model;
