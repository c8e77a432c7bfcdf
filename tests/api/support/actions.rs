//! Actions as a test defines them.

use http::Method;
use serde_json::{Value, json};

use crate::support::Bed;

/// An action that answers with a word.
pub(crate) fn says(word: &str) -> Value {
    json!({"type": "run-javascript", "config": {"code": format!("module.exports = () => '{word}'")}})
}

/// The same under a key.
pub(crate) fn says_as(word: &str, key: &str) -> Value {
    with(json!({ "key": key }), &says(word))
}

/// Some fields and more of them.
pub(crate) fn with(mut base: Value, more: &Value) -> Value {
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}

impl Bed {
    /// Makes an action as a manager.
    pub(crate) async fn action(&self, body: Value) -> Value {
        self.manager().ok(Method::POST, "/actions", body).await
    }
}
