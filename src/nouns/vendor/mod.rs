//! The stub vendor behind each connector.

pub mod model;
pub mod oauth;
pub mod routes;
pub mod rules;
