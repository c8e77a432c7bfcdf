//! Wire forms of what is stored otherwise: connections, integrations, actions, flows and their runs.
//!
//! They live here and not in `api`, because a run log keeps them as they were at the time of the run. Fields that a
//! client's schema does not know are SEED's: `layer`, `connectorKey`, `integrationId`.

mod shapes;

pub use shapes::{
    ActionView, ClientAction, ConnectionView, ElementView, FlowRunView, FlowView, IntegrationView, LaunchedBy,
    NodeView, TenantView,
};

use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::ids::Id;
use crate::elements::model::{Layer, Meta};
use crate::elements::{Element, app_of, universal_parent};
use crate::engine::directory::Directory;
use crate::engine::tokens::Caller;
use crate::nouns::action::model::Action;
use crate::nouns::connection::model::ticket::page_address;
use crate::nouns::connection::model::{Connection, ConnectionState};
use crate::nouns::connector::model::{AuthType, Connector};
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::flow::model::Flow;
use crate::nouns::flow_run::model::FlowRun;
use crate::nouns::integration::model::Integration;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::workspace::model::ConnectionStates;

/// The picture of an app that has none of its own.
pub fn drawn_logo(base: &str, key: &str) -> String {
    format!("{base}/logos/{key}.svg")
}

/// What views are made with.
#[derive(Debug, Clone, Copy)]
pub struct Lens<'a> {
    /// State and catalog.
    pub directory: Directory<'a>,
    /// The address clients use.
    pub base: &'a str,
    /// Who looks.
    pub caller: &'a Caller,
}

/// Whether secrets are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// Shown.
    Shown,
    /// Left out.
    Hidden,
}

impl<'a> Lens<'a> {
    /// The address of a drawn picture.
    pub fn logo(&self, own: Option<&str>, key: &str) -> String {
        own.map_or_else(|| drawn_logo(self.base, key), str::to_owned)
    }

