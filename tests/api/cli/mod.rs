//! The binary.

mod commands;
mod database;
mod logging;
mod main_job;
mod options;
