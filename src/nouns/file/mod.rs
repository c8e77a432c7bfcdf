//! Files: bytes that a caller keeps for a while, at an address of their own.
//!
//! `model.rs` holds a file, `routes.rs` the handlers. Invariant: whoever knows the address of a file reads it, so the address
//! cannot be guessed.

pub mod model;
pub mod routes;
