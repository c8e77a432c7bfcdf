//! x
pub mod api;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod engine;
pub mod error;
pub mod ids;
pub mod journal;
pub mod model;
pub mod sandbox;
pub mod screens;
pub mod server;
pub mod service;
pub mod store;
pub mod upstream;
