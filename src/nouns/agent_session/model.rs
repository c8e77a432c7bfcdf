//! Agent sessions: a scripted stand-in for the platform's agents. Nothing is thought; the states are the platform's.

use serde::{Deserialize, Serialize};

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::history::History;
use crate::base::ids::Id;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::workspace::model::progress::Due;

/// Where a session stands. Source: SDK `AgentSessionStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentStatus {
    /// Waits for a worker.
    Queued,
    /// A worker gets ready.
    Starting,
    /// At work.
    Running,
    /// Done.
    Completed,
    /// It came to nothing.
    Failed,
    /// Stopped.
    Cancelled,
}

/// What can happen to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AgentEvent {
    /// A worker takes it.
    Start,
    /// The worker is ready.
    Run,
    /// It is done.
    Complete,
    /// It failed.
    Fail,
    /// Somebody stops it.
    Stop,
    /// A message to a session that has ended goes on with it. Source: OAS (`POST /agent/sessions/{id}/message`).
    Resume,
}

impl AgentStatus {
    /// The whole machine. None for an event that the status does not allow.
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

    /// Whether it has ended.
    pub fn is_idle(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// Who said a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Whoever began the session or went on with it.
    User,
    /// The stand-in.
    Assistant,
}

/// A message of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Id.
    pub id: String,
    /// Who said it.
    pub role: Role,
    /// What.
    pub text: String,
}

/// A session as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentSession {
    /// Id.
    pub id: Id<AgentSession>,
    /// Whose; none when a manager began it for nobody.
    pub tenant: Option<Id<Tenant>>,
    /// What it works on: `connection`, `action`, …
    pub element_type: String,
    /// Its id; empty when it works on nothing that exists.
    pub element_id: String,
    /// `membrane`, `connection-building`, `action-building`, … Source: SDK `AgentName`.
    pub agent_name: String,
    /// What was asked.
    pub prompt: String,
    /// For people.
    pub title: Option<String>,
    /// For people.
    pub summary: Option<String>,
    /// Where it stands.
    pub status: AgentStatus,
    /// Why it failed.
    pub error: Option<ApiError>,
    /// What came of it.
    pub output: Option<JsonMap>,
    /// Whether the caller runs the agent itself.
    #[serde(default)]
    pub is_external: bool,
    /// What was said.
    pub messages: Vec<Message>,
    /// What happens next by itself.
    pub due: Option<Due>,
    /// How it came to where it stands.
    #[serde(skip_serializing_if = "History::is_empty", default)]
    pub history: History<AgentStatus, AgentEvent>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When something happened last.
    pub updated_at: Timestamp,
}

/// A type of element as answers have it: `dataSource`, `DATA_SOURCE` and `data-source` are one.
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
    /// Takes an event: the only way to change `status`.
    pub fn apply(&mut self, event: AgentEvent, now: Timestamp) -> Result<(), ApiError> {
        let to = self.status.on(event);
        self.history.step("agent session", &mut self.status, event, to, now)?;
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
