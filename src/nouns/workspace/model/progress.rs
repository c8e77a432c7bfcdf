//! When state machines move: data per workspace and kind, not code. Source: our choice (`docs/behaviour.md#progress`).

use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::nouns::connection::model::ConnectionState;

/// How one kind of change progresses: `"immediate"`, `"hold"`, `{"after": ms}`, `{"reads": n}` or
/// `{"fail": {"state": "SETUP_FAILED", "error": "…"}}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Progress {
    /// Due at once.
    #[default]
    Immediate,
    /// Due after this many milliseconds of the workspace's clock.
    After(u64),
    /// Due after this many reads have seen it.
    Reads(u64),
    /// Only a poke or the user moves it.
    Hold,
    /// Due at once, and it fails.
    Fail(Failure),
}

/// How a failing change ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Failure {
    /// `CONFIGURATION_ERROR`, `SETUP_FAILED` or `ERROR`, which it is when absent; only connections know the others.
    #[serde(default = "error")]
    pub state: ConnectionState,
    /// What `errors[0].message` says.
    #[serde(default)]
    pub error: Option<String>,
}

fn error() -> ConnectionState {
    ConnectionState::Error
}

/// Progress per kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProgressSettings {
    /// A connection in BUILDING.
    #[serde(rename = "connection.building")]
    pub connection_building: Progress,
    /// A connection that waits for its user.
    #[serde(rename = "connection.clientAction")]
    pub connection_client_action: Progress,
    /// An action in BUILDING.
    #[serde(rename = "action.building")]
    pub action_building: Progress,
    /// An agent session at work.
    #[serde(rename = "agentSession")]
    pub agent_session: Progress,
    /// A run of a flow, once its turn has come.
    #[serde(rename = "flowRun")]
    pub flow_run: Progress,
    /// A job that exports what the workspace defines.
    pub export: Progress,
    /// A job that imports it.
    pub import: Progress,
}

impl ProgressSettings {
    /// Refuses a failure that is none.
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

/// A change that will happen by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Due {
    /// When, on the workspace's clock.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<Timestamp>,
    /// After how many more reads.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reads: Option<u64>,
    /// How it fails, if it does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<Failure>,
}

impl Progress {
    /// When a change that starts now is due; `None` when nothing but a poke moves it.
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
