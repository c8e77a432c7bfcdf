//! Packages: elements that belong together, such as those of one use case, and the versions that integrations have of them.
//!
//! `model.rs` holds the fields, `kind.rs` what is its own as a kind of element. Invariant: a package names its elements and
//! does not hold them; one that is gone stays named.

mod kind;
pub mod model;
