//! What an advance of a workspace's clock has done so far. Invariant: however far the clock is moved, what repeats itself on
//! the way is done only so often.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::base::clock::Timestamp;

/// A connection's credentials are renewed ahead of their end this often in one advance, and once more at its end. Nobody sees
/// those in between, and a call that comes then renews what has ended, as ever.
const MOST_REFRESHES: u32 = 100;

/// The advance of a workspace that is under way, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Advances {
    // A std mutex: held for a few instructions and never across an await.
    current: Mutex<Option<Advance>>,
}

#[derive(Debug)]
struct Advance {
    to: Timestamp,
    /// How often each connection was refreshed.
    refreshes: HashMap<String, u32>,
}

/// An advance; dropping it ends it.
pub(crate) struct OneAdvance<'a>(&'a Advances);

impl Advances {
    /// Begins an advance to a moment.
    pub(crate) fn begin(&self, to: Timestamp) -> OneAdvance<'_> {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Advance { to, refreshes: HashMap::new() });
        OneAdvance(self)
    }

    /// When the credentials of a connection, which were renewed just now, are renewed next: when they have to be, or at the
    /// end of the advance that has seen enough of it.
    pub(crate) fn next_refresh(&self, connection: &str, due: Option<Timestamp>) -> Option<Timestamp> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(advance) = current.as_mut() else { return due };
        let count = advance.refreshes.entry(connection.to_owned()).or_insert(0);
        *count = count.saturating_add(1);
        if *count < MOST_REFRESHES { due } else { due.map(|due| due.max(advance.to)) }
    }
}

impl Drop for OneAdvance<'_> {
    fn drop(&mut self) {
        *self.0.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_refreshes_and_the_last_are_at_their_moments() {
        let at = Timestamp::from_millis;
        let advances = Advances::default();
        assert_eq!(advances.next_refresh("c", Some(at(5))), Some(at(5)), "no advance");
        let advance = advances.begin(at(1_000));
        for _ in 1..MOST_REFRESHES {
            assert_eq!(advances.next_refresh("c", Some(at(5))), Some(at(5)));
        }
        assert_eq!(advances.next_refresh("c", Some(at(5))), Some(at(1_000)));
        assert_eq!(advances.next_refresh("c", Some(at(2_000))), Some(at(2_000)), "beyond the end");
        assert_eq!(advances.next_refresh("c", None), None);
        assert_eq!(advances.next_refresh("d", Some(at(5))), Some(at(5)), "each counts for itself");
        drop(advance);
        assert_eq!(advances.next_refresh("c", Some(at(5))), Some(at(5)));
    }
}
