//! Background jobs: exports and imports of what a workspace defines.

pub mod model;
pub mod routes;
pub mod rules;
