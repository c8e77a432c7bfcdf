//! The events that the workspace's app is told of, and the deliveries that tell it.
//!
//! Invariant: which event a change means is derived from the records before and
//! after it alone ([`WorkspaceEvent::of`], [`WorkspaceEvent::of_run`]).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::agenda::{Agenda, Wait};
use crate::base::clock::Timestamp;
use crate::base::ids::{Id, Index, NameFn};
use crate::base::json::set_member;
use crate::nouns::connection::model::{Connection, ConnectionState};
use crate::nouns::flow_run::model::{FlowRun, FlowRunState};

/// The events that an app is told of. Source: SDK `WorkspaceEventType`; alerts are not faked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WorkspaceEvent {
    /// A connection became READY for the first time.
    #[serde(rename = "connection.created")]
    Created,
    /// A connection stopped being connected.
    #[serde(rename = "connection.disconnected")]
    Disconnected,
    /// A connection that was connected before became READY again.
    #[serde(rename = "connection.reconnected")]
    Reconnected,
    /// A connection that the app knew of was archived.
    #[serde(rename = "connection.deleted")]
    Deleted,
    /// A flow run was queued.
    #[serde(rename = "flowRun.queued")]
    FlowRunQueued,
    /// A flow run began to run.
    #[serde(rename = "flowRun.started")]
    FlowRunStarted,
    /// A flow run completed.
    #[serde(rename = "flowRun.completed")]
    FlowRunCompleted,
    /// A flow run failed.
    #[serde(rename = "flowRun.failed")]
    FlowRunFailed,
    /// A flow run was stopped.
    #[serde(rename = "flowRun.stopped")]
    FlowRunStopped,
    /// Something happened in an app; it is sent to the address of the subscription, and to no other.
    #[serde(rename = "external-event")]
    ExternalEvent,
}

impl WorkspaceEvent {
    /// The events of the workspace's own webhook.
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

    /// The name on the wire, such as `connection.created`.
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
            Self::ExternalEvent => "external-event",
        }
    }

    /// The event that a change of a flow run means; none when its state did not change.
    pub fn of_run(before: Option<&FlowRun>, after: &FlowRun) -> Option<Self> {
        (before.map(|before| before.state) != Some(after.state)).then_some(match after.state {
            FlowRunState::Queued => Self::FlowRunQueued,
            FlowRunState::Running => Self::FlowRunStarted,
            FlowRunState::Completed => Self::FlowRunCompleted,
            FlowRunState::Failed => Self::FlowRunFailed,
            FlowRunState::Stopped => Self::FlowRunStopped,
        })
    }

    /// The event that a change of a connection means; none for most changes.
    pub fn of(before: Option<&Connection>, after: &Connection) -> Option<Self> {
        let had = before.is_some_and(Connection::is_connected);
        let was_archived = before.is_some_and(Connection::is_archived);
        if after.is_archived() {
            // A connection that the app never saw is not reported as deleted.
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

/// Something that has happened to a connection or a flow run.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    pub event: WorkspaceEvent,
    /// The id and the keys by which scenarios name what it happened to.
    pub names: Vec<String>,
    /// The `data` of the delivery that tells of it.
    pub data: Value,
}

impl Happening {
    /// Repeats the fields under the noun's name, because both forms are documented: `data.id` and `data.connection.id`. Under
    /// its name the noun has these records beside it.
    pub fn new<const N: usize>(
        event: WorkspaceEvent,
        names: Vec<String>,
        (noun, fields): (&str, Value),
        records: [(&str, Option<Value>); N],
    ) -> Self {
        let (mut data, mut whole) = (fields.clone(), fields);
        for (name, record) in records {
            if let Some(record) = record {
                set_member(&mut whole, name, record);
            }
        }
        set_member(&mut data, noun, whole);
        Self { event, names, data }
    }
}

/// One attempt to deliver a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryAttempt {
    /// When the attempt ended, on the workspace's clock.
    pub at: Timestamp,
    /// The HTTP status that the receiver answered; none when there was no answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// The delivery waits for its first or its next attempt.
    Pending,
    /// The receiver answered with a 2xx status.
    Delivered,
    /// The last attempt failed too, and there will be no other.
    Failed,
}

/// A notification that is to be sent or was sent. The control API shows it in the stored form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookDelivery {
    /// The id.
    pub id: Id<WebhookDelivery>,
    /// What happened.
    pub event_type: WorkspaceEvent,
    /// The address of the receiver when the event happened.
    pub url: String,
    /// The JSON body of the request.
    pub payload: Value,
    /// How far the sending is.
    pub state: DeliveryState,
    /// The attempts so far, oldest first.
    pub attempts: Vec<DeliveryAttempt>,
    /// When the next attempt is due, on the workspace's clock; none when there will be none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_attempt_at: Option<Timestamp>,
    /// When the event happened, on the workspace's clock.
    pub created_at: Timestamp,
}

impl WebhookDelivery {
    /// What it is found by: that it was sent, or given up.
    pub fn names(&self, name: &mut NameFn<'_>) {
        if self.state != DeliveryState::Pending {
            name(Index::Over, &[]);
        }
    }

    /// What it waits for: the next attempt to send it.
    pub fn agenda(&self) -> Agenda {
        Agenda::of_work(self.next_attempt_at.map(Wait::At))
    }
}
