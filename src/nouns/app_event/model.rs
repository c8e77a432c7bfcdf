//! The fields of app event types and of their subscriptions, and an event in the log. Pure types.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::clock::Timestamp;
use crate::base::ids::{Id, stable_uuid};
use crate::elements::model::fields::stored_type;
use crate::nouns::flow_run::model::FlowRun;
use crate::nouns::tenant::model::Tenant;

/// Calls a macro with the fields of app event types.
macro_rules! app_event_type {
    ($do:ident) => {
        $do! {
            /// A type of event of the user's own app, or a tenant's subscription to it. Source: SDK `BaseAppEventType`,
            /// `BaseAppEventSubscription`.
            AppEventType {
                noun: "app event type", plural: "app-event-types", singular: "app-event-type",
                instance: "app-event-subscription", source: "SDK",
                holders: Tenants, body: AppEventTypeBody, seed: SeedAppEventType, view: AppEventTypeView as "AppEventType",
                parent: app_event_type, app_event_type_id as "appEventTypeId", "appEventTypeKey",
                app_event_type_revision,
                fields: {
                    /// The JSON Schema of an event.
                    schema: serde_json::Value,
                    /// An event as an example.
                    example: serde_json::Value,
                    /// The formula for the key of the tenant that an event is of, over the event.
                    tenant_id_formula: serde_json::Value,
                    /// The older name of `tenantIdFormula`.
                    user_id_formula: serde_json::Value,
                    /// The request that tells the user's app where to send a tenant's events, with formulas over
                    /// `webhookUri` and `user`.
                    subscribe_request: serde_json::Value,
                    /// Of a subscription: whether the user's app was told.
                    is_subscribed: bool,
                    /// Of a subscription: what the user's app answered.
                    subscription_response: serde_json::Value,
                }
            }
        }
    };
}

app_event_type!(stored_type);

pub(crate) use app_event_type;

impl AppEventType {
    /// The key in the address that events are sent to. It differs from workspace to workspace, so that an event comes to one.
    pub fn webhook_key(&self, workspace: &str) -> String {
        stable_uuid("app-event", &format!("{workspace}/{}", self.id))
    }

    /// Where events are sent to.
    pub fn webhook_uri(&self, base: &str, workspace: &str) -> String {
        format!("{}/webhooks/app-events/{}", base.trim_end_matches('/'), self.webhook_key(workspace))
    }
}

/// An event that came in. Source: SDK `AppEventLogRecordApiResponse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppEvent {
    pub id: Id<AppEvent>,
    /// The tenant that it is of.
    pub tenant: Id<Tenant>,
    pub event_type: Id<AppEventType>,
    /// The tenant's subscription to the type.
    pub subscription: Id<AppEventType>,
    /// The body that was sent.
    pub event: Value,
    /// When it came in, on the workspace's clock.
    pub datetime: Timestamp,
    /// The runs of flows that it launched.
    pub launched: Vec<Id<FlowRun>>,
}
