//! A flow: nodes that are linked, at one of three layers; at a connection it is a flow instance, which runs.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::patch::{Patch, merge_members};
use crate::base::{JsonMap, schema};
use crate::elements::model::Meta;
use crate::elements::model::place::{Layered, Place};

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
    /// Nothing behind it runs.
    #[default]
    Stop,
    /// Its links are followed, with `error` for their filters.
    Continue,
}

/// The way from a node to the next. Source: SDK `FlowNodeLink`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FlowNodeLink {
    /// The next node.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<String>,
    /// What may pass.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub filter: Option<Value>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
}

/// A node. Source: SDK `FlowNode`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlowNode {
    /// What it does.
    #[serde(rename = "type")]
    pub node_type: FlowNodeType,
    /// Of its type.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<f64>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// How.
    #[serde(skip_serializing_if = "JsonMap::is_empty", default)]
    pub config: JsonMap,
    /// How many inputs at once; here they are taken one by one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub concurrency: Option<f64>,
    /// What follows when it fails.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub on_error: Option<OnError>,
    /// For an editor.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ui: Option<Value>,
    /// What it takes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input_schema: Option<Value>,
    /// What it gives.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output_schema: Option<Value>,
    /// The same, by example.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output_example: Option<Value>,
    /// What comes next.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub links: Vec<FlowNodeLink>,
    /// Changed since it was copied from the flow.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub is_customized: Option<bool>,
    /// The tenant's part of the configuration, which goes over `config`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user_config: Option<Value>,
    /// For an editor.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub test_input: Option<Value>,
}

impl FlowNode {
    /// The node that begins what this one does for each item.
    pub fn sub_flow_root(&self) -> Option<&str> {
        match self.node_type {
            FlowNodeType::ForEach | FlowNodeType::ForEachV2 => self.config.get("rootNodeKey")?.as_str(),
            _ => None,
        }
    }

    /// The nodes that it leads to.
    fn next(&self) -> impl Iterator<Item = &str> {
        self.links.iter().filter_map(|link| link.key.as_deref()).chain(self.sub_flow_root())
    }
}

/// What a tenant changed of a flow instance. Source: SDK `BaseFlow` (`customized`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Customized {
    /// The name.
    pub name: bool,
    /// A node.
    pub nodes: bool,
}

/// Nodes by key.
pub type Nodes = BTreeMap<String, FlowNode>;

/// A flow as stored. The wire form is `service::view::FlowView`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Flow {
    /// Id.
    pub id: Id<Flow>,
    /// Shared fields.
    #[serde(flatten)]
    pub meta: Meta,
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place<Flow>,
    /// What it does.
    #[serde(default)]
    pub nodes: Nodes,
    /// Whether triggers launch it; the API always can.
    pub enabled: bool,
    /// Whether a connection gets its instance as soon as it is READY.
    #[serde(default)]
    pub auto_create_instances: bool,
    /// What parameters it takes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parameters_schema: Option<Value>,
    /// Those it has.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parameters: Option<Value>,
    /// What was changed since it was copied.
    #[serde(default)]
    pub customized: Customized,
    /// What the flow was when it was copied.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub flow_revision: Option<String>,
}

impl Layered for Flow {
    const NOUN: &'static str = "flow";
    const PLURAL: &'static str = "flows";

    fn id(&self) -> &Id<Self> {
        &self.id
    }

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut Meta {
        &mut self.meta
    }

    fn place(&self) -> &Place<Self> {
        &self.place
    }

    fn place_mut(&mut self) -> &mut Place<Self> {
        &mut self.place
    }

    /// Enabled, without nodes.
    fn blank(id: Id<Self>, meta: Meta) -> Self {
        Self {
            id,
            meta,
            place: Place::default(),
            nodes: Nodes::new(),
            enabled: true,
            auto_create_instances: false,
            parameters_schema: None,
            parameters: None,
            customized: Customized::default(),
            flow_revision: None,
        }
    }

    fn copy_definition(&mut self, from: &Self) {
        self.meta.name.clone_from(&from.meta.name);
        self.meta.description.clone_from(&from.meta.description);
        self.nodes.clone_from(&from.nodes);
        self.parameters_schema.clone_from(&from.parameters_schema);
        self.parameters.clone_from(&from.parameters);
        self.customized = Customized::default();
        self.flow_revision = Some(from.meta.revision.clone());
    }
}

/// So many nodes a flow may have.
const MOST_NODES: usize = 200;

impl Flow {
    /// Whether it is another than what it was copied from.
    pub fn is_customized(&self) -> bool {
        self.customized.name || self.customized.nodes
    }

