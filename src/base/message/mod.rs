//! What HTTP messages carry: bodies as values, and headers whose names callers choose.

pub mod body;
pub mod headers;
