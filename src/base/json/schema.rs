//! This module checks inputs against JSON Schema, by the `jsonschema` crate. Invariant: no message repeats a value
//! that the schema marks as secret.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::json::member;

/// How deep schemas may refer to each other.
const DEEPEST_REFERENCE: usize = 8;

/// A schema with the schemas in it to which it refers by name, such as `{"$ref": "schemas/person"}`: `find` has them by name.
/// What it does not have is anything at all. References within the schema and to the web stay. Source: IAPP (internal data
/// schemas), real-use.
pub fn with_references(schema: &Value, find: &dyn Fn(&str) -> Option<Value>) -> Value {
    filled(schema, find, DEEPEST_REFERENCE)
}

fn filled(schema: &Value, find: &dyn Fn(&str) -> Option<Value>, depth: usize) -> Value {
    match schema {
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str).filter(|name| is_name(name));
            if let Some(name) = name {
                let found = find(name.strip_prefix("schemas/").unwrap_or(name)).filter(|_| depth > 0);
                return found.map_or_else(|| json!({}), |found| filled(&found, find, depth.saturating_sub(1)));
            }
            let members = members.iter().map(|(name, value)| (name.clone(), filled(value, find, depth)));
            Value::Object(members.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| filled(item, find, depth)).collect()),
        plain => plain.clone(),
    }
}

/// Whether a reference is a name, and neither a place in the schema nor an address.
fn is_name(reference: &str) -> bool {
    !reference.is_empty() && !reference.starts_with('#') && !reference.contains(':')
}

fn has_names(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => {
            members.get("$ref").and_then(Value::as_str).is_some_and(is_name) || members.values().any(has_names)
        }
        Value::Array(items) => items.iter().any(has_names),
        _ => false,
    }
}

/// The schema without references by name, which the validator knows nothing of.
fn closed(schema: &Value) -> Cow<'_, Value> {
    if has_names(schema) { Cow::Owned(with_references(schema, &|_| None)) } else { Cow::Borrowed(schema) }
}

/// Refuses a schema that is not valid JSON Schema; `field` names it in the message.
pub fn check_schema(schema: &Value, field: &str) -> Result<(), ApiError> {
    jsonschema::validator_for(&closed(schema)).map(|_| ()).map_err(|error| {
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
    let schema = &*closed(schema);
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
