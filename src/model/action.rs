//! An action: a reusable operation, at one of three layers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::connection::Connection;
use super::element::{Layer, Meta};
use super::external_app::ExternalApp;
use super::history::History;
use super::integration::Integration;
use super::progress::Due;
use super::tenant::Tenant;
use super::{JsonMap, patch::Patch};
use crate::clock::Timestamp;
use crate::error::ApiError;
use crate::ids::Id;

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

/// Where an action stands. Source: SEED (`action create`), `docs-gaps.md` 18.
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
    /// Where it stands.
    pub state: ActionState,
    /// How it came there.
    #[serde(skip_serializing_if = "History::is_empty", default)]
    pub history: History<ActionState, ActionEvent>,
    /// Of which integration.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub integration: Option<Id<Integration>>,
    /// Of which connection.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connection: Option<Id<Connection>>,
    /// Whose, when of a connection.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tenant: Option<Id<Tenant>>,
    /// One of several on a connection.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub instance_key: Option<String>,
    /// For which app, when it is neither of an integration nor of a connection (decision 11).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub external_app: Option<Id<ExternalApp>>,
    /// What it customises.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<Id<Action>>,
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

    /// READY, at no layer, doing nothing yet.
    pub fn blank(id: Id<Action>, meta: Meta) -> Self {
        Self {
            id,
            meta,
            state: ActionState::Ready,
            history: History::default(),
            integration: None,
            connection: None,
            tenant: None,
            instance_key: None,
            external_app: None,
            parent: None,
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

    /// The layer it lives at.
    pub fn layer(&self) -> Layer {
        if self.connection.is_some() {
            Layer::Connection
        } else if self.integration.is_some() || self.external_app.is_some() {
            Layer::Integration
        } else {
            Layer::Universal
        }
    }

    /// How specific it is: connection, integration, app, universal (decision 11).
    pub fn specificity(&self) -> u8 {
        match (&self.connection, &self.integration, &self.external_app) {
            (Some(_), _, _) => 3,
            (None, Some(_), _) => 2,
            (None, None, Some(_)) => 1,
            (None, None, None) => 0,
        }
    }

    /// Its key; empty for catalog actions (SEED).
    pub fn key(&self) -> &str {
        if self.is_public { "" } else { self.meta.key.as_deref().unwrap_or_default() }
    }

    /// The schema of its output. Source: SDK: custom, then default.
    pub fn effective_output_schema(&self) -> Option<&Value> {
        self.custom_output_schema.as_ref().or(self.output_schema.as_ref())
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
