//! Scenarios: named stories of steps, each a trigger and what it brings about.

pub mod model;
pub mod rules;
