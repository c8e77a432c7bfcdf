//! The wire form of a connection. It is served in the OpenAPI document, so the comments of
//! fields are for users of the API.
//!
//! Invariant: flags and `clientAction` are derived from the record here and nowhere else; secrets
//! are shown only with [`Secrets::Shown`].

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::engine::view::{Secrets, ViewContext};
use crate::nouns::connection::model::ticket::page_address;
use crate::nouns::connection::model::{Connection, ConnectionState};
use crate::nouns::connector::model::{AuthType, Connector};
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::IntegrationView;
use crate::nouns::integration::model::Integration;
use crate::nouns::tenant::TenantView;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::workspace::model::ConnectionStates;

/// What the user of a connection has to do. Source: SDK `ConnectionClientAction`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientAction {
    /// The kind of action; always `connect`.
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    /// A sentence that tells the user what to do.
    pub(crate) description: String,
    /// The address of the page on which the user does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ui_url: Option<String>,
}

/// A connection. Source: SDK `ConnectionApiResponse`, SEED (states).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Connection")]
#[serde(rename_all = "camelCase")]
pub struct ConnectionView<'a> {
    /// The id of the connection.
    pub(crate) id: &'a Id<Connection>,
    /// The key that code names the connection by; absent when it was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<&'a str>,
    /// The name that people see.
    pub(crate) name: &'a str,
    /// The id of the tenant that owns the connection.
    pub(crate) user_id: &'a Id<Tenant>,
    /// The id of the tenant; the same as `userId`, under its newer name.
    pub(crate) tenant_id: &'a Id<Tenant>,
    /// The id of the integration; absent while a connector is looked for or built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_id: Option<&'a Id<Integration>>,
    /// The id of the connector; absent while one is looked for or built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connector_id: Option<&'a Id<Connector>>,
    /// The id of the external app; absent when the connector is for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_app_id: Option<&'a Id<ExternalApp>>,
    /// The connector version that was asked for; absent when none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connector_version: Option<&'a str>,
    /// The key of the auth option that was asked for; absent when none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) auth_option_key: Option<&'a str>,
    /// The state of the connection; calls go through it while it is READY.
    pub(crate) state: ConnectionState,
    /// Whether calls can go through the connection.
    pub(crate) connected: bool,
    /// The opposite of `connected`.
    pub(crate) disconnected: bool,
    /// Whether the connection can never work again unless its user connects anew.
    pub(crate) is_defunct: bool,
    /// Whether the connection belongs to a test tenant.
    pub(crate) is_test: bool,
    /// Always false: connections are not deactivated here.
    pub(crate) is_deactivated: bool,
    /// Why the connection does not work; absent when nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a ApiError>,
    /// The same as `error`, under its older name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_error: Option<&'a ApiError>,
    /// What went wrong while connecting; absent when nothing did.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) errors: &'a [ApiError],
    /// What the user has to do; present in the state `CLIENT_ACTION_REQUIRED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_action: Option<ClientAction>,
    /// Any JSON object of your own; absent when none was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meta: Option<&'a JsonMap>,
    /// When the connection was made, on the workspace's clock.
    pub(crate) created_at: Timestamp,
    /// When the connection was last written, on the workspace's clock.
    pub(crate) updated_at: Timestamp,
    /// When an action last called the app through the connection; absent when none has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_active_at: Option<Timestamp>,
    /// When the credentials are refreshed next; absent when they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_credentials_refresh_at: Option<Timestamp>,
    /// How many refreshes in a row got no usable answer; absent when the last one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_attempts: Option<u32>,
    /// When the refresh is tried again; absent when nothing is to be tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_retry_timestamp: Option<Timestamp>,
    /// The id of the agent session that builds the connector; present while the state is BUILDING.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) building_agent_session_id: Option<&'a str>,
    /// When the connection was archived; absent while it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) archived_at: Option<Timestamp>,
    /// Whether the connector has a call that tests credentials.
    pub(crate) can_test: bool,
    /// Whether the connection has a refresh token.
    pub(crate) can_refresh_credentials: bool,
    /// The connection's own parameters of the connector; present when secrets are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connector_parameters: Option<&'a Value>,
    /// What the user typed into the form; present when secrets are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<&'a Value>,
    /// The credentials of calls; present when secrets are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) credentials: Option<&'a JsonMap>,
    /// The tenant that owns the connection; absent where the connection is inside another record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<TenantView<'a>>,
    /// The integration; absent where the connection is inside another record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration: Option<Box<IntegrationView<'a>>>,
}

