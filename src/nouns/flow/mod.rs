//! Flows and flow instances.

pub mod model;
pub mod routes;
pub mod rules;
pub mod view;
