//! What can be asked for about actions and their runs; see [`super::verbs`].

use clap::Args;
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::client::{Request, Verb};

/// Reads JSON that was typed.
pub(super) fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))
}

/// Reads a JSON object that was typed.
pub(super) fn object(text: &str) -> Result<JsonMap, String> {
    match json(text)? {
        Value::Object(object) => Ok(object),
        _ => Err("it is no JSON object".into()),
    }
}

/// A value that is given, and may be null.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Lists actions: of a connection, of an app, or those that every app has.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[command(rename_all = "camelCase")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListActions {
    /// What the connection with this id can run
    #[arg(long, value_name = "ID")]
    connection_id: Option<String>,
    /// What the connection with this key can run
    #[arg(long, value_name = "KEY")]
    connection_key: Option<String>,
    /// What the integration with this key can run
    #[arg(long, value_name = "KEY")]
    integration_key: Option<String>,
    /// The catalog's actions for the app with this id
    #[arg(long, value_name = "ID")]
    external_app_id: Option<String>,
    /// Those that fit these words, the best first; needs a connection
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    intent: Option<String>,
    /// Only the one with this id
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// At most so many, 1 to 1000
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Go on where an earlier page ended
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

impl Verb for ListActions {
    fn request(&self) -> Result<Request, String> {
        Ok(Request::to(Method::GET, "/actions").asking(self))
    }
}

/// Runs an action, a request to the app or a snippet through a connection. Give one of `id`, `key`, `api` and `code`.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[command(rename_all = "camelCase")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Act {
    /// Run the action with this id
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Run the action with this key
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Send a request to the app: {"method", "path", "body"?, "headers"?, "query"?}
    #[arg(long, value_name = "JSON", value_parser = object)]
    api: Option<JsonMap>,
    /// Run this JavaScript
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    code: Option<String>,
    /// Run it for the integration with this id
    #[arg(long, value_name = "ID")]
    integration_id: Option<String>,
    /// Run it for the integration with this key
    #[arg(long, value_name = "KEY")]
    integration_key: Option<String>,
    /// Run it through the connection with this id
    #[arg(long, value_name = "ID")]
    connection_id: Option<String>,
    /// Run it through the connection with this key
    #[arg(long, value_name = "KEY")]
    connection_key: Option<String>,
    /// The input, as JSON
    #[arg(long, value_name = "JSON", value_parser = json, allow_hyphen_values = true)]
    #[serde(default, deserialize_with = "given")]
    input: Option<Value>,
    /// What to keep in the run's log, as a JSON object
    #[arg(long, value_name = "JSON", value_parser = object)]
    meta: Option<JsonMap>,
}

impl Verb for Act {
    fn request(&self) -> Result<Request, String> {
        let mut request = Request::to(Method::POST, "/act").sending(self);
        // Null is an input too.
        if let (Some(Value::Null), Some(Value::Object(body))) = (&self.input, &mut request.body) {
            body.insert("input".into(), Value::Null);
        }
        Ok(request)
    }
}

/// Makes an action: from a specification, or from words, and then it is built.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[command(rename_all = "camelCase")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateAction {
    /// What it is to do, in words
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    intent: Option<String>,
    /// The key by which it is run
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// The name that people see
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    name: Option<String>,
    /// What it says to people
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    description: Option<String>,
    /// What it does, such as `api-request-to-external-app` or `run-javascript`
    #[arg(long = "type", value_name = "TYPE")]
    #[serde(rename = "type")]
    action_type: Option<String>,
    /// How it does it, as a JSON object
    #[arg(long, value_name = "JSON", value_parser = object)]
    config: Option<JsonMap>,
    /// The JSON Schema of its input
    #[arg(long, value_name = "JSON", value_parser = object)]
    input_schema: Option<JsonMap>,
    /// Make it for the integration with this id
    #[arg(long, value_name = "ID")]
    integration_id: Option<String>,
    /// Make it for the integration with this key
    #[arg(long, value_name = "KEY")]
    integration_key: Option<String>,
    /// Make it for the connection with this id
    #[arg(long, value_name = "ID")]
    connection_id: Option<String>,
    /// Make it for the connection with this key
    #[arg(long, value_name = "KEY")]
    connection_key: Option<String>,
    /// Make it for the app with this id
    #[arg(long, value_name = "ID")]
    external_app_id: Option<String>,
}

