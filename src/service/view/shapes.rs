//! The shapes: what fields an element has on the wire.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::clock::Timestamp;
use crate::error::ApiError;
use crate::ids::Id;
use crate::model::JsonMap;
use crate::model::action::{Action, ActionState, ActionType};
use crate::model::connection::{Connection, ConnectionState};
use crate::model::connector::{AuthType, Connector};
use crate::model::element::Layer;
use crate::model::external_app::ExternalApp;
use crate::model::flow::{Customized, Flow, FlowNode};
use crate::model::flow_run::{FlowRun, FlowRunState, NodeSummary};
use crate::model::integration::Integration;
use crate::model::tenant::Tenant;

/// What a user has to do. Source: SDK `ConnectionClientAction`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientAction {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ui_url: Option<String>,
}

/// A connection on the wire. Source: SDK `ConnectionApiResponse`, SEED (states).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Connection")]
#[serde(rename_all = "camelCase")]
pub struct ConnectionView<'a> {
    pub(super) id: &'a Id<Connection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) user_id: &'a Id<Tenant>,
    pub(super) tenant_id: &'a Id<Tenant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) integration_id: Option<&'a Id<Integration>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connector_id: Option<&'a Id<Connector>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) external_app_id: Option<&'a Id<ExternalApp>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connector_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) auth_option_key: Option<&'a str>,
    pub(super) state: ConnectionState,
    pub(super) connected: bool,
    pub(super) disconnected: bool,
    pub(super) is_defunct: bool,
    pub(super) is_test: bool,
    pub(super) is_deactivated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<&'a ApiError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_error: Option<&'a ApiError>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) errors: &'a [ApiError],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_action: Option<ClientAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) meta: Option<&'a JsonMap>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_active_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_credentials_refresh_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_retry_timestamp: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) building_agent_session_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) archived_at: Option<Timestamp>,
    pub(super) can_test: bool,
    pub(super) can_refresh_credentials: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connector_parameters: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) credentials: Option<&'a JsonMap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<TenantView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) integration: Option<Box<IntegrationView<'a>>>,
}

/// A tenant inside another record: without its credentials. Source: SDK `BaseCustomer`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TenantInside")]
#[serde(rename_all = "camelCase")]
pub struct TenantView<'a> {
    pub(super) id: &'a Id<Tenant>,
    pub(super) name: &'a str,
    pub(super) internal_id: &'a str,
    #[serde(skip_serializing_if = "JsonMap::is_empty")]
    pub(super) fields: &'a JsonMap,
    pub(super) is_test: bool,
    pub(super) created_at: Timestamp,
}

/// An integration on the wire. Source: SDK `IntegrationApiResponse`, `IntegrationListItem`, decision 13.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Integration")]
#[serde(rename_all = "camelCase")]
pub struct IntegrationView<'a> {
    pub(super) id: Id<Integration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) integration_id: Option<&'a Id<Integration>>,
    pub(super) uuid: &'a str,
    pub(super) key: &'a str,
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) meta: Option<&'a JsonMap>,
    pub(super) state: &'static str,
    pub(super) revision: &'a str,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) archived_at: Option<Timestamp>,
    pub(super) is_deactivated: bool,
    pub(super) is_test: bool,
    pub(super) logo_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connector_id: Option<Id<Connector>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connector_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connector_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) external_app_id: Option<Id<ExternalApp>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) auth_type: Option<AuthType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) o_auth_callback_uri: Option<&'a str>,
    pub(super) has_missing_parameters: bool,
    pub(super) has_documentation: bool,
    pub(super) has_operations: bool,
    pub(super) has_data: bool,
    pub(super) has_events: bool,
    pub(super) has_global_webhooks: bool,
    pub(super) has_udm: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parameters: Option<JsonMap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) options_config: Option<&'a JsonMap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connection: Option<Box<ConnectionView<'a>>>,
}

