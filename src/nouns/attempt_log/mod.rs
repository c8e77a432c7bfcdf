//! How attempts to connect went, one record each.

pub mod model;
