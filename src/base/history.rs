//! This module records how an element reached its state. Every state machine keeps such a history, and shows it when it
//! refuses an event. Invariant: a state changes only together with an entry here (`History::step`).

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::text::article;

/// An entry records one change of a state machine's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChange<S, E> {
    /// The change happened at this moment of the workspace's clock.
    pub at: Timestamp,
    pub from: S,
    pub to: S,
    /// This event caused the change.
    pub cause: E,
}

/// The history holds the last ten changes, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History<S, E>(Vec<StateChange<S, E>>);

/// Each element remembers this many changes; then the oldest goes.
const MOST: usize = 10;

impl<S, E> Default for History<S, E> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<S, E> History<S, E> {
    /// Returns the changes, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &StateChange<S, E>> {
        self.0.iter()
    }

    /// Returns whether nothing has changed yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Returns a state or an event as JSON spells it.
fn word(of: &impl Serialize) -> String {
    serde_json::to_value(of).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

impl<S: Serialize + Copy, E: Serialize + Copy> History<S, E> {
    /// Moves `state` to `to` and records the change. When `to` is absent, the machine does not allow the event: the
    /// state stays, and the error tells the history.
    pub(crate) fn step(
        &mut self,
        machine: &str,
        state: &mut S,
        cause: E,
        to: Option<S>,
        at: Timestamp,
    ) -> Result<StateChange<S, E>, ApiError> {
        let from = *state;
        let to = to.ok_or_else(|| self.refusal(machine, from, cause))?;
        *state = to;
        let change = StateChange { at, from, to, cause };
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push(change.clone());
        Ok(change)
    }

    /// Makes the error for an event that a state does not allow.
    fn refusal(&self, machine: &str, state: S, event: E) -> ApiError {
        let article = article(machine);
        let message = format!("{article} {machine} that is {} cannot take the event `{}`", word(&state), word(&event));
        let data = json!({ "machine": machine, "state": state, "event": event, "history": self });
        ApiError::bad_request(message).with_data(data)
    }
}
