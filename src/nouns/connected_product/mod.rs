//! Connected products: the apps and agents of the user's own that use the workspace.
//!
//! `model.rs` holds the fields, `kind.rs` what is its own as a kind of element. Invariant: a product is the whole workspace's,
//! and nothing here asks which one calls.

mod kind;
pub mod model;
