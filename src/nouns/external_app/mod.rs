//! External apps: the products behind connectors.

pub mod model;
