//! The wire form of a run of a flow instance, with all that it is about.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::elements::model::Layer;
use crate::elements::universal_parent;
use crate::engine::view::Secrets;
use crate::engine::view::ViewContext;
use crate::nouns::connection::model::Connection;
use crate::nouns::connection::view::ConnectionView;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::flow::model::Flow;
use crate::nouns::flow::view::FlowView;
use crate::nouns::flow_run::model::FlowRun;
use crate::nouns::flow_run::model::FlowRunState;
use crate::nouns::flow_run::model::NodeSummary;
use crate::nouns::integration::model::Integration;
use crate::nouns::integration::view::IntegrationView;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::tenant::view::TenantView;

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

impl<'a> ViewContext<'a> {
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
