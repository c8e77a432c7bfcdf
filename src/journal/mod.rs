//! The journal: every request to the fake and to its stub vendors, in order, bounded, redacted.
//!
//! Invariant: no token, secret or credential is kept: query values of secret names are masked, headers are not kept.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value;

use crate::clock::Timestamp;

/// Which side a request came in on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// A client called the fake.
    Api,
    /// The fake called an external app.
    Upstream,
}

/// One request.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Place in the order.
    pub seq: u64,
    /// When, on the workspace's clock.
    pub at: Timestamp,
    /// Which side.
    pub side: Side,
    /// Method.
    pub method: String,
    /// Path and query, secrets masked.
    pub path: String,
    /// The route's template, or the connector's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Who called: `tenant:KEY`, `manager`, `workspace`, `unauthenticated`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// The answer's status.
    pub status: u16,
    /// Milliseconds of the workspace's clock.
    pub duration_ms: u64,
    /// The run it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_run_id: Option<String>,
    /// What a stub that nearly matched wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmatched: Option<Value>,
    /// Why it was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The request's JSON body on the upstream side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// What deserves a look.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Entry {
    /// An entry of which nothing more is known.
    pub fn new(side: Side, at: Timestamp, method: &str, path: &str) -> Self {
        Self {
            seq: 0,
            at,
            side,
            method: method.to_owned(),
            path: path.to_owned(),
            route: None,
            caller: None,
            status: 0,
            duration_ms: 0,
            action_run_id: None,
            unmatched: None,
            refused: None,
            body: None,
            warnings: Vec::new(),
        }
    }
}

/// A bounded list of entries.
#[derive(Debug)]
pub struct Journal {
    // A std mutex: held for a few instructions and never across an await.
    inner: Mutex<Inner>,
    limit: usize,
}

#[derive(Debug, Default)]
struct Inner {
    entries: VecDeque<Entry>,
    next: u64,
    forgotten: u64,
}

impl Journal {
    /// A journal of at most `limit` entries.
    pub fn new(limit: usize) -> Self {
        Self { inner: Mutex::default(), limit: limit.max(1) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry; the oldest goes when it is full.
    pub fn add(&self, mut entry: Entry) {
        let mut inner = self.lock();
        inner.next += 1;
        entry.seq = inner.next;
        entry.path = masked(&entry.path);
        if inner.entries.len() == self.limit {
            inner.entries.pop_front();
            inner.forgotten += 1;
        }
        inner.entries.push_back(entry);
    }

    /// All entries, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().entries.iter().cloned().collect()
    }

    /// How many entries were dropped for being over the limit.
    pub fn forgotten(&self) -> u64 {
        self.lock().forgotten
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.lock() = Inner::default();
    }
}

/// Whether a header or parameter of this name is likely to carry a credential.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "secret", "password", "authorization", "cookie", "api_key", "apikey", "api-key", "hapikey"]
        .iter()
        .any(|part| name.contains(part))
}

/// A path whose query no longer shows secrets, nor the ticket of a connect page.
fn masked(path: &str) -> String {
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let path = match path.strip_prefix("/connect/") {
        Some(_) => "/connect/***",
        None => path,
    };
    let Some(query) = query else { return path.to_owned() };
    let query: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) if is_secret(name, value) => format!("{name}=***"),
            _ => pair.to_owned(),
        })
        .collect();
    format!("{path}?{}", query.join("&"))
}

fn is_secret(name: &str, value: &str) -> bool {
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy().to_ascii_lowercase();
    // `key` and `code` are words of the API itself; only long values can be credentials.
    is_secret_name(&name) || (matches!(name.as_str(), "key" | "code") && value.len() > 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_a_query_are_masked_and_selectors_are_not() {
        assert_eq!(masked("/sse?token=abc.def&x=1"), "/sse?token=***&x=1");
        assert_eq!(masked("/sse?%74oken=abc.def"), "/sse?%74oken=***");
        assert_eq!(masked("/connect/dGlja2V0"), "/connect/***");
        assert_eq!(masked("/action?key=create-issue"), "/action?key=create-issue");
    }
}
