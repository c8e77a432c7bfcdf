//! A request to connect, made by a program and answered by a user.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::nouns::connection::model::Connection;
use crate::nouns::connection::model::attempt::{Attempt, Theme};
use crate::nouns::tenant::model::Tenant;

/// What to connect to and how. Source: SDK `ConnectPayload`, `CreateConnectionRequestPayload`; `externalAppId` by
/// SEED (“pass any of these to connect”).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Connect")]
#[serde(rename_all = "camelCase", default)]
pub struct ConnectSpec {
    /// By id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_id: Option<String>,
    /// By key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_key: Option<String>,
    /// By id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector_id: Option<String>,
    /// By key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector_key: Option<String>,
    /// Pinned version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector_version: Option<String>,
    /// By id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_app_id: Option<String>,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// Reconnects this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    /// The handle the connection shall have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_key: Option<String>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether a second connection of the integration may stand beside the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_multiple_connections: Option<bool>,
    /// Parameters of the connector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector_parameters: Option<Value>,
    /// What the user would type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// Older name of `input`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_parameters: Option<Value>,
    /// Which auth option.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_option_key: Option<String>,
    /// Where the browser goes afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// Named in the messages to the page that waits. Source: SDK `ConnectPayload.requestId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Given back with the redirect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_state: Option<String>,
    /// What the user is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Begun by a hosted page: an attempt that comes to nothing leaves nothing behind.
    #[serde(skip)]
    pub hosted: bool,
    /// What its pages look like.
    #[serde(skip)]
    pub theme: Theme,
    /// The request this attempt answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_request_id: Option<String>,
}

impl ConnectSpec {
    /// Who waits for it in a browser.
    pub fn attempt(&self) -> Option<Attempt> {
        let attempt = Attempt {
            request_id: self.request_id.clone(),
            redirect_uri: self.redirect_uri.clone(),
            custom_state: self.custom_state.clone(),
            hosted: self.hosted,
            theme: self.theme,
        };
        (attempt != Attempt::default()).then_some(attempt)
    }

    /// Whether nothing says what to connect to.
    pub fn names_nothing(&self) -> bool {
        [
            &self.integration_id,
            &self.integration_key,
            &self.connector_id,
            &self.connector_key,
            &self.external_app_id,
            &self.intent,
            &self.connection_id,
        ]
        .into_iter()
        .all(Option::is_none)
    }
}

/// Status of a request. Source: SDK `ConnectionRequest.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RequestStatus {
    /// The user has not finished.
    Pending,
    /// A connection is READY.
    Success,
    /// The user gave up.
    Cancelled,
    /// It failed.
    Error,
}

/// A request as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionRequest {
    /// Id on the wire: `requestId`.
    pub id: Id<ConnectionRequest>,
    /// Whose.
    pub tenant: Id<Tenant>,
    /// What was asked.
    pub spec: ConnectSpec,
    /// Where it stands.
    pub status: RequestStatus,
    /// The connection it works on.
    pub connection: Option<Id<Connection>>,
    /// Why it failed.
    pub error: Option<ApiError>,
    /// When it was made.
    pub created_at: Timestamp,
}
