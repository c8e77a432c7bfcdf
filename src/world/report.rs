//! A report of what went wrong in calls, for people who look into a failed test or command.

use serde_json::{Value, json};

use crate::engine::past::{ReportKind, ReportLine};
use crate::engine::{Engine, WorkspaceRuntime};
use crate::journal::{Entry, Side, findings};

/// One line for each call that was unmatched, refused or failed, as far as the journals still have
/// it, and for what they point out; those of workspaces that are gone come first.
pub fn lines(engine: &Engine) -> Vec<ReportLine> {
    let mut lines = engine.past.lines();
    lines.extend(engine.spaces().iter().flat_map(|space| of_workspace(space)));
    let own = engine.journal.shared();
    let failed = own.iter().filter(|entry| entry.status >= 400);
    lines.extend(failed.map(|entry| answered(entry)));
    lines
}

/// Keeps what a workspace met that goes.
pub fn keep(engine: &Engine, space: &WorkspaceRuntime) {
    engine.past.keep(of_workspace(space));
}

/// Keeps what the calls of a workspace met, whose journal begins anew.
pub fn keep_calls(engine: &Engine, space: &WorkspaceRuntime) {
    engine.past.keep(calls_of(space));
}

/// The lines of one workspace.
pub fn of_workspace(space: &WorkspaceRuntime) -> Vec<ReportLine> {
    let mut lines = calls_of(space);
    let (seed, story) = space.faults.story();
    if !story.is_empty() {
        // This can be sent to `…/faults/story`, which then fires the same faults again.
        let fired: Vec<Value> = story.iter().map(|firing| json!({ "rule": firing.rule, "n": firing.n })).collect();
        let says = format!("faults fired: {}", json!({ "seed": seed, "fired": fired }));
        lines.extend(within(space, [ReportLine::new(ReportKind::Faults, says)]));
    }
    lines
}

/// The same lines, each with the workspace that they are of.
fn within(space: &WorkspaceRuntime, lines: impl IntoIterator<Item = ReportLine>) -> Vec<ReportLine> {
    let label = space.world().workspace.label.clone();
    let of_space = |line| ReportLine { workspace: Some(space.key.clone()), label: label.clone(), ..line };
    lines.into_iter().map(of_space).collect()
}

fn calls_of(space: &WorkspaceRuntime) -> Vec<ReportLine> {
    let entries = space.journal.shared();
    let of_calls = entries.iter().filter_map(|entry| of_call(entry));
    let of_findings = findings(&entries).into_iter().map(|finding| {
        let says = format!("{} ({} times, first as #{})", finding.what, finding.count, finding.first_seq);
        ReportLine { seq: Some(finding.first_seq), ..ReportLine::new(ReportKind::Finding, says) }
    });
    within(space, of_calls.chain(of_findings))
}

/// The line of a call that failed.
fn answered(entry: &Entry) -> ReportLine {
    let kind = if entry.status == 501 { ReportKind::NotFaked } else { ReportKind::Refused };
    let by = if entry.faults.is_empty() { String::new() } else { format!(" (fault {})", entry.faults.join(", ")) };
    ReportLine::of(kind, entry, format!("{} {} answered {}{by}", entry.method, entry.path, entry.status))
}

/// The line of one call; none when nothing was wrong with it.
fn of_call(entry: &Entry) -> Option<ReportLine> {
    let call = format!("{} {}", entry.method, entry.path);
    if let Some(why) = &entry.refused {
        return Some(ReportLine::of(ReportKind::NotSent, entry, format!("{call} was not sent: {why}")));
    }
    if entry.side == Side::Upstream {
        let nearest = entry.unmatched.clone()?;
        let says = format!("no stub of {} answered {call}", entry.route.as_deref().unwrap_or_default());
        let nearest = Some(nearest).filter(|nearest| !nearest.is_null());
        return Some(ReportLine { nearest, ..ReportLine::of(ReportKind::Unmatched, entry, says) });
    }
    was_refused(entry).then(|| answered(entry))
}

/// Whether a call is one that a correct app does not make. A 400 and a missing element are part of normal work.
fn was_refused(entry: &Entry) -> bool {
    entry.status >= 500
        || matches!(entry.status, 401 | 403 | 405 | 413)
        || (entry.status == 404 && entry.route.is_none())
}
