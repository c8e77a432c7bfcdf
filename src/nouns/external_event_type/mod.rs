//! External event types: kinds of events of apps that a workspace describes itself.
//!
//! `model.rs` holds the fields, `kind.rs` what may stand in them. Invariant: their code is kept and answered, and nothing runs
//! it; an event comes in as it is sent.

mod kind;
pub mod model;
