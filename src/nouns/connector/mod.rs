//! Connectors and external apps.

pub mod model;
pub mod routes;
pub mod rules;
