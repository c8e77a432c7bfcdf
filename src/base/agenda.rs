//! What a record waits for: the moments at which it moves by itself, as data.
//!
//! The store keeps these in order for each kind, so that whoever moves what is due asks for the first and looks at
//! nothing else.

use crate::base::clock::Timestamp;

/// The event that a record waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It waits for this moment of the workspace's clock.
    At(Timestamp),
    /// It waits until it has been read so often.
    Reads(u64),
    /// It has waited since this moment for its turn in a queue, which no clock brings.
    Turn(Timestamp),
}

/// The two ways in which a record can move by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Its state moves, within a transaction.
    State,
    /// Work is done for it that goes over HTTP, outside a transaction and without anybody waiting.
    Work,
}

/// Everything that one record waits for. A record without anything to wait for moves only when it is told to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Agenda {
    /// Its state moves then.
    pub state: Option<Wait>,
    /// Work for it is due then.
    pub work: Option<Wait>,
}

impl Agenda {
    /// Makes the agenda of a record whose state alone moves.
    pub fn of_state(state: Option<Wait>) -> Self {
        Self { state, work: None }
    }

    /// Makes the agenda of a record that only has work to be done.
    pub fn of_work(work: Option<Wait>) -> Self {
        Self { state: None, work }
    }

    /// Returns both waits, each with its lane.
    pub fn waits(self) -> impl Iterator<Item = (Lane, Wait)> {
        let [state, work] = [(Lane::State, self.state), (Lane::Work, self.work)];
        [state, work].into_iter().filter_map(|(lane, wait)| Some((lane, wait?)))
    }
}
