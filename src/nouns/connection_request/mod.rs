//! Connection requests: made by a program, answered by a user.

pub mod model;
