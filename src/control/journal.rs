//! This module serves a workspace's journal: as a list, as a stream, and for verification.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use crate::base::error::ApiError;
use crate::call::{Call, Reply};
use crate::control::space;
use crate::journal::verify::{Expectation, Matcher};
use crate::journal::{Entry, findings};
use crate::world::report;

/// Returns the entries that match the query, whose fields are those of [`Matcher`] except `input`;
/// without a query it returns all.
pub(super) async fn list(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let query = call.query();
    let side = query.text("side").map(|side| serde_json::from_value(json!(side))).transpose();
    let status = query.text("status").map(|status| status.parse()).transpose();
    let operation = query.text("operation").map(|name| name.parse()).transpose();
    let filter = Matcher {
        side: side.map_err(|_| ApiError::bad_request("`side` is api or upstream"))?,
        status: status.map_err(|_| ApiError::bad_request("`status` is a number"))?,
        operation: operation.map_err(|why| ApiError::bad_request(format!("`operation` {why}")))?,
        method: query.text("method"),
        path: query.text("path"),
        route: query.text("route"),
        connector: query.text("connector"),
        tenant: query.text("tenant"),
        integration: query.text("integration"),
        connection: query.text("connection"),
        action: query.text("action"),
        flow: query.text("flow"),
        fault: query.text("fault"),
        input: None,
    };
    let all = space.journal.shared();
    let findings = findings(&all);
    let items: Vec<&Arc<Entry>> = all.iter().filter(|entry| filter.differences(entry).is_empty()).collect();
    Reply::json(&json!({ "items": items, "forgotten": space.journal.forgotten(), "findings": findings }))
}

pub(super) async fn clear(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    report::keep_calls(&call.engine, &space);
    space.journal.clear();
    Ok(Reply::empty())
}

/// Says whether the expected calls were made. The status is 200 either way; `satisfied` in the answer has the result.
pub(super) async fn verify(call: Call) -> Result<Reply, ApiError> {
    let expectation: Expectation = call.json()?;
    let entries = space(&call)?.journal.shared();
    Reply::json(&expectation.judge(entries.iter().map(|entry| &**entry)))
}

/// Returns entries as they are added, as server-sent events. A reader that is too slow misses some.
pub(super) async fn stream(call: Call) -> Result<Reply, ApiError> {
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
    Ok(Reply::events(stream::iter([Bytes::from_static(b": open\n\n")]).chain(lines).boxed()))
}
