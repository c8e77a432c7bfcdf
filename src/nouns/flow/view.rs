//! The wire form of a flow and of a flow instance. It is served in the OpenAPI document, so the comments of fields are
//! for users of the API.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::elements::universal_parent;
use crate::engine::view::{Secrets, ViewContext};
use crate::nouns::connection::ConnectionView;
use crate::nouns::external_event::model::ExternalEventSubscription;
use crate::nouns::flow::model::{Customized, Flow, FlowNode};
use crate::nouns::flow::trigger;
use crate::nouns::integration::ElementView;
use crate::nouns::integration::model::Integration;

/// A flow, or a flow instance, at one of the three layers. Source: SDK `FlowApiResponse`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Flow")]
#[serde(rename_all = "camelCase")]
pub struct FlowView<'a> {
    /// The fields that all elements have.
    #[serde(flatten)]
    pub(crate) element: ElementView<'a>,
    /// `READY`, or `SETUP_FAILED` for an instance with a trigger that waits for nothing.
    pub(crate) state: &'static str,
    /// What is wrong with its triggers; absent where nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<ApiError>,
    /// Whether triggers may launch the flow.
    pub(crate) enabled: bool,
    /// Whether a connection gets an instance of the flow as soon as it is READY.
    pub(crate) auto_create_instances: bool,
    /// The nodes by their keys.
    pub(crate) nodes: BTreeMap<&'a str, NodeView<'a>>,
    /// The JSON Schema of `parameters`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameters_schema: Option<&'a Value>,
    /// The values that nodes read as `flowInstance.parameters`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameters: Option<&'a Value>,
    /// Whether the name or a node was changed since the flow was copied from its parent.
    pub(crate) is_customized: bool,
    /// What was changed since the flow was copied from its parent.
    pub(crate) customized: Customized,
    /// The id of the flow that this one is an instance or version of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flow_id: Option<&'a Id<Flow>>,
    /// The id of the universal flow that this one is a version of, directly or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) universal_flow_id: Option<Id<Flow>>,
    /// The revision that the parent had when it was last copied; absent when nothing was copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flow_revision: Option<&'a str>,
    /// The connection of an instance; absent at other layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection: Option<ConnectionView<'a>>,
    /// The flow that this one is an instance or version of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flow: Option<Box<FlowView<'a>>>,
    /// The subscriptions that its triggers wait by; absent where it has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) dependencies: Vec<DependencyView<'a>>,
}

/// A subscription that a trigger of a flow instance waits by. Source: SDK (legacy), real-use.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DependencyView<'a> {
    /// It is `external-event`.
    #[serde(rename = "type")]
    pub(crate) dependency_type: &'static str,
    /// The id of the subscription.
    #[schemars(with = "String")]
    pub(crate) instance_id: &'a Id<ExternalEventSubscription>,
    /// The key of the trigger.
    pub(crate) node_key: &'a str,
}

/// A node of a flow. Source: SDK `FlowNode`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NodeView<'a> {
    /// The node as it was defined.
    #[serde(flatten)]
    pub(crate) node: &'a FlowNode,
    /// `READY`, or `SETUP_FAILED` for a trigger that waits for nothing.
    pub(crate) state: &'static str,
    /// Why the trigger waits for nothing; absent where nothing is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<ApiError>,
}

/// The state of what has these errors.
fn state_of(errors: &[ApiError]) -> &'static str {
    if errors.is_empty() { "READY" } else { "SETUP_FAILED" }
}

impl<'a> ViewContext<'a> {
    /// A flow alone, as it is inside instances and runs.
    pub fn bare_flow(&self, flow: &'a Flow, at: Option<&'a Integration>) -> FlowView<'a> {
        let nodes = flow.nodes.iter().map(|(key, node)| {
            let errors: Vec<ApiError> = trigger::problem_of(&self.directory, flow, node).into_iter().collect();
            (key.as_str(), NodeView { node, state: state_of(&errors), errors })
        });
        let nodes: BTreeMap<&str, NodeView<'_>> = nodes.collect();
        let errors: Vec<ApiError> = nodes.values().flat_map(|node| node.errors.iter().cloned()).collect();
        FlowView {
            element: self.layered_alone(flow, at),
            state: state_of(&errors),
            errors,
            enabled: flow.enabled,
            auto_create_instances: flow.auto_create_instances,
            nodes,
            parameters_schema: flow.parameters_schema.as_ref(),
            parameters: flow.parameters.as_ref(),
            is_customized: flow.is_customized(),
            customized: flow.customized,
            flow_id: flow.place.parent.as_ref(),
            universal_flow_id: universal_parent(self.directory.world, flow),
            flow_revision: flow.flow_revision.as_deref(),
            connection: None,
            flow: None,
            dependencies: Vec::new(),
        }
    }

    /// A flow with its parent and its connection; `at` is the integration that a universal one is looked at from.
    pub fn flow(&self, flow: &'a Flow, at: Option<&'a Integration>) -> FlowView<'a> {
        let world = self.directory.world;
        let parent = flow.place.parent.as_ref().and_then(|id| world.flows.get(id.as_str()));
        let connection = flow.place.connection.as_ref().and_then(|id| world.connections.get(id.as_str()));
        let own = connection.into_iter().flat_map(|it| world.external_event_subscriptions.with_key(it.id.as_str()));
        let dependencies = own.filter(|it| it.archived_at.is_none()).filter_map(|it| {
            let (_, node_key) = it.flow.as_ref().filter(|(id, _)| *id == flow.id)?;
            Some(DependencyView { dependency_type: "external-event", instance_id: &it.id, node_key })
        });
        FlowView {
            dependencies: dependencies.collect(),
            element: self.layered(flow, at),
            connection: connection.map(|connection| self.bare_connection(connection, Secrets::Hidden)),
            flow: parent.map(|parent| Box::new(self.bare_flow(parent, None))),
            ..self.bare_flow(flow, at)
        }
    }
}
