//! This module serves a workspace's journal: as a list, as a stream, and for verification.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;

use crate::base::error::ApiError;
use crate::base::operation::Operation;
use crate::call::contract::{Done, Events, Json, JsonBody, QueryOf};
use crate::call::router::Route;
use crate::call::{Call, Reply};
use crate::control::{control, space};
use crate::journal::verify::{Expectation, Matcher, Verdict};
use crate::journal::{Entry, Finding, Side, findings};
use crate::world::report;

/// The control routes of the journal.
pub(super) fn routes() -> Vec<Route> {
    vec![
        control(
            "getJournal",
            Method::GET,
            "/workspaces/{key}/journal",
            "Lists the calls that match, with what a tester should look at.",
            list,
        ),
        control("getCall", Method::GET, "/workspaces/{key}/journal/{seq}", "Answers one call of the journal.", get),
        control("clearJournal", Method::DELETE, "/workspaces/{key}/journal", "Forgets the calls so far.", clear),
        control(
            "streamJournal",
            Method::GET,
            "/workspaces/{key}/journal/stream",
            "Tells of each call as it comes.",
            stream,
        ),
        control(
            "verifyJournal",
            Method::POST,
            "/workspaces/{key}/journal/verify",
            "Says whether the expected calls were made, and which came near.",
            verify,
        )
        .example(r#"{"calls": {"operation": "act", "tenant": "ada"}, "times": 2}"#),
    ]
}

/// Which calls are listed: those that have every field that is given.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct JournalQuery {
    /// `api` for calls of clients, `upstream` for calls of external apps.
    pub(super) side: Option<Side>,
    /// The status that was answered.
    pub(super) status: Option<u16>,
    /// The name of the call.
    pub(super) operation: Option<Operation>,
    /// The method, in any case.
    pub(super) method: Option<String>,
    /// The path without its query; `*` stands for any text.
    pub(super) path: Option<String>,
    /// The route as the documentation writes it, with its method or without; of an external app the connector's key.
    pub(super) route: Option<String>,
    /// The key of the connector of the app that was called.
    pub(super) connector: Option<String>,
    /// The key of the tenant who called.
    pub(super) tenant: Option<String>,
    /// The id or key of the integration that the call was about.
    pub(super) integration: Option<String>,
    /// The id or key of the connection that the call was about.
    pub(super) connection: Option<String>,
    /// The id or key of the action that ran.
    pub(super) action: Option<String>,
    /// The id or key of the flow that ran.
    pub(super) flow: Option<String>,
    /// The name of the fault that broke the call.
    pub(super) fault: Option<String>,
    /// `true` for calls that were answered with a status of 400 or more, `false` for the others.
    pub(super) failed: Option<bool>,
    /// Only calls whose number is smaller than this one.
    pub(super) before: Option<u64>,
    /// At most so many calls, the latest ones.
    pub(super) limit: Option<usize>,
}

/// Calls of a workspace, and what there is to say of all of them.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct JournalView {
    /// The calls that match, oldest first.
    pub(super) items: Vec<Arc<Entry>>,
    /// How many older calls were dropped.
    pub(super) forgotten: u64,
    /// What a tester should look at, of all calls.
    pub(super) findings: Vec<Finding>,
}

/// Returns the entries that match the query; without a query it returns all.
pub(super) async fn list(call: Call, QueryOf(query): QueryOf<JournalQuery>) -> Result<Json<JournalView>, ApiError> {
    let space = space(&call)?;
    let filter = Matcher {
        side: query.side,
        status: query.status,
        operation: query.operation,
        method: query.method,
        path: query.path,
        route: query.route,
        connector: query.connector,
        tenant: query.tenant,
        integration: query.integration,
        connection: query.connection,
        action: query.action,
        flow: query.flow,
        fault: query.fault,
        input: None,
    };
    let all = space.journal.shared();
    let findings = findings(&all);
    let fits = |entry: &Arc<Entry>| {
        filter.differences(entry).is_empty()
            && query.failed.is_none_or(|failed| failed == (entry.status >= 400))
            && query.before.is_none_or(|before| entry.seq < before)
    };
    let mut items: Vec<Arc<Entry>> = all.into_iter().filter(fits).collect();
    let excess = query.limit.map_or(0, |limit| items.len().saturating_sub(limit));
    items.drain(..excess);
    Ok(Json(JournalView { items, forgotten: space.journal.forgotten(), findings }))
}

/// Returns one entry, or a 404.
pub(super) async fn get(call: Call) -> Result<Json<Arc<Entry>>, ApiError> {
    let space = space(&call)?;
    let asked = call.param("seq")?;
    let all = space.journal.shared();
    let found = all.iter().find(|entry| asked.parse() == Ok(entry.seq)).cloned();
    found.map(Json).ok_or_else(|| {
        let kept = match (all.first(), all.last()) {
            (Some(first), Some(last)) => format!("the journal has {} to {}", first.seq, last.seq),
            _ => "the journal is empty".to_owned(),
        };
        ApiError::not_found(format!("call not found: `{asked}`; {kept}"))
    })
}

async fn clear(call: Call) -> Result<Done, ApiError> {
    let space = space(&call)?;
    report::keep_calls(&call.engine, &space);
    space.journal.clear();
    Ok(Done)
}

/// Says whether the expected calls were made. The status is 200 either way; `satisfied` in the answer has the result.
async fn verify(call: Call, JsonBody(expected): JsonBody<Expectation>) -> Result<Json<Verdict>, ApiError> {
    let entries = space(&call)?.journal.shared();
    Ok(Json(expected.judge(entries.iter().map(|entry| &**entry))))
}

/// Returns entries as they are added, as server-sent events. A reader that is too slow misses some.
async fn stream(call: Call) -> Result<Events, ApiError> {
    let entries = space(&call)?.journal.listen();
    let lines = stream::unfold(entries, async |mut entries| {
        loop {
            match entries.recv().await {
                Ok(entry) => {
                    let text = serde_json::to_string(&*entry).unwrap_or_default();
                    return Some((Bytes::from(format!("data: {text}\n\n")), entries));
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    Ok(Events(Reply::events(stream::iter([Bytes::from_static(b": open\n\n")]).chain(lines).boxed())))
}
