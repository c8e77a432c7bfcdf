//! This module checks inputs against JSON Schema, by the `jsonschema` crate. Invariant: no message repeats a value
//! that the schema marks as secret.

use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::json::member;

/// Refuses a schema that is not valid JSON Schema; `field` names it in the message.
pub fn check_schema(schema: &Value, field: &str) -> Result<(), ApiError> {
    jsonschema::validator_for(schema).map(|_| ()).map_err(|error| {
        ApiError::bad_request(format!("`{field}` is not a valid JSON Schema: {error}"))
            .with_data(json!({ "field": field, "path": error.instance_path().to_string() }))
    })
}

const MOST_ERRORS: usize = 20;
const LONGEST_MESSAGE: usize = 300;

/// Shortens a validator's message, which repeats the value and so may be very long.
fn shortened(message: &str) -> String {
    if message.chars().count() <= LONGEST_MESSAGE {
        return message.to_owned();
    }
    let start: String = message.chars().take(LONGEST_MESSAGE / 2).collect();
    let skip = message.chars().count() - LONGEST_MESSAGE / 2;
    let end: String = message.chars().skip(skip).collect();
    format!("{start} … {end}")
}

/// Checks `value` against `schema` and lists up to 20 violations in the error. Extra properties are ignored
/// (DOC:docs/actions). A missing value counts as `{}`.
pub fn check_value(schema: &Value, value: &Value, what: &str) -> Result<(), ApiError> {
    let compiled = |schema: &Value| {
        jsonschema::validator_for(schema).map_err(|error| {
            ApiError::configuration(format!("the schema of {what} is not a valid JSON Schema: {error}"))
        })
    };
    let empty = json!({});
    let value = if value.is_null() { &empty } else { value };
    // The schema is first tried as written, because alternatives may differ only by what they forbid.
    if compiled(schema)?.is_valid(value) {
        return Ok(());
    }
    let mut lenient = schema.clone();
    let_extra_properties_be(&mut lenient);
    let validator = compiled(&lenient)?;
    let errors: Vec<Value> = validator
        .iter_errors(value)
        .take(MOST_ERRORS)
        .map(|error| {
            let path = error.instance_path().to_string();
            let message = if is_secret(schema, &path) { error.masked().to_string() } else { error.to_string() };
            json!({ "path": format!("${}", path.replace('/', ".")), "message": shortened(&message) })
        })
        .collect();
    let Some(first) = errors.first() else { return Ok(()) };
    let at = member(first, "path").as_str().unwrap_or("$");
    let why = member(first, "message").as_str().unwrap_or_default();
    Err(ApiError::bad_request(format!("{what} does not match its schema at `{at}`: {why}"))
        .with_data(json!({ "errors": errors })))
}

/// Returns whether the schema at a path marks the value or a part of it as secret, because messages would repeat it.
fn is_secret(schema: &Value, path: &str) -> bool {
    let at = path.split('/').filter(|name| !name.is_empty()).try_fold(schema, |schema, name| {
        schema.get("properties").and_then(|properties| properties.get(name)).or_else(|| schema.get("items"))
    });
    at.is_some_and(has_secret)
}

fn has_secret(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => {
            let own = map.get("isSensitive") == Some(&Value::Bool(true))
                || map.get("format").and_then(Value::as_str) == Some("password");
            own || map.values().any(has_secret)
        }
        Value::Array(list) => list.iter().any(has_secret),
        _ => false,
    }
}

/// Removes `additionalProperties: false` everywhere in the schema.
fn let_extra_properties_be(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("additionalProperties") == Some(&Value::Bool(false)) {
                map.shift_remove("additionalProperties");
            }
            map.values_mut().for_each(let_extra_properties_be);
        }
        Value::Array(list) => list.iter_mut().for_each(let_extra_properties_be),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extra_properties_are_ignored_and_missing_ones_named() {
        let schema = json!({
            "type": "object", "required": ["title"], "additionalProperties": false,
            "properties": {"title": {"type": "string"}}
        });

        assert!(check_value(&schema, &json!({"title": "x", "more": 1}), "the input").is_ok());
        let error = check_value(&schema, &Value::Null, "the input").unwrap_err();
        assert!(error.message.contains("title"), "{}", error.message);
    }

    #[test]
    fn what_is_secret_is_not_repeated() {
        let secret = json!({"type": "string", "isSensitive": true, "minLength": 20});
        let schema = json!({"type": "object", "properties": {"in": {"type": "object", "properties": {"key": secret}}}});

        let error = check_value(&schema, &json!({"in": {"key": "hunter2"}}), "the input").unwrap_err();

        assert!(error.message.contains("$.in.key") && error.message.contains("20"), "{}", error.message);
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}
