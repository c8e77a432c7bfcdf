//! JSON beyond its syntax: how deep it nests, partial updates, and checks against a schema.

pub mod depth;
pub mod patch;
pub mod schema;
