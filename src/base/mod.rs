//! What everything stands on and what knows nothing of the engine: identity, time, errors, text, lists, settings.

pub mod clock;
pub mod config;
pub mod depth;
pub mod error;
pub mod history;
pub mod ids;
pub mod metrics;
pub mod operation;
pub mod page;
pub mod patch;
pub mod pattern;
pub mod rank;
pub mod redact;
pub mod schema;
pub mod text;

/// A JSON object whose keys are the user's own.
pub type JsonMap = serde_json::Map<String, serde_json::Value>;
