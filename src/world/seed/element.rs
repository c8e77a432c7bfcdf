//! Actions and flows as a seed or an archive describes them, and the trait that both share.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::schema::check_schema;
use crate::elements::Element;
use crate::elements::model::place::Layered;
use crate::nouns::action::model::Action;
use crate::nouns::flow::model::{Flow, Nodes};
use crate::world::catalog::{action_of, flow_of};
use crate::world::seed::SeedAction;
use crate::world::seed::file::Origin;

/// A kind of element in a seed or archive.
pub trait SeedElement: Serialize + DeserializeOwned {
    /// The kind of element that it describes.
    type Of: Element + PartialEq;

    /// The description of an element, as an export has it.
    fn of(element: &Self::Of) -> Self;
    /// The element that is described, at no layer yet.
    fn fresh(&self, id: Id<Self::Of>, now: Timestamp) -> Self::Of;
    /// Gives an existing element the definition of a fresh one, and leaves its identity and place.
    fn redefine(known: &mut Self::Of, fresh: Self::Of);
    /// The key of the element; the folder's name when the file gives none.
    fn key(&self) -> &str;
    fn key_mut(&mut self) -> &mut String;
    /// Any JSON object of the user's own.
    fn meta(&self) -> Option<&JsonMap>;
    /// The UUID, which is the same in every workspace that the element was exported to; none when the file gives none.
    fn uuid(&self) -> Option<&String>;
    /// The file and place where the element stands, for errors.
    fn origin(&self) -> &Origin;
    fn origin_mut(&mut self) -> &mut Origin;
    /// Refuses what could not be made, and names the field. It is checked when the seed is read,
    /// because a seed is planted often.
    fn check(&self) -> Result<(), (&'static str, ApiError)>;
}

impl SeedElement for SeedAction {
    type Of = Action;

    /// The fields of an export. Source: SDK `ActionExportProperties`; `outputSchema` is our choice.
    fn of(action: &Action) -> Self {
        Self {
            key: action.meta.key.clone().unwrap_or_default(),
            name: Some(action.meta.name.clone()),
            description: action.meta.description.clone(),
            action_type: action.action_type,
            config: action.config.clone(),
            input_schema: action.input_schema.clone(),
            output_schema: action.output_schema.clone(),
            output_mapping: action.output_mapping.clone(),
            custom_output_schema: action.custom_output_schema.clone(),
            meta: action.meta.meta.clone(),
            uuid: Some(action.meta.uuid.clone()),
            origin: Origin::default(),
        }
    }

    fn fresh(&self, id: Id<Action>, now: Timestamp) -> Action {
        action_of(id, self, now)
    }

    fn redefine(known: &mut Action, fresh: Action) {
        known.action_type = fresh.action_type;
        known.config = fresh.config;
        known.input_schema = fresh.input_schema;
        known.output_schema = fresh.output_schema;
        known.output_mapping = fresh.output_mapping;
        known.custom_output_schema = fresh.custom_output_schema;
    }

    fn key(&self) -> &str {
        &self.key
    }

    fn key_mut(&mut self) -> &mut String {
        &mut self.key
    }

    fn meta(&self) -> Option<&JsonMap> {
        self.meta.as_ref()
    }

    fn uuid(&self) -> Option<&String> {
        self.uuid.as_ref()
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn origin_mut(&mut self) -> &mut Origin {
        &mut self.origin
    }

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        let schema = self.input_schema.as_ref().map_or(Ok(()), |schema| check_schema(schema, "inputSchema"));
        schema.map_err(|error| ("inputSchema", error))
    }
}

/// A flow in a seed. Fields of a real export that have no meaning here are ignored.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    #[serde(default)]
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
    #[serde(skip)]
    origin: Origin,
}

impl SeedElement for SeedFlow {
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
            origin: Origin::default(),
        }
    }

    fn fresh(&self, id: Id<Flow>, now: Timestamp) -> Flow {
        flow_of(id, self, now)
    }

    fn redefine(known: &mut Flow, fresh: Flow) {
        known.nodes = fresh.nodes;
        known.enabled = fresh.enabled;
        known.auto_create_instances = fresh.auto_create_instances;
        known.parameters_schema = fresh.parameters_schema;
        known.parameters = fresh.parameters;
    }

    fn key(&self) -> &str {
        &self.key
    }

    fn key_mut(&mut self) -> &mut String {
        &mut self.key
    }

    fn meta(&self) -> Option<&JsonMap> {
        self.meta.as_ref()
    }

    fn uuid(&self) -> Option<&String> {
        self.uuid.as_ref()
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn origin_mut(&mut self) -> &mut Origin {
        &mut self.origin
    }

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        let schema = self.parameters_schema.as_ref().map_or(Ok(()), |of| check_schema(of, "parametersSchema"));
        schema.map_err(|error| ("parametersSchema", error))?;
        flow_of("checked".into(), self, crate::base::clock::Timestamp::from_millis(0))
            .check_nodes()
            .map_err(|error| ("nodes", error))
    }
}

/// The path of an element in a seed or an archive, below its integration's folder.
pub(crate) fn place_in<S: SeedElement>(key: &str) -> String {
    format!("{}/{key}", <S::Of as Layered>::PLURAL)
}
