//! An agent session and its state machine. Pure types; the states are the platform's.
//!
//! Invariant: `status` changes only through [`AgentSession::apply`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::JsonMap;
use crate::base::agenda::Agenda;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::history::History;
use crate::base::ids::Id;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::workspace::model::progress::Due;

/// The status of a session. Source: SDK `AgentSessionStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AgentStatus {
    /// The session waits for a worker.
    Queued,
    /// A worker is getting ready for the session.
    Starting,
    /// The agent is at work.
    Running,
    /// The agent is done.
    Completed,
    /// The agent failed; `error` says why.
    Failed,
    /// Somebody stopped the session.
    Cancelled,
}

/// The events that move a session from one status to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AgentEvent {
    /// A worker takes the session.
    Start,
    /// The worker is ready, and the agent begins to work.
    Run,
    /// The agent is done.
    Complete,
    /// The agent failed to do its work.
    Fail,
    /// Somebody stops the session.
    Stop,
    /// A message to a session that has ended continues it. Source: OAS (`POST /agent/sessions/{id}/message`).
    Resume,
}

impl AgentStatus {
    /// The whole state machine: the status after an event, or none when the status does not allow the event.
    pub fn on(self, event: AgentEvent) -> Option<Self> {
        use AgentEvent as E;
        use AgentStatus as S;
        match (self, event) {
            (S::Queued, E::Start) => Some(S::Starting),
            (S::Queued | S::Starting, E::Run) => Some(S::Running),
            (S::Queued | S::Starting | S::Running, E::Complete) => Some(S::Completed),
            (S::Queued | S::Starting | S::Running, E::Fail) => Some(S::Failed),
            (S::Queued | S::Starting | S::Running, E::Stop) => Some(S::Cancelled),
            (S::Completed | S::Failed | S::Cancelled, E::Resume) => Some(S::Queued),
            (S::Queued | S::Starting | S::Running | S::Completed | S::Failed | S::Cancelled, _) => None,
        }
    }

    /// Whether the session has completed, failed or been cancelled.
    pub fn is_idle(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// The author of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The caller that began or continued the session wrote it.
    User,
    /// The scripted agent wrote the message.
    Assistant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: String,
    pub role: Role,
    pub text: String,
}

/// An agent session as stored. The wire form is made by `shown`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentSession {
    pub id: Id<AgentSession>,
    /// The tenant that owns the session; none when a manager without a tenant began it.
    pub tenant: Option<Id<Tenant>>,
    /// The type of the element that the agent works on, in kebab case, such as `connection`; `app` unless said.
    pub element_type: String,
    /// The id of that element; empty when there is none.
    pub element_id: String,
    /// The name of the agent, such as `connection-building`; `membrane` unless said. Source: SDK `AgentName`.
    pub agent_name: String,
    /// What the first message asked.
    pub prompt: String,
    /// A title for people: the beginning of the prompt unless a client set another.
    pub title: Option<String>,
    /// A summary for people of what was done.
    pub summary: Option<String>,
    pub status: AgentStatus,
    /// Why the agent failed.
    pub error: Option<ApiError>,
    /// The result that a client's own agent reported.
    pub output: Option<JsonMap>,
    /// Whether the caller runs the agent itself: then nothing happens by itself.
    #[serde(default)]
    pub is_external: bool,
    /// The messages, oldest first; only the last 200 are kept.
    pub messages: Vec<Message>,
    /// When the session ends by itself; none when it does not.
    pub due: Option<Due>,
    /// The last changes of the status, oldest first.
    #[serde(skip_serializing_if = "History::is_empty", default)]
    pub history: History<AgentStatus, AgentEvent>,
    pub created_at: Timestamp,
    /// When the session was last written.
    pub updated_at: Timestamp,
}

/// The type of an element in kebab case: `dataSource` and `DATA_SOURCE` become `data-source`.
pub fn element_type(text: &str) -> String {
    let mut kebab = String::with_capacity(text.len() + 1);
    let mut after_small = false;
    for letter in text.trim().chars() {
        if letter.is_uppercase() && after_small {
            kebab.push('-');
        }
        after_small = letter.is_lowercase();
        if matches!(letter, '_' | ' ') {
            kebab.push('-');
        } else {
            kebab.extend(letter.to_lowercase());
        }
    }
    kebab
}

impl AgentSession {
    /// What it waits for: the next step of its state.
    pub fn agenda(&self) -> Agenda {
        Agenda::of_state(self.due.as_ref().and_then(Due::wait))
    }

    /// Moves the session by an event: the only way to change `status`. Fails when the status does not allow the event.
    pub fn apply(&mut self, event: AgentEvent, now: Timestamp) -> Result<(), ApiError> {
        self.history.step("agent session", &mut self.status, event, AgentStatus::on, now)?;
        self.due = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{AgentEvent as E, AgentStatus as S};

    #[test]
    fn a_type_of_element_is_one_however_it_is_written() {
        for text in ["dataSource", "DATA_SOURCE", "data-source", "Data Source", " data_source "] {
            assert_eq!(super::element_type(text), "data-source");
        }
    }

    #[test]
    fn what_has_ended_only_goes_on_when_it_is_resumed() {
        for ended in [S::Completed, S::Failed, S::Cancelled] {
            for event in [E::Start, E::Run, E::Complete, E::Fail, E::Stop] {
                assert_eq!(ended.on(event), None);
            }
            assert_eq!(ended.on(E::Resume), Some(S::Queued));
        }
        assert_eq!(
            S::Queued.on(E::Start).and_then(|s| s.on(E::Run)).and_then(|s| s.on(E::Complete)),
            Some(S::Completed)
        );
    }
}
