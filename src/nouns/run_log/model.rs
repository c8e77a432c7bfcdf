//! Evidence: action run logs and external API logs. Written once, never changed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::nouns::action::model::Action;
use crate::nouns::connection::model::Transition;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::tenant::model::Tenant;

/// How a run ended. Source: SDK `ActionRunLogStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// With an output.
    Success,
    /// With an error.
    Error,
}

/// One run of an action, stored and on the wire alike. Source: SDK `ActionRunLogRecordApiResponse`, SEED, OAS.
///
/// Fields that the client's schema requires are empty text when there is nothing to name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunLog {
    /// Id: the `actionRunId` of the answer.
    pub id: Id<RunLog>,
    /// For people.
    pub name: String,
    /// Whose; empty for a run without a tenant.
    pub user_id: String,
    /// The same.
    pub tenant_id: String,
    /// Through which integration.
    pub integration_id: String,
    /// Through which connection.
    pub connection_id: String,
    /// To which app.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub external_app_id: Option<Id<ExternalApp>>,
    /// The action that ran.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub action_id: Option<Id<Action>>,
    /// The universal action it is a version of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub universal_action_id: Option<Id<Action>>,
    /// The integration-level action.
    pub integration_action_id: String,
    /// The connection-level action.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connection_action_id: Option<Id<Action>>,
    /// How it ended.
    pub status: RunStatus,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ended.
    pub completed_at: Timestamp,
    /// Milliseconds of the workspace's clock.
    pub duration: u64,
    /// What was given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input: Option<Value>,
    /// What came out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output: Option<Value>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ApiError>,
    /// The caller's own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meta: Option<JsonMap>,
    /// The dispatch, such that it can be sent to `/act` again, with the element's `id`, `key`, `name`, `type`.
    pub action: Value,
    /// The integration as it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub integration: Option<Value>,
    /// The connection as it was after the run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connection: Option<Value>,
    /// The tenant as it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user: Option<Tenant>,
}

/// The raw content of a run. Source: SEED (`--details`), OAS.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunDetails {
    /// What was sent to the app, last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<ExchangeRequest>,
    /// What the app answered, last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub response: Option<ExchangeResponse>,
    /// The input as the app's request was made from it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input: Option<Value>,
    /// What came out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output: Option<Value>,
    /// Every exchange with the app, in order.
    pub exchanges: Vec<Exchange>,
    /// How the connection moved meanwhile.
    pub state_transitions: Vec<Transition>,
    /// Calls of the API that a snippet made, in the order of their answers.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub calls: Vec<InnerCallLog>,
    /// Console lines of a snippet.
    pub logs: Vec<Value>,
}

/// A call of the API that a snippet made. Source: our choice: runs within runs are found from the outer one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InnerCallLog {
    /// When it was made.
    pub at: Timestamp,
    /// Method.
    pub method: String,
    /// Path with query.
    pub path: String,
    /// Status; none when the run was over before the answer came.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// The run that it started.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub action_run_id: Option<String>,
}

/// A request to an external app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeRequest {
    /// Method.
    pub method: String,
    /// The app's real address (`docs/behaviour.md#log-address`).
    pub url: String,
    /// Where it was really sent.
    pub sent_to: String,
    /// Headers; credentials are masked.
    pub headers: JsonMap,
    /// Body: JSON or text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<Value>,
}

/// An external app's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeResponse {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: JsonMap,
    /// Body: JSON or text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub data: Option<Value>,
}

/// A request and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// When it was sent.
    pub at: Timestamp,
    /// Milliseconds of the workspace's clock.
    pub time_ms: u64,
    /// What was sent.
    pub request: ExchangeRequest,
    /// What came back; absent when nothing did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub response: Option<ExchangeResponse>,
    /// Why nothing came back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ApiError>,
}

/// One exchange with an external app. Source: SDK `ExternalApiLogApiResponse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiLog {
    /// Id.
    pub id: Id<ApiLog>,
    /// Of which workspace.
    pub workspace_id: String,
    /// Whose.
    pub customer_id: String,
    /// The same.
    pub user_id: String,
    /// The same.
    pub tenant_id: String,
    /// Through which integration.
    pub integration_id: String,
    /// Through which connection.
    pub connection_id: String,
    /// To which app.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub external_app_id: Option<Id<ExternalApp>>,
    /// During which run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub action_run_id: Option<Id<RunLog>>,
    /// The app's status; 0 when nothing came back.
    pub status_code: u16,
    /// 200 to 299.
    pub is_success: bool,
    /// Empty: nothing is stored elsewhere.
    pub s3_uri: String,
    /// The app's real address (`docs/behaviour.md#log-address`).
    pub request_url: String,
    /// Where it was really sent.
    pub sent_to: String,
    /// Method.
    pub method: String,
    /// Milliseconds of the workspace's clock.
    pub duration: u64,
    /// When.
    pub created_at: Timestamp,
}