    fn tenant(&self, id: &Id<Tenant>) -> Option<TenantView<'a>> {
        self.directory.world.tenants.get(id.as_str()).map(|tenant| TenantView::of(tenant))
    }

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

    /// An integration with the caller's connection embedded.
    pub fn integration(&self, integration: &'a Integration, secrets: Secrets) -> IntegrationView<'a> {
        let mut view = self.bare_integration(integration);
        if self.caller.tenant().is_some() {
            let mut own = self.directory.connections(self.caller).rev();
            let of_it = |c: &&'a std::sync::Arc<Connection>| c.integration.as_ref() == Some(&integration.id);
            let found = {
                let ready = self.directory.connections(self.caller).rev().filter(of_it).find(|c| c.is_connected());
                ready.or_else(|| own.find(of_it))
            };
            view.connection = found.map(|found| Box::new(self.bare_connection(found, Secrets::Hidden)));
        }
        if secrets == Secrets::Shown {
            view.parameters = Some(integration.parameters.clone());
        }
        view
    }

    /// An integration alone, as others embed it.
    fn bare_integration(&self, integration: &'a Integration) -> IntegrationView<'a> {
        let connector = self.directory.connector_for(integration);
        let app = integration
            .external_app_id
            .clone()
            .or_else(|| connector.as_ref().and_then(|connector| connector.external_app_id.clone()));
        let drawn = connector.as_ref().map_or_else(|| integration.key().to_owned(), |c| c.key().to_owned());
        IntegrationView {
            integration_id: Some(&integration.id),
            logo_uri: self.logo(integration.logo_uri.as_deref(), &drawn),
            connector_id: connector.as_ref().map(|connector| connector.id.clone()),
            connector_key: connector.as_ref().map(|connector| connector.key().to_owned()),
            connector_version: integration.connector_version.as_deref(),
            external_app_id: app,
            auth_type: connector.as_ref().map(|connector| connector.auth_type),
            o_auth_callback_uri: integration.o_auth_callback_uri.as_deref(),
            has_missing_parameters: integration.has_missing_parameters(connector.as_deref()),
            parameters: (!integration.parameters.is_empty())
                .then(|| masked_parameters(&integration.parameters, connector.as_deref())),
            options_config: integration.options_config.as_ref(),
            is_test: integration.is_test,
            ..Self::integration_of_meta(integration.id.clone(), &integration.meta)
        }
    }

    fn integration_of_meta(id: Id<Integration>, meta: &'a Meta) -> IntegrationView<'a> {
        IntegrationView {
            id,
            integration_id: None,
            uuid: &meta.uuid,
            key: meta.key.as_deref().unwrap_or_default(),
            name: &meta.name,
            description: meta.description.as_deref(),
            meta: meta.meta.as_ref(),
            state: "READY",
            revision: &meta.revision,
            created_at: meta.created_at,
            updated_at: meta.updated_at,
            archived_at: meta.archived_at,
            is_deactivated: false,
            is_test: false,
            logo_uri: String::new(),
            connector_id: None,
            connector_key: None,
            connector_version: None,
            external_app_id: None,
            auth_type: None,
            o_auth_callback_uri: None,
            has_missing_parameters: false,
            has_documentation: false,
            has_operations: false,
            has_data: false,
            has_events: false,
            has_global_webhooks: false,
            has_udm: false,
            parameters: None,
            options_config: None,
            connection: None,
        }
    }

    /// A connector that would become an integration on connecting. Source: SEED.
    pub fn candidate(&self, connector: &'a Connector) -> IntegrationView<'a> {
        IntegrationView {
            logo_uri: self.logo(connector.logo_uri.as_deref(), connector.key()),
            connector_id: Some(connector.id.clone()),
            connector_key: Some(connector.key().to_owned()),
            external_app_id: connector.external_app_id.clone(),
            auth_type: Some(connector.auth_type),
            ..Self::integration_of_meta(Integration::synthetic_id(&connector.id), &connector.meta)
        }
    }

    /// An app without a connector that would become an integration on connecting. Source: SEED.
    pub fn app_candidate(&self, app: &'a ExternalApp) -> IntegrationView<'a> {
        IntegrationView {
            logo_uri: self.logo(app.logo_uri.as_deref(), app.meta.key.as_deref().unwrap_or_default()),
            external_app_id: Some(app.id.clone()),
            ..Self::integration_of_meta(Integration::synthetic_app_id(&app.id), &app.meta)
        }
    }

    /// What all elements show; `at` is the integration a universal one is looked at from.
    fn layered<E: Element>(&self, element: &'a E, at: Option<&'a Integration>) -> ElementView<'a> {
        let (meta, place) = (element.meta(), element.place());
        let own = place.integration.as_ref().and_then(|id| self.directory.world.integrations.get(id.as_str()));
        let own = own.map(|integration| &**integration);
        let shown = own.or(at);
        let app = app_of(&self.directory, element).and_then(|id| self.directory.app(id.as_str()));
        ElementView {
            id: element.id().as_str(),
            uuid: &meta.uuid,
            key: element.key(),
            name: &meta.name,
            description: meta.description.as_deref(),
            meta: meta.meta.as_ref(),
            revision: &meta.revision,
            created_at: meta.created_at,
            updated_at: meta.updated_at,
            archived_at: meta.archived_at,
            is_deactivated: false,
            layer: place.layer(),
            is_universal: place.layer() == Layer::Universal,
            integration_id: own.map(|integration| integration.id.clone()),
            integration_key: shown.map(|integration| integration.key().to_owned()),
            connection_id: place.connection.as_ref(),
            instance_key: place.instance_key.as_deref(),
            external_app_id: app.as_ref().map(|app| app.id.clone()),
            external_app_key: app.and_then(|app| app.meta.key.clone()),
            user_id: place.tenant.as_ref(),
            tenant_id: place.tenant.as_ref(),
            integration: shown.map(|integration| self.bare_integration(integration)),
            user: place.tenant.as_ref().and_then(|id| self.tenant(id)),
        }
    }

    /// An action; `at` is the integration a universal one is looked at from.
    pub fn action(&self, action: &'a Action, at: Option<&'a Integration>) -> ActionView<'a> {
        ActionView {
            element: self.layered(action, at),
            state: action.state,
            errors: &action.errors,
            parent_id: action.place.parent.as_ref(),
            universal_parent_id: universal_parent(self.directory.world, action),
            action_type: action.action_type,
            config: &action.config,
            input_schema: action.input_schema.clone().unwrap_or_else(|| json!({ "type": "object" })),
            output_schema: action.effective_output_schema().cloned().unwrap_or_else(|| json!({})),
            default_output_schema: action.output_schema.as_ref(),
            custom_output_schema: action.custom_output_schema.as_ref(),
            output_mapping: action.output_mapping.as_ref(),
            is_customized: action.is_customized,
            is_public: action.is_public,
        }
    }

    /// A flow alone, as instances and runs embed it.
    fn bare_flow(&self, flow: &'a Flow, at: Option<&'a Integration>) -> FlowView<'a> {
        let parent = flow.place.parent.as_ref().and_then(|id| self.directory.world.flows.get(id.as_str()));
        FlowView {
            element: ElementView { integration: None, user: None, ..self.layered(flow, at) },
            state: "READY",
            enabled: flow.enabled,
            auto_create_instances: flow.auto_create_instances,
            nodes: flow.nodes.iter().map(|(key, node)| (key.as_str(), NodeView { node, state: "READY" })).collect(),
            parameters_schema: flow.parameters_schema.as_ref(),
            parameters: flow.parameters.as_ref(),
            is_customized: flow.is_customized(),
            customized: flow.customized,
            parent_uuid: parent.map(|parent| parent.meta.uuid.as_str()),
            parent_key: parent.and_then(|parent| parent.meta.key.as_deref()),
            flow_id: flow.place.parent.as_ref(),
            universal_flow_id: universal_parent(self.directory.world, flow),
            flow_revision: flow.flow_revision.as_deref(),
            connection: None,
            flow: None,
        }
    }

    /// A flow, with what it is an instance of, and on which connection; `at` is as for actions.
    pub fn flow(&self, flow: &'a Flow, at: Option<&'a Integration>) -> FlowView<'a> {
        let world = self.directory.world;
        let parent = flow.place.parent.as_ref().and_then(|id| world.flows.get(id.as_str()));
        let connection = flow.place.connection.as_ref().and_then(|id| world.connections.get(id.as_str()));
        FlowView {
            element: self.layered(flow, at),
            connection: connection.map(|connection| self.bare_connection(connection, Secrets::Hidden)),
            flow: parent.map(|parent| Box::new(self.bare_flow(parent, None))),
            ..self.bare_flow(flow, at)
        }
    }

    /// A run of a flow, with all that it is about.
    pub fn flow_run(&self, run: &'a FlowRun) -> FlowRunView<'a> {
        let world = self.directory.world;
        let instance = world.flows.get(run.flow.as_str());
        let connection = world.connections.get(run.connection.as_str());
        let integration = run.integration.as_ref().and_then(|id| world.integrations.get(id.as_str()));
        let parent = instance.and_then(|instance| instance.place.parent.as_ref());
        let of_integration = parent.and_then(|id| world.flows.get(id.as_str()));
        let of_integration = of_integration.filter(|flow| flow.place.layer() == Layer::Integration);
        FlowRunView {
            id: &run.id,
            name: &run.name,
            user_id: &run.tenant,
            tenant_id: &run.tenant,
            flow_instance_id: &run.flow,
            connection_flow_id: &run.flow,
            integration_flow_id: of_integration.map(|flow| flow.id.clone()),
            universal_flow_id: instance.and_then(|instance| universal_parent(world, &**instance)),
            flow_id: parent,
            connection_id: &run.connection,
            integration_id: run.integration.as_ref(),
            external_app_id: connection.and_then(|connection| connection.external_app.as_ref()),
            start_node_key: &run.start_node,
            input: run.input.as_ref(),
            state: run.state,
            start_time: run.started_at,
            end_time: run.ended_at,
            errors: &run.errors,
            nodes: run.nodes(),
            launched_by: LaunchedBy { kind: "api-trigger" },
            meta: run.meta.as_ref(),
            flow_instance: instance.map(|instance| self.bare_flow(instance, None)),
            connection: connection.map(|connection| self.bare_connection(connection, Secrets::Hidden)),
            integration: integration.map(|integration| self.bare_integration(integration)),
            user: self.tenant(&run.tenant),
        }
    }
}

impl<'a> TenantView<'a> {
    fn of(tenant: &'a Tenant) -> Self {
        Self {
            id: &tenant.id,
            name: &tenant.name,
            internal_id: &tenant.internal_id,
            fields: &tenant.fields,
            is_test: tenant.is_test,
            created_at: tenant.created_at,
        }
    }
}

/// Parameters with what the connector's schema marks as sensitive, and every secret by name, masked.
pub fn masked_parameters(parameters: &JsonMap, connector: Option<&Connector>) -> JsonMap {
    let schema = connector.and_then(|connector| connector.parameters_schema.as_ref());
    let mut masked = parameters.clone();
    for (name, value) in &mut masked {
        let sensitive = schema.is_some_and(|schema| schema["properties"][name]["isSensitive"] == Value::Bool(true));
        if sensitive || name.to_lowercase().contains("secret") {
            *value = Value::String("********".into());
        }
    }
    masked
}
