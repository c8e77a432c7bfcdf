//! Subscriptions to external events, and what they leave behind: events, pulls, webhooks that came in. Pure types.
//!
//! Invariant: only a subscription that is subscribed notices anything, and only one that noticed something waits for a moment.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::agenda::{Agenda, Wait};
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::{Id, Index, NameFn, stable_uuid};
use crate::base::json::schema::check_schema;
use crate::nouns::connection::model::Connection;
use crate::nouns::flow::model::{Flow, FlowNodeType};
use crate::nouns::flow_run::model::FlowRun;
use crate::nouns::integration::model::Integration;
use crate::nouns::tenant::model::Tenant;

/// How often an app is asked what is new, in seconds, where nothing says otherwise. Source: SDK
/// `DEFAULT_PULL_UPDATES_INTERVAL_SECONDS`.
pub const PULL_SECONDS: f64 = 300.0;

/// How often everything is looked through, in seconds, where nothing says otherwise. Source: SDK
/// `DEFAULT_FULL_SYNC_INTERVAL_SECONDS`.
pub const FULL_SYNC_SECONDS: f64 = 10_800.0;

/// The shortest of either interval. Source: SDK `MIN_PULL_UPDATES_INTERVAL_SECONDS`.
pub const LEAST_SECONDS: f64 = 60.0;

/// What happens in an app. Source: SDK `ExternalEventType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EventType {
    /// A record was made.
    DataRecordCreated,
    /// A record was changed.
    DataRecordUpdated,
    /// A record was deleted.
    DataRecordDeleted,
    /// An event of the connector's own.
    ConnectorEvent,
}

impl EventType {
    /// The type that a flow's trigger waits for; none for another node.
    pub fn of_trigger(node: FlowNodeType) -> Option<Self> {
        match node {
            FlowNodeType::DataRecordCreatedTrigger => Some(Self::DataRecordCreated),
            FlowNodeType::DataRecordUpdatedTrigger => Some(Self::DataRecordUpdated),
            FlowNodeType::DataRecordDeletedTrigger => Some(Self::DataRecordDeleted),
            FlowNodeType::ConnectorEventTrigger => Some(Self::ConnectorEvent),
            _ => None,
        }
    }

    /// The name of the type in the `events` of a collection; none for an event of the connector's own.
    pub fn of_collection(self) -> Option<&'static str> {
        match self {
            Self::DataRecordCreated => Some("created"),
            Self::DataRecordUpdated => Some("updated"),
            Self::DataRecordDeleted => Some("deleted"),
            Self::ConnectorEvent => None,
        }
    }
}

/// What a subscription is to. Source: SDK `ExternalEventSubscriptionConfig`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventConfig {
    /// The type of event.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// For records: the collection, as `collectionKey` with `collectionParameters`, or a data source by its `key`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub data_source: Option<Value>,
    /// For an event of the connector: its key.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub event_key: Option<String>,
    /// For an event of the connector: its parameters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub event_parameters: Option<Value>,
}

/// Whether a subscription is told of anything. Source: SDK `ExternalEventSubscriptionStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubscriptionStatus {
    /// It is.
    Subscribed,
    /// It is not, because nobody asked or somebody said so.
    Unsubscribed,
    /// It is, and what it was told of could not be collected last time.
    Error,
}

/// How a subscription learns of events. Source: DOC:docs/events (webhook, pull, full scan).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detection {
    /// The app tells at once.
    Push,
    /// The app is asked what is new, every `pullUpdatesIntervalSeconds`.
    Pull,
    /// Everything is looked through, every `fullSyncIntervalSeconds`.
    FullScan,
}

/// How a connector learns of events of a collection. Source: SDK `DataCollectionEventTypeSpec`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventSpec {
    /// `push` where the app tells at once, `pull` where it is asked.
    #[serde(rename = "type")]
    pub way: EventWay,
    /// Whether everything has to be looked through; for `pull`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_full_scan: bool,
}

/// Who begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EventWay {
    /// The app tells.
    Push,
    /// The app is asked.
    Pull,
}

impl EventSpec {
    /// What it means for a subscription.
    pub fn detection(&self) -> Detection {
        match (self.way, self.is_full_scan) {
            (EventWay::Push, _) => Detection::Push,
            (EventWay::Pull, false) => Detection::Pull,
            (EventWay::Pull, true) => Detection::FullScan,
        }
    }
}

/// An event of a connector's own. Source: SDK (`key`, `name`, schemas); on the platform it is code of the connector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectorEvent {
    /// The key that code names the event by.
    pub key: String,
    /// The name that people see.
    pub name: String,
    /// A description for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// The JSON Schema of the parameters of a subscription.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parameters_schema: Option<Value>,
    /// The JSON Schema of an event.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub schema: Option<Value>,
}

/// Refuses events of which one is wrong, and two of one key.
pub fn check_events(events: &[ConnectorEvent]) -> Result<(), ApiError> {
    for (index, event) in events.iter().enumerate() {
        let wrong = |field: &str, why: &str| ApiError::bad_request(format!("`events[{index}].{field}`: {why}"));
        if event.key.is_empty() {
            return Err(wrong("key", "an event needs a `key`"));
        }
        for (schema, field) in [(&event.schema, "schema"), (&event.parameters_schema, "parametersSchema")] {
            let checked = schema.as_ref().map_or(Ok(()), |schema| check_schema(schema, field));
            checked.map_err(|error| wrong(field, &error.message))?;
        }
        if events.iter().take(index).any(|other| other.key == event.key) {
            return Err(ApiError::bad_request(format!("`events` has `{}` twice", event.key)));
        }
    }
    Ok(())
}

