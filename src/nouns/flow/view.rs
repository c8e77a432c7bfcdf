//! The wire form of a flow and of a flow instance.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::ids::Id;
use crate::elements::universal_parent;
use crate::engine::view::Secrets;
use crate::engine::view::ViewContext;
use crate::nouns::connection::view::ConnectionView;
use crate::nouns::flow::model::Customized;
use crate::nouns::flow::model::Flow;
use crate::nouns::flow::model::FlowNode;
use crate::nouns::integration::element_view::ElementView;
use crate::nouns::integration::model::Integration;

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

impl<'a> ViewContext<'a> {
    /// A flow alone, as instances and runs embed it.
    pub fn bare_flow(&self, flow: &'a Flow, at: Option<&'a Integration>) -> FlowView<'a> {
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
}
