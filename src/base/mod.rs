//! This folder has what every other module uses and what knows nothing of the engine:
//! identity, time, errors, text, lists, settings.

pub mod agenda;
pub mod clock;
pub mod config;
pub mod dates;
pub mod error;
pub mod history;
pub mod ids;
pub mod json;
pub mod message;
pub mod metrics;
pub mod operation;
pub mod page;
pub mod pattern;
pub mod rank;
pub mod redact;
pub mod text;
pub mod work;

/// A JSON object whose keys the user chose.
pub type JsonMap = serde_json::Map<String, serde_json::Value>;
