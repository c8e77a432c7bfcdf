//! The handlers that only field mappings have.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::call::{Call, Reply};
use crate::elements::{self, Kind as _};
use crate::mapping::formula::FindLinked;
use crate::nouns::data_link_table::finder;
use crate::nouns::field_mapping::model::{Direction, FieldMapping};

/// A request to map something. Source: SDK `RunFieldMappingRequest`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RunBody {
    direction: Option<Direction>,
    input: Option<Value>,
}

/// `POST /field-mappings/:sel/run`, any token: answers `{output}`, what the mapping makes of `input`. 400 for a wrong formula.
pub(super) async fn run(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: RunBody = call.json()?;
    let mapping = elements::in_service::<FieldMapping>(&cx, &FieldMapping::selector(&call)?)?;
    let world = cx.world();
    let connection = mapping.place.connection.as_ref().and_then(|id| world.connections.get(id.as_str()));
    let instance_key = mapping.place.instance_key.as_deref();
    let finder = connection.map(|connection| finder(cx.directory(&world), connection, instance_key));
    let find = finder.as_ref().map(|finder| finder as FindLinked);
    let output = mapping.run(body.direction, &body.input.unwrap_or_default(), cx.space.clock.now(), find)?;
    Reply::json(&json!({ "output": output }))
}

/// `GET /field-mappings/:sel/app-schema`, any token: answers the JSON Schema of the app's own fields; one that says nothing
/// where none was given.
pub(super) async fn app_schema(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (mapping, _) = elements::get::<FieldMapping>(&cx, &FieldMapping::selector(&call)?)?;
    Reply::json(&mapping.app_schema.clone().unwrap_or_else(|| json!({ "type": "object" })))
}
