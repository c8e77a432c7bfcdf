//! The wire form of a connection. Flags and `clientAction` are derived from the record here and nowhere else.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::engine::view::Secrets;
use crate::engine::view::ViewContext;
use crate::nouns::connection::model::Connection;
use crate::nouns::connection::model::ConnectionState;
use crate::nouns::connection::model::ticket::page_address;
use crate::nouns::connector::model::AuthType;
use crate::nouns::connector::model::Connector;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::Integration;
use crate::nouns::integration::view::IntegrationView;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::tenant::view::TenantView;
use crate::nouns::workspace::model::ConnectionStates;

/// What a user has to do. Source: SDK `ConnectionClientAction`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientAction {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ui_url: Option<String>,
}

/// A connection on the wire. Source: SDK `ConnectionApiResponse`, SEED (states).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Connection")]
#[serde(rename_all = "camelCase")]
pub struct ConnectionView<'a> {
    pub(crate) id: &'a Id<Connection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) user_id: &'a Id<Tenant>,
    pub(crate) tenant_id: &'a Id<Tenant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_id: Option<&'a Id<Integration>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connector_id: Option<&'a Id<Connector>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_app_id: Option<&'a Id<ExternalApp>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connector_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) auth_option_key: Option<&'a str>,
    pub(crate) state: ConnectionState,
    pub(crate) connected: bool,
    pub(crate) disconnected: bool,
    pub(crate) is_defunct: bool,
    pub(crate) is_test: bool,
    pub(crate) is_deactivated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a ApiError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_error: Option<&'a ApiError>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) errors: &'a [ApiError],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_action: Option<ClientAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meta: Option<&'a JsonMap>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_active_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_credentials_refresh_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_retry_timestamp: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) building_agent_session_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) archived_at: Option<Timestamp>,
    pub(crate) can_test: bool,
    pub(crate) can_refresh_credentials: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connector_parameters: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) credentials: Option<&'a JsonMap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<TenantView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration: Option<Box<IntegrationView<'a>>>,
}

impl<'a> ViewContext<'a> {
    /// A connection, with tenant and integration embedded.
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

    /// A connection alone, as integrations and run logs embed it.
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

    /// A state, inside the client's enum when the workspace asks for that (`docs/behaviour.md#connection-states`).
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
