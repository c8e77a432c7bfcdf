//! The binary.

mod commands;
mod database;
mod doctor;
mod exec;
mod lines;
mod logging;
mod main_job;
mod options;
