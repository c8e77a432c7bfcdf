//! Integrations: apps as a workspace offers them.

pub mod model;
pub mod routes;
pub mod rules;
