//! A workspace's journal: reading, listening, verifying.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use super::space;
use crate::api::call::{Call, Reply};
use crate::error::ApiError;
use crate::journal::Entry;
use crate::journal::verify::{Expectation, Matcher};

/// Every entry, or those that fit a filter: the fields of [`Matcher`] but `input`, as a query.
pub(super) async fn list(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let query = call.query();
    let side = query.text("side").map(|side| serde_json::from_value(json!(side))).transpose();
    let status = query.text("status").map(|status| status.parse()).transpose();
    let filter = Matcher {
        side: side.map_err(|_| ApiError::bad_request("`side` is api or upstream"))?,
        status: status.map_err(|_| ApiError::bad_request("`status` is a number"))?,
        operation: query.text("operation"),
        method: query.text("method"),
        path: query.text("path"),
        route: query.text("route"),
        tenant: query.text("tenant"),
        integration: query.text("integration"),
        connection: query.text("connection"),
        action: query.text("action"),
        fault: query.text("fault"),
        input: None,
    };
    let all = space.journal.shared();
    let findings = findings(&all);
    let items: Vec<&Arc<Entry>> = all.iter().filter(|entry| filter.differences(entry).is_empty()).collect();
    Reply::json(&json!({ "items": items, "forgotten": space.journal.forgotten(), "findings": findings }))
}

/// What deserves a look, each kind once with how often and where first.
fn findings(entries: &[Arc<Entry>]) -> Vec<serde_json::Value> {
    let mut found: Vec<(String, u64, u64)> = Vec::new();
    for entry in entries {
        for warning in &entry.warnings {
            match found.iter_mut().find(|(known, ..)| known == warning) {
                Some((_, count, _)) => *count += 1,
                None => found.push((warning.clone(), 1, entry.seq)),
            }
        }
    }
    // Each list's cursors, and when they were asked for last.
    let mut read: HashMap<(Option<&str>, &str), u64> = HashMap::new();
    for entry in entries {
        for cursor in entry.path.split(['?', '&']).filter_map(|part| part.strip_prefix("cursor=")) {
            read.insert((entry.route.as_deref(), cursor), entry.seq);
        }
    }
    let mut unread = entries.iter().filter(|entry| {
        let next = entry.next_cursor.as_deref().map(|cursor| read.get(&(entry.route.as_deref(), cursor)));
        next.is_some_and(|read| read.is_none_or(|seq| *seq < entry.seq))
    });
    if let Some(first) = unread.next() {
        let count = 1 + u64::try_from(unread.count()).unwrap_or(0);
        found.push(("a list had more pages, which nobody read".to_owned(), count, first.seq));
    }
    found.into_iter().map(|(what, count, first)| json!({ "what": what, "count": count, "firstSeq": first })).collect()
}

pub(super) async fn clear(call: Call) -> Result<Reply, ApiError> {
    space(&call)?.journal.clear();
    Ok(Reply::empty())
}

/// Whether what is expected happened: 200 either way, `satisfied` says.
pub(super) async fn verify(call: Call) -> Result<Reply, ApiError> {
    let expectation: Expectation = call.json()?;
    let entries = space(&call)?.journal.shared();
    Reply::json(&expectation.judge(entries.iter().map(|entry| &**entry)))
}

/// Entries as they come, as server-sent events.
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
