//! Stubs: canned answers of an upstream app.

pub mod model;
