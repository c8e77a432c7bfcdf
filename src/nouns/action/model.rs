//! An action: a reusable operation, at one of three layers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::history::History;
use crate::base::ids::Id;
use crate::base::patch::Patch;
use crate::elements::model::place::{Layered, Place};
use crate::elements::model::{Layer, Meta};
use crate::nouns::workspace::model::progress::Due;

/// What an action does. Source: SDK `ActionType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ActionType {
    /// A request through the connection.
    ApiRequestToExternalApp,
    /// A request to the workspace's own API.
    ApiRequestToYourApp,
    /// A request to any address, without the connection's credentials.
    HttpRequest,
    /// A snippet.
    RunJavascript,
    /// One of the connector's operations.
    ConnectorOperation,
    /// List records of a collection.
    ListDataRecords,
    /// Find one record.
    FindDataRecordById,
    /// Find the record that matches.
    MatchDataRecord,
    /// Search records.
    SearchDataRecord,
    /// Create a record.
    CreateDataRecord,
    /// Find or create a record.
    FindOrCreateDataRecord,
    /// Update a record.
    UpdateDataRecord,
    /// Delete a record.
    DeleteDataRecord,
    /// Older name of the first.
    ApiRequest,
}

impl ActionType {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::ApiRequestToExternalApp => "api-request-to-external-app",
            Self::ApiRequestToYourApp => "api-request-to-your-app",
            Self::HttpRequest => "http-request",
            Self::RunJavascript => "run-javascript",
            Self::ConnectorOperation => "connector-operation",
            Self::ListDataRecords => "list-data-records",
            Self::FindDataRecordById => "find-data-record-by-id",
            Self::MatchDataRecord => "match-data-record",
            Self::SearchDataRecord => "search-data-record",
            Self::CreateDataRecord => "create-data-record",
            Self::FindOrCreateDataRecord => "find-or-create-data-record",
            Self::UpdateDataRecord => "update-data-record",
            Self::DeleteDataRecord => "delete-data-record",
            Self::ApiRequest => "api-request",
        }
    }
}

/// Where an action stands. Source: SEED (`action create`); the client's enum has other names for the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActionState {
    /// Being made from an intent.
    Building,
    /// Runs.
    Ready,
    /// Could not be made.
    Error,
}

/// What can happen to an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ActionEvent {
    /// It was made.
    Finish,
    /// It could not be made.
    Fail,
}

impl ActionState {
    /// The whole machine. None for an event that the state does not allow.
    pub fn on(self, event: ActionEvent) -> Option<Self> {
        match (self, event) {
            (Self::Building, ActionEvent::Finish) => Some(Self::Ready),
            (Self::Building, ActionEvent::Fail) => Some(Self::Error),
            (Self::Ready | Self::Error, ActionEvent::Finish | ActionEvent::Fail) => None,
        }
    }
}

/// An action as stored. The wire form is `api::view::ActionView`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// Id.
    pub id: Id<Action>,
    /// Shared fields.
    #[serde(flatten)]
    pub meta: Meta,
    /// How far it is.
    pub state: ActionState,
    /// How it came there.
    #[serde(skip_serializing_if = "History::is_empty", default)]
    pub history: History<ActionState, ActionEvent>,
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place<Action>,
    /// What it does; none for a universal action that only names an intent.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none", default)]
    pub action_type: Option<ActionType>,
    /// How.
    #[serde(skip_serializing_if = "JsonMap::is_empty", default)]
    pub config: JsonMap,
    /// What it takes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input_schema: Option<Value>,
    /// What it gives, by default.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output_schema: Option<Value>,
    /// Shapes the output.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output_mapping: Option<Value>,
    /// What it gives, when said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub custom_output_schema: Option<Value>,
    /// From the catalog: dispatched by id, shown with an empty key.
    #[serde(default)]
    pub is_public: bool,
    /// Changed since it was copied from its parent.
    #[serde(default)]
    pub is_customized: bool,
    /// What it was asked to do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub intent: Option<String>,
    /// Why it could not be made.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub errors: Vec<ApiError>,
    /// What happens next by itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub due: Option<Due>,
}

impl Action {
    /// Takes an event: the only way to change `state`.
    pub fn apply(&mut self, event: ActionEvent, now: Timestamp) -> Result<(), ApiError> {
        let to = self.state.on(event);
        self.history.step("action", &mut self.state, event, to, now).map(drop)
    }

    /// The layer it lives at.
    pub fn layer(&self) -> Layer {
        self.place.layer()
    }

    /// The schema of its output. Source: SDK: custom, then default.
    pub fn effective_output_schema(&self) -> Option<&Value> {
        self.custom_output_schema.as_ref().or(self.output_schema.as_ref())
    }
}

impl Layered for Action {
    const NOUN: &'static str = "action";
    const PLURAL: &'static str = "actions";

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

    fn is_public(&self) -> bool {
        self.is_public
    }

    /// READY, doing nothing yet.
    fn blank(id: Id<Self>, meta: Meta) -> Self {
        Self {
            id,
            meta,
            state: ActionState::Ready,
            history: History::default(),
            place: Place::default(),
            action_type: None,
            config: JsonMap::new(),
            input_schema: None,
            output_schema: None,
            output_mapping: None,
            custom_output_schema: None,
            is_public: false,
            is_customized: false,
            intent: None,
            errors: Vec::new(),
            due: None,
        }
    }

    fn copy_definition(&mut self, from: &Self) {
        self.meta.name.clone_from(&from.meta.name);
        self.meta.description.clone_from(&from.meta.description);
        self.action_type = from.action_type;
        self.config.clone_from(&from.config);
        self.input_schema.clone_from(&from.input_schema);
        self.output_schema.clone_from(&from.output_schema);
        self.output_mapping.clone_from(&from.output_mapping);
        self.custom_output_schema.clone_from(&from.custom_output_schema);
        self.is_customized = false;
    }
}

/// Editable fields. Source: SDK `CreateActionRequest`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ActionBody {
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
    /// By id.
    pub parent_id: Option<String>,
    /// What it does.
    #[serde(rename = "type")]
    pub action_type: Patch<ActionType>,
    /// How.
    pub config: Patch<JsonMap>,
    /// What it takes.
    pub input_schema: Patch<Value>,
    /// Shapes the output.
    pub output_mapping: Patch<Value>,
    /// What it gives, when said.
    pub custom_output_schema: Patch<Value>,
    /// What it gives, by default.
    pub output_schema: Patch<Value>,
    /// What it shall do, in words.
    pub intent: Option<String>,
}
