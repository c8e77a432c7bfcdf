//! The fake over HTTP, driven by its own public test API; each test has a server of its own.
//!
//! Modules mirror the crate: one per noun or room. What they share is in `support`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on panics"
)]

mod action;
mod agent_session;
mod app_data_schema;
mod app_event;
mod cli;
mod connection;
mod connector;
mod control;
mod data;
mod edge;
mod external_app;
mod fault;
mod flow;
mod integration;
mod job;
mod journal;
mod pages;
mod run_log;
mod sandbox;
mod scenario;
mod source;
mod store;
mod support;
mod tenant;
mod upstream;
mod vendor;
mod webhook;
mod workspace;
mod world;
