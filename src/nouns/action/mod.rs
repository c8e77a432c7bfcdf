//! An action: a reusable operation, at one of three layers, and its runs.

pub mod act;
pub mod model;
pub mod routes;
pub mod rules;
pub mod run;
pub mod view;
