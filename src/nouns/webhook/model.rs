//! Webhooks out: what the workspace's app is told, and how that went.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::clock::Timestamp;
use crate::base::ids::Id;
use crate::nouns::connection::model::{Connection, ConnectionState};
use crate::nouns::flow_run::model::{FlowRun, FlowRunState};

/// What apps are told of. Source: SDK `WorkspaceEventType`; alerts are not faked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkspaceEvent {
    /// READY for the first time.
    #[serde(rename = "connection.created")]
    Created,
    /// It lost its credentials.
    #[serde(rename = "connection.disconnected")]
    Disconnected,
    /// READY again.
    #[serde(rename = "connection.reconnected")]
    Reconnected,
    /// Archived.
    #[serde(rename = "connection.deleted")]
    Deleted,
    /// A flow run was asked for.
    #[serde(rename = "flowRun.queued")]
    FlowRunQueued,
    /// Its turn came.
    #[serde(rename = "flowRun.started")]
    FlowRunStarted,
    /// It is through.
    #[serde(rename = "flowRun.completed")]
    FlowRunCompleted,
    /// It failed.
    #[serde(rename = "flowRun.failed")]
    FlowRunFailed,
    /// Somebody stopped it.
    #[serde(rename = "flowRun.stopped")]
    FlowRunStopped,
}

impl WorkspaceEvent {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Created,
        Self::Disconnected,
        Self::Reconnected,
        Self::Deleted,
        Self::FlowRunQueued,
        Self::FlowRunStarted,
        Self::FlowRunCompleted,
        Self::FlowRunFailed,
        Self::FlowRunStopped,
    ];

    /// As on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "connection.created",
            Self::Disconnected => "connection.disconnected",
            Self::Reconnected => "connection.reconnected",
            Self::Deleted => "connection.deleted",
            Self::FlowRunQueued => "flowRun.queued",
            Self::FlowRunStarted => "flowRun.started",
            Self::FlowRunCompleted => "flowRun.completed",
            Self::FlowRunFailed => "flowRun.failed",
            Self::FlowRunStopped => "flowRun.stopped",
        }
    }

    /// What a change of a flow run means to the app.
    pub fn of_run(before: Option<&FlowRun>, after: &FlowRun) -> Option<Self> {
        (before.map(|before| before.state) != Some(after.state)).then_some(match after.state {
            FlowRunState::Queued => Self::FlowRunQueued,
            FlowRunState::Running => Self::FlowRunStarted,
            FlowRunState::Completed => Self::FlowRunCompleted,
            FlowRunState::Failed => Self::FlowRunFailed,
            FlowRunState::Stopped => Self::FlowRunStopped,
        })
    }

    /// What a change of a connection means to the app; mostly nothing.
    pub fn of(before: Option<&Connection>, after: &Connection) -> Option<Self> {
        let had = before.is_some_and(Connection::is_connected);
        let was_archived = before.is_some_and(Connection::is_archived);
        if after.is_archived() {
            // What never was there for the app is not deleted for it.
            let was_known = before.is_some_and(|before| {
                before.is_connected()
                    || before.former.is_some()
                    || matches!(before.state, ConnectionState::Disconnected | ConnectionState::Error)
            });
            return (was_known && !was_archived).then_some(Self::Deleted);
        }
        let Some(before) = before.filter(|_| !was_archived) else {
            return (before.is_none() && after.is_connected()).then_some(Self::Created);
        };
        let becomes_ready = after.state == ConnectionState::Ready && before.state != ConnectionState::Ready;
        match (had, after.is_connected()) {
            (true, false) => Some(Self::Disconnected),
            (_, true) if becomes_ready && before.former.is_some() => Some(Self::Reconnected),
            (false, true) if before.state == ConnectionState::Disconnected => Some(Self::Reconnected),
            (false, true) => Some(Self::Created),
            (true, true) | (false, false) => None,
        }
    }
}

/// One try to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryAttempt {
    /// When.
    pub at: Timestamp,
    /// What the receiver answered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// Why there is no answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// Will be tried, again.
    Pending,
    /// The receiver answered 2xx.
    Delivered,
    /// Given up.
    Failed,
}

/// A notification on its way. As stored, and as the control API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookDelivery {
    /// Id.
    pub id: Id<WebhookDelivery>,
    /// What happened.
    pub event_type: WorkspaceEvent,
    /// Where it goes.
    pub url: String,
    /// What it says.
    pub payload: Value,
    /// Where it stands.
    pub state: DeliveryState,
    /// What was tried.
    pub attempts: Vec<DeliveryAttempt>,
    /// When it is tried next.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_attempt_at: Option<Timestamp>,
    /// When it happened.
    pub created_at: Timestamp,
}
