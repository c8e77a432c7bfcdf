//! The nouns of the engine, a folder each: types and machine (`model.rs`), rules, wire form, routes, seed form.

pub mod action;
pub mod agent_session;
pub mod attempt_log;
pub mod connection;
pub mod connection_request;
pub mod connector;
pub mod external_app;
pub mod fault;
pub mod flow;
pub mod flow_run;
pub mod hosted_page;
pub mod integration;
pub mod run_log;
pub mod stub;
pub mod tenant;
pub mod vendor;
pub mod webhook;
pub mod workspace;
