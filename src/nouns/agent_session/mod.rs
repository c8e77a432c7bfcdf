//! Agent sessions: a scripted stand-in for the platform's agents.

pub mod model;
pub mod routes;
pub mod rules;
