//! The binary.

mod commands;
mod database;
mod exec;
mod logging;
mod main_job;
mod options;
