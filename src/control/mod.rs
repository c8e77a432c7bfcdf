//! This folder serves test control, everything under `/__mock/`. Invariant: it never shadows the real API, sends no
//! CORS headers, and answers only calls from loopback or with the control token (`docs/behaviour.md#control`).

mod behaviours;
mod elements;
mod faults;
pub mod fidelity;
mod journal;
mod scenarios;
mod server;
mod snapshots;
mod time;
mod upstreams;
mod workspaces;

pub(crate) use time::keep as keep_clock;
pub(crate) use upstreams::add as add_stub;

pub(crate) use fidelity::in_words as ledger_in_words;

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::base::error::{ApiError, nearest};
use crate::call::router::{Access, Route, route};
use crate::call::{Call, Reply};
use crate::engine::WorkspaceRuntime;
use crate::world::spaces::no_workspace;

const OURS: &str = "our choice";

fn control<F, R>(method: Method, path: &str, handler: F) -> Route
where
    F: Fn(Call) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Reply, ApiError>> + Send + 'static,
{
    asked(method, path, &[], handler)
}

/// Makes a route whose query has these fields alone. Another one is refused before anything happens, as in bodies.
pub(crate) fn asked<F, R>(method: Method, path: &str, known: &'static [&'static str], handler: F) -> Route
where
    F: Fn(Call) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Reply, ApiError>> + Send + 'static,
{
    let handler = Arc::new(handler);
    let strict = move |call: Call| {
        let handler = Arc::clone(&handler);
        async move {
            check_query(&call, known)?;
            handler(call).await
        }
    };
    route(Some(method), format!("/__mock{path}"), Access::Control, OURS, strict)
}

/// Refuses a body where there is nothing to say, before anything happens.
fn check_no_body(call: &Call) -> Result<(), ApiError> {
    match call.any_json()? {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Object(fields)) => fields.keys().next().map_or(Ok(()), |name| {
            let why = format!("the field `{name}` is unknown; it takes no body, and what it takes stands in its query");
            Err(ApiError::bad_request(why).with_data(json!({ "field": name })))
        }),
        Some(_) => Err(ApiError::bad_request("it takes no body, and what it takes stands in its query")),
    }
}

fn check_query(call: &Call, known: &[&str]) -> Result<(), ApiError> {
    let unknown = form_urlencoded::parse(call.raw_query.as_bytes()).find(|(name, _)| !known.contains(&name.as_ref()));
    let Some((name, _)) = unknown else { return Ok(()) };
    let hint = match nearest(&name, known.iter().copied()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if known.is_empty() => "; it takes no query".to_owned(),
        None => format!("; there are `{}`", known.join("`, `")),
    };
    Err(ApiError::bad_request(format!("the query field `{name}` is unknown{hint}")).with_data(json!({ "field": name })))
}

/// The fields of a query for a workspace's journal: those of a matcher but `input`.
const OF_JOURNAL: [&str; 13] = [
    "side",
    "status",
    "operation",
    "method",
    "path",
    "route",
    "connector",
    "tenant",
    "integration",
    "connection",
    "action",
    "flow",
    "fault",
];