/// Something that a subscription noticed and that is not collected yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Noticed {
    /// The id of the record; none for an event of the connector.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub record_id: Option<String>,
    /// The fields of the record as they are then, or the event.
    pub data: Value,
}

/// A tenant's subscription to what happens behind a connection. Source: SDK `BaseExternalEventSubscription`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalEventSubscription {
    pub id: Id<ExternalEventSubscription>,
    pub name: String,
    pub tenant: Id<Tenant>,
    pub connection: Id<Connection>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub integration: Option<Id<Integration>>,
    pub config: EventConfig,
    /// The collection that `config` comes to; none for an event of the connector.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub collection: Option<String>,
    /// The unified data model in which its records are shown too; none where the collection has none such.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub udm: Option<String>,
    /// The fields that a record has to have for it, because of the parameters of the collection.
    #[serde(default, skip_serializing_if = "JsonMap::is_empty")]
    pub within: JsonMap,
    pub detection: Detection,
    pub status: SubscriptionStatus,
    /// Why it could not be collected last time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ApiError>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pull_updates_interval_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub full_sync_interval_seconds: Option<f64>,
    /// The moment from which intervals are counted: when it was last subscribed.
    pub since: Timestamp,
    /// When it was last collected.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub collected_at: Option<Timestamp>,
    /// What is not collected yet, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noticed: Vec<Noticed>,
    /// The ids of records that were made since it was last collected, for one that is not told of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fresh: Vec<String>,
    /// The moment at which that is collected.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub due: Option<Timestamp>,
    /// Where the user's app wants its events.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub webhook_uri: Option<String>,
    /// How often the address that the app tells of events was renewed.
    #[serde(default)]
    pub renewals: u32,
    /// The flow instance and its trigger that the subscription is for; none for one that somebody made.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub flow: Option<(Id<Flow>, String)>,
    pub created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub archived_at: Option<Timestamp>,
}

impl ExternalEventSubscription {
    /// What it is found by: the flow whose trigger made it.
    pub fn names(&self, name: &mut NameFn<'_>) {
        if let Some((flow, _)) = &self.flow {
            name(Index::Flow, &[flow.as_str()]);
        }
    }

    /// The moment at which what was noticed is collected.
    pub fn agenda(&self) -> Agenda {
        Agenda::of_state(self.due.map(Wait::At))
    }

    /// The key in the address that the app tells of events. It is another one in each workspace that has a copy.
    pub fn webhook_key(&self, workspace: &str) -> String {
        stable_uuid("external-event", &format!("{workspace}/{}/{}", self.id, self.renewals))
    }

    /// Whether it is told of events.
    pub fn notices(&self) -> bool {
        self.archived_at.is_none() && self.status != SubscriptionStatus::Unsubscribed
    }

    /// The interval at which it is collected, in milliseconds; none where the app tells at once.
    fn interval(&self) -> Option<u64> {
        let seconds = match self.detection {
            Detection::Push => return None,
            Detection::Pull => self.pull_updates_interval_seconds.unwrap_or(PULL_SECONDS),
            Detection::FullScan => self.full_sync_interval_seconds.unwrap_or(FULL_SYNC_SECONDS),
        };
        let interval = Duration::try_from_secs_f64(seconds.max(LEAST_SECONDS)).ok()?;
        u64::try_from(interval.as_millis()).ok()
    }

    /// The last moment at which it would be collected by itself, at `now`; none where the app tells at once.
    pub fn looks_at(&self, now: Timestamp) -> Option<Timestamp> {
        let interval = self.interval()?;
        Some(self.since.plus(Duration::from_millis(now.since(self.since) / interval * interval)))
    }

    /// The next moment at which it is collected, after `now`; none where the app tells at once, and while nobody listens.
    pub fn next_pull(&self, now: Timestamp) -> Option<Timestamp> {
        let interval = self.interval().filter(|_| self.notices())?;
        let passed = now.since(self.since) / interval;
        Some(self.since.plus(Duration::from_millis(passed.saturating_add(1).saturating_mul(interval))))
    }
}

/// How it went with an event. Source: SDK `ExternalEventLogStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EventStatus {
    /// It launched what it was to launch.
    Success,
    /// A flow could not be launched.
    Error,
}

/// An event in the log. Source: SDK `ExternalEventLogRecordApiResponse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalEvent {
    pub id: Id<ExternalEvent>,
    pub tenant: Id<Tenant>,
    pub subscription: Id<ExternalEventSubscription>,
    pub payload: Value,
    pub launched: Vec<Id<FlowRun>>,
    pub status: EventStatus,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ApiError>,
    pub created_at: Timestamp,
}

/// How it went with a pull. Source: SDK `ExternalEventPullStatus`; here a pull is over when it has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PullStatus {
    /// What was noticed was collected.
    Success,
    /// The app could not be asked.
    Error,
}

/// A time that an app was asked what is new. Source: SDK `ExternalEventPullApiResponse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalEventPull {
    pub id: Id<ExternalEventPull>,
    pub tenant: Id<Tenant>,
    pub subscription: Id<ExternalEventSubscription>,
    pub is_full_scan: bool,
    pub status: PullStatus,
    pub collected: Vec<Id<ExternalEvent>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ApiError>,
    /// The moment since which it asked.
    pub start: Timestamp,
    pub end: Timestamp,
}

/// A webhook that came in. Source: SDK `IncomingWebhookApiResponse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IncomingWebhook {
    pub id: Id<IncomingWebhook>,
    pub tenant: Id<Tenant>,
    pub subscription: Id<ExternalEventSubscription>,
    /// The key in the address that it came to.
    pub webhook_key: String,
    pub body: Value,
    pub collected: Vec<Id<ExternalEvent>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ApiError>,
    pub created_at: Timestamp,
}
