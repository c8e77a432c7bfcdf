//! Webhooks out.

pub mod model;
pub mod rules;