impl<'a> ViewContext<'a> {
    /// A connection with its tenant and integration.
    pub fn connection(&self, connection: &'a Connection, secrets: Secrets) -> ConnectionView<'a> {
        let mut view = self.bare_connection(connection, secrets);
        view.user = self.tenant(&connection.tenant);
        view.integration = connection
            .integration
            .as_ref()
            .and_then(|id| self.directory.world.integrations.get(id.as_str()))
            .map(|integration| Box::new(self.bare_integration(integration)));
        view
    }

    /// A connection alone, as it is inside integrations and runs.
    pub fn bare_connection(&self, connection: &'a Connection, secrets: Secrets) -> ConnectionView<'a> {
        let connector = self.directory.connector_behind(connection);
        let connected = connection.is_connected();
        let shown = secrets == Secrets::Shown;
        ConnectionView {
            id: &connection.id,
            key: connection.meta.key.as_deref(),
            name: &connection.meta.name,
            user_id: &connection.tenant,
            tenant_id: &connection.tenant,
            integration_id: connection.integration.as_ref(),
            connector_id: connection.connector.as_ref(),
            external_app_id: connection.external_app.as_ref(),
            connector_version: connection.connector_version.as_deref(),
            auth_option_key: connection.auth_option_key.as_deref(),
            state: self.shown_state(connection.state),
            connected,
            disconnected: !connected,
            is_defunct: connection.is_defunct(),
            is_test: connection.is_test,
            is_deactivated: false,
            error: connection.error.as_ref(),
            request_error: connection.error.as_ref(),
            errors: &connection.errors,
            client_action: self.client_action(connection, connector.as_deref()),
            meta: connection.meta.meta.as_ref(),
            created_at: connection.meta.created_at,
            updated_at: connection.meta.updated_at,
            last_active_at: connection.last_active_at,
            next_credentials_refresh_at: connection.next_credentials_refresh_at,
            retry_attempts: Some(connection.retry_attempts).filter(|attempts| *attempts > 0),
            next_retry_timestamp: connection.next_retry_timestamp,
            building_agent_session_id: connection
                .building_agent_session
                .as_deref()
                .filter(|_| connection.state == ConnectionState::Building),
            archived_at: connection.meta.archived_at,
            can_test: connector.as_ref().is_some_and(|connector| connector.test.is_some()),
            can_refresh_credentials: connection.credentials.as_ref().is_some_and(|c| c.contains_key("refresh_token")),
            connector_parameters: connection.connector_parameters.as_ref().filter(|_| shown),
            input: connection.input.as_ref().filter(|_| shown),
            credentials: connection.credentials.as_ref().filter(|_| shown),
            user: None,
            integration: None,
        }
    }

    /// A state as the workspace shows it: one of the client's enum where the
    /// settings ask for that (`docs/behaviour.md#connection-states`).
    fn shown_state(&self, state: ConnectionState) -> ConnectionState {
        match (self.directory.world.workspace.mock.connection_states, state) {
            (ConnectionStates::Engine, ConnectionState::Disconnected | ConnectionState::Error) => {
                ConnectionState::Ready
            }
            (ConnectionStates::Engine | ConnectionStates::Seed, state) => state,
        }
    }

    fn client_action(&self, connection: &Connection, connector: Option<&Connector>) -> Option<ClientAction> {
        if connection.state != ConnectionState::ClientActionRequired {
            return None;
        }
        let name = connector.map_or(connection.meta.name.as_str(), |connector| &connector.meta.name);
        let types_keys = connector.is_some_and(|connector| connector.auth_type == AuthType::ClientCredentials);
        let what = if types_keys { "enter the credentials of" } else { "sign in to" };
        Some(ClientAction {
            kind: "connect",
            description: format!("Open the link and {what} {name} to finish connecting"),
            ui_url: page_address(self.base, &self.directory.world.workspace.key, connection),
        })
    }
}
