//! When state machines move: settings of a workspace, one for each kind of
//! change. Source: our choice (`docs/behaviour.md#progress`).
//!
//! Invariant: a change that is due says so by a [`Due`] in its record, so that it survives a restart
//! and is copied with the workspace.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::agenda::Wait;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::nouns::connection::model::ConnectionState;

/// When one kind of change happens: `"immediate"`, `"hold"`, `{"after": ms}`, `{"reads": n}` or
/// `{"fail": {"state": "SETUP_FAILED", "error": "…"}}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Progress {
    /// The change is due at once; this is the default.
    #[default]
    Immediate,
    /// The change is due after this many milliseconds of the workspace's clock.
    After(u64),
    /// The change is due once the record has been read this many times.
    Reads(u64),
    /// Nothing but a poke or the user makes the change.
    Hold,
    /// The change is due at once, and it fails.
    Fail(Failure),
}

/// How a change that fails ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Failure {
    /// The state of a connection that fails: `CONFIGURATION_ERROR`, `SETUP_FAILED`, or `ERROR` when
    /// absent. Other kinds ignore it.
    #[serde(default = "error")]
    pub state: ConnectionState,
    /// The message of the error (`errors[0].message`); a general one when absent.
    #[serde(default)]
    pub error: Option<String>,
}

fn error() -> ConnectionState {
    ConnectionState::Error
}

/// When each kind of change happens in a workspace; a missing kind has its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProgressSettings {
    /// When a connection leaves BUILDING.
    #[serde(rename = "connection.building")]
    pub connection_building: Progress,
    /// When a connection that waits for its user goes on without one; `hold` by default.
    #[serde(rename = "connection.clientAction")]
    pub connection_client_action: Progress,
    /// When an action leaves BUILDING.
    #[serde(rename = "action.building")]
    pub action_building: Progress,
    /// When an agent session answers.
    #[serde(rename = "agentSession")]
    pub agent_session: Progress,
    /// When a flow run is carried out, counted from when its turn has come.
    #[serde(rename = "flowRun")]
    pub flow_run: Progress,
    /// When an export ends.
    pub export: Progress,
    /// When an import ends.
    pub import: Progress,
}

impl ProgressSettings {
    /// Refuses with 400 a `fail.state` that is not a state of failure.
    pub fn check(&self) -> Result<(), ApiError> {
        let Self {
            connection_building,
            connection_client_action,
            action_building,
            agent_session,
            flow_run,
            export,
            import,
        } = self;
        let of_connections = [connection_building, connection_client_action];
        let others = [action_building, agent_session, flow_run, export, import];
        let failures = of_connections.into_iter().chain(others).filter_map(|progress| match progress {
            Progress::Fail(failure) => Some(failure.state),
            Progress::Immediate | Progress::After(_) | Progress::Reads(_) | Progress::Hold => None,
        });
        for state in failures {
            use ConnectionState as S;
            match state {
                S::ConfigurationError | S::SetupFailed | S::Error => {}
                S::Building | S::ClientActionRequired | S::Ready | S::Disconnecting | S::Disconnected => {
                    let why = "`fail.state` is CONFIGURATION_ERROR, SETUP_FAILED or ERROR";
                    return Err(ApiError::bad_request(why));
                }
            }
        }
        Ok(())
    }
}

impl Default for ProgressSettings {
    fn default() -> Self {
        Self {
            connection_building: Progress::Immediate,
            connection_client_action: Progress::Hold,
            action_building: Progress::Immediate,
            agent_session: Progress::Immediate,
            flow_run: Progress::Immediate,
            export: Progress::Immediate,
            import: Progress::Immediate,
        }
    }
}

/// When a change will happen by itself; kept in the record that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Due {
    /// When the change happens, on the workspace's clock; none when it waits for reads.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<Timestamp>,
    /// How many more reads the change waits for; none when it waits for time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reads: Option<u64>,
    /// How the change fails; none when it succeeds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<Failure>,
}

impl Due {
    /// Returns what the record waits for; none when nothing but a poke moves it.
    pub fn wait(&self) -> Option<Wait> {
        self.at.map(Wait::At).or_else(|| self.reads.map(Wait::Reads))
    }
}

impl Progress {
    /// When a change that starts now is due; none when only a poke or the user makes it.
    pub fn due(&self, now: Timestamp) -> Option<Due> {
        let due = Due { at: Some(now), reads: None, failure: None };
        match self {
            Self::Immediate => Some(due),
            Self::After(ms) => Some(Due { at: Some(now.plus(std::time::Duration::from_millis(*ms))), ..due }),
            Self::Reads(n) => Some(Due { at: None, reads: Some(*n), ..due }),
            Self::Hold => None,
            Self::Fail(failure) => Some(Due { failure: Some(failure.clone()), ..due }),
        }
    }
}
