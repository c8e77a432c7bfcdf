//! Integrations: apps as a workspace offers them.

pub mod element_view;
pub mod model;
pub mod routes;
pub mod rules;
pub mod view;