/// Returns every route of the control API.
pub fn routes() -> Vec<Route> {
    let (get, post, put, patch, delete) = (Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE);
    vec![
        control(get.clone(), "/health", server::health),
        asked(post.clone(), "/reset", &["workspace", "to"], server::reset),
        control(get.clone(), "/journal", server::journal),
        asked(get.clone(), "/fidelity", &["workspace"], fidelity::ledger),
        control(get.clone(), "/metrics", server::metrics),
        control(get.clone(), "/openapi.json", server::openapi),
        control(get.clone(), "/workspaces", workspaces::list),
        control(post.clone(), "/workspaces", workspaces::create),
        control(get.clone(), "/workspaces/{key}", workspaces::get),
        control(patch, "/workspaces/{key}", workspaces::patch),
        control(delete.clone(), "/workspaces/{key}", workspaces::delete),
        control(get.clone(), "/workspaces/{key}/clock", time::get),
        control(put.clone(), "/workspaces/{key}/clock", time::set),
        control(post.clone(), "/workspaces/{key}/clock/advance", time::advance),
        control(post.clone(), "/workspaces/{key}/clock/settle", time::settle),
        control(get.clone(), "/workspaces/{key}/progress", workspaces::progress),
        control(put.clone(), "/workspaces/{key}/progress", workspaces::set_progress),
        control(post.clone(), "/workspaces/{key}/connections/{selector}/poke", elements::poke_connection),
        control(post.clone(), "/workspaces/{key}/connections/{selector}/complete", elements::complete),
        control(post.clone(), "/workspaces/{key}/connections/{selector}/cancel", elements::cancel),
        control(post.clone(), "/workspaces/{key}/connections/{selector}/fail", elements::fail),
        control(post.clone(), "/workspaces/{key}/actions/{selector}/poke", elements::poke_action),
        control(post.clone(), "/workspaces/{key}/agent-sessions/{id}/poke", elements::poke_session),
        control(post.clone(), "/workspaces/{key}/jobs/{id}/poke", elements::poke_job),
        control(post.clone(), "/workspaces/{key}/flow-runs/{id}/poke", elements::poke_flow_run),
        control(get.clone(), "/workspaces/{key}/faults", faults::list),
        control(post.clone(), "/workspaces/{key}/faults", faults::add),
        control(delete.clone(), "/workspaces/{key}/faults", faults::clear),
        control(get.clone(), "/workspaces/{key}/faults/story", faults::story),
        control(put.clone(), "/workspaces/{key}/faults/story", faults::play),
        control(get.clone(), "/workspaces/{key}/faults/{id}", faults::get),
        control(put.clone(), "/workspaces/{key}/faults/{id}", faults::put),
        control(delete.clone(), "/workspaces/{key}/faults/{id}", faults::remove),
        control(put.clone(), "/workspaces/{key}/upstreams/{connector}", upstreams::set),
        control(get.clone(), "/workspaces/{key}/upstreams/{connector}/stubs", upstreams::stubs),
        control(post.clone(), "/workspaces/{key}/upstreams/{connector}/stubs", upstreams::add_stub),
        control(delete.clone(), "/workspaces/{key}/upstreams/{connector}/stubs", upstreams::clear_stubs),
        control(get.clone(), "/workspaces/{key}/upstreams/{connector}/stubs/{id}", upstreams::get_stub),
        control(put.clone(), "/workspaces/{key}/upstreams/{connector}/stubs/{id}", upstreams::put_stub),
        control(delete.clone(), "/workspaces/{key}/upstreams/{connector}/stubs/{id}", upstreams::remove_stub),
        control(get.clone(), "/workspaces/{key}/upstreams/{connector}/requests", upstreams::requests),
        control(get.clone(), "/workspaces/{key}/upstreams/{connector}/tokens", upstreams::tokens),
        control(post.clone(), "/workspaces/{key}/upstreams/{connector}/tokens/{id}/{event}", upstreams::token_event),
        asked(get.clone(), "/workspaces/{key}/journal", &OF_JOURNAL, journal::list),
        control(delete.clone(), "/workspaces/{key}/journal", journal::clear),
        control(get.clone(), "/workspaces/{key}/journal/stream", journal::stream),
        control(post.clone(), "/workspaces/{key}/journal/verify", journal::verify),
        control(get.clone(), "/workspaces/{key}/scenarios", scenarios::list),
        control(post.clone(), "/workspaces/{key}/scenarios", scenarios::add),
        control(post.clone(), "/workspaces/{key}/scenarios/{name}/start", scenarios::start),
        control(post.clone(), "/workspaces/{key}/scenarios/{name}/stop", scenarios::stop),
        control(get.clone(), "/workspaces/{key}/webhooks", workspaces::webhooks),
        control(get.clone(), "/workspaces/{key}/export", workspaces::export),
        control(get, "/workspaces/{key}/snapshots", snapshots::list),
        control(post.clone(), "/workspaces/{key}/snapshots", snapshots::take),
        control(delete, "/workspaces/{key}/snapshots/{id}", snapshots::remove),
        control(post, "/workspaces/{key}/snapshots/{id}/restore", snapshots::restore),
    ]
}

/// Returns the workspace that a control route names, or a 404.
fn space(call: &Call) -> Result<Arc<WorkspaceRuntime>, ApiError> {
    space_named(call, call.param("key")?)
}

/// Returns the workspace with a key, or a 404.
pub(crate) fn space_named(call: &Call, key: &str) -> Result<Arc<WorkspaceRuntime>, ApiError> {
    call.engine.space(key).ok_or_else(|| no_workspace(&call.engine, key))
}
