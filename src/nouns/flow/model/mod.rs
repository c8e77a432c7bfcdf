//! A flow: linked nodes at one of the three layers. At a connection it is a flow instance, which can run.
//!
//! Pure types for whoever stores, changes or runs flows. Invariant: links and For Each roots never lead in a circle,
//! and a flow has at most `MOST_NODES` nodes ([`Flow::check_nodes`]).

pub mod schedule;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::json::patch::{Patch, merge_members};
use crate::base::json::schema;
use crate::elements::model::Meta;
use crate::elements::model::bodies::{apply_names, place_of_a_body};
use crate::elements::model::place::Place;

/// What a node does. Source: SDK `FlowNodeType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names of the wire say it")]
pub enum FlowNodeType {
    ApiTrigger,
    ScheduleTrigger,
    AppEventTrigger,
    DataRecordCreatedTrigger,
    DataRecordUpdatedTrigger,
    DataRecordDeletedTrigger,
    ConnectorEventTrigger,
    SearchDataRecords,
    ListDataRecords,
    FindOrCreateDataRecord,
    LookupDataRecord,
    FindDataRecordById,
    CreateDataRecord,
    UpdateDataRecord,
    DeleteDataRecord,
    CreateDataLink,
    FindDataLink,
    DeleteDataLink,
    TransformData,
    Filter,
    #[serde(rename = "for-each-v2")]
    ForEachV2,
    RunJavascript,
    IntegrationSpecificOperation,
    ApiRequestToYourApp,
    ApiRequestToExternalApp,
    CustomHttpRequest,
    RunAction,
    ApiRequest,
    CustomApiRequest,
    HttpRequest,
    ForEach,
    FindDataRecords,
}

impl FlowNodeType {
    /// Whether a flow begins with it. Source: SDK `FLOW_NODE_SPECS` (`isTrigger`).
    pub fn is_trigger(self) -> bool {
        matches!(
            self,
            Self::ApiTrigger
                | Self::ScheduleTrigger
                | Self::AppEventTrigger
                | Self::DataRecordCreatedTrigger
                | Self::DataRecordUpdatedTrigger
                | Self::DataRecordDeletedTrigger
                | Self::ConnectorEventTrigger
        )
    }
}

/// What follows when a node fails. Source: IAPP:docs/flows (error handling).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// Nothing after the node runs; other branches of the run go on. This is the default.
    #[default]
    Stop,
    /// The node's links are followed with a null output; their filters see the failure as `error`.
    Continue,
}

/// A link from a node to the next one. Source: SDK `FlowNodeLink`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FlowNodeLink {
    /// The key of the next node. A link without a key, or with a key that no node has, leads nowhere.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<String>,
    /// A data-mapping formula; the link is followed only when it comes to true or to nothing. It sees the next node's
    /// input, `output` and `error`. Absent means always.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub filter: Option<Value>,
    /// The link's name in an editor; it has no effect.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
}

/// A node of a flow: a trigger, or a step that takes an input and gives an output. Source: SDK `FlowNode`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlowNode {
    /// What the node does.
    #[serde(rename = "type")]
    pub node_type: FlowNodeType,
    /// The version of the node type; it is stored and has no effect here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<f64>,
    /// The node's name as people see it; error messages use it, or else the node's key.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// A description for people; it has no effect.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// The settings of the node, whose shape depends on its type; values may be
    /// data-mapping formulas. Empty when absent.
    #[serde(skip_serializing_if = "JsonMap::is_empty", default)]
    pub config: JsonMap,
    /// How many inputs the node takes at once; it is stored, but here inputs are taken one by one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub concurrency: Option<f64>,
    /// What happens after the node fails; `stop` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub on_error: Option<OnError>,
    /// Data of an editor, such as the node's position; it has no effect.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ui: Option<Value>,
    /// The JSON Schema of the node's input; it is stored and not enforced.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input_schema: Option<Value>,
    /// The JSON Schema of the node's output; it is stored and not enforced.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output_schema: Option<Value>,
    /// An example of the node's output, for editors; it has no effect.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output_example: Option<Value>,
    /// The links to the nodes that come next. Empty when absent: the branch ends here.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub links: Vec<FlowNodeLink>,
    /// True when the node of a flow instance was changed after it was copied from the flow; such a node survives an
    /// update to the latest flow.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub is_customized: Option<bool>,
    /// The tenant's part of the configuration: its members replace those of `config`, except that both
    /// filters of a filter node must pass.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user_config: Option<Value>,
    /// The input that an editor tests the node with; it has no effect.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub test_input: Option<Value>,
}

impl FlowNode {
    /// The key of the first node that a For Each runs for each item (`config.rootNodeKey`); none for other node types.
    pub fn sub_flow_root(&self) -> Option<&str> {
        match self.node_type {
            FlowNodeType::ForEach | FlowNodeType::ForEachV2 => self.config.get("rootNodeKey")?.as_str(),
            _ => None,
        }
    }