impl Verb for CreateAction {
    fn request(&self) -> Result<Request, String> {
        Ok(Request::to(Method::POST, "/actions").sending(self).by_manager())
    }
}

/// Reads an action, and waits for it where that is asked for.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GetAction {
    /// The id of the action
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Wait until it is no longer being built
    #[arg(long)]
    #[serde(default)]
    pub(crate) wait: bool,
    /// Wait so many seconds at the most
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    #[serde(default = "half_a_minute")]
    pub(crate) timeout: u32,
}

fn half_a_minute() -> u32 {
    30
}

impl Verb for GetAction {
    fn request(&self) -> Result<Request, String> {
        Request::new(Method::GET, "/actions/{}", &[&self.id])
    }
}

/// Which action of several that have the same key is meant.
#[derive(Debug, Clone, Default, Args, Serialize)]
#[command(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActionScope {
    /// Of several, that of the connection with this id
    #[arg(long, value_name = "ID")]
    connection_id: Option<String>,
    /// Of several, that of the connection with this key
    #[arg(long, value_name = "KEY")]
    connection_key: Option<String>,
    /// Of several, that of the integration with this id
    #[arg(long, value_name = "ID")]
    integration_id: Option<String>,
    /// Of several, that of the integration with this key
    #[arg(long, value_name = "KEY")]
    integration_key: Option<String>,
}

/// Changes the fields of an action that are given.
#[derive(Debug, Clone, Args, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateAction {
    /// The id or key of the action
    #[arg(value_name = "SELECTOR")]
    id: String,
    /// The fields to change, as a JSON object
    #[arg(long, value_name = "JSON", value_parser = object)]
    data: JsonMap,
    #[command(flatten)]
    #[serde(skip)]
    scope: ActionScope,
}

impl Verb for UpdateAction {
    fn request(&self) -> Result<Request, String> {
        let request = Request::new(Method::PATCH, "/actions/{}", &[&self.id])?;
        Ok(Request { body: Some(self.data.clone().into()), ..request.asking(&self.scope).by_manager() })
    }
}

/// Replaces an action by what is given.
#[derive(Debug, Clone, Args)]
pub(crate) struct ReplaceAction {
    /// The id or key of the action
    #[arg(value_name = "SELECTOR")]
    id: String,
    /// The whole action, as a JSON object
    #[arg(long, value_name = "JSON", value_parser = object)]
    data: JsonMap,
    #[command(flatten)]
    scope: ActionScope,
}

impl Verb for ReplaceAction {
    fn request(&self) -> Result<Request, String> {
        let request = Request::new(Method::PUT, "/actions/{}", &[&self.id])?;
        Ok(Request { body: Some(self.data.clone().into()), ..request.asking(&self.scope).by_manager() })
    }
}

/// Archives an action: it is no longer listed and cannot be run.
#[derive(Debug, Clone, Args, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteAction {
    /// The id or key of the action
    #[arg(value_name = "SELECTOR")]
    id: String,
    #[command(flatten)]
    #[serde(skip)]
    scope: ActionScope,
}

impl Verb for DeleteAction {
    fn request(&self) -> Result<Request, String> {
        Ok(Request::new(Method::DELETE, "/actions/{}", &[&self.id])?.asking(&self.scope).by_manager())
    }
}

/// Reads the log of a run.
#[derive(Debug, Clone, Args, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GetRunLog {
    /// The id of the run, `actionRunId` of what it answered
    #[arg(value_name = "ACTION-RUN-ID")]
    action_run_id: String,
    /// With the requests that were sent to the app and their answers
    #[arg(long = "details")]
    #[serde(default, alias = "details")]
    include_details: bool,
}

impl Verb for GetRunLog {
    fn request(&self) -> Result<Request, String> {
        let mut request = Request::new(Method::GET, "/action-run-logs/{}", &[&self.action_run_id])?;
        if self.include_details {
            request.query.insert("includeDetails".into(), true.into());
        }
        Ok(request)
    }
}
