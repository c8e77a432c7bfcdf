//! A connection: a tenant's authenticated link to one external app.

pub mod connect;
pub mod model;
pub mod outbound;
pub mod routes;
pub mod rules;
pub mod view;
