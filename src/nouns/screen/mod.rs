//! Screens: what a page of the user's own app shows of an integration, block by block.
//!
//! `model.rs` holds the fields, `kind.rs` what is its own as a kind of element. Invariant: a screen belongs to the whole
//! workspace, so nobody has a version of it.

mod kind;
pub mod model;
