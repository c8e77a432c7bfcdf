//! A request to connect: what a program asks for, and how the user answered. Pure types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::nouns::connection::model::Connection;
use crate::nouns::connection::model::attempt::{Attempt, Theme};
use crate::nouns::tenant::model::Tenant;

/// What to connect to and how; name an integration, a connector, an external app, an intent or an existing
/// connection. Source: SDK `ConnectPayload`, `CreateConnectionRequestPayload`; `externalAppId` by SEED
/// (“pass any of these to connect”).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Connect")]
#[serde(rename_all = "camelCase", default)]
pub struct ConnectSpec {
    /// The id or key of an integration, or the id of a candidate, which becomes an integration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_id: Option<String>,
    /// The key of an integration; an alternative to `integrationId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_key: Option<String>,
    /// The id or key of a connector; its integration is made when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector_id: Option<String>,
    /// The key of a connector; an alternative to `connectorId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector_key: Option<String>,
    /// The connector version; it is stored and has no effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector_version: Option<String>,
    /// The id or key of an external app; a connector is built when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_app_id: Option<String>,
    /// What to connect to, in words, such as `connect my hubspot account`; the best
    /// connector is taken, or one is built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// The id or key of a connection that is to be connected again under the same id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    /// The key that the connection gets, 1 to 100 characters. When the tenant has a connection with this key, that one
    /// is connected again; when absent, a free key is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_key: Option<String>,
    /// The name of the connection that people see; the integration's name when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether a new connection leaves the tenant's others of the integration alone; when absent or false, and no key
    /// is given, they are archived once it is READY.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_multiple_connections: Option<bool>,
    /// Parameters of the connector for this connection alone, as an object; they win over the integration's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector_parameters: Option<Value>,
    /// What the user would type into the form, as an object; the connection of a
    /// connector with keys then needs no user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// The older name of `input`, read when that is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_parameters: Option<Value>,
    /// The key of the auth option; only `default` exists, which is meant when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_option_key: Option<String>,
    /// The http address that the browser goes to when the attempt ends, with the result in its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// A text that is repeated in the messages to the page that waits. Source: SDK `ConnectPayload.requestId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// A text that is repeated in the messages and in the query of `redirectUri`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_state: Option<String>,
    /// A text for the user; it is stored with a connection request and not shown here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Whether a hosted page began the attempt: then a first attempt that fails leaves no connection.
    #[serde(skip)]
    pub hosted: bool,
    /// The theme of the attempt's pages.
    #[serde(skip)]
    pub theme: Theme,
    /// The id of the connection request that this attempt answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_request_id: Option<String>,
}

impl ConnectSpec {
    /// The same spec about what another one names, where it names nothing itself. The legacy client names the integration or
    /// connection in the address, and the rest in the form.
    #[must_use]
    pub fn about(self, named: Self) -> Self {
        Self {
            integration_id: self.integration_id.or(named.integration_id),
            integration_key: self.integration_key.or(named.integration_key),
            connector_id: self.connector_id.or(named.connector_id),
            connector_key: self.connector_key.or(named.connector_key),
            external_app_id: self.external_app_id.or(named.external_app_id),
            connection_id: self.connection_id.or(named.connection_id),
            connection_key: self.connection_key.or(named.connection_key),
            ..self
        }
    }

    /// The part of the attempt that concerns a browser; none when no browser waits.
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

    /// What the form of the connection would ask for, by either name.
    pub fn given_input(&self) -> Option<&Value> {
        self.input.as_ref().or(self.connection_parameters.as_ref())
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

/// The status of a connection request. Source: SDK `ConnectionRequest.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RequestStatus {
    /// The user has not finished.
    Pending,
    /// The connection is READY.
    Success,
    /// The user gave up, or another request took its place.
    Cancelled,
    /// Connecting failed; the request's error says why.
    Error,
}

/// A connection request as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionRequest {
    /// The id, which the wire form calls `requestId`.
    pub id: Id<ConnectionRequest>,
    /// The tenant that is asked to connect.
    pub tenant: Id<Tenant>,
    pub spec: ConnectSpec,
    pub status: RequestStatus,
    /// The connection that the request makes or connects again.
    pub connection: Option<Id<Connection>>,
    /// Why connecting failed; none unless the status is `error`.
    pub error: Option<ApiError>,
    pub created_at: Timestamp,
}
