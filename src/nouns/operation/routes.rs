//! The handlers of operations: of a connection's app, and of an integration's connector.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::call::{Call, Reply};
use crate::nouns::connection as connections;
use crate::nouns::connection::connector_of;
use crate::nouns::connector::model::Connector;
use crate::nouns::integration::connector_at;
use crate::nouns::operation::model::Operation;
use crate::nouns::operation::rules::{find, run};

/// What a list shows of an operation.
fn item(operation: &Operation) -> Value {
    json!({ "key": operation.key, "name": operation.name, "description": operation.description })
}

fn listed(connector: &Connector) -> Result<Reply, ApiError> {
    Reply::json(&connector.operations.iter().map(item).collect::<Vec<_>>())
}

/// An operation with its schemas.
fn shown(connector: &Connector, key: &str) -> Result<Reply, ApiError> {
    let operation = find(connector, key)?;
    Reply::json(&json!({
        "key": operation.key,
        "name": operation.name,
        "description": operation.description,
        "type": operation.action_type,
        "inputSchema": operation.input_schema,
        "outputSchema": operation.output_schema,
    }))
}

/// `GET /integrations/:i/operations`, any token: answers the operations of the connector as an array.
pub(crate) async fn list_of_integration(call: Call) -> Result<Reply, ApiError> {
    listed(&*connector_at(&call)?)
}

/// `GET /integrations/:i/operations/:key`, any token: answers an operation with its schemas; 404 for none of that key.
pub(crate) async fn get_of_integration(call: Call) -> Result<Reply, ApiError> {
    shown(&*connector_at(&call)?, call.param("key")?)
}

/// `GET /connections/:c/operations`, any token: answers the operations of the connection's connector as an array.
pub(crate) async fn list_of_connection(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    listed(&*connector_of(&cx, &*connections::get(&cx, call.param("connection")?)?)?)
}

/// `GET /connections/:c/operations/:key`, any token: answers an operation with its schemas; 404 for none of that key.
pub(crate) async fn get_of_connection(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connector = connector_of(&cx, &*connections::get(&cx, call.param("connection")?)?)?;
    shown(&connector, call.param("key")?)
}

/// What an operation is run with. Source: SDK `ConnectionOperationRunInput`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RunBody {
    /// The input; an empty object when absent.
    input: Option<Value>,
}

/// `POST /connections/:c/operations/:key/run`, any token: runs an operation and answers `{output?, executionLogs}`. 404 for
/// an unknown one, 400 for an input that does not fit, and what the app answers.
pub(crate) async fn run_of_connection(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: RunBody = if call.has_body() { call.json()? } else { RunBody::default() };
    let connection = connections::get(&cx, call.param("connection")?)?;
    cx.directory(&cx.world()).check_usable(&connection)?;
    let connector = connector_of(&cx, &connection)?;
    let operation = find(&connector, call.param("key")?)?;
    let input = body.input.unwrap_or_else(|| json!({}));
    let (output, logs) = run(&cx, &connection, operation, input).await?;
    Reply::json(&json!({ "output": output, "executionLogs": logs }))
}
