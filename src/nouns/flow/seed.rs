//! Flows as seeds and archives describe them.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::json::schema::check_schema;
use crate::elements::SeedForm;
use crate::elements::kind::fields_of_a_seed_form;
use crate::elements::origin::Origin;
use crate::nouns::flow::model::{Flow, Nodes};

/// A flow in a seed. Fields of a real export that have no meaning here are ignored.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeedFlow {
    /// The key; the folder's name when absent.
    #[serde(default)]
    pub key: String,
    /// The name that people see; derived from the key when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// A description for people.
    #[serde(default)]
    pub description: Option<String>,
    /// The nodes by their keys.
    #[serde(default, skip_serializing_if = "Nodes::is_empty")]
    pub nodes: Nodes,
    /// Whether triggers may launch the flow; true when absent.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Whether a connection gets an instance as soon as it is READY; false when absent.
    #[serde(default)]
    pub auto_create_instances: Option<bool>,
    /// The JSON Schema of `parameters`.
    #[serde(default)]
    pub parameters_schema: Option<Value>,
    /// The values that nodes read as `flowInstance.parameters`.
    #[serde(default)]
    pub parameters: Option<Value>,
    /// Any JSON object of the user's own.
    #[serde(default)]
    pub meta: Option<JsonMap>,
    /// The UUID, which is the same in every workspace that the flow was exported to; one is made when absent.
    #[serde(default)]
    pub uuid: Option<String>,
    /// The UUID of the element that a version of it is a version of; that of the same key when absent.
    #[serde(default)]
    pub parent_uuid: Option<String>,
    /// The UUID of the integration that it stands at; its place says that already.
    #[serde(default)]
    pub integration_uuid: Option<String>,
    /// The UUID of the external app that it is for, where it is for one alone; see `externalAppKey` too.
    #[serde(default)]
    pub external_app_uuid: Option<String>,
    /// The key of that app, which does as well.
    #[serde(default)]
    pub external_app_key: Option<String>,
    #[serde(skip)]
    pub(crate) origin: Origin,
}

impl SeedForm for SeedFlow {
    type Of = Flow;

    /// The fields of an export. Source: SDK `FlowExportProperties`.
    fn of(flow: &Flow) -> Self {
        Self {
            key: flow.meta.key.clone().unwrap_or_default(),
            name: Some(flow.meta.name.clone()),
            description: flow.meta.description.clone(),
            nodes: flow.nodes.clone(),
            // Default values are left out.
            enabled: Some(flow.enabled).filter(|enabled| !enabled),
            auto_create_instances: Some(flow.auto_create_instances).filter(|creates| *creates),
            parameters_schema: flow.parameters_schema.clone(),
            parameters: flow.parameters.clone(),
            meta: flow.meta.meta.clone(),
            uuid: Some(flow.meta.uuid.clone()),
            ..Self::default()
        }
    }

    fn fresh(&self, id: Id<Flow>, now: Timestamp) -> Flow {
        Flow {
            nodes: self.nodes.clone(),
            enabled: self.enabled.unwrap_or(true),
            auto_create_instances: self.auto_create_instances.unwrap_or(false),
            parameters_schema: self.parameters_schema.clone(),
            parameters: self.parameters.clone(),
            ..self.blank(id, now)
        }
    }

    fn redefine(known: &mut Flow, fresh: Flow) {
        known.nodes = fresh.nodes;
        known.enabled = fresh.enabled;
        known.auto_create_instances = fresh.auto_create_instances;
        known.parameters_schema = fresh.parameters_schema;
        known.parameters = fresh.parameters;
    }

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        let schema = self.parameters_schema.as_ref().map_or(Ok(()), |of| check_schema(of, "parametersSchema"));
        schema.map_err(|error| ("parametersSchema", error))?;
        self.fresh("checked".into(), Timestamp::from_millis(0)).check_nodes().map_err(|error| ("nodes", error))
    }

    fields_of_a_seed_form!();
}
