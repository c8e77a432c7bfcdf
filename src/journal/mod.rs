//! The journal: every request to the fake and to its stub vendors, in order, bounded by count and bytes, redacted.
//!
//! Invariant: no token, secret or credential is kept: values of secret names are masked in queries and bodies, headers are
//! not kept.

pub mod verify;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::broadcast;

use crate::base::clock::Timestamp;
use crate::base::operation::Operation;
use crate::base::redact::{mask, masked};

/// Which side a request came in on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What it was, when that has a name: `act`, `flowRun`, `connect`, `proxy`, `refresh`, `webhook`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// The caller's tenant key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The integration it was about: id and key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub integration: Vec<String>,
    /// The connection it was about: id and key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connection: Vec<String>,
    /// The action it ran: as it was named, id and key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub action: Vec<String>,
    /// The flow it ran: as it was named, id and key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flow: Vec<String>,
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
    /// Where the list that it was answered goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// The request's JSON body: what an action was given, what an external app was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The faults that broke it, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// What deserves a look.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Entry {
    /// About how many bytes it takes.
    fn size(&self) -> usize {
        let body = self.body.as_ref().map_or(0, size_of_value);
        400 + self.path.len() + body + self.unmatched.as_ref().map_or(0, size_of_value)
    }

    /// An entry of which nothing more is known.
    pub fn new(side: Side, at: Timestamp, method: &str, path: &str) -> Self {
        Self {
            seq: 0,
            at,
            side,
            method: method.to_owned(),
            path: path.to_owned(),
            route: None,
            operation: None,
            tenant: None,
            integration: Vec::new(),
            connection: Vec::new(),
            action: Vec::new(),
            flow: Vec::new(),
            caller: None,
            status: 0,
            duration_ms: 0,
            action_run_id: None,
            unmatched: None,
            refused: None,
            next_cursor: None,
            body: None,
            faults: Vec::new(),
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
    added: broadcast::Sender<Arc<Entry>>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    next: u64,
    forgotten: u64,
}

/// The warning of a call that went to a connection which no longer works.
pub const DEAD_CONNECTION: &str = "the call went to a connection that is disconnected";

/// What a journal takes at most, about, whatever the number of its entries.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// Entries that a slow listener may be behind.
const MOST_BEHIND: usize = 256;
/// Bodies over this many bytes are not kept.
const LARGEST_BODY: usize = 64 * 1024;

impl Journal {
    /// A journal of at most `limit` entries.
    pub fn new(limit: usize) -> Self {
        Self { inner: Mutex::default(), limit: limit.max(1), added: broadcast::Sender::new(MOST_BEHIND) }
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
        entry.body = entry.body.take().map(kept);
        inner.bytes += entry.size();
        while inner.entries.len() == self.limit || (inner.bytes > MOST_BYTES && !inner.entries.is_empty()) {
            let oldest = inner.entries.pop_front().map_or(0, |oldest| oldest.size());
            inner.bytes = inner.bytes.saturating_sub(oldest);
            inner.forgotten += 1;
        }
        let entry = Arc::new(entry);
        inner.entries.push_back(Arc::clone(&entry));
        drop(inner);
        self.added.send(entry).ok();
    }

    /// Entries as they are added.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.added.subscribe()
    }

    /// All entries, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.shared().iter().map(|entry| (**entry).clone()).collect()
    }

    /// The same without a copy of each.
    pub fn shared(&self) -> Vec<Arc<Entry>> {
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

/// Something that deserves a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What.
    pub what: String,
    /// How often.
    pub count: u64,
    /// Where first.
    pub first_seq: u64,
}

/// What deserves a look, each kind once with how often and where first.
pub fn findings(entries: &[Arc<Entry>]) -> Vec<Finding> {
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
    if let Some((count, first)) = polled_too_fast(entries) {
        found.push((
            "an element was read ten times in a row within a second each; `wait=true` waits".to_owned(),
            count,
            first,
        ));
    }
    found.into_iter().map(|(what, count, first_seq)| Finding { what, count, first_seq }).collect()
}

/// What can be waited for instead of being asked about again and again.
const WAITED_FOR: [&str; 4] =
    ["/connections/{connection}", "/actions/{selector}", "/agent/sessions/{id}", "/connection-requests/{id}"];
/// The official client polls once a second.
const POLL_MS: u64 = 1_000;
const MOST_POLLS: u32 = 10;

/// How often an element was polled too fast, and where first. A clock that stands still tells nothing.
fn polled_too_fast(entries: &[Arc<Entry>]) -> Option<(u64, u64)> {
    let mut rows: HashMap<(Option<&str>, &str), (Timestamp, u32)> = HashMap::new();
    let mut found: Option<(u64, u64)> = None;
    let is_poll = |entry: &&Arc<Entry>| {
        entry.method == "GET"
            && entry.route.as_deref().is_some_and(|route| WAITED_FOR.contains(&route))
            && !entry.path.contains("wait=")
    };
    for entry in entries.iter().filter(is_poll) {
        let (last, row) = rows.entry((entry.caller.as_deref(), &entry.path)).or_insert((entry.at, 0));
        let since = entry.at.since(*last);
        *row = if since > 0 && since < POLL_MS { *row + 1 } else { 1 };
        *last = entry.at;
        if *row == MOST_POLLS {
            let (count, first) = found.unwrap_or((0, entry.seq));
            found = Some((count + 1, first));
        }
    }
    found
}

fn size_of_value(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 16,
        Value::String(text) => 24 + text.len(),
        Value::Array(list) => 24 + list.iter().map(size_of_value).sum::<usize>(),
        Value::Object(map) => {
            24 + map.iter().map(|(name, value)| 32 + name.len() + size_of_value(value)).sum::<usize>()
        }
    }
}

/// A body as it is kept: without secrets, and not when it is large.
fn kept(mut body: Value) -> Value {
    let size = size_of_value(&body);
    if size > LARGEST_BODY {
        return Value::String(format!("(about {size} bytes)"));
    }
    mask(&mut body);
    if let Value::String(text) = &mut body
        && text.contains('=')
    {
        // A form, perhaps.
        masked(&format!("?{text}")).trim_start_matches('?').clone_into(text);
    }
    body
}