    /// The keys of the nodes that this one leads to: those of its links and, for a For Each, its root.
    fn next(&self) -> impl Iterator<Item = &str> {
        self.links.iter().filter_map(|link| link.key.as_deref()).chain(self.sub_flow_root())
    }
}

/// What was changed in a flow instance since it was copied from its flow. Source: SDK `BaseFlow` (`customized`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Customized {
    /// Whether the name was changed.
    pub name: bool,
    /// Whether a node was added, changed or removed.
    pub nodes: bool,
}

/// The nodes of a flow by their keys.
pub type Nodes = BTreeMap<String, FlowNode>;

/// A flow or flow instance as stored. The wire form is `FlowView`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Flow {
    pub id: Id<Flow>,
    #[serde(flatten)]
    pub meta: Meta,
    /// The layer of the flow: universal, an integration's or a connection's.
    #[serde(flatten)]
    pub place: Place<Flow>,
    #[serde(default)]
    pub nodes: Nodes,
    /// Whether triggers may launch the flow; a run asked for over the API starts either way.
    pub enabled: bool,
    /// Whether every connection gets an instance of the flow when it becomes READY for the first time or again.
    #[serde(default)]
    pub auto_create_instances: bool,
    /// The JSON Schema of `parameters`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parameters_schema: Option<Value>,
    /// The values that nodes read as `flowInstance.parameters`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parameters: Option<Value>,
    /// What was changed since the flow was copied from its parent.
    #[serde(default)]
    pub customized: Customized,
    /// The revision that the parent had when it was last copied; none when nothing was copied.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub flow_revision: Option<String>,
    /// The moments at which schedule triggers launch it next, by the keys of their nodes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub due: BTreeMap<String, Timestamp>,
}

/// The most nodes that a flow may have.
const MOST_NODES: usize = 200;

impl Flow {
    /// Whether its name or nodes differ from what was copied from its parent.
    pub fn is_customized(&self) -> bool {
        self.customized.name || self.customized.nodes
    }

    /// Says that there is no node of a key, and which there are.
    pub fn no_node(&self, named: &str) -> String {
        let known: Vec<&str> = self.nodes.keys().map(String::as_str).collect();
        format!("flow `{}` has no node `{named}`; there are `{}`", self.meta.name, known.join("`, `"))
    }

    /// The key of the node where a run begins: the `named` one, else the only API trigger, else the only trigger of any
    /// type. Fails with 400 when there is no such node or several.
    pub fn start_node(&self, named: Option<&str>) -> Result<&str, ApiError> {
        if let Some(named) = named {
            let known = self.nodes.get_key_value(named).map(|(key, _)| key.as_str());
            return known.ok_or_else(|| ApiError::bad_request(self.no_node(named)));
        }
        let of_type = |wanted: fn(FlowNodeType) -> bool| {
            self.nodes.iter().filter(move |(_, node)| wanted(node.node_type)).map(|(key, _)| key.as_str())
        };
        let by_api: Vec<&str> = of_type(|node| node == FlowNodeType::ApiTrigger).collect();
        let triggers: Vec<&str> = of_type(FlowNodeType::is_trigger).collect();
        match (by_api.as_slice(), triggers.as_slice()) {
            ([one], _) | ([], [one]) => Ok(one),
            ([], []) => Err(ApiError::bad_request(format!(
                "flow `{}` has no trigger to begin with; give it a node of type `api-trigger`",
                self.meta.name
            ))),
            (several @ [_, ..], _) | ([], several) => Err(ApiError::bad_request(format!(
                "flow `{}` has several triggers: `{}`; say which by `nodeKey`",
                self.meta.name,
                several.join("`, `")
            ))),
        }
    }

    /// The keys of a node and of all nodes that its links lead to, without the nodes inside For Each nodes.
    pub fn linked_from<'n>(&'n self, root: &'n str) -> BTreeSet<&'n str> {
        let (mut found, mut ahead) = (BTreeSet::new(), vec![root]);
        while let Some(key) = ahead.pop() {
            if let Some(node) = self.nodes.get(key).filter(|_| found.insert(key)) {
                ahead.extend(node.links.iter().filter_map(|link| link.key.as_deref()));
            }
        }
        found
    }

    /// Refuses with 400 more nodes than a flow may have, and nodes that lead in a circle. Source: SDK `hasCycles`.
    pub fn check_nodes(&self) -> Result<(), ApiError> {
        if self.nodes.len() > MOST_NODES {
            return Err(ApiError::bad_request(format!("a flow has at most {MOST_NODES} nodes")));
        }
        let mut done = BTreeSet::new();
        self.nodes.keys().try_for_each(|key| self.walk(key, &mut Vec::new(), &mut done))
    }

