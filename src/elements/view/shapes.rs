//! The shapes: what fields an element has on the wire.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::elements::model::Layer;
use crate::nouns::action::model::{Action, ActionState, ActionType};
use crate::nouns::connection::model::{Connection, ConnectionState};
use crate::nouns::connector::model::{AuthType, Connector};
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::flow::model::{Customized, Flow, FlowNode};
use crate::nouns::flow_run::model::{FlowRun, FlowRunState, NodeSummary};
use crate::nouns::integration::model::Integration;
use crate::nouns::tenant::model::Tenant;

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

/// A tenant inside another record: without its credentials. Source: SDK `BaseCustomer`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TenantInside")]
#[serde(rename_all = "camelCase")]
pub struct TenantView<'a> {
    pub(crate) id: &'a Id<Tenant>,
    pub(crate) name: &'a str,
    pub(crate) internal_id: &'a str,
    #[serde(skip_serializing_if = "JsonMap::is_empty")]
    pub(crate) fields: &'a JsonMap,
    pub(crate) is_test: bool,
    pub(crate) created_at: Timestamp,
}

/// An integration on the wire. Source: SDK `IntegrationApiResponse`, `IntegrationListItem`, SEED.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Integration")]
#[serde(rename_all = "camelCase")]
pub struct IntegrationView<'a> {
    pub(crate) id: Id<Integration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_id: Option<&'a Id<Integration>>,
    pub(crate) uuid: &'a str,
    pub(crate) key: &'a str,
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meta: Option<&'a JsonMap>,
    pub(crate) state: &'static str,
    pub(crate) revision: &'a str,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) archived_at: Option<Timestamp>,
    pub(crate) is_deactivated: bool,
    pub(crate) is_test: bool,
    pub(crate) logo_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connector_id: Option<Id<Connector>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connector_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connector_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_app_id: Option<Id<ExternalApp>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) auth_type: Option<AuthType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) o_auth_callback_uri: Option<&'a str>,
    pub(crate) has_missing_parameters: bool,
    pub(crate) has_documentation: bool,
    pub(crate) has_operations: bool,
    pub(crate) has_data: bool,
    pub(crate) has_events: bool,
    pub(crate) has_global_webhooks: bool,
    pub(crate) has_udm: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameters: Option<JsonMap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) options_config: Option<&'a JsonMap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection: Option<Box<ConnectionView<'a>>>,
}

/// What elements at the three layers have in common on the wire. Source: SDK `BaseIntegrationLevelMembraneInterface`,
/// SEED (`layer`).
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ElementView<'a> {
    pub(crate) id: &'a str,
    pub(crate) uuid: &'a str,
    pub(crate) key: &'a str,
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meta: Option<&'a JsonMap>,
    pub(crate) revision: &'a str,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) archived_at: Option<Timestamp>,
    pub(crate) is_deactivated: bool,
    pub(crate) layer: Layer,
    pub(crate) is_universal: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_id: Option<Id<Integration>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection_id: Option<&'a Id<Connection>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instance_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_app_id: Option<Id<ExternalApp>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_app_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<&'a Id<Tenant>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tenant_id: Option<&'a Id<Tenant>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration: Option<IntegrationView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<TenantView<'a>>,
}

/// An action on the wire. Source: SDK `ActionApiResponse`, SEED (empty `key` of catalog actions).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Action")]
#[serde(rename_all = "camelCase")]
pub struct ActionView<'a> {
    #[serde(flatten)]
    pub(crate) element: ElementView<'a>,
    pub(crate) state: ActionState,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) errors: &'a [ApiError],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent_id: Option<&'a Id<Action>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) universal_parent_id: Option<Id<Action>>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) action_type: Option<ActionType>,
    pub(crate) config: &'a JsonMap,
    pub(crate) input_schema: Value,
    pub(crate) output_schema: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default_output_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) custom_output_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_mapping: Option<&'a Value>,
    pub(crate) is_customized: bool,
    pub(crate) is_public: bool,
}

/// A flow, or a flow instance, on the wire. Source: SDK `FlowApiResponse`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Flow")]
#[serde(rename_all = "camelCase")]
pub struct FlowView<'a> {
    #[serde(flatten)]
    pub(crate) element: ElementView<'a>,
    pub(crate) state: &'static str,
    pub(crate) enabled: bool,
    pub(crate) auto_create_instances: bool,
    pub(crate) nodes: BTreeMap<&'a str, NodeView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameters_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameters: Option<&'a Value>,
    pub(crate) is_customized: bool,
    pub(crate) customized: Customized,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent_uuid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent_key: Option<&'a str>,
    /// Of what it is an instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flow_id: Option<&'a Id<Flow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) universal_flow_id: Option<Id<Flow>>,
    /// What the instance's flow was when it was last taken over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flow_revision: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection: Option<ConnectionView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flow: Option<Box<FlowView<'a>>>,
}

/// A node of a flow on the wire. Source: SDK `FlowNode`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NodeView<'a> {
    #[serde(flatten)]
    pub(crate) node: &'a FlowNode,
    pub(crate) state: &'static str,
}

/// A run of a flow on the wire. Source: SDK `FlowRunApiResponse`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FlowRun")]
#[serde(rename_all = "camelCase")]
pub struct FlowRunView<'a> {
    pub(crate) id: &'a Id<FlowRun>,
    pub(crate) name: &'a str,
    pub(crate) user_id: &'a Id<Tenant>,
    pub(crate) tenant_id: &'a Id<Tenant>,
    pub(crate) flow_instance_id: &'a Id<Flow>,
    pub(crate) connection_flow_id: &'a Id<Flow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_flow_id: Option<Id<Flow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) universal_flow_id: Option<Id<Flow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flow_id: Option<&'a Id<Flow>>,
    pub(crate) connection_id: &'a Id<Connection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_id: Option<&'a Id<Integration>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_app_id: Option<&'a Id<ExternalApp>>,
    pub(crate) start_node_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<&'a Value>,
    pub(crate) state: FlowRunState,
    pub(crate) start_time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) errors: &'a [ApiError],
    pub(crate) nodes: BTreeMap<&'a str, NodeSummary>,
    pub(crate) launched_by: LaunchedBy,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meta: Option<&'a JsonMap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flow_instance: Option<FlowView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection: Option<ConnectionView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration: Option<IntegrationView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<TenantView<'a>>,
}

/// What launched a run. Source: SDK `FlowRunLaunchedByApi`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LaunchedBy {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
}
