//! The records of action runs and of calls to external apps. They are written once and never changed.

use std::sync::Arc;

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

/// The result of an action run. Source: SDK `ActionRunLogStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// The run ended with an output.
    Success,
    /// The run ended with an error.
    Error,
}

/// One run of an action; stored and sent in the same form. Source: SDK `ActionRunLogRecordApiResponse`, SEED, OAS.
///
/// Fields that the client's schema requires are empty text when there is nothing to name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunLog {
    /// The id of the run: the `actionRunId` of the answer.
    pub id: Id<RunLog>,
    /// The name of the action, or of the request that ran without one, such as `GET /contacts`.
    pub name: String,
    /// The id of the tenant that owns the connection, or of the caller's; empty for a run without a tenant.
    pub user_id: String,
    /// The id of the tenant; the same as `userId`.
    pub tenant_id: String,
    /// The id of the integration that the run went through; empty when there is none.
    pub integration_id: String,
    /// The id of the connection that the run went through; empty when there is none.
    pub connection_id: String,
    /// The id of the external app that the run was about; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub external_app_id: Option<Id<ExternalApp>>,
    /// The id of the action that ran; absent for an inline request or snippet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub action_id: Option<Id<Action>>,
    /// The id of the universal action that ran or that the action is a version of; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub universal_action_id: Option<Id<Action>>,
    /// The id of the integration-level action that ran, or else of the action's parent; empty when there is neither.
    pub integration_action_id: String,
    /// The id of the connection-level action that ran; absent when another layer's ran.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connection_action_id: Option<Id<Action>>,
    /// Whether the run ended with an output or with an error.
    pub status: RunStatus,
    /// When the run began, on the workspace's clock.
    pub created_at: Timestamp,
    /// When the run ended, on the workspace's clock.
    pub completed_at: Timestamp,
    /// How long the run took, in milliseconds of the workspace's clock.
    pub duration: u64,
    /// The input that the caller gave; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input: Option<Arc<Value>>,
    /// The output of the run; absent when it failed or gave nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output: Option<Arc<Value>>,
    /// Why the run failed; absent when it succeeded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ApiError>,
    /// The JSON object that the caller gave as `meta`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meta: Option<JsonMap>,
    /// The call as it can be sent to `/act` again, with the action's `id`, `key`, `name` and `type`.
    pub action: Value,
    /// The integration as it was after the run, without the caller's connection.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub integration: Option<Value>,
    /// The connection as it was after the run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connection: Option<Value>,
    /// The tenant as it was after the run, without its credentials.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user: Option<Tenant>,
}

/// The requests and answers of a run. What its log or its exchanges have already is not stored, see
/// [`RunDetails::fill`]. Source: SEED (`--details`), OAS.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunDetails {
    /// The last request to the app; none when nothing was sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<ExchangeRequest>,
    /// The app's last answer; none when nothing came back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub response: Option<ExchangeResponse>,
    /// The action's `config.request` with its formulas worked out, or else the caller's input.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input: Option<Arc<Value>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output: Option<Arc<Value>>,
    /// Every exchange with an app, in order; each retry is one of its own.
    pub exchanges: Vec<Exchange>,
    /// The changes of connection state that the run caused.
    pub state_transitions: Vec<Transition>,
    /// The calls of the API that a snippet made, in the order in which it made them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub calls: Vec<InnerCallLog>,
    /// How many were left out of the lists above, between their first and their last; none when all are there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub omitted: Option<Omitted>,
    /// The lines that a snippet logged.
    pub logs: Vec<Value>,
}

impl RunDetails {
    /// Adds what was not stored: the last exchange, the caller's input where no other is there, and the output.
    pub fn fill(&mut self, log: &RunLog) {
        if let Some(last) = self.exchanges.last() {
            self.request.get_or_insert_with(|| last.request.clone());
            self.response = self.response.take().or_else(|| last.response.clone());
        }
        self.input = self.input.take().or_else(|| log.input.clone());
        self.output = self.output.take().or_else(|| log.output.clone());
    }
}

/// How many were left out of each list of a run's details. Source: our choice (`docs/behaviour.md#log-omitted`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Omitted {
    pub exchanges: usize,
    pub state_transitions: usize,
    pub calls: usize,
}

/// A call of the API that a snippet made. Source: our choice: runs within runs are found from the outer one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InnerCallLog {
    pub at: Timestamp,
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The HTTP status; none when the run was over before the answer came.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// The id of the run that the call started; none when it started none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub action_run_id: Option<String>,
}

/// A request to an external app, as logs keep it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeRequest {
    pub method: String,
    /// The address at the real app (`docs/behaviour.md#log-address`).
    pub url: String,
    /// The address that the request was really sent to, such as a stub's.
    pub sent_to: String,
    /// The headers; those with credentials are masked.
    pub headers: JsonMap,
    /// The body as JSON, else as text; a large one is replaced by its size.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<Arc<Value>>,
}

/// An external app's answer, as logs keep it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeResponse {
    pub status: u16,
    /// The headers; those with credentials are masked.
    pub headers: JsonMap,
    /// The body as JSON, else as text; a large one is replaced by its size.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub data: Option<Arc<Value>>,
}

/// A request to an external app and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// When the request was sent, on the workspace's clock.
    pub at: Timestamp,
    /// How long the exchange took, in milliseconds of the workspace's clock.
    pub time_ms: u64,
    pub request: ExchangeRequest,
    /// The answer; none when nothing came back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub response: Option<ExchangeResponse>,
    /// Why nothing came back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ApiError>,
}

/// One exchange with an external app through a connection. Source: SDK `ExternalApiLogApiResponse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiLog {
    /// The id of the log.
    pub id: Id<ApiLog>,
    /// The id of the workspace.
    pub workspace_id: String,
    /// The id of the tenant that owns the connection.
    pub customer_id: String,
    /// The id of the tenant; the same as `customerId`.
    pub user_id: String,
    /// The id of the tenant; the same as `customerId`.
    pub tenant_id: String,
    /// The id of the connection's integration; empty when there is none.
    pub integration_id: String,
    /// The id of the connection.
    pub connection_id: String,
    /// The id of the external app; absent when the connection is for none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub external_app_id: Option<Id<ExternalApp>>,
    /// The id of the action run that made the call; absent for a call through the proxy or a test.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub action_run_id: Option<Id<RunLog>>,
    /// The app's HTTP status; 0 when nothing came back.
    pub status_code: u16,
    /// Whether the status is 200 to 299.
    pub is_success: bool,
    /// Always empty: nothing is stored elsewhere.
    pub s3_uri: String,
    /// The address at the real app (`docs/behaviour.md#log-address`); credentials in it are masked.
    pub request_url: String,
    /// The address that the request was really sent to, such as a stub's.
    pub sent_to: String,
    /// The HTTP method of the request.
    pub method: String,
    /// How long the exchange took, in milliseconds of the workspace's clock.
    pub duration: u64,
    /// When the request was sent, on the workspace's clock.
    pub created_at: Timestamp,
}
