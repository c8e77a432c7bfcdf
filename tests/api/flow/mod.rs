//! Flows and their runs.

mod definitions;
mod operation;
mod runs;
