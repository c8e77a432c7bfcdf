//! Tenants, called customers on the wire.

pub mod model;
pub mod routes;
pub mod rules;
pub mod view;
