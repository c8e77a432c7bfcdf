//! What a run leaves behind for its log, within bounds: a snippet may call its app without end.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::nouns::connection::CallOutcome;
use crate::nouns::connection::model::{Connection, Transition};
use crate::nouns::run_log::model::{Exchange, InnerCallLog, Omitted};

/// The exchanges of one run may have this many bytes of JSON, half of them for the first ones and half for the last.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// What calls to external apps and of the API left behind, those of a snippet included. Of each list the first and the
/// last are kept.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub exchanges: Ends<(Option<Arc<Connection>>, Exchange)>,
    pub transitions: Ends<Transition>,
    pub calls: Ends<InnerCallLog>,
}

impl Evidence {
    /// Adds the exchanges and transitions of a call, of each list at most `most`.
    pub(super) fn add(&mut self, connection: Option<&Arc<Connection>>, trip: &CallOutcome, most: usize) {
        for exchange in &trip.exchanges {
            let bytes = serde_json::to_vec(exchange).map_or(0, |json| json.len());
            self.exchanges.push((connection.cloned(), exchange.clone()), bytes, most);
        }
        for transition in &trip.transitions {
            self.transitions.push(transition.clone(), 0, most);
        }
    }

    /// How many were left out of each list; nothing when all are there.
    pub(super) fn omitted(&self) -> Option<Omitted> {
        let omitted = Omitted {
            exchanges: self.exchanges.omitted,
            state_transitions: self.transitions.omitted,
            calls: self.calls.omitted,
        };
        (omitted != Omitted::default()).then_some(omitted)
    }
}

/// A list of which the first and the last items are kept. Invariant: what is left out lies between the two.
#[derive(Debug)]
pub(crate) struct Ends<T> {
    first: Vec<T>,
    first_bytes: usize,
    /// Each item has its size in bytes beside it.
    last: VecDeque<(T, usize)>,
    last_bytes: usize,
    omitted: usize,
}

impl<T> Default for Ends<T> {
    fn default() -> Self {
        Self { first: Vec::new(), first_bytes: 0, last: VecDeque::new(), last_bytes: 0, omitted: 0 }
    }
}

impl<T> Ends<T> {
    /// Adds the newest item, of a size in bytes, and keeps at most `most`, at least one of them in the end. Returns the
    /// item's number, from 0.
    pub(super) fn push(&mut self, item: T, bytes: usize, most: usize) -> usize {
        let number = self.before_last().saturating_add(self.last.len());
        let of_first = most.div_ceil(2);
        let fits = self.first.len() < of_first && self.first_bytes.saturating_add(bytes) <= MOST_BYTES / 2;
        if fits && number == self.first.len() {
            self.first.push(item);
            self.first_bytes = self.first_bytes.saturating_add(bytes);
            return number;
        }
        self.last.push_back((item, bytes));
        self.last_bytes = self.last_bytes.saturating_add(bytes);
        let of_last = most.saturating_sub(of_first).max(1);
        while self.last.len() > of_last || (self.last.len() > 1 && self.last_bytes > MOST_BYTES / 2) {
            let Some((_, gone)) = self.last.pop_front() else { break };
            self.last_bytes = self.last_bytes.saturating_sub(gone);
            self.omitted = self.omitted.saturating_add(1);
        }
        number
    }

    /// The number of the first item of the last ones.
    fn before_last(&self) -> usize {
        self.first.len().saturating_add(self.omitted)
    }

    /// The item with a number; none when it is not kept.
    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        let in_last = number.checked_sub(self.before_last());
        match in_last {
            Some(place) => self.last.get_mut(place).map(|(item, _)| item),
            None => self.first.get_mut(number),
        }
    }

    /// The items that are kept, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(self.last.iter().map(|(item, _)| item))
    }

    /// The items that are kept, the oldest first.
    pub(super) fn into_items(self) -> Vec<T> {
        self.first.into_iter().chain(self.last.into_iter().map(|(item, _)| item)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(count: usize, bytes: usize, most: usize) -> Ends<usize> {
        let mut ends = Ends::default();
        for number in 0..count {
            assert_eq!(ends.push(number, bytes, most), number);
        }
        ends
    }

    #[test]
    fn the_first_and_the_last_are_kept() {
        for (count, kept) in [(0, vec![]), (1, vec![0]), (5, vec![0, 1, 2, 3, 4]), (9, vec![0, 1, 2, 7, 8])] {
            let ends = of(count, 1, 5);
            assert_eq!(ends.omitted, count - kept.len());
            assert_eq!(ends.iter().last(), kept.last());
            assert_eq!(ends.into_items(), kept);
        }
    }

    #[test]
    fn bytes_have_a_bound_too() {
        let quarter = MOST_BYTES / 4;
        assert_eq!(of(8, quarter, 100).into_items(), [0, 1, 6, 7]);
        // One that is too large alone is kept as the newest, and goes with the next.
        assert_eq!(of(3, MOST_BYTES, 100).into_items(), [2]);
    }

    #[test]
    fn an_item_is_found_by_its_number() {
        let mut ends = of(9, 1, 5);
        let found: Vec<Option<usize>> = (0..10).map(|number| ends.get_mut(number).copied()).collect();
        assert_eq!(found, [Some(0), Some(1), Some(2), None, None, None, None, Some(7), Some(8), None]);
    }
}
