//! Checkpoints: each version that the definition of an element has had, what changed from one to the next, and the way back.
//!
//! `model.rs` holds the stored checkpoint, `rules.rs` how they are made and gone back to, `routes.rs` the handlers. Invariant:
//! one is made in the transaction that changes the element, so no way to change one can forget it. Source: OAS, SDK
//! `CheckpointApiResponse`; that they are of what a workspace defines, and not of what tenants have, is our choice.

pub mod model;
pub mod routes;
mod rules;

pub use rules::notice;
