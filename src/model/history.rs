//! How an element came to where it stands: what every state machine remembers, and says when it refuses.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::clock::Timestamp;
use crate::error::ApiError;

/// One change of state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change<S, E> {
    /// When.
    pub at: Timestamp,
    /// Before.
    pub from: S,
    /// After.
    pub to: S,
    /// Why.
    pub cause: E,
}

/// The last changes, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History<S, E>(Vec<Change<S, E>>);

/// So many changes are remembered of each element.
const MOST: usize = 10;

impl<S, E> Default for History<S, E> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<S, E> History<S, E> {
    /// Remembers a change; the oldest goes.
    pub fn add(&mut self, change: Change<S, E>) {
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push(change);
    }

    /// Whether nothing has changed yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A state or an event as JSON has it.
pub(super) fn word(of: &impl Serialize) -> String {
    serde_json::to_value(of).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Moves a state by an event to where its machine says; none is where it may not go.
pub(super) fn step<S: Serialize + Copy, E: Serialize + Copy>(
    machine: &str,
    state: &mut S,
    history: &mut History<S, E>,
    change: (E, Option<S>),
    at: Timestamp,
) -> Result<(), ApiError> {
    let (from, (cause, to)) = (*state, change);
    let to = to.ok_or_else(|| refusal(machine, &from, &cause, history))?;
    *state = to;
    history.add(Change { at, from, to, cause });
    Ok(())
}

/// What a machine says of an event that a state does not allow.
pub(super) fn refusal(
    machine: &str,
    state: &impl Serialize,
    event: &impl Serialize,
    history: &impl Serialize,
) -> ApiError {
    let article = if machine.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    let message = format!("{article} {machine} that is {} cannot take the event `{}`", word(state), word(event));
    let data = json!({ "machine": machine, "state": state, "event": event, "history": history });
    ApiError::bad_request(message).with_data(data)
}