/// What elements at the three layers have in common on the wire. Source: SDK `BaseIntegrationLevelMembraneInterface`,
/// SEED (`layer`).
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ElementView<'a> {
    pub(super) id: &'a str,
    pub(super) uuid: &'a str,
    pub(super) key: &'a str,
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) meta: Option<&'a JsonMap>,
    pub(super) revision: &'a str,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) archived_at: Option<Timestamp>,
    pub(super) is_deactivated: bool,
    pub(super) layer: Layer,
    pub(super) is_universal: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) integration_id: Option<Id<Integration>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) integration_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connection_id: Option<&'a Id<Connection>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) instance_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) external_app_id: Option<Id<ExternalApp>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) external_app_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_id: Option<&'a Id<Tenant>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tenant_id: Option<&'a Id<Tenant>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) integration: Option<IntegrationView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<TenantView<'a>>,
}

/// An action on the wire. Source: SDK `ActionApiResponse`, SEED (empty `key` of catalog actions).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Action")]
#[serde(rename_all = "camelCase")]
pub struct ActionView<'a> {
    #[serde(flatten)]
    pub(super) element: ElementView<'a>,
    pub(super) state: ActionState,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) errors: &'a [ApiError],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parent_id: Option<&'a Id<Action>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) universal_parent_id: Option<Id<Action>>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) action_type: Option<ActionType>,
    pub(super) config: &'a JsonMap,
    pub(super) input_schema: Value,
    pub(super) output_schema: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) default_output_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) custom_output_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output_mapping: Option<&'a Value>,
    pub(super) is_customized: bool,
    pub(super) is_public: bool,
}

/// A flow, or a flow instance, on the wire. Source: SDK `FlowApiResponse`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Flow")]
#[serde(rename_all = "camelCase")]
pub struct FlowView<'a> {
    #[serde(flatten)]
    pub(super) element: ElementView<'a>,
    pub(super) state: &'static str,
    pub(super) enabled: bool,
    pub(super) auto_create_instances: bool,
    pub(super) nodes: BTreeMap<&'a str, NodeView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parameters_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parameters: Option<&'a Value>,
    pub(super) is_customized: bool,
    pub(super) customized: Customized,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parent_uuid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parent_key: Option<&'a str>,
    /// Of what it is an instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) flow_id: Option<&'a Id<Flow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) universal_flow_id: Option<Id<Flow>>,
    /// What the instance's flow was when it was last taken over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) flow_revision: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connection: Option<ConnectionView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) flow: Option<Box<FlowView<'a>>>,
}

/// A node of a flow on the wire. Source: SDK `FlowNode`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NodeView<'a> {
    #[serde(flatten)]
    pub(super) node: &'a FlowNode,
    pub(super) state: &'static str,
}

/// A run of a flow on the wire. Source: SDK `FlowRunApiResponse`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FlowRun")]
#[serde(rename_all = "camelCase")]
pub struct FlowRunView<'a> {
    pub(super) id: &'a Id<FlowRun>,
    pub(super) name: &'a str,
    pub(super) user_id: &'a Id<Tenant>,
    pub(super) tenant_id: &'a Id<Tenant>,
    pub(super) flow_instance_id: &'a Id<Flow>,
    pub(super) connection_flow_id: &'a Id<Flow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) integration_flow_id: Option<Id<Flow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) universal_flow_id: Option<Id<Flow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) flow_id: Option<&'a Id<Flow>>,
    pub(super) connection_id: &'a Id<Connection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) integration_id: Option<&'a Id<Integration>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) external_app_id: Option<&'a Id<ExternalApp>>,
    pub(super) start_node_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<&'a Value>,
    pub(super) state: FlowRunState,
    pub(super) start_time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) errors: &'a [ApiError],
    pub(super) nodes: BTreeMap<&'a str, NodeSummary>,
    pub(super) launched_by: LaunchedBy,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) meta: Option<&'a JsonMap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) flow_instance: Option<FlowView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connection: Option<ConnectionView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) integration: Option<IntegrationView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<TenantView<'a>>,
}

/// What launched a run. Source: SDK `FlowRunLaunchedByApi`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LaunchedBy {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
}
