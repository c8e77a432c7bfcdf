//! An action: a reusable operation, at one of three layers. Pure types and the state machine of building.
//!
//! Invariant: `state` changes only through [`Action::apply`], except that a new intent sets it back to BUILDING.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::agenda::Agenda;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::history::History;
use crate::base::ids::Id;
use crate::base::json::patch::Patch;
use crate::elements::model::bodies::place_of_a_body;
use crate::elements::model::place::Place;
use crate::elements::model::{Layer, Meta};
use crate::nouns::workspace::model::progress::Due;

/// What an action does when it runs. Source: SDK `ActionType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ActionType {
    /// Sends a request through the connection, with its credentials.
    ApiRequestToExternalApp,
    /// Sends a request to the workspace's own API, without credentials.
    ApiRequestToYourApp,
    /// Sends a request to any address, without credentials.
    HttpRequest,
    /// Runs a JavaScript snippet.
    RunJavascript,
    /// Runs one of the connector's operations.
    ConnectorOperation,
    /// Lists the records of a collection.
    ListDataRecords,
    /// Finds a record by its id.
    FindDataRecordById,
    /// Finds the record that matches.
    MatchDataRecord,
    /// Searches records.
    SearchDataRecord,
    /// Creates a record.
    CreateDataRecord,
    /// Finds or creates a record.
    FindOrCreateDataRecord,
    /// Updates a record.
    UpdateDataRecord,
    /// Deletes a record.
    DeleteDataRecord,
    /// The older name of `api-request-to-external-app`.
    ApiRequest,
}

impl ActionType {
    /// The name on the wire, such as `run-javascript`.
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

/// The state of an action. Source: SEED (`action create`); the client's enum has other names for the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActionState {
    /// The action is being built from an intent and cannot run yet.
    Building,
    /// The action can run.
    Ready,
    /// The action could not be built.
    Error,
}

/// The events that end the building of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ActionEvent {
    /// The action was built.
    Finish,
    /// The action could not be built.
    Fail,
}

impl ActionState {
    /// The whole state machine: the state after an event, or none when the state does not allow the event.
    pub fn on(self, event: ActionEvent) -> Option<Self> {
        match (self, event) {
            (Self::Building, ActionEvent::Finish) => Some(Self::Ready),
            (Self::Building, ActionEvent::Fail) => Some(Self::Error),
            (Self::Ready | Self::Error, ActionEvent::Finish | ActionEvent::Fail) => None,
        }
    }
}

/// An action as stored. The wire form is `ActionView`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    pub id: Id<Action>,
    #[serde(flatten)]
    pub meta: Meta,
    pub state: ActionState,
    /// The last changes of the state, oldest first.
    #[serde(skip_serializing_if = "History::is_empty", default)]
    pub history: History<ActionState, ActionEvent>,
    /// The layer of the action: universal, an integration's or a connection's.
    #[serde(flatten)]
    pub place: Place<Action>,
    /// What the action does; none for a universal action that only names an intent, which its versions carry out.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none", default)]
    pub action_type: Option<ActionType>,
    /// How the action does it: `request` for requests, `code` for snippets.
    #[serde(skip_serializing_if = "JsonMap::is_empty", default)]
    pub config: JsonMap,
    /// The JSON Schema that an input must fit; any input is taken when there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input_schema: Option<Value>,
    /// The JSON Schema of the output, unless `custom_output_schema` is set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output_schema: Option<Value>,
    /// A data-mapping formula that makes the output from `output` and what all formulas see.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output_mapping: Option<Value>,
    /// The JSON Schema of the output that a user gave; it wins over `output_schema`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub custom_output_schema: Option<Value>,
    /// Whether the action is the catalog's: it is run by id and shown with an empty key.
    #[serde(default)]
    pub is_public: bool,
    /// Whether the action was changed since it was copied from its parent.
    #[serde(default)]
    pub is_customized: bool,
    /// What the action was asked to do, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub intent: Option<String>,
    /// The id of the agent session that builds the action, or has built it last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub agent_session: Option<String>,
    /// Why the action could not be built.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub errors: Vec<ApiError>,
    /// When the building ends by itself; none when it does not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub due: Option<Due>,
}

impl Action {
    /// What it waits for: the next step of its state.
    pub fn agenda(&self) -> Agenda {
        Agenda::of_state(self.due.as_ref().and_then(Due::wait))
    }

    /// Moves the action by an event. Fails when the state does not allow the event.
    pub fn apply(&mut self, event: ActionEvent, now: Timestamp) -> Result<(), ApiError> {
        self.history.step("action", &mut self.state, event, ActionState::on, now).map(drop)
    }

    /// The layer of the action.
    pub fn layer(&self) -> Layer {
        self.place.layer()
    }
}

/// The fields of an action that a request may set; absent ones keep their value. Source: SDK `CreateActionRequest`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ActionBody {
    /// The key that code names the action by, unique at its place; derived from `name` or
    /// `intent` when absent on creation.
    pub key: Patch<String>,
    /// The UUID of the action, which stays the same when the action is exported to another workspace; one
    /// is made when absent on creation.
    pub uuid: Patch<String>,
    /// The name that people see; derived from `intent` or `key` when absent on creation.
    pub name: Patch<String>,
    /// A description for people.
    pub description: Patch<String>,
    /// Any JSON object of your own; it replaces the stored one.
    pub meta: Patch<JsonMap>,
    /// The id of the integration that a new action belongs to.
    pub integration_id: Option<String>,
    /// The key of the integration that a new action belongs to; an alternative to `integrationId`.
    pub integration_key: Option<String>,
    /// The id of the connection that a new action belongs to.
    pub connection_id: Option<String>,
    /// The key of the connection that a new action belongs to; an alternative to `connectionId`.
    pub connection_key: Option<String>,
    /// The key of this instance where a connection has several of one action; ignored at other layers.
    pub instance_key: Patch<String>,
    /// The id or key of the external app that a new action is for, when neither an
    /// integration nor a connection is named.
    pub external_app_id: Option<String>,
    /// The key of the external app; an alternative to `externalAppId`.
    pub external_app_key: Option<String>,
    /// The id of the action that a new action is a version of. When absent, the nearest action with the
    /// same key one layer up is meant.
    pub parent_id: Option<String>,
    /// What the action does; needed before it can run.
    #[serde(rename = "type")]
    pub action_type: Patch<ActionType>,
    /// How the action does it: `request` (`method`, `path`, `query`, `headers`, `body`) for requests, `code` for
    /// snippets. It replaces the stored configuration.
    pub config: Patch<JsonMap>,
    /// The JSON Schema that an input must fit; any input is taken when there is none.
    pub input_schema: Patch<Value>,
    /// A data-mapping formula that makes the output; the answer of the app is `$.output`.
    pub output_mapping: Patch<Value>,
    /// The JSON Schema of the output; it wins over `outputSchema`.
    pub custom_output_schema: Patch<Value>,
    /// The JSON Schema of the output by default. In an answer that is sent back, it is the one that holds, which is worked
    /// out, and not read.
    pub output_schema: Patch<Value>,
    /// The JSON Schema of the output by default, as an answer has it.
    pub default_output_schema: Patch<Value>,
    /// The revision that an answer has: by it, an answer that is sent back is told from a definition.
    pub revision: Option<String>,
    /// What the action should do, in words. The action is then built from it, BUILDING at first.
    pub intent: Option<String>,
}

impl ActionBody {
    place_of_a_body!();
}
