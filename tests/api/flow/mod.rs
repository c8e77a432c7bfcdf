//! Flows and their runs.

mod definitions;
mod runs;
