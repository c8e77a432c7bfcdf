//! An operation of a connector. Pure types.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::json::schema::check_schema;
use crate::nouns::action::model::ActionType;

/// An operation of a connector. Source: SDK (`key`, `name`, schemas); `type` and `config` are our choice: on the platform an
/// operation is code of the connector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operation {
    /// The key that code names the operation by.
    pub key: String,
    /// The name that people see.
    pub name: String,
    /// A description for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// The JSON Schema that an input must fit; any input does when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input_schema: Option<Value>,
    /// The JSON Schema of the output.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output_schema: Option<Value>,
    /// What it does: `api-request-to-external-app` when absent, or `run-javascript`.
    #[serde(rename = "type", default = "request")]
    pub action_type: ActionType,
    /// How it does it: `request` for a request, `code` for a snippet, as in an action.
    #[serde(default)]
    pub config: JsonMap,
    /// A data-mapping formula that makes the output.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output_mapping: Option<Value>,
}

fn request() -> ActionType {
    ActionType::ApiRequestToExternalApp
}

impl Operation {
    /// Whether a connector can do by itself what an action of this type does.
    pub fn can_be(action_type: ActionType) -> bool {
        matches!(action_type, ActionType::ApiRequestToExternalApp | ActionType::ApiRequest | ActionType::RunJavascript)
    }

    /// Refuses what could not run, and names the field.
    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        if self.key.is_empty() {
            return Err(("key", ApiError::bad_request("an operation needs a `key`")));
        }
        for (schema, field) in [(&self.input_schema, "inputSchema"), (&self.output_schema, "outputSchema")] {
            schema.as_ref().map_or(Ok(()), |schema| check_schema(schema, field)).map_err(|error| (field, error))?;
        }
        if !Self::can_be(self.action_type) {
            let why = "an operation is of the type `api-request-to-external-app` or `run-javascript`";
            return Err(("type", ApiError::bad_request(why)));
        }
        let needs = if self.action_type == ActionType::RunJavascript { "code" } else { "request" };
        if self.config.get(needs).is_none() {
            return Err(("config", ApiError::bad_request(format!("`config` of this type needs `{needs}`"))));
        }
        Ok(())
    }
}

/// Refuses operations of which one is wrong, and two of one key.
pub fn check_operations(operations: &[Operation]) -> Result<(), ApiError> {
    let mut known = BTreeSet::new();
    for (index, operation) in operations.iter().enumerate() {
        operation.check().map_err(|(field, error)| {
            ApiError::bad_request(format!("`operations[{index}].{field}`: {}", error.message))
        })?;
        if !known.insert(&operation.key) {
            return Err(ApiError::bad_request(format!("`operations` has `{}` twice", operation.key)));
        }
    }
    Ok(())
}
