//! The binary.

mod commands;
mod logging;
mod main_job;
mod options;
