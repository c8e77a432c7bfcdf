//! The nouns and their rules: no HTTP, no SQL, no await.
//!
//! Invariant: whatever is derived (flags, layers, schemas, keys) is derived here, in one place, from stored facts.

pub mod action;
pub mod agent_session;
pub mod attempt;
pub mod attempt_log;
pub mod condition;
pub mod connection;
pub mod connection_request;
pub mod connector;
pub mod depth;
pub mod element;
pub mod external_app;
pub mod flow;
pub mod flow_run;
pub mod formula;
pub mod grant;
pub mod history;
pub mod integration;
pub mod job;
pub mod logs;
pub mod page;
pub mod patch;
pub mod place;
pub mod progress;
pub mod rank;
pub mod scenario;
pub mod schema;
pub mod stub;
pub mod tenant;
pub mod webhook;
pub mod workspace;

/// A JSON object whose keys are the user's own.
pub type JsonMap = serde_json::Map<String, serde_json::Value>;
