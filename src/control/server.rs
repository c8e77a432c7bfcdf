//! This module serves what belongs to the server as a whole: health, reset, metrics, and requests without a workspace.

use std::sync::OnceLock;

use http::StatusCode;
use serde_json::json;

use crate::base::error::ApiError;
use crate::call::router::Route;
use crate::call::{Call, Reply};
use crate::control::check_no_body;
use crate::edge::openapi;
use crate::world::spaces;
use crate::world::spaces::ResetTo;

/// Returns `{status, version, url, uptimeMs, workspaces}`. The server listens only once it is seeded, so any
/// answer means that it is ready.
pub(super) async fn health(call: Call) -> Result<Reply, ApiError> {
    let uptime = u64::try_from(call.engine.started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Reply::json(&json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "url": call.engine.base(),
        "uptimeMs": uptime,
        "workspaces": call.engine.spaces().len(),
    }))
}

/// Puts all workspaces, or only `?workspace=KEY`, back to what they started from; with `?to=empty` they become empty.
pub(super) async fn reset(call: Call) -> Result<Reply, ApiError> {
    check_no_body(&call)?;
    let query = call.query();
    let to = match query.text("to").as_deref() {
        None | Some("seed") => ResetTo::Seed,
        Some("empty") => ResetTo::Empty,
        Some(other) => return Err(ApiError::bad_request(format!("`to` is `{other}`; it is seed or empty"))),
    };
    let keys: Vec<String> = match query.text("workspace") {
        Some(key) => vec![key],
        None => call.engine.spaces().iter().map(|space| space.key.clone()).collect(),
    };
    for key in &keys {
        spaces::reset(&call.engine, key, to).await?;
    }
    Reply::json(&json!({ "reset": keys }))
}

/// Returns the journal of requests that belong to no workspace.
pub(super) async fn journal(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&json!({ "items": call.engine.journal.entries(), "forgotten": call.engine.journal.forgotten() }))
}

/// Returns the counters as Prometheus text.
pub(super) async fn metrics(call: Call) -> Result<Reply, ApiError> {
    let text = call.engine.metrics.text(call.engine.spaces().len()).map_err(ApiError::internal)?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(Reply::of(StatusCode::OK, Some(kind.into()), text.into()))
}

/// Returns the OpenAPI document of the control API and the faked API together.
pub(super) async fn openapi(call: Call) -> Result<Reply, ApiError> {
    static ROUTES: OnceLock<Vec<Route>> = OnceLock::new();
    let routes = ROUTES.get_or_init(|| {
        crate::control::routes().into_iter().chain(crate::edge::known_routes().iter().cloned()).collect()
    });
    let [_, known] = &call.engine.documents;
    Ok(openapi::served(known, || openapi::document(routes, "membrane-mock", call.engine.base())))
}
