//! What workspaces met that were deleted, reset or restored since, for the report of a failed test or command.
//!
//! Invariant: it has at most 2,000 lines; the oldest go first, and how many went is counted.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::journal::Entry;
use crate::nouns::stub::model::NearestStub;

/// The most lines that are kept.
const MOST_LINES: usize = 2_000;

/// What a line of the report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ReportKind {
    /// A request was not sent, because its host is not allowed.
    NotSent,
    /// No stub answered a request to an external app.
    Unmatched,
    /// What was asked for is not faked: 501.
    NotFaked,
    /// A call was refused or failed.
    Refused,
    /// Faults were fired; what is told of them makes them fire again.
    Faults,
    /// Something that a tester should look at.
    Finding,
    /// Older lines are not there any more.
    Forgotten,
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportLine {
    /// What it is about.
    pub kind: ReportKind,
    /// The key of the workspace; absent where the call belongs to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The label of the workspace, such as the name of the test that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The key of the tenant that made the call, or for whom an app was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// What happened, in words.
    pub says: String,
    /// The number of the journal's entry; of several, that of the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The HTTP status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The nearest stub and what differs; of an unmatched request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<NearestStub>")]
    pub nearest: Option<Value>,
    /// The names of the faults that broke the call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

impl ReportLine {
    pub(crate) fn new(kind: ReportKind, says: String) -> Self {
        let (workspace, label, tenant, seq, status, nearest) = (None, None, None, None, None, None);
        Self { kind, workspace, label, tenant, says, seq, status, nearest, faults: Vec::new() }
    }

    pub(crate) fn of(kind: ReportKind, entry: &Entry, says: String) -> Self {
        let status = Some(entry.status).filter(|status| *status > 0);
        let (seq, tenant, faults) = (Some(entry.seq), entry.tenant.clone(), entry.faults.clone());
        Self { tenant, seq, status, faults, ..Self::new(kind, says) }
    }

    /// Says how many older lines are not there any more.
    fn forgotten(count: usize) -> Self {
        Self::new(ReportKind::Forgotten, format!("{count} older lines of workspaces that are gone were dropped"))
    }
}

impl fmt::Display for ReportLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.workspace, &self.label) {
            (Some(key), Some(label)) => write!(f, "[{key}, {label}] {}", self.says),
            (Some(key), None) => write!(f, "[{key}] {}", self.says),
            (None, _) => f.write_str(&self.says),
        }
    }
}

/// The lines of the report that come from workspaces which are gone.
#[derive(Debug, Default)]
pub(crate) struct Past(Mutex<(VecDeque<ReportLine>, usize)>);

impl Past {
    /// Keeps the lines of a workspace that goes.
    pub(crate) fn keep(&self, lines: Vec<ReportLine>) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (kept, dropped) = &mut *inner;
        kept.extend(lines);
        let excess = kept.len().saturating_sub(MOST_LINES);
        kept.drain(..excess);
        *dropped = dropped.saturating_add(excess);
    }

    /// Returns the lines, oldest first, and says first how many are not there any more.
    pub(crate) fn lines(&self) -> Vec<ReportLine> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (kept, dropped) = &*inner;
        let missing = (*dropped > 0).then(|| ReportLine::forgotten(*dropped));
        missing.into_iter().chain(kept.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_lines_go_first_and_are_counted() {
        let past = Past::default();
        let line = |nth: usize| ReportLine::new(ReportKind::Refused, nth.to_string());
        past.keep((0..MOST_LINES + 3).map(line).collect());

        let lines: Vec<String> = past.lines().iter().map(ToString::to_string).collect();

        assert_eq!(lines.len(), MOST_LINES + 1);
        assert_eq!(lines.first().unwrap(), "3 older lines of workspaces that are gone were dropped");
        assert_eq!(lines.get(1).unwrap(), "3");
    }
}
