//! What faults do to calls.

pub mod effects;
