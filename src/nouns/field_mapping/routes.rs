//! The handlers that only field mappings have.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::call::{Call, Reply};
use crate::elements::{self, Kind as _};
use crate::nouns::data_link_table::with_ids;
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
    let (mapping, _) = elements::get::<FieldMapping>(&cx, &FieldMapping::selector(&call)?)?;
    let output = mapping.run(body.direction, &body.input.unwrap_or_default(), cx.space.clock.now())?;
    let world = cx.world();
    let connection = mapping.place.connection.as_ref().and_then(|id| world.connections.get(id.as_str()));
    let output = connection.map_or(Some(output.clone()), |connection| with_ids(&world, connection, output));
    Reply::json(&json!({ "output": output }))
}

/// `GET /field-mappings/:sel/app-schema`, any token: answers the JSON Schema of the app's own fields; one that says nothing
/// where none was given.
pub(super) async fn app_schema(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (mapping, _) = elements::get::<FieldMapping>(&cx, &FieldMapping::selector(&call)?)?;
    Reply::json(&mapping.app_schema.clone().unwrap_or_else(|| json!({ "type": "object" })))
}
