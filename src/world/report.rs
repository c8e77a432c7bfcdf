//! A report of what went wrong in calls, for people who look into a failed test or command.

use serde_json::{Value, json};

use crate::engine::{Engine, WorkspaceRuntime};
use crate::journal::{Entry, Side, findings};

/// One line for each call that was unmatched, refused or failed, as far as the journals still have
/// it, and for what they point out; those of workspaces that are gone come first.
pub fn lines(engine: &Engine) -> Vec<String> {
    let mut lines = engine.past.lines();
    lines.extend(engine.spaces().iter().flat_map(|space| lines_of(space)));
    let own = engine.journal.shared();
    let failed = own.iter().filter(|entry| entry.status >= 400);
    lines.extend(failed.map(|entry| format!("{} {} answered {}", entry.method, entry.path, entry.status)));
    lines
}

/// Keeps what a workspace met that goes.
pub fn keep(engine: &Engine, space: &WorkspaceRuntime) {
    engine.past.keep(lines_of(space));
}

/// Keeps what the calls of a workspace met, whose journal begins anew.
pub fn keep_calls(engine: &Engine, space: &WorkspaceRuntime) {
    engine.past.keep(calls_of(space));
}

fn lines_of(space: &WorkspaceRuntime) -> Vec<String> {
    let mut lines = calls_of(space);
    let (seed, story) = space.faults.story();
    if !story.is_empty() {
        // This can be sent to `…/faults/story`, which then fires the same faults again.
        let fired: Vec<Value> = story.iter().map(|firing| json!({ "rule": firing.rule, "n": firing.n })).collect();
        lines.push(format!("[{}] faults fired: {}", space.key, json!({ "seed": seed, "fired": fired })));
    }
    lines
}

fn calls_of(space: &WorkspaceRuntime) -> Vec<String> {
    let mut lines = Vec::new();
    let entries = space.journal.shared();
    for entry in &entries {
        let call = format!("[{}] {} {}", space.key, entry.method, entry.path);
        if let Some(why) = &entry.refused {
            lines.push(format!("{call} was not sent: {why}"));
        } else if entry.side == Side::Upstream && entry.unmatched.is_some() {
            let connector = entry.route.as_deref().unwrap_or_default();
            lines.push(format!("[{}] no stub of {connector} answered {} {}", space.key, entry.method, entry.path));
        } else if entry.side == Side::Api && was_refused(entry) {
            let by =
                if entry.faults.is_empty() { String::new() } else { format!(" (fault {})", entry.faults.join(", ")) };
            lines.push(format!("{call} answered {}{by}", entry.status));
        }
    }
    for finding in findings(&entries) {
        let (key, first) = (&space.key, finding.first_seq);
        lines.push(format!("[{key}] {} ({} times, first as #{first})", finding.what, finding.count));
    }
    lines
}

/// Whether a call is one that a correct app does not make. A 400 and a missing element are part of normal work.
fn was_refused(entry: &Entry) -> bool {
    entry.status >= 500
        || matches!(entry.status, 401 | 403 | 405 | 413)
        || (entry.status == 404 && entry.route.is_none())
}
