//! Which logs of runs and of calls to external apps are kept: the last so many of each workspace, and so many bytes of all
//! together.
//!
//! Invariant: what is known here of each log is what the database has, because a log is told of when it was written, and its
//! going before it is deleted. What goes is the oldest of its workspace, so that the rest of a list has no gaps.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// The logs of one transaction, which go together: a run with its calls.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Written {
    /// The number of the first one, in the order of its workspace. A run that began before another may end after it.
    pub(super) first: u64,
    /// The number of the last one.
    pub(super) last: u64,
    /// How many they are.
    pub(super) count: usize,
    /// Their size.
    pub(super) bytes: usize,
}

/// The logs up to this number, inclusive, are to be deleted of this workspace.
pub(super) type Cut = (String, u64);

/// Room is made for one in so many at once, so that not each log deletes one.
const SLACK: usize = 20;

#[derive(Debug)]
pub(super) struct Retention {
    /// How many logs a workspace keeps at the least, once it had as many.
    most: usize,
    /// How many bytes the logs of all workspaces may have.
    most_bytes: usize,
    // A std mutex: held for a few instructions and never across an await.
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    of: BTreeMap<String, Logs>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Logs {
    /// Oldest first.
    each: VecDeque<Written>,
    count: usize,
    bytes: usize,
    /// How many have gone.
    gone: usize,
}

impl Logs {
    /// Takes the oldest away as long as `goes` says so, given how many are left without it and the bytes that went before, but
    /// for the newest; answers up to which number nothing is kept, and the bytes that went.
    fn cut(&mut self, goes: impl Fn(usize, usize) -> bool) -> Option<(u64, usize)> {
        let (mut last, mut freed) = (None, 0);
        while let Some(oldest) = self.each.front().copied().filter(|_| self.each.len() > 1) {
            if !goes(self.count - oldest.count, freed) {
                break;
            }
            self.each.pop_front();
            self.bytes -= oldest.bytes;
            self.count -= oldest.count;
            self.gone += oldest.count;
            freed += oldest.bytes;
            last = last.max(Some(oldest.last));
        }
        // What began before and is kept stays, and so does what lies behind it for now.
        let kept = self.each.iter().map(|kept| kept.first).min().unwrap_or(u64::MAX);
        last.map(|last| (last.min(kept.saturating_sub(1)), freed))
    }
}

impl Retention {
    pub(super) fn new(most: usize, most_bytes: usize) -> Self {
        Self { most, most_bytes, kept: Mutex::default() }
    }

    /// Notes logs that were written, and answers what has to go for them.
    pub(super) fn wrote(&self, workspace: &str, written: Written) -> Vec<Cut> {
        if written.count == 0 {
            return Vec::new();
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = &mut *kept;
        let own = kept.of.entry(workspace.to_owned()).or_default();
        own.each.push_back(written);
        own.bytes += written.bytes;
        own.count += written.count;
        kept.bytes += written.bytes;
        let mut cuts = Vec::new();
        let is_many = own.count > self.most + self.most / SLACK;
        if let Some((seq, freed)) = own.cut(|left, _| is_many && left >= self.most) {
            kept.bytes -= freed;
            cuts.push((workspace.to_owned(), seq));
        }
        if kept.bytes <= self.most_bytes {
            return cuts;
        }
        // Who has the most gives first.
        let enough = self.most_bytes - self.most_bytes / SLACK;
        while let Some(excess) = kept.bytes.checked_sub(enough).filter(|excess| *excess > 0) {
            let several = kept.of.iter_mut().filter(|(_, logs)| logs.each.len() > 1);
            let Some((key, logs)) = several.max_by_key(|(_, logs)| logs.bytes) else { break };
            let Some((seq, freed)) = logs.cut(|_, freed| freed < excess) else { break };
            kept.bytes -= freed;
            cuts.push((key.clone(), seq));
        }
        cuts
    }

    /// Notes that a workspace has no logs any more.
    pub(super) fn forget(&self, workspace: &str) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(logs) = kept.of.remove(workspace) {
            kept.bytes -= logs.bytes;
        }
    }

    /// How many logs of a workspace have gone for others.
    pub(super) fn gone(&self, workspace: &str) -> usize {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.of.get(workspace).map_or(0, |logs| logs.gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(last: u64, bytes: usize) -> Written {
        Written { first: last, last, count: 1, bytes }
    }

    #[test]
    fn what_began_before_and_is_kept_stays() {
        let of = Retention::new(1, 1_000);
        assert_eq!(of.wrote("a", log(5, 1)), []);
        // A run of the number 3 that called others, which ended before it.
        let cuts = of.wrote("a", Written { first: 3, last: 7, count: 2, bytes: 1 });
        assert_eq!(cuts, [("a".to_owned(), 2)]);
        assert_eq!(of.wrote("a", log(8, 1)), [("a".to_owned(), 7)]);
    }

    #[test]
    fn at_least_so_many_are_kept() {
        let of = Retention::new(3, 1_000);
        assert_eq!(of.wrote("a", Written { first: 1, last: 6, count: 6, bytes: 1 }), []);
        assert_eq!(of.wrote("a", log(7, 1)), [], "without the six there would be one");
        assert_eq!(of.wrote("a", Written { first: 8, last: 9, count: 2, bytes: 1 }), [("a".to_owned(), 6)]);
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let of = Retention::new(40, 1_000);
        let mut cuts = Vec::new();
        for seq in 1..=100 {
            cuts.extend(of.wrote("a", log(seq, 1)));
        }

        assert_eq!(cuts.first(), Some(&("a".to_owned(), 3)), "of 43 there are 40 left");
        assert_eq!(cuts.last(), Some(&("a".to_owned(), 60)));
        assert_eq!(of.gone("a"), 60);
        of.forget("a");
        assert_eq!((of.gone("a"), of.wrote("a", log(101, 1))), (0, Vec::new()));
    }

    #[test]
    fn who_has_the_most_bytes_gives_first_and_keeps_the_newest() {
        let of = Retention::new(100, 1_000);
        assert!((1..=9).all(|seq| of.wrote("large", log(seq, 100)).is_empty()));

        assert_eq!(of.wrote("small", log(1, 200)), [("large".to_owned(), 2)]);
        assert_eq!(of.gone("small"), 0);
        let cuts = of.wrote("huge", log(1, 10_000));
        assert_eq!(cuts, [("large".to_owned(), 8)], "one is kept of each, however large it is");
    }
}
