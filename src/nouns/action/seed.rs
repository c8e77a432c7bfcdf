//! Actions as seeds and archives describe them.

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
use crate::nouns::action::model::{Action, ActionType};

/// An action in a seed. Fields of a real export that have no meaning here are ignored.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeedAction {
    /// The key; the folder's name when absent.
    #[serde(default)]
    pub key: String,
    /// The name that people see; derived from the key when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// A description for people.
    #[serde(default)]
    pub description: Option<String>,
    /// What the action does when it runs.
    #[serde(rename = "type", default)]
    pub action_type: Option<ActionType>,
    /// How the action does it: `request` for requests, `code` for snippets.
    #[serde(default, skip_serializing_if = "JsonMap::is_empty")]
    pub config: JsonMap,
    /// The JSON Schema that an input must fit.
    #[serde(default)]
    pub input_schema: Option<Value>,
    /// The JSON Schema of the output by default.
    #[serde(default)]
    pub output_schema: Option<Value>,
    /// A data-mapping formula that makes the output.
    #[serde(default)]
    pub output_mapping: Option<Value>,
    /// The JSON Schema of the output; it wins over `outputSchema`.
    #[serde(default)]
    pub custom_output_schema: Option<Value>,
    /// Any JSON object of the user's own.
    #[serde(default)]
    pub meta: Option<JsonMap>,
    /// The UUID, which is the same in every workspace that the action was exported to; one is made when absent.
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

impl SeedForm for SeedAction {
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
            ..Self::default()
        }
    }

    fn fresh(&self, id: Id<Action>, now: Timestamp) -> Action {
        Action {
            action_type: self.action_type,
            config: self.config.clone(),
            input_schema: self.input_schema.clone(),
            output_schema: self.output_schema.clone(),
            output_mapping: self.output_mapping.clone(),
            custom_output_schema: self.custom_output_schema.clone(),
            ..self.blank(id, now)
        }
    }

    fn redefine(known: &mut Action, fresh: Action) {
        known.action_type = fresh.action_type;
        known.config = fresh.config;
        known.input_schema = fresh.input_schema;
        known.output_schema = fresh.output_schema;
        known.output_mapping = fresh.output_mapping;
        known.custom_output_schema = fresh.custom_output_schema;
    }

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        let schema = self.input_schema.as_ref().map_or(Ok(()), |schema| check_schema(schema, "inputSchema"));
        schema.map_err(|error| ("inputSchema", error))
    }

    fields_of_a_seed_form!();
}