    /// Where a run begins: at the node that is named, else at the only trigger that the API launches.
    pub fn start_node(&self, named: Option<&str>) -> Result<&str, ApiError> {
        if let Some(named) = named {
            return self.nodes.get_key_value(named).map(|(key, _)| key.as_str()).ok_or_else(|| {
                let known: Vec<&str> = self.nodes.keys().map(String::as_str).collect();
                ApiError::bad_request(format!(
                    "flow `{}` has no node `{named}`; there are `{}`",
                    self.meta.name,
                    known.join("`, `")
                ))
            });
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

    /// A node and all that its links lead to, nodes inside a For Each among them aside.
    pub fn linked_from<'n>(&'n self, root: &'n str) -> BTreeSet<&'n str> {
        let (mut found, mut ahead) = (BTreeSet::new(), vec![root]);
        while let Some(key) = ahead.pop() {
            if let Some(node) = self.nodes.get(key).filter(|_| found.insert(key)) {
                ahead.extend(node.links.iter().filter_map(|link| link.key.as_deref()));
            }
        }
        found
    }

    /// Refuses nodes that could never come to an end. Source: SDK `hasCycles`.
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

    /// Takes over what a body says. `merge` keeps nodes, and fields of nodes, that it does not name; null removes one.
    pub fn apply(&mut self, body: FlowBody, merge: bool) -> Result<(), ApiError> {
        if let Some(of) = body.parameters_schema.set() {
            schema::check_schema(of, "parametersSchema")?;
        }
        let is_version = self.place.parent.is_some();
        if is_version {
            self.customized.name |= body.name.set().is_some_and(|name| *name != self.meta.name);
            self.customized.nodes |= !matches!(body.nodes, Patch::Keep);
        }
        body.key.apply(&mut self.meta.key);
        body.uuid.apply_required(&mut self.meta.uuid);
        body.name.apply_required(&mut self.meta.name);
        body.description.apply(&mut self.meta.description);
        body.meta.apply(&mut self.meta.meta);
        body.instance_key.apply(&mut self.place.instance_key);
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
                    self.put_node(key, fields, is_version)?;
                }
            }
        }
        self.check_nodes()
    }

    fn put_node(&mut self, key: String, fields: Option<JsonMap>, is_version: bool) -> Result<(), ApiError> {
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
        let mut node: FlowNode = serde_path_to_error::deserialize(Value::Object(merged)).map_err(|error| {
            let field = format!("nodes.{key}.{}", error.path()).trim_end_matches(['.']).to_owned();
            ApiError::bad_request(format!("the field `{field}` is wrong: {}", error.inner()))
                .with_data(serde_json::json!({ "field": field }))
        })?;
        if is_version {
            node.is_customized = Some(true);
        }
        self.nodes.insert(key, node);
        Ok(())
    }
}

/// Editable fields. Source: SDK `CreateFlowRequest`, `createFlowInstanceSchema`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FlowBody {
    /// Handle.
    pub key: Patch<String>,
    /// UUID.
    pub uuid: Patch<String>,
    /// For people.
    pub name: Patch<String>,
    /// For people.
    pub description: Patch<String>,
    /// The user's own.
    pub meta: Patch<JsonMap>,
    /// By id.
    pub integration_id: Option<String>,
    /// By key.
    pub integration_key: Option<String>,
    /// By id.
    pub connection_id: Option<String>,
    /// By key.
    pub connection_key: Option<String>,
    /// One of several on a connection.
    pub instance_key: Patch<String>,
    /// By id.
    pub external_app_id: Option<String>,
    /// By key.
    pub external_app_key: Option<String>,
    /// By id: what it is a version of.
    pub parent_id: Option<String>,
    /// The same; of an instance.
    pub flow_id: Option<String>,
    /// Nodes by key; null removes one.
    pub nodes: Patch<BTreeMap<String, Option<JsonMap>>>,
    /// Whether triggers launch it.
    pub enabled: Patch<bool>,
    /// Whether a connection gets its instance at once.
    pub auto_create_instances: Patch<bool>,
    /// What parameters it takes.
    pub parameters_schema: Patch<Value>,
    /// Those it has.
    pub parameters: Patch<Value>,
}

/// What a reset of a flow instance puts back; everything when nothing is said. Source: SDK `ResetFlowInstanceOptions`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ResetOptions {
    /// The name.
    pub name: bool,
    /// These nodes.
    pub nodes: BTreeMap<String, bool>,
    /// All of them.
    pub all_nodes: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::base::ids::Ids;
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
