//! This module records how an element reached its state. Every state machine keeps such a history, and shows it when it
//! refuses an event. Invariant: a state changes only together with an entry here (`History::step`).

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::json::names::values_of;
use crate::base::text::article;

/// An entry records one change of a state machine's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ChangeOf{S}")]
pub struct StateChange<S, E> {
    /// The change happened at this moment of the workspace's clock.
    pub at: Timestamp,
    /// The state before.
    pub from: S,
    /// The state after.
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
pub(crate) fn word(of: &impl Serialize) -> String {
    serde_json::to_value(of).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

impl<S: Serialize + Copy, E: Serialize + DeserializeOwned + Copy> History<S, E> {
    /// Moves `state` to what `after` gives for the event, and records the change. When that is nothing, the machine does
    /// not allow the event: the state stays, and the error tells the history, and which events there are for the state.
    pub(crate) fn step(
        &mut self,
        machine: &str,
        state: &mut S,
        cause: E,
        after: impl Fn(S, E) -> Option<S>,
        at: Timestamp,
    ) -> Result<StateChange<S, E>, ApiError> {
        let from = *state;
        let allowed = || values_of::<E>().into_iter().filter(|event| after(from, *event).is_some()).collect::<Vec<_>>();
        let to = after(from, cause).ok_or_else(|| refusal(machine, from, cause, &allowed(), self))?;
        *state = to;
        let change = StateChange { at, from, to, cause };
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push(change.clone());
        Ok(change)
    }
}

/// Makes the error for an event that the state of a `machine` does not allow. It names the `allowed` ones, and has the history.
pub(crate) fn refusal<E: Serialize>(
    machine: &str,
    state: impl Serialize,
    event: E,
    allowed: &[E],
    history: &impl Serialize,
) -> ApiError {
    let article = article(machine);
    let takes = match allowed.iter().map(|event| format!("`{}`", word(event))).collect::<Vec<_>>() {
        none if none.is_empty() => "none".to_owned(),
        some => some.join(", "),
    };
    let (shown, refused) = (word(&state), word(&event));
    let message = format!("{article} {machine} that is {shown} cannot take the event `{refused}`; it takes {takes}");
    let data = json!({ "machine": machine, "state": state, "event": event, "events": allowed, "history": history });
    ApiError::bad_request(message).with_data(data)
}
