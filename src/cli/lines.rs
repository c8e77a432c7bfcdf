//! The lines that `serve` prints of calls, one for each: when, what, how it ended, whose it was, why it failed, and where the
//! dashboard shows it.
//!
//! Invariant: a line is made of a journal's entry, in which secrets are masked already, and control characters of callers never
//! reach the terminal.

use std::io::{IsTerminal as _, Write as _};

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::engine::Called;

/// Of a path or a reason so many characters are printed.
const LONGEST: usize = 200;

/// Whether standard error takes colours: it is a terminal, and `NO_COLOR` is not set (<https://no-color.org>).
pub(super) fn has_colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints each call on standard error, for as long as there are any. `first` is the key of the workspace whose calls do not say
/// which workspace they are of, and `base` the server's address. It blocks: whoever does not read what the program prints holds
/// up the lines alone.
pub(super) fn print(mut calls: broadcast::Receiver<Called>, first: &str, base: &str, colours: bool) {
    loop {
        let line = match calls.blocking_recv() {
            Ok(call) => line(&call, first, base, colours),
            Err(RecvError::Lagged(count)) => format!("({count} calls are not shown; the journal has them)"),
            Err(RecvError::Closed) => return,
        };
        writeln!(std::io::stderr(), "{line}").ok();
    }
}

/// The line of one call.
fn line(call: &Called, first: &str, base: &str, colours: bool) -> String {
    let paint = |text: String, code: &str| if colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text };
    let entry = &call.entry;
    let at = entry.at.to_string();
    let time = at.get(11..19).unwrap_or(&at).to_owned();
    let status = match entry.status {
        1..300 => paint(entry.status.to_string(), "32"),
        300..400 => paint(entry.status.to_string(), "36"),
        _ => paint(entry.status.to_string(), "31"),
    };
    let mut parts = vec![paint(time, "2"), format!("{:<6} {}", entry.method, shown(&entry.path)), status];
    let workspace = call.workspace.as_ref().filter(|key| *key != first).map(|key| format!("[{}]", shown(key)));
    let whose = [workspace, entry.tenant.as_deref().map(shown), entry.connection.last().map(|key| shown(key))];
    parts.extend(whose.into_iter().flatten().map(|text| paint(text, "2")));
    if let Some(error) = &entry.error {
        parts.push(paint(shown(&error.message), "31"));
    }
    parts.extend(entry.faults.iter().map(|name| paint(format!("(fault: {})", shown(name)), "33")));
    parts.extend(entry.warnings.iter().map(|warning| paint(format!("(look at: {})", shown(warning)), "33")));
    if let (Some(_), Some(key)) = (&entry.error, &call.workspace) {
        parts.push(paint(format!("see {base}/__mock/workspaces/{key}/journal/{}", entry.seq), "2"));
    }
    parts.join("  ")
}

/// A text of a caller's as a terminal may show it: on one line, not too long, and without control characters.
fn shown(text: &str) -> String {
    let mut shown: String =
        text.chars().take(LONGEST).map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}
