//! How an element came to where it stands: what every state machine remembers, and says when it refuses.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::text::article;

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

/// So many changes are remembered of each element; then the oldest goes.
const MOST: usize = 10;

impl<S, E> Default for History<S, E> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<S, E> History<S, E> {
    /// Whether nothing has changed yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A state or an event as JSON has it.
fn word(of: &impl Serialize) -> String {
    serde_json::to_value(of).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

impl<S: Serialize + Copy, E: Serialize + Copy> History<S, E> {
    /// Moves a state by an event to where its machine says; none is where it may not go.
    pub(crate) fn step(
        &mut self,
        machine: &str,
        state: &mut S,
        cause: E,
        to: Option<S>,
        at: Timestamp,
    ) -> Result<Change<S, E>, ApiError> {
        let from = *state;
        let to = to.ok_or_else(|| self.refusal(machine, from, cause))?;
        *state = to;
        let change = Change { at, from, to, cause };
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push(change.clone());
        Ok(change)
    }

    /// What a machine says of an event that a state does not allow.
    fn refusal(&self, machine: &str, state: S, event: E) -> ApiError {
        let article = article(machine);
        let message = format!("{article} {machine} that is {} cannot take the event `{}`", word(&state), word(&event));
        let data = json!({ "machine": machine, "state": state, "event": event, "history": self });
        ApiError::bad_request(message).with_data(data)
    }
}
