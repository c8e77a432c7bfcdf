//! The workspace as its managers see it.

pub mod model;
pub mod routes;
pub mod rules;
