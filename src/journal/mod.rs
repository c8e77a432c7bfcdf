//! This module keeps the journal: every request to the fake and to its stub vendors, in order, bounded by count and by
//! bytes. Tests and the control API read it.
//!
//! Invariant: no token, secret or credential is kept. Values of secret names are masked in queries and
//! bodies, and headers are not kept.

pub mod verify;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::broadcast;

use crate::base::clock::Timestamp;
use crate::base::error::{ApiError, ErrorCode, ErrorKey, ErrorType};
use crate::base::operation::Operation;
pub use crate::base::operation::Side;
use crate::base::redact::{mask, masked};
use crate::nouns::stub::model::NearestStub;

/// The error that refused a call, as its answer told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "CallError")]
pub struct Refusal {
    /// The error's family.
    #[serde(rename = "type")]
    pub kind: ErrorType,
    /// The key tells apart the errors of one family.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<ErrorKey>,
    /// The code names a failure that a client can repair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<ErrorCode>,
    /// The message tells people what is wrong; secrets in addresses are masked, and the end of a long one is left out.
    pub message: String,
}

impl Refusal {
    /// Makes what the journal keeps of an error.
    pub fn of(error: &ApiError) -> Self {
        // An address in it may have a token in its query.
        let word = |word: &str| if word.contains(['?', '/']) { masked(word) } else { word.to_owned() };
        let message = error.message.split(' ').map(word).collect::<Vec<_>>().join(" ");
        let message = message.chars().take(LONGEST_MESSAGE).collect();
        Self { kind: error.kind, key: error.key, code: error.code, message }
    }
}

/// An entry records one request and how it was answered.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Entries are numbered from 1 in the order in which they were added; clearing the journal starts again.
    pub seq: u64,
    /// The request came at this moment of the workspace's clock.
    pub at: Timestamp,
    /// The side says whether a client called the fake or the fake called an external app.
    pub side: Side,
    /// The method, in upper case.
    pub method: String,
    /// The path has its query, in which the values of secret names are masked.
    pub path: String,
    /// On the API side this is the route's template, such as `/connections/{connection}`; on the upstream
    /// side it is the connector's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Some calls have a name of their own: `act`, `flowRun`, `connect`, `proxy`, `refresh`, `webhook`; other calls have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// The caller belongs to the tenant with this key, or an external app was called for it; absent for managers and
    /// unauthenticated callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The list has the id and the key of the integration that the call was about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub integration: Vec<String>,
    /// The list has the id and the key of the connection that the call was about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connection: Vec<String>,
    /// The list names the action that the call ran: as the call named it, and by id and key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub action: Vec<String>,
    /// The flow that was run is named as the call named it, by id and by key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flow: Vec<String>,
    /// The caller is `tenant:KEY`, `manager`, `workspace` or `unauthenticated`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// The request was answered with this HTTP status.
    pub status: u16,
    /// The answer took this many milliseconds of the workspace's clock.
    pub duration_ms: u64,
    /// The call made the run log with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_run_id: Option<String>,
    /// When no stub matched, this says what the nearest stub wanted and the request lacked; null where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<NearestStub>")]
    pub unmatched: Option<Value>,
    /// When the request was not sent, this says why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// When the answer was a page of a list, this cursor asks for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// The request's JSON body has what an action was given, or what an external app was sent; secrets are masked, and
    /// a large body is replaced by its size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// When a call of the API was refused or failed, this is its error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Refusal>,
    /// Faults with these names broke the call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// Each warning is a sentence about something in the call that a tester should look at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Entry {
    /// Returns about how many bytes the entry takes.
    fn size(&self) -> usize {
        let body = self.body.as_ref().map_or(0, memory_of);
        let message = self.error.as_ref().map_or(0, |error| error.message.len());
        400 + self.path.len() + body + message + self.unmatched.as_ref().map_or(0, memory_of)
    }

    /// Makes an entry with what is known when a request comes in; the caller fills in the rest.
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
            error: None,
            faults: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// The journal of one workspace. When it is full, the oldest entry goes first.
#[derive(Debug)]
pub struct Journal {
    // A std mutex: held for a few instructions and never across an await.
    inner: Mutex<JournalState>,
    limit: usize,
    added: broadcast::Sender<Arc<Entry>>,
}

#[derive(Debug, Default)]
struct JournalState {
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    next: u64,
    forgotten: u64,
}

