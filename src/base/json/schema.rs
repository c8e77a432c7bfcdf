//! This module checks inputs against JSON Schema, by the `jsonschema` crate. Invariant: no message repeats a value
//! that the schema marks as secret.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::json::member;

/// A schema with the schemas to which it refers by name, such as `{"$ref": "schemas/person"}`, in its `$defs`: `find` has them by
/// name, each is taken once, and what it does not have is anything at all. References within a schema mean what they meant.
/// Source: IAPP (internal data schemas), real-use.
pub fn with_references(schema: &Value, find: &dyn Fn(&str) -> Option<Value>) -> Value {
    let mut names = Vec::new();
    let mut whole = pointed(schema, "", &mut names);
    let mut defs = JsonMap::new();
    let mut next = 0;
    while let Some(name) = names.get(next).cloned() {
        let found = find(name.strip_prefix("schemas/").unwrap_or(&name)).filter(Value::is_object);
        let def = found.map_or_else(|| json!({}), |found| pointed(&found, &format!("/$defs/named-{next}"), &mut names));
        defs.insert(format!("named-{next}"), def);
        next += 1;
    }
    if let Some(members) = whole.as_object_mut().filter(|_| !defs.is_empty()) {
        let own = members.entry("$defs").or_insert_with(|| json!({}));
        if let Some(own) = own.as_object_mut() {
            own.extend(defs);
        }
    }
    whole
}

