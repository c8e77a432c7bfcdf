//! The wire forms of subscriptions, events, pulls and webhooks that came in. They are served in the OpenAPI document, so the
//! comments of fields are for users of the API.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::engine::view::{Secrets, ViewContext};
use crate::nouns::connection::ConnectionView;
use crate::nouns::connection::model::Connection;
use crate::nouns::external_event::model::{
    Detection, EventConfig, EventStatus, EventType, ExternalEvent, ExternalEventPull, ExternalEventSubscription,
    IncomingWebhook, PullStatus, SubscriptionStatus,
};
use crate::nouns::external_event::noticing::is_deactivated;
use crate::nouns::flow_run::model::FlowRun;
use crate::nouns::integration::IntegrationView;
use crate::nouns::tenant::TenantView;
use crate::store::World;

/// Whose something is: the fields that everything of a subscription has.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Owned<'a> {
    /// The id of the tenant.
    pub(crate) user_id: String,
    /// The id of the tenant; the same as `userId`, under its newer name.
    pub(crate) tenant_id: String,
    /// The id of the connection.
    pub(crate) connection_id: String,
    /// The id of the integration; empty when the connection has none.
    pub(crate) integration_id: String,
    /// The id of the external app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_app_id: Option<String>,
    /// The tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<TenantView<'a>>,
    /// The connection as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection: Option<ConnectionView<'a>>,
    /// The integration as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration: Option<IntegrationView<'a>>,
}

/// A subscription to external events.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ExternalEventSubscription")]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionView<'a> {
    /// The id of the subscription.
    pub(crate) id: &'a str,
    /// The name that people see.
    pub(crate) name: &'a str,
    /// What it is to.
    pub(crate) config: &'a EventConfig,
    /// Whether it is told of anything.
    pub(crate) status: SubscriptionStatus,
    /// Why it could not be collected last time; absent when it could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a ApiError>,
    /// Whether the app tells at once.
    pub(crate) is_real_time: bool,
    /// Whether the app is asked what is new.
    pub(crate) requires_pull: bool,
    /// Whether everything is looked through.
    pub(crate) requires_full_sync: bool,
    /// How often the app is asked what is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pull_updates_interval_seconds: Option<f64>,
    /// How often everything is looked through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) full_sync_interval_seconds: Option<f64>,
    /// The moment at which the app is asked next, in milliseconds since 1970; absent where it tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_pull_events_timestamp: Option<i64>,
    /// Where the user's app wants its events; absent when it wants none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) webhook_uri: Option<&'a str>,
    /// Where the app tells of events.
    pub(crate) incoming_webhook_uri: String,
    /// When it was made, on the workspace's clock.
    pub(crate) created_at: Timestamp,
    /// When it was archived; absent while it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) archived_at: Option<Timestamp>,
    /// Whether it is a flow's that is out of service, so that it notices nothing.
    pub(crate) is_deactivated: bool,
    #[serde(flatten)]
    pub(crate) owned: Owned<'a>,
}

/// An external event in the log.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ExternalEventLogRecord")]
#[serde(rename_all = "camelCase")]
pub struct EventView<'a> {
    /// The id of the event.
    pub(crate) id: &'a str,
    /// The name of the subscription.
    pub(crate) name: &'a str,
    /// The id of the subscription that noticed it.
    pub(crate) external_event_subscription_id: &'a Id<ExternalEventSubscription>,
    /// The event: of a record, `{record}`.
    pub(crate) payload: &'a Value,
    /// The flow runs that it launched.
    pub(crate) launched_flow_run_ids: &'a [Id<FlowRun>],
    /// How it went.
    pub(crate) status: EventStatus,
    /// Why a flow could not be launched; absent when nothing went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a ApiError>,
    /// When it was collected, on the workspace's clock.
    pub(crate) created_at: Timestamp,
    /// The subscription as it is now.
    pub(crate) external_event_subscription: SubscriptionView<'a>,
    #[serde(flatten)]
    pub(crate) owned: Owned<'a>,
}

/// A time that an app was asked what is new.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ExternalEventPull")]
#[serde(rename_all = "camelCase")]
pub struct PullView<'a> {
    /// The id of the pull.
    pub(crate) id: &'a str,
    /// The name of the subscription.
    pub(crate) name: &'a str,
    /// The id of the subscription.
    pub(crate) external_event_subscription_id: &'a Id<ExternalEventSubscription>,
    /// The moment since which it asked.
    pub(crate) start_datetime: Timestamp,
    /// The moment of the pull.
    pub(crate) end_datetime: Timestamp,
    /// Whether everything was looked through.
    pub(crate) is_full_scan: bool,
    /// How it went.
    pub(crate) status: PullStatus,
    /// The ids of the events that it found.
    pub(crate) collected_event_ids: &'a [Id<ExternalEvent>],
    /// Why the app could not be asked; absent when it could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a ApiError>,
    /// The subscription as it is now.
    pub(crate) external_event_subscription: SubscriptionView<'a>,
    #[serde(flatten)]
    pub(crate) owned: Owned<'a>,
}

