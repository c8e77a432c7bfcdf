//! The wire form of a run of a flow instance. It is served in the OpenAPI document, so the comments of
//! fields are for users of the API.

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
use crate::engine::view::{Secrets, ViewContext};
use crate::nouns::connection::ConnectionView;
use crate::nouns::connection::model::Connection;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::flow::FlowView;
use crate::nouns::flow::model::Flow;
use crate::nouns::flow_run::model::{FlowRun, FlowRunState, NodeSummary};
use crate::nouns::integration::IntegrationView;
use crate::nouns::integration::model::Integration;
use crate::nouns::tenant::TenantView;
use crate::nouns::tenant::model::Tenant;

/// A run of a flow. Source: SDK `FlowRunApiResponse`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FlowRun")]
#[serde(rename_all = "camelCase")]
pub struct FlowRunView<'a> {
    /// The id of the run.
    pub(crate) id: &'a Id<FlowRun>,
    /// The flow's name when the run was asked for.
    pub(crate) name: &'a str,
    /// The id of the tenant that owns the connection.
    pub(crate) user_id: &'a Id<Tenant>,
    /// The id of the tenant; the same as `userId`, under its newer name.
    pub(crate) tenant_id: &'a Id<Tenant>,
    /// The id of the flow instance that runs.
    pub(crate) flow_instance_id: &'a Id<Flow>,
    /// The same as `flowInstanceId`.
    pub(crate) connection_flow_id: &'a Id<Flow>,
    /// The id of the integration-level flow that the instance was made of; absent when its parent is at another layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_flow_id: Option<Id<Flow>>,
    /// The id of the universal flow that the instance is a version of; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) universal_flow_id: Option<Id<Flow>>,
    /// The id of the flow that the instance was made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flow_id: Option<&'a Id<Flow>>,
    /// The id of the connection that the run goes through.
    pub(crate) connection_id: &'a Id<Connection>,
    /// The id of the integration; absent when the connection has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_id: Option<&'a Id<Integration>>,
    /// The id of the external app; absent when the connection is for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_app_id: Option<&'a Id<ExternalApp>>,
    /// The key of the node where the run begins.
    pub(crate) start_node_key: &'a str,
    /// The input of the first node, of several the first; absent when none was given. Those of its runs are in `/runs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<&'a Value>,
    /// The state of the run.
    pub(crate) state: FlowRunState,
    /// When the run was asked for; once it runs, when it began to.
    pub(crate) start_time: Timestamp,
    /// When the run ended; absent while it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_time: Option<Timestamp>,
    /// Why the run failed; absent when nothing went wrong.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) errors: &'a [ApiError],
    /// A summary of each node that has run, by its key.
    pub(crate) nodes: BTreeMap<&'a str, NodeSummary>,
    /// What launched the run.
    pub(crate) launched_by: LaunchedBy<'a>,
    /// The JSON object that the caller gave as `meta`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meta: Option<&'a JsonMap>,
    /// The flow instance as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flow_instance: Option<FlowView<'a>>,
    /// The connection as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection: Option<ConnectionView<'a>>,
    /// The integration as it is now; absent when the connection has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration: Option<IntegrationView<'a>>,
    /// The tenant that owns the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<TenantView<'a>>,
}

/// The launcher of a run. Source: SDK `FlowRunLaunchedByApi`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LaunchedBy<'a> {
    /// The kind of launcher: `api-trigger`, or the trigger's type.
    #[serde(rename = "type")]
    pub(crate) kind: &'a str,
    /// The ids of what launched it, such as the event; absent when there is nothing to name.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) ids: &'a [String],
}

impl<'a> ViewContext<'a> {
    /// A flow run with its flow, connection, integration and tenant.
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
            launched_by: LaunchedBy {
                kind: run.launched_by.as_deref().unwrap_or("api-trigger"),
                ids: &run.launched_by_ids,
            },
            meta: run.meta.as_ref(),
            flow_instance: instance.map(|instance| self.bare_flow(instance, None)),
            connection: connection.map(|connection| self.bare_connection(connection, Secrets::Hidden)),
            integration: integration.map(|integration| self.bare_integration(integration)),
            user: self.tenant(&run.tenant),
        }
    }
}
