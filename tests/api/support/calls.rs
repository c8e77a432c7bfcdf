//! Calls of external apps that many tests make.

use http::Method;
use serde_json::{Value, json};

use crate::support::Api;

/// Who the app says that the demo connection is.
pub(crate) async fn whoami(api: &Api) -> Value {
    let body = json!({"api": {"method": "GET", "path": "/user"}, "connectionKey": "github-dev"});
    api.ok(Method::POST, "/act", body).await["output"].clone()
}