/// How an app was asked what is new. Source: OAS `ExternalEventPullTelemetryDto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PullStrategy {
    /// Everything was looked through.
    FullScan,
    /// The latest records were looked at.
    PullLatestRecords,
    /// It was not asked, because its connection did not work.
    Skipped,
    /// It was asked though it tells of events by itself.
    Unknown,
}

/// What a pull did. Source: OAS `ExternalEventPullTelemetryDto`, without what scans of an app count.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ExternalEventPullTelemetry")]
#[serde(rename_all = "camelCase")]
pub(crate) struct PullTelemetry<'a> {
    /// The id of the pull.
    pull_id: &'a str,
    /// The id of the subscription.
    subscription_id: &'a Id<ExternalEventSubscription>,
    /// The id of the connection.
    connection_id: &'a Id<Connection>,
    /// The type of event.
    event_type: EventType,
    /// The key of the collection; absent for an event of the connector's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    collection_key: Option<&'a str>,
    /// How the app was asked.
    strategy: PullStrategy,
    /// When it began, on the workspace's clock.
    started_at: Timestamp,
    /// When it ended, on the workspace's clock.
    finished_at: Timestamp,
    /// How many events it found.
    emitted_event_count: usize,
    /// Those events, but for what is no longer in the log.
    emitted_events: Vec<EmittedEvent<'a>>,
    /// What there is to say beside, such as why the app could not be asked.
    notes: Vec<&'a str>,
}

/// An event that a pull found.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EmittedEvent<'a> {
    /// The type of event.
    #[serde(rename = "type")]
    event_type: EventType,
    /// The id of the record; absent for an event of the connector's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    record_id: Option<&'a str>,
}

impl<'a> PullTelemetry<'a> {
    /// What a pull did; none where its subscription is gone.
    pub(crate) fn of(world: &'a World, pull: &'a ExternalEventPull) -> Option<Self> {
        let of = world.external_event_subscriptions.get(pull.subscription.as_str())?;
        let event_type = of.config.event_type;
        let events = pull.collected.iter().filter_map(|id| world.external_events.get(id.as_str()));
        let strategy = match of.detection {
            _ if pull.error.is_some() => PullStrategy::Skipped,
            Detection::FullScan => PullStrategy::FullScan,
            Detection::Pull => PullStrategy::PullLatestRecords,
            Detection::Push => PullStrategy::Unknown,
        };
        Some(Self {
            pull_id: pull.id.as_str(),
            subscription_id: &of.id,
            connection_id: &of.connection,
            event_type,
            collection_key: of.collection.as_deref(),
            strategy,
            started_at: pull.end,
            finished_at: pull.end,
            emitted_event_count: pull.collected.len(),
            emitted_events: events
                .map(|event| EmittedEvent {
                    event_type,
                    record_id: event.payload.pointer("/record/id").and_then(Value::as_str),
                })
                .collect(),
            notes: pull.error.iter().map(|error| error.message.as_str()).collect(),
        })
    }
}

/// How it went with a webhook that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WebhookStatus {
    /// It was taken.
    Success,
    /// Nobody listens.
    Error,
}

/// A webhook that came in.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IncomingWebhook")]
#[serde(rename_all = "camelCase")]
pub struct WebhookView<'a> {
    /// The id of the webhook.
    pub(crate) id: &'a str,
    /// The name of the subscription.
    pub(crate) name: &'a str,
    /// The id of the workspace.
    pub(crate) workspace_id: &'a str,
    /// The id of the tenant, under an older name.
    pub(crate) customer_id: &'a str,
    /// The id of the subscription.
    pub(crate) subscription_id: &'a Id<ExternalEventSubscription>,
    /// The key in the address that it came to.
    pub(crate) uuid: &'a str,
    /// How it went.
    pub(crate) status: WebhookStatus,
    /// The ids of the events that it brought.
    pub(crate) collected_event_ids: &'a [Id<ExternalEvent>],
    /// When it came, on the workspace's clock.
    pub(crate) created_at: Timestamp,
    /// The tenant, under an older name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) customer: Option<TenantView<'a>>,
    /// The subscription as it is now.
    pub(crate) subscription: SubscriptionView<'a>,
    /// The id of the tenant.
    pub(crate) user_id: &'a str,
    /// The id of the connection.
    pub(crate) connection_id: &'a str,
    /// The id of the integration; empty when the connection has none.
    pub(crate) integration_id: String,
    /// The connection as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection: Option<ConnectionView<'a>>,
}

