//! What workspaces met that were deleted, reset or restored since, for the report of a failed test or command.
//!
//! Invariant: it has at most [`MOST_LINES`] lines; the oldest go first, and how many went is counted.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The most lines that are kept.
const MOST_LINES: usize = 2_000;

/// The lines of the report that come from workspaces which are gone.
#[derive(Debug, Default)]
pub(crate) struct Past(Mutex<(VecDeque<String>, usize)>);

impl Past {
    /// Keeps the lines of a workspace that goes.
    pub(crate) fn keep(&self, lines: Vec<String>) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (kept, dropped) = &mut *inner;
        kept.extend(lines);
        let excess = kept.len().saturating_sub(MOST_LINES);
        kept.drain(..excess);
        *dropped = dropped.saturating_add(excess);
    }

    /// Returns the lines, oldest first, and says first how many are not there any more.
    pub(crate) fn lines(&self) -> Vec<String> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (kept, dropped) = &*inner;
        let missing = (*dropped > 0).then(|| format!("{dropped} older lines of workspaces that are gone were dropped"));
        missing.into_iter().chain(kept.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_lines_go_first_and_are_counted() {
        let past = Past::default();
        past.keep((0..MOST_LINES + 3).map(|n| n.to_string()).collect());

        let lines = past.lines();

        assert_eq!(lines.len(), MOST_LINES + 1);
        assert_eq!(lines.first().unwrap(), "3 older lines of workspaces that are gone were dropped");
        assert_eq!(lines.get(1).unwrap(), "3");
    }
}