    fn walk<'n>(&'n self, key: &'n str, way: &mut Vec<&'n str>, done: &mut BTreeSet<&'n str>) -> Result<(), ApiError> {
        if way.contains(&key) {
            way.push(key);
            return Err(ApiError::bad_request(format!("the nodes lead in a circle: {}", way.join(" → "))));
        }
        let Some(node) = self.nodes.get(key).filter(|_| !done.contains(key)) else { return Ok(()) };
        way.push(key);
        for next in node.next() {
            self.walk(next, way, done)?;
        }
        way.pop();
        done.insert(key);
        Ok(())
    }

    /// Changes the flow as a request body says. With `merge`, nodes and fields of nodes that the body does not name
    /// stay; without, the body's nodes replace all. A null node is removed. Fails with 400 for a wrong schema, a wrong
    /// node or nodes in a circle.
    pub fn apply(&mut self, body: FlowBody, merge: bool) -> Result<(), ApiError> {
        if let Some(of) = body.parameters_schema.set() {
            schema::check_schema(of, "parametersSchema")?;
        }
        let is_version = self.place.parent.is_some();
        self.customized.name |= is_version && body.name.set().is_some_and(|name| *name != self.meta.name);
        let (before, sets_nodes) = (self.nodes.clone(), body.nodes.set().is_some());
        apply_names!(body to self);
        body.parameters_schema.apply(&mut self.parameters_schema);
        body.parameters.apply(&mut self.parameters);
        body.enabled.apply_required(&mut self.enabled);
        body.auto_create_instances.apply_required(&mut self.auto_create_instances);
        match body.nodes {
            Patch::Keep => {}
            Patch::Clear => self.nodes.clear(),
            Patch::Set(nodes) => {
                if !merge {
                    self.nodes.clear();
                }
                for (key, fields) in nodes {
                    self.put_node(key, fields)?;
                }
            }
        }
        if is_version {
            self.mark_changes(&before);
        }
        if sets_nodes {
            self.check_schedules()?;
        }
        self.check_nodes()
    }

    /// Refuses a schedule that is wrong. Seeds and imports are not held to it: what the platform's look like is not documented.
    fn check_schedules(&self) -> Result<(), ApiError> {
        for (key, node) in self.nodes.iter().filter(|(_, node)| node.node_type == FlowNodeType::ScheduleTrigger) {
            let field = format!("nodes.{key}.config");
            schedule::Schedule::of(&node.config).map_err(|error| {
                ApiError::bad_request(format!("the field `{field}` is wrong: {}", error.message))
                    .with_data(serde_json::json!({ "field": field }))
            })?;
        }
        Ok(())
    }

    /// Marks the nodes of a version that differ from those before; what is the same stays as it was marked.
    fn mark_changes(&mut self, before: &Nodes) {
        let mut differs = before.keys().any(|key| !self.nodes.contains_key(key));
        for (key, node) in &mut self.nodes {
            let known = before.get(key);
            node.is_customized = known.and_then(|known| known.is_customized);
            if known.is_none_or(|known| known != node) {
                node.is_customized = Some(true);
                differs = true;
            }
        }
        self.customized.nodes |= differs;
    }

    fn put_node(&mut self, key: String, fields: Option<JsonMap>) -> Result<(), ApiError> {
        let Some(fields) = fields else {
            self.nodes.remove(&key);
            return Ok(());
        };
        let known = self.nodes.get(&key).map(serde_json::to_value).transpose().map_err(ApiError::internal)?;
        let mut merged = match known {
            Some(Value::Object(known)) => known,
            _ => JsonMap::new(),
        };
        merge_members(&mut merged, fields);
        let node: FlowNode = serde_path_to_error::deserialize(Value::Object(merged)).map_err(|error| {
            let field = format!("nodes.{key}.{}", error.path()).trim_end_matches(['.']).to_owned();
            ApiError::bad_request(format!("the field `{field}` is wrong: {}", error.inner()))
                .with_data(serde_json::json!({ "field": field }))
        })?;
        self.nodes.insert(key, node);
        Ok(())
    }
}

