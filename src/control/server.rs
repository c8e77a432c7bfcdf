//! This module serves what belongs to the server as a whole: health, reset, metrics, and requests without a workspace.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::JsonMap;
use crate::base::error::{ApiError, nearest};
use crate::call::contract::{Json, JsonReply, QueryOf, Text};
use crate::call::router::Route;
use crate::call::{Call, Reply};
use crate::control::control;
use crate::edge::openapi;
use crate::journal::Entry;
use crate::world::spaces;
use crate::world::spaces::ResetTo;

/// The control routes of the server as a whole.
pub(super) fn routes() -> Vec<Route> {
    vec![
        control("getHealth", Method::GET, "/health", "Answers that the server is ready, and what it is.", health),
        control(
            "resetServer",
            Method::POST,
            "/reset",
            "Puts all workspaces, or one, back to what they started from, or empties them.",
            reset,
        ),
        control(
            "getServerJournal",
            Method::GET,
            "/journal",
            "Lists the requests that belong to no workspace.",
            journal,
        ),
        control(
            "getMetrics",
            Method::GET,
            "/metrics",
            "Answers the counters of the server as OpenMetrics text.",
            metrics,
        ),
        control(
            "getOpenApi",
            Method::GET,
            "/openapi.json",
            "Answers the OpenAPI document of the control API and of the faked API.",
            openapi,
        ),
    ]
}

/// A server that is ready.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Health {
    /// It is `ok`.
    pub(super) status: &'static str,
    /// The version of membrane-mock.
    pub(super) version: &'static str,
    /// The address of the server, which clients take as the API's.
    pub(super) url: String,
    /// For how long it has run, in milliseconds of real time.
    pub(super) uptime_ms: u64,
    /// How many workspaces there are.
    pub(super) workspaces: usize,
}

/// Answers [`Health`]. The server listens only once it is seeded, so any answer means that it is ready.
pub(super) async fn health(call: Call) -> Result<Json<Health>, ApiError> {
    let uptime = u64::try_from(call.engine.started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        url: call.engine.base().to_owned(),
        uptime_ms: uptime,
        workspaces: call.engine.spaces().len(),
    }))
}

/// What a reset leads to.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum To {
    /// What the workspace started from.
    #[default]
    Seed,
    /// Nothing but the catalog.
    Empty,
}

/// What is reset, and to what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default)]
#[derive(Default)]
pub(super) struct ResetQuery {
    /// The key of the only workspace to reset; all when absent.
    workspace: Option<String>,
    /// What it leads to.
    to: To,
}

/// What was reset.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Reset {
    /// The keys of the workspaces.
    reset: Vec<String>,
}

/// Puts all workspaces, or only `?workspace=KEY`, back to what they started from; with `?to=empty` they become empty.
async fn reset(call: Call, QueryOf(query): QueryOf<ResetQuery>) -> Result<Json<Reset>, ApiError> {
    let to = match query.to {
        To::Seed => ResetTo::Seed,
        To::Empty => ResetTo::Empty,
    };
    let keys: Vec<String> = match query.workspace {
        Some(key) => vec![key],
        None => call.engine.spaces().iter().map(|space| space.key.clone()).collect(),
    };
    for key in &keys {
        spaces::reset(&call.engine, key, to).await?;
    }
    Ok(Json(Reset { reset: keys }))
}

/// Requests that belong to no workspace.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ServerJournal {
    /// The requests, oldest first.
    pub(super) items: Vec<Entry>,
    /// How many older ones were dropped.
    pub(super) forgotten: u64,
}

/// Returns the journal of requests that belong to no workspace.
pub(super) async fn journal(call: Call) -> Result<Json<ServerJournal>, ApiError> {
    let journal = &call.engine.journal;
    Ok(Json(ServerJournal { items: journal.entries(), forgotten: journal.forgotten() }))
}

/// Returns the counters as Prometheus text.
async fn metrics(call: Call) -> Result<Text, ApiError> {
    let text = call.engine.metrics.text(call.engine.spaces().len()).map_err(ApiError::internal)?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(Text(Reply::of(StatusCode::OK, Some(kind.into()), text.into())))
}

/// A document of OpenAPI 3.1.
#[derive(Debug, JsonSchema)]
#[expect(dead_code, reason = "it is the shape of a document that is written once")]
pub(super) struct OpenApi {
    /// The version of OpenAPI.
    openapi: String,
    /// What the document is about.
    info: JsonMap,
    /// The operations by path and method.
    paths: JsonMap,
    /// The shapes by name, and how calls are authorized.
    components: JsonMap,
}

/// One of the two APIs that are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Api {
    /// Everything under `/__mock`.
    Control,
    /// The platform's API, which is faked.
    Engine,
}

/// Which operations are shown.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct OpenApiQuery {
    /// Only those of this API; of both when absent.
    api: Option<Api>,
    /// Only those with this tag, such as `clock` or `connections`; all when absent.
    tag: Option<String>,
}

/// Returns the OpenAPI document of the control API and the faked API together, or of a part of them.
async fn openapi(call: Call, QueryOf(query): QueryOf<OpenApiQuery>) -> Result<JsonReply<OpenApi>, ApiError> {
    static ROUTES: OnceLock<Vec<Route>> = OnceLock::new();
    let routes = ROUTES.get_or_init(|| {
        crate::control::routes().into_iter().chain(crate::edge::known_routes().iter().cloned()).collect()
    });
    if query.api.is_none() && query.tag.is_none() {
        let [_, known] = &call.engine.documents;
        return Ok(openapi::served(known, || openapi::document(routes, "membrane-mock", call.engine.own_base())).into());
    }
    let of_api = |route: &&Route| {
        let api = if route.path.starts_with("/__mock") { Api::Control } else { Api::Engine };
        query.api.is_none_or(|wanted| wanted == api)
    };
    let with_tag = |route: &&Route| query.tag.as_deref().is_none_or(|tag| tag == openapi::tag_of(&route.path));
    let part: Vec<Route> = routes.iter().filter(of_api).filter(with_tag).cloned().collect();
    if let (Some(tag), true) = (&query.tag, part.is_empty()) {
        let tags: BTreeSet<&str> = routes.iter().filter(of_api).map(|route| openapi::tag_of(&route.path)).collect();
        let near = nearest(tag, tags.iter().copied()).map(|tag| format!("; did you mean `{tag}`?")).unwrap_or_default();
        return Err(ApiError::bad_request(format!("no operation has the tag `{tag}`{near}"))
            .with_data(json!({ "field": "tag", "tags": tags })));
    }
    Ok(Reply::json(&openapi::part(&part, "membrane-mock", call.engine.own_base()))?.into())
}