impl<'a> ViewContext<'a> {
    /// Whose a subscription is, with the records themselves where `whole` says so.
    fn owned(&self, of: &'a ExternalEventSubscription, whole: bool) -> Owned<'a> {
        let world = self.directory.world;
        let connection = world.connections.get(of.connection.as_str());
        let integration = of.integration.as_ref().and_then(|id| world.integrations.get(id.as_str()));
        Owned {
            user_id: of.tenant.to_string(),
            tenant_id: of.tenant.to_string(),
            connection_id: of.connection.to_string(),
            integration_id: of.integration.as_ref().map(Id::to_string).unwrap_or_default(),
            external_app_id: connection.and_then(|it| it.external_app.as_ref()).map(Id::to_string),
            user: self.tenant(&of.tenant).filter(|_| whole),
            connection: connection.filter(|_| whole).map(|it| self.bare_connection(it, Secrets::Hidden)),
            integration: integration.filter(|_| whole).map(|it| self.bare_integration(it)),
        }
    }

    /// A subscription; `whole` says whether its tenant, connection and integration are with it, `now` when it is looked at.
    pub fn event_subscription(
        &self,
        of: &'a ExternalEventSubscription,
        whole: bool,
        now: Timestamp,
    ) -> SubscriptionView<'a> {
        let world = self.directory.world;
        let next = of.due.or_else(|| of.next_pull(now));
        SubscriptionView {
            id: of.id.as_str(),
            name: &of.name,
            config: &of.config,
            status: of.status,
            error: of.error.as_ref(),
            is_real_time: of.detection == Detection::Push,
            requires_pull: of.detection == Detection::Pull,
            requires_full_sync: of.detection == Detection::FullScan,
            pull_updates_interval_seconds: of.pull_updates_interval_seconds,
            full_sync_interval_seconds: of.full_sync_interval_seconds,
            next_pull_events_timestamp: next.map(Timestamp::millis),
            webhook_uri: of.webhook_uri.as_deref(),
            incoming_webhook_uri: format!(
                "{}/webhooks/external-events/{}",
                self.base.trim_end_matches('/'),
                of.webhook_key(&world.workspace.key)
            ),
            created_at: of.created_at,
            archived_at: of.archived_at,
            is_deactivated: is_deactivated(&self.directory, of),
            owned: self.owned(of, whole),
        }
    }

    /// An event, with its subscription; none where that is gone.
    pub fn external_event(&self, event: &'a ExternalEvent, now: Timestamp) -> Option<EventView<'a>> {
        let of = self.directory.world.external_event_subscriptions.get(event.subscription.as_str())?;
        Some(EventView {
            id: event.id.as_str(),
            name: &of.name,
            external_event_subscription_id: &of.id,
            payload: &event.payload,
            launched_flow_run_ids: &event.launched,
            status: event.status,
            error: event.error.as_ref(),
            created_at: event.created_at,
            external_event_subscription: self.event_subscription(of, false, now),
            owned: self.owned(of, true),
        })
    }

    /// A pull, with its subscription; none where that is gone.
    pub fn event_pull(&self, pull: &'a ExternalEventPull, now: Timestamp) -> Option<PullView<'a>> {
        let of = self.directory.world.external_event_subscriptions.get(pull.subscription.as_str())?;
        Some(PullView {
            id: pull.id.as_str(),
            name: &of.name,
            external_event_subscription_id: &of.id,
            start_datetime: pull.start,
            end_datetime: pull.end,
            is_full_scan: pull.is_full_scan,
            status: pull.status,
            collected_event_ids: &pull.collected,
            error: pull.error.as_ref(),
            external_event_subscription: self.event_subscription(of, false, now),
            owned: self.owned(of, true),
        })
    }

    /// A webhook that came in, with its subscription; none where that is gone.
    pub fn incoming_webhook(&self, webhook: &'a IncomingWebhook, now: Timestamp) -> Option<WebhookView<'a>> {
        let world = self.directory.world;
        let of = world.external_event_subscriptions.get(webhook.subscription.as_str())?;
        let connection = world.connections.get(of.connection.as_str());
        Some(WebhookView {
            id: webhook.id.as_str(),
            name: &of.name,
            workspace_id: world.workspace.id.as_str(),
            customer_id: webhook.tenant.as_str(),
            subscription_id: &of.id,
            uuid: &webhook.webhook_key,
            status: if webhook.error.is_none() { WebhookStatus::Success } else { WebhookStatus::Error },
            collected_event_ids: &webhook.collected,
            created_at: webhook.created_at,
            customer: self.tenant(&webhook.tenant),
            subscription: self.event_subscription(of, false, now),
            user_id: webhook.tenant.as_str(),
            connection_id: of.connection.as_str(),
            integration_id: of.integration.as_ref().map(Id::to_string).unwrap_or_default(),
            connection: connection.map(|it| self.bare_connection(it, Secrets::Hidden)),
        })
    }
}