/// A schema whose references by name point to `$defs`, and whose references within itself to where it stands, at `at`. The names
/// are numbered in the order in which they are met.
fn pointed(schema: &Value, at: &str, names: &mut Vec<String>) -> Value {
    match schema {
        Value::Object(members) => {
            let members = members.iter().map(|(member, value)| {
                let reference = value.as_str().filter(|_| member == "$ref");
                let value = match reference {
                    Some(name) if is_name(name) => {
                        let known = names.iter().position(|known| known == name);
                        let number = known.unwrap_or_else(|| {
                            names.push(name.to_owned());
                            names.len() - 1
                        });
                        Value::from(format!("#/$defs/named-{number}"))
                    }
                    Some(within) if within == "#" || within.starts_with("#/") => {
                        Value::from(format!("#{at}{}", within.trim_start_matches('#')))
                    }
                    Some(_) | None => pointed(value, at, names),
                };
                (member.clone(), value)
            });
            Value::Object(members.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| pointed(item, at, names)).collect()),
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

/// Checks `value` against `schema` and lists up to 20 violations in the error. Extra properties are ignored, and what an
/// `enum` proposes beside `allowCustom` binds nobody. A missing value counts as `{}`.
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
    loosen(&mut lenient);
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

/// What somebody typed, as the schema of a property types it: one of its choices, a number, a truth value, a list or an object
/// where it may be no text, else the text.
pub fn typed(property: &Value, text: &str) -> Value {
    if let Some(value) = values_of(property).into_iter().flatten().find(|value| plain(value) == text) {
        return value.clone();
    }
    let kinds_of = |schema: &Value| match member(schema, "type") {
        Value::Array(kinds) => kinds.clone(),
        Value::Null => Vec::new(),
        kind => vec![kind.clone()],
    };
    let alternatives = member(property, "anyOf").as_array().into_iter().flatten();
    let kinds: Vec<Value> = kinds_of(property).into_iter().chain(alternatives.flat_map(kinds_of)).collect();
    let is_among = |names: &[&str]| kinds.iter().any(|kind| names.iter().any(|name| kind == name));
    let read = serde_json::from_str::<Value>(text).ok().filter(|value| match value {
        _ if is_among(&["string"]) => false,
        Value::Number(_) => is_among(&["number", "integer"]),
        Value::Bool(_) => is_among(&["boolean"]),
        Value::Array(_) => kinds.is_empty() || is_among(&["array"]),
        Value::Object(_) => kinds.is_empty() || is_among(&["object"]),
        Value::Null | Value::String(_) => false,
    });
    read.unwrap_or_else(|| text.into())
}

/// Whether a schema marks its value as secret.
pub fn is_sensitive(property: &Value) -> bool {
    *member(property, "isSensitive") == Value::Bool(true) || member(property, "format") == "password"
}

/// A value that a form offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The form sends this.
    pub value: String,
    /// A person reads this.
    pub label: String,
}

impl Choice {
    /// A value that is read as it is sent.
    pub fn plain(value: String) -> Self {
        Self { label: value.clone(), value }
    }
}

/// What a form offers for a property, which may have no other value: its `referenceRecords` by name, else its `enum`. None where it
/// may have any value. Source: SDK `schemaHasFixedValues`; real-use (the client's forms prefer the records).
pub fn choices(property: &Value) -> Option<Vec<Choice>> {
    let records = member(property, "referenceRecords").as_array();
    let name_of = |id: &Value| {
        let record = records.into_iter().flatten().find(|record| member(record, "id") == id);
        record.map(|record| member(record, "name")).filter(|name| !name.is_null()).map(plain)
    };
    let choice = |value: &Value| Choice { value: plain(value), label: name_of(value).unwrap_or_else(|| plain(value)) };
    values_of(property).map(|values| values.into_iter().map(choice).collect())
}

/// The only values that a property may have; none where it may have any.
fn values_of(property: &Value) -> Option<Vec<&Value>> {
    if *member(property, "allowCustom") == Value::Bool(true) {
        return None;
    }
    let records = member(property, "referenceRecords").as_array().filter(|records| !records.is_empty());
    match records {
        Some(records) => Some(records.iter().map(|record| member(record, "id")).collect()),
        None => member(property, "enum").as_array().map(|values| values.iter().collect()),
    }
}

/// A value as a form shows and sends it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Removes everywhere in the schema what the platform does not hold values to: `additionalProperties: false`, and an `enum`
/// beside `allowCustom`, which only proposes values. Source: DOC:docs/actions; SDK `schemaAllowsCustomValue`.
fn loosen(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("additionalProperties") == Some(&Value::Bool(false)) {
                map.shift_remove("additionalProperties");
            }
            if map.get("allowCustom") == Some(&Value::Bool(true)) {
                map.shift_remove("enum");
            }
            map.values_mut().for_each(loosen);
        }
        Value::Array(list) => list.iter_mut().for_each(loosen),
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
    fn what_is_typed_becomes_what_the_schema_says() {
        for (property, text, value) in [
            (json!({"type": "integer"}), "5", json!(5)),
            (json!({"type": ["integer", "null"]}), "5", json!(5)),
            (json!({"type": "string"}), "5", json!("5")),
            (json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}), "5", json!("5")),
            (json!({"anyOf": [{"type": "number"}, {"type": "boolean"}]}), "true", json!(true)),
            (json!({"type": "array"}), "[\"a\"]", json!(["a"])),
            (json!({"type": "object"}), "{\"a\": 1}", json!({"a": 1})),
            (json!({"type": "object"}), "{nope", json!("{nope")),
            (json!({}), "{\"a\": 1}", json!({"a": 1})),
            (json!({}), "5", json!("5")),
            (json!({"enum": [1, true, "x"]}), "true", json!(true)),
        ] {
            assert_eq!(typed(&property, text), value, "{property} {text}");
        }
    }

    #[test]
    fn an_enum_beside_allow_custom_only_proposes() {
        let schema = |custom: bool| {
            json!({"type": "object", "properties": {
                "to": {"type": "array", "items": {"type": "string", "enum": ["a", "b"], "allowCustom": custom}}}})
        };
        assert!(check_value(&schema(true), &json!({"to": ["a", "c"]}), "the input").is_ok());
        assert!(check_value(&schema(true), &json!({"to": [1]}), "the input").is_err(), "its type still binds");
        assert!(check_value(&schema(false), &json!({"to": ["c"]}), "the input").is_err());
    }

    #[test]
    fn what_is_secret_is_not_repeated() {
        let secret = json!({"type": "string", "isSensitive": true, "minLength": 20});
        let schema = json!({"type": "object", "properties": {"in": {"type": "object", "properties": {"key": secret}}}});

        let error = check_value(&schema, &json!({"in": {"key": "hunter2"}}), "the input").unwrap_err();

        assert!(error.message.contains("$.in.key") && error.message.contains("20"), "{}", error.message);
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }

    #[test]
    fn schemas_that_are_named_stand_once_and_may_name_each_other() {
        let find = |name: &str| match name {
            "person" => Some(json!({ "type": "object", "required": ["name"], "properties": {
                "name": { "type": "string" },
                "home": { "$ref": "#/definitions/address" },
                "friend": { "$ref": "schemas/person" },
            }, "definitions": { "address": { "type": "object", "required": ["city"] } } })),
            "itself" => Some(json!({ "$ref": "itself" })),
            _ => None,
        };
        let schema =
            with_references(&json!({ "properties": { "who": { "$ref": "person" }, "x": { "$ref": "none" } } }), &find);

        let input =
            json!({ "who": { "name": "Ada", "friend": { "name": "Ben", "home": { "city": "Kiel" } } }, "x": [1] });
        assert!(check_value(&schema, &input, "the input").is_ok());
        for (wrong, says) in [
            (json!({ "who": { "friend": { "name": "Ben" } } }), "name"),
            (json!({ "who": { "name": "Ada", "friend": { "name": "Ben", "home": {} } } }), "city"),
        ] {
            let error = check_value(&schema, &wrong, "the input").unwrap_err();
            assert!(error.message.contains(says), "{}", error.message);
        }
    }

    #[test]
    fn what_leads_in_a_circle_ends() {
        let circle = json!({ "allOf": [{ "$ref": "#" }] });
        let _ = check_value(&circle, &json!({ "a": 1 }), "the input");
        let itself = with_references(&json!({ "$ref": "a" }), &|_| Some(json!({ "allOf": [{ "$ref": "a" }] })));
        let _ = check_value(&itself, &json!({ "a": 1 }), "the input");
    }
}
