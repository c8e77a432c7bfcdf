//! Calls of external apps that many tests make.

use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{Answer, Api};

/// Who the user of the demo's GitHub connection is, asked of the app.
pub(crate) fn user() -> Value {
    user_through("github-dev")
}

/// The same through any connection.
pub(crate) fn user_through(connection: &str) -> Value {
    json!({"api": {"method": "GET", "path": "/user"}, "connectionKey": connection})
}

/// A call of the demo's HubSpot connection.
pub(crate) fn contacts() -> Value {
    json!({"key": "list-contacts", "connectionKey": "hubspot-prod"})
}

/// What the app answers to that.
pub(crate) async fn whoami(api: &Api) -> Value {
    api.ok(Method::POST, "/act", user()).await["output"].clone()
}

/// A call that is under way.
pub(crate) fn under_way(api: Api, body: Value) -> JoinHandle<Answer> {
    tokio::spawn(async move { api.post("/act", body).await })
}