/// An entry carries this warning when its call went to a connection that no longer works.
pub const DEAD_CONNECTION: &str = "the call went to a connection that is disconnected";

/// A journal takes about this many bytes at most, whatever the number of its entries.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// A listener may be this many entries behind before it loses some.
const MOST_BEHIND: usize = 256;
/// Bodies of more bytes than this are replaced by their size.
const LARGEST_BODY: usize = 64 * 1024;
/// Of an error's message so many characters are kept.
const LONGEST_MESSAGE: usize = 2_000;

impl Journal {
    /// Makes a journal of at most `limit` entries.
    pub fn new(limit: usize) -> Self {
        Self { inner: Mutex::default(), limit: limit.max(1), added: broadcast::Sender::new(MOST_BEHIND) }
    }

    fn lock(&self) -> MutexGuard<'_, JournalState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry, masks the secrets in it, tells every listener, and returns it; when the journal
    /// is full, the oldest entries go.
    pub fn add(&self, mut entry: Entry) -> Arc<Entry> {
        let mut inner = self.lock();
        inner.next += 1;
        entry.seq = inner.next;
        entry.path = masked(&entry.path);
        entry.body = entry.body.as_ref().map(kept);
        inner.bytes += entry.size();
        while inner.entries.len() == self.limit || (inner.bytes > MOST_BYTES && !inner.entries.is_empty()) {
            let oldest = inner.entries.pop_front().map_or(0, |oldest| oldest.size());
            inner.bytes = inner.bytes.saturating_sub(oldest);
            inner.forgotten += 1;
        }
        let entry = Arc::new(entry);
        inner.entries.push_back(Arc::clone(&entry));
        drop(inner);
        self.added.send(Arc::clone(&entry)).ok();
        entry
    }

    /// Returns a channel on which every later entry arrives as it is added.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.added.subscribe()
    }

    /// Returns copies of all entries, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.shared().iter().map(|entry| (**entry).clone()).collect()
    }

    /// Returns all entries, oldest first, without copying them.
    pub fn shared(&self) -> Vec<Arc<Entry>> {
        self.lock().entries.iter().cloned().collect()
    }

    /// Returns how many entries were dropped because the journal was full.
    pub fn forgotten(&self) -> u64 {
        self.lock().forgotten
    }

    /// Removes every entry and starts numbering again from 1.
    pub fn clear(&self) {
        *self.lock() = JournalState::default();
    }
}

/// A finding is something in the journal that a tester should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The sentence says what was found.
    pub what: String,
    /// It was found this many times.
    pub count: u64,
    /// The entry with this number shows it first.
    pub first_seq: u64,
}

/// Returns what a tester should look at in these entries, each kind once: warnings, lists of which nobody read the next
/// page, and elements that were polled too fast.
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
    // The map has each list's cursors, and the number of the entry that asked for each last.
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

/// A client can wait for these elements instead of polling them.
const WAITED_FOR: [&str; 4] =
    ["/connections/{connection}", "/actions/{selector}", "/agent/sessions/{id}", "/connection-requests/{id}"];
/// The official client polls once a second.
const POLL_MS: u64 = 1_000;
const MOST_POLLS: u32 = 10;

/// Returns how often an element was polled too fast, and the number of the first entry that shows it. On a clock that
/// stands still no time passes, so nothing counts as too fast.
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

/// About how many bytes of memory a value takes, which is more than its text has.
fn memory_of(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 16,
        Value::String(text) => 24 + text.len(),
        Value::Array(list) => 24 + list.iter().map(memory_of).sum::<usize>(),
        Value::Object(map) => 24 + map.iter().map(|(name, value)| 32 + name.len() + memory_of(value)).sum::<usize>(),
    }
}

/// Returns a body as the journal keeps it: with secrets masked, or only its size when it is large. What is kept already
/// stays as it is.
pub(crate) fn kept(body: &Value) -> Value {
    let size = memory_of(body);
    if size > LARGEST_BODY {
        return Value::String(format!("(about {size} bytes)"));
    }
    let mut body = body.clone();
    mask(&mut body);
    if let Value::String(text) = &mut body
        && text.contains('=')
    {
        // The text may be the body of a form.
        masked(&format!("?{text}")).trim_start_matches('?').clone_into(text);
    }
    body
}