/// The fields of a flow or flow instance that a request may set; absent ones keep their
/// value. Source: SDK `CreateFlowRequest`, `createFlowInstanceSchema`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FlowBody {
    /// The key that code names the flow by, unique at its place; derived from `name` when absent on creation.
    pub key: Patch<String>,
    /// The UUID of the flow, which stays the same when the flow is exported to another workspace; one
    /// is made when absent on creation.
    pub uuid: Patch<String>,
    /// The name that people see; derived from `key` when absent on creation.
    pub name: Patch<String>,
    /// A description for people.
    pub description: Patch<String>,
    /// Any JSON object of your own; it replaces the stored one.
    pub meta: Patch<JsonMap>,
    /// The id of the integration that a new flow belongs to.
    pub integration_id: Option<String>,
    /// The key of the integration that a new flow belongs to; an alternative to `integrationId`.
    pub integration_key: Option<String>,
    /// The id of the connection that a new flow belongs to.
    pub connection_id: Option<String>,
    /// The key of the connection that a new flow belongs to; an alternative to `connectionId`.
    pub connection_key: Option<String>,
    /// The key of this instance where a connection has several of one flow; ignored at other layers.
    pub instance_key: Patch<String>,
    /// The id or key of the external app that a new flow is for, when neither an integration nor a connection is named.
    pub external_app_id: Option<String>,
    /// The key of the external app; an alternative to `externalAppId`.
    pub external_app_key: Option<String>,
    /// The id of the flow that a new flow is a version of. When absent, the nearest flow with the
    /// same key one layer up is meant.
    pub parent_id: Option<String>,
    /// The id or key of the flow that a new flow instance is made of; an alternative to `parentId`.
    pub flow_id: Option<String>,
    /// The nodes by their keys. With PATCH, nodes and fields that are not named stay; a null node is removed.
    pub nodes: Patch<BTreeMap<String, Option<JsonMap>>>,
    /// Whether triggers may launch the flow; true when absent on creation.
    pub enabled: Patch<bool>,
    /// Whether a connection gets an instance of the flow as soon as it is READY; false when absent on creation.
    pub auto_create_instances: Patch<bool>,
    /// The JSON Schema of `parameters`.
    pub parameters_schema: Patch<Value>,
    /// The values that nodes read as `flowInstance.parameters`.
    pub parameters: Patch<Value>,
}

impl FlowBody {
    place_of_a_body!();
}

/// What a reset of a flow instance puts back to the flow's definition; everything when no field
/// is set. Source: SDK `ResetFlowInstanceOptions`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ResetOptions {
    /// Whether the name is put back; false when absent.
    pub name: bool,
    /// Whether each of these nodes, by key, is put back; a node that the flow does not have is removed.
    pub nodes: BTreeMap<String, bool>,
    /// Whether all nodes are put back; false when absent.
    pub all_nodes: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::base::ids::Ids;
    use crate::elements::Kind as _;
    use serde_json::json;

    fn flow(nodes: &Value) -> Result<Flow, ApiError> {
        let ids = Ids::new(Some(1), "w");
        let mut flow = Flow::blank(ids.id(), Meta::new(&ids, Timestamp::from_millis(0), Some("f".into()), None));
        let body: FlowBody = serde_json::from_value(json!({ "nodes": nodes })).unwrap();
        flow.apply(body, true)?;
        Ok(flow)
    }

    #[test]
    fn nodes_that_lead_in_a_circle_are_refused() {
        let error = flow(&json!({
            "start": { "type": "api-trigger", "links": [{ "key": "each" }] },
            "each": { "type": "for-each-v2", "config": { "rootNodeKey": "inside" } },
            "inside": { "type": "transform-data", "links": [{ "key": "start" }] },
        }));

        assert!(error.unwrap_err().message.ends_with("each → inside → start → each"));
    }

    #[test]
    fn a_run_begins_where_only_one_trigger_can() {
        let one = flow(&json!({ "a": { "type": "api-trigger" }, "s": { "type": "schedule-trigger" } })).unwrap();
        assert_eq!(one.start_node(None).unwrap(), "a");
        assert_eq!(one.start_node(Some("s")).unwrap(), "s");
        assert!(one.start_node(Some("x")).unwrap_err().message.contains("there are `a`, `s`"));
        let two = flow(&json!({ "a": { "type": "api-trigger" }, "b": { "type": "api-trigger" } })).unwrap();
        assert!(two.start_node(None).unwrap_err().message.contains("`nodeKey`"));
        assert!(flow(&json!({})).unwrap().start_node(None).unwrap_err().message.contains("`api-trigger`"));
    }

    #[test]
    fn a_patch_merges_nodes_and_names_what_is_wrong() {
        let mut flow = flow(&json!({ "a": { "type": "filter", "name": "A" }, "b": { "type": "filter" } })).unwrap();
        let body = json!({ "nodes": { "a": { "config": { "x": 1 } }, "b": null } });
        flow.apply(serde_json::from_value(body).unwrap(), true).unwrap();
        assert_eq!(flow.nodes["a"].name.as_deref(), Some("A"));
        assert_eq!(flow.nodes["a"].config["x"], 1);
        assert!(!flow.nodes.contains_key("b"));
        let wrong = json!({ "nodes": { "a": { "onError": "panic" } } });
        let error = flow.apply(serde_json::from_value(wrong).unwrap(), true).unwrap_err();
        assert!(error.message.contains("`nodes.a.onError`"), "{}", error.message);
    }
}
