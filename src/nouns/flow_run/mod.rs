//! Runs of flow instances.

pub mod model;
pub mod nodes;
pub mod rules;
pub mod view;
