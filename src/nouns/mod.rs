//! The nouns of the platform, a folder each: what a workspace defines, connects, runs and records.
//!
//! In a folder, `model.rs` holds the stored types and their state machine, `rules.rs` the verbs,
//! `routes.rs` the HTTP handlers; a noun has only the files that it needs. Invariant: a `model.rs` is pure:
//! it knows no HTTP, no SQL and no `await`.

pub mod action;
pub mod agent_session;
pub mod app_data_schema;
pub mod app_event;
pub mod attempt_log;
pub mod connected_product;
pub mod connection;
pub mod connection_request;
pub mod connector;
pub mod data_collection;
pub mod data_link_table;
pub mod data_source;
pub mod external_app;
pub mod external_event;
pub mod external_event_type;
pub mod fault;
pub mod field_mapping;
pub mod file;
pub mod flow;
pub mod flow_run;
pub mod hosted_page;
pub mod integration;
pub mod kind;
pub mod model;
pub mod operation;
pub mod package;
pub mod references;
pub mod run_log;
pub mod screen;
pub mod stub;
pub mod stub_vendor;
pub mod tenant;
pub mod webhook;
pub mod workspace;
