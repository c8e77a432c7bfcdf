//! Data schemas made from values, from formulas and from one another. Source: SDK `createSchema`, `buildDataSchema`,
//! `mergeSchemas`, `getSchemaByLocator`.
//!
//! Invariant: a schema that is made says no more than what it was made from: several types are `anyOf`, or a list of
//! type names where nothing else is known.

use serde_json::{Value, json};

use super::formula::{self, Way, formula_of};
use super::javascript;
use super::locator::{self, Step};
use crate::base::JsonMap;
use crate::base::clock::Timestamp;

/// The schema of a value as it is; whole numbers are integers.
pub fn of_value(value: &Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => {
            json!({ "type": "integer" })
        }
        Value::Number(_) => json!({ "type": "number" }),
        Value::String(_) => json!({ "type": "string" }),
        Value::Array(items) if items.is_empty() => json!({ "type": "array" }),
        Value::Array(items) => array_of(merge(&items.iter().map(of_value).collect::<Vec<_>>())),
        Value::Object(members) if members.is_empty() => json!({ "type": "object" }),
        Value::Object(members) => {
            let properties: JsonMap = members.iter().map(|(name, value)| (name.clone(), of_value(value))).collect();
            json!({ "type": "object", "properties": properties })
        }
    }
}

fn array_of(items: Option<Value>) -> Value {
    let mut schema = JsonMap::from_iter([("type".to_owned(), json!("array"))]);
    schema.extend(items.map(|items| ("items".to_owned(), items)));
    Value::Object(schema)
}

/// The schema of what a value comes to when its formulas are evaluated over what `variables` describes; none where
/// nothing is known, null where a formula looks for what is not described.
pub fn of_formulas(value: Option<&Value>, variables: Option<&Value>) -> Option<Value> {
    let mut schema = parts_of_formulas(value, variables)?;
    drop_unknown(&mut schema);
    Some(schema)
}

/// The same, where the items of an array and the properties that nothing is known of are marked: so the schema says more than its type, and is
/// not one of a list of names when it is merged.
fn parts_of_formulas(value: Option<&Value>, variables: Option<&Value>) -> Option<Value> {
    let value = value?;
    match formula_of(value) {
        Some((name, operand)) => of_formula(name, operand, variables),
        None => of_data(value, |inner| parts_of_formulas(Some(inner), variables)),
    }
}

/// Marks what nothing is known of; no schema is such a text.
fn unknown() -> Value {
    Value::from("\0unknown")
}

fn is_unknown(schema: &Value) -> bool {
    schema.as_str() == Some("\0unknown")
}

/// Whether a schema says something to JavaScript.
fn is_something(schema: &Value) -> bool {
    javascript::is_truthy(Some(schema)) && !is_unknown(schema)
}

fn drop_unknown(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("items").is_some_and(is_unknown) {
                members.shift_remove("items");
            }
            if let Some(Value::Object(properties)) = members.get_mut("properties") {
                properties.retain(|_, property| !is_unknown(property));
            }
            members.values_mut().for_each(drop_unknown);
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(drop_unknown),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The schema of a value that is data; `inner` gives those of what is inside.
fn of_data(value: &Value, inner: impl Fn(&Value) -> Option<Value>) -> Option<Value> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Number(_) => json!({ "type": "number" }),
        Value::String(_) => json!({ "type": "string" }),
        Value::Array(items) => {
            let items = merge_parts(&items.iter().filter_map(inner).collect::<Vec<_>>());
            array_of(Some(items.unwrap_or_else(unknown)))
        }
        Value::Object(members) => {
            let of = |value| inner(value).unwrap_or_else(unknown);
            let properties: JsonMap = members.iter().map(|(name, value)| (name.clone(), of(value))).collect();
            json!({ "type": "object", "properties": properties })
        }
    })
}

/// The schema of a value that no formulas are looked for in.
fn of_plain(value: &Value) -> Option<Value> {
    of_data(value, of_plain)
}

fn of_formula(name: &str, operand: &Value, variables: Option<&Value>) -> Option<Value> {
    let of = |value: Option<&Value>| parts_of_formulas(value, variables);
    match name {
        "$var" => at(variables, locator::of(Some(operand)).as_deref()),
        "$plain" => of_plain(operand),
        "$and" | "$or" | "$eval" => Some(json!({ "type": "boolean" })),
        "$extractDate" => Some(json!({ "type": "string", "format": "date" })),
        "$extractTime" => Some(json!({ "type": "string", "format": "time" })),
        "$dataSchemaRef" => Some(json!({ "type": "object" })),
        "$copy" => Some(Value::Null),
        "$formula" => None,
        "$map" => of(operand.get("value")),
        "$firstNotEmpty" => of(operand.as_array()?.first()),
        "$jsonata" => of_plain(
            &formula::evaluate(
                &json!({ "$jsonata": operand }),
                Some(&Value::Null),
                Way::Value,
                Timestamp::from_millis(0),
            )
            .ok()??,
        ),
        "$case" => {
            let cases = operand.as_array().or_else(|| operand.get("cases").and_then(Value::as_array))?;
            let default = operand.get("default").filter(|default| javascript::is_truthy(Some(default)));
            let values = cases.iter().filter_map(|case| case.get("value")).chain(default);
            merge_parts(&values.filter_map(|value| of(Some(value))).collect::<Vec<_>>())
        }
        "$iterate" => {
            let source = of(operand.get("source"));
            let mut inner = json!({ "type": "object", "properties": { "index": { "type": "number" } } });
            if let Some(properties) = inner.get_mut("properties").and_then(Value::as_object_mut) {
                let item = source.as_ref().and_then(|source| source.get("items")).cloned();
                properties.extend(item.map(|item| ("item".to_owned(), item)));
                properties.extend(variables.map(|parent| ("parent".to_owned(), parent.clone())));
            }
            Some(array_of(Some(parts_of_formulas(operand.get("item"), Some(&inner)).unwrap_or_else(unknown))))
        }
        "$mergeObjects" => {
            let Some(parts) = operand.as_array() else { return Some(json!({ "type": "object" })) };
            let mut properties = JsonMap::new();
            for part in
                parts.iter().filter_map(|part| of(Some(part))).filter(|part| part.get("type") == Some(&json!("object")))
            {
                properties.extend(part.get("properties").and_then(Value::as_object).cloned().unwrap_or_default());
            }
            Some(json!({ "type": "object", "properties": properties }))
        }
        _ => Some(json!({ "type": "string" })),
    }
}

/// The schema where a locator leads in another; none for no locator, null where nothing is there.
pub(super) fn at(schema: Option<&Value>, steps: Option<&[Step]>) -> Option<Value> {
    let is = |schema: &Value, name: &str| javascript::loosely_equal(schema.get("type"), Some(&json!(name)));
    let (steps, mut found) = (steps?, schema.cloned().filter(is_something));
    for step in steps {
        let inner = found.as_ref().and_then(|schema| match step {
            // What is no object has its parts by their indexes.
            Step::Member(name) if is(schema, "object") => {
                javascript::spread(schema.get("properties")?).get(name).cloned()
            }
            Step::Item(_) if is(schema, "array") => schema.get("items").cloned(),
            Step::Member(_) | Step::Item(_) => None,
        });
        found = inner.filter(is_something);
    }
    Some(match found {
        Some(found) if steps.is_empty() => found,
        Some(found) => Value::Object(javascript::spread(&found)),
        None => Value::Null,
    })
}

/// The types that schemas are put together by, in the order in which a merged one has them; the first is no type.
const TYPES: [Option<&str>; 8] = [
    None,
    Some("null"),
    Some("boolean"),
    Some("number"),
    Some("integer"),
    Some("string"),
    Some("array"),
    Some("object"),
];

/// One schema that is what any of several is; none where there is none.
pub fn merge(schemas: &[Value]) -> Option<Value> {
    let mut merged = merge_parts(schemas)?;
    drop_unknown(&mut merged);
    Some(merged)
}

/// The same, where what is not known inside is marked, see [`parts_of_formulas`].
fn merge_parts(schemas: &[Value]) -> Option<Value> {
    let parts: Vec<Value> = schemas.iter().flat_map(alternatives).collect();
    let name_of = |part: &Value| part.get("type").map(|name| javascript::text(Some(name)));
    let has_numbers = parts.iter().any(|part| name_of(part).as_deref() == Some("number"));
    let mut merged: Vec<JsonMap> = Vec::new();
    for kind in TYPES {
        let is_kind = |part: &&Value| name_of(part).as_deref().filter(|name| *name != "undefined") == kind;
        let mut same: Vec<JsonMap> = parts.iter().filter(is_kind).map(javascript::spread).collect();
        match kind {
            // An integer is a number where there are others.
            Some("number") if has_numbers => {
                let integers = parts.iter().filter(|part| name_of(part).as_deref() == Some("integer"));
                for mut part in integers.map(javascript::spread) {
                    part.insert("type".to_owned(), json!("number"));
                    same.push(part);
                }
            }
            Some("integer") if has_numbers => same.clear(),
            _ => {}
        }
        merged.extend(merge_alike(kind, &same));
    }
    let has_type = |schema: &JsonMap| javascript::is_truthy(schema.get("type"));
    if merged.len() > 1 && merged.iter().any(|schema| !schema.contains_key("type")) {
        merged.retain(has_type);
    }
    if merged.len() > 1 { Some(any_of(merged)) } else { merged.pop().map(Value::Object) }
}

/// What a schema may be: the parts of `anyOf`, each of a list of types, or itself.
fn alternatives(schema: &Value) -> Vec<Value> {
    if !is_something(schema) {
        return Vec::new();
    }
    if let Some(parts) = schema.get("anyOf").filter(|parts| javascript::is_truthy(Some(parts))) {
        return parts.as_array().into_iter().flatten().flat_map(alternatives).collect();
    }
    match schema.get("type") {
        Some(Value::Array(names)) => names.iter().map(|name| json!({ "type": name })).collect(),
        _ => vec![schema.clone()],
    }
}

/// Merges schemas of one type: later members win, but items, properties and required ones are put together.
fn merge_alike(kind: Option<&str>, schemas: &[JsonMap]) -> Option<JsonMap> {
    let mut merged: JsonMap = schemas.iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect();
    if schemas.is_empty() {
        return None;
    }
    match kind {
        Some("array") => {
            let items = schemas.iter().filter_map(|schema| schema.get("items"));
            let items: Vec<Value> = items.flat_map(alternatives).collect();
            if !items.is_empty() {
                merged.insert("items".to_owned(), merge_parts(&items).unwrap_or_else(unknown));
            }
        }
        Some("object") => {
            let all = schemas.iter().filter_map(|schema| schema.get("properties")).flat_map(javascript::spread);
            // The parts of each property, in the order in which the properties are first met.
            let mut parts = JsonMap::new();
            for (name, property) in all {
                if let Value::Array(parts) = parts.entry(name).or_insert_with(|| json!([])) {
                    parts.extend(alternatives(&property));
                }
            }
            if !parts.is_empty() {
                let one = |parts: &Value| match parts.as_array()?.as_slice() {
                    [only] => Some(only.clone()),
                    parts => merge_parts(parts),
                };
                let properties = parts.iter().filter_map(|(name, parts)| Some((name.clone(), one(parts)?)));
                merged.insert("properties".to_owned(), Value::Object(properties.collect()));
            }
            let mut required: Vec<&Value> = Vec::new();
            for name in schemas.iter().filter_map(|schema| schema.get("required")?.as_array()).flatten() {
                if !required.contains(&name) {
                    required.push(name);
                }
            }
            if !required.is_empty() {
                merged.insert("required".to_owned(), json!(required));
            }
        }
        _ => {}
    }
    Some(merged)
}

/// Several schemas as one: their names alone where they say no more.
fn any_of(schemas: Vec<JsonMap>) -> Value {
    let (mut names, mut others) = (Vec::new(), Vec::new());
    for mut schema in schemas {
        match schema.get("type") {
            Some(Value::Array(several)) => names.extend(several.clone()),
            Some(_) if schema.len() == 1 => names.extend(schema.shift_remove("type")),
            _ => others.push(Value::Object(schema)),
        }
    }
    if others.is_empty() {
        return json!({ "type": names });
    }
    let names = if names.len() > 1 { Some(Value::Array(names)) } else { names.pop() };
    let parts: Vec<Value> = names.map(|names| json!({ "type": names })).into_iter().chain(others).collect();
    json!({ "anyOf": parts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_made_of_values_and_formulas() {
        let value = json!({ "a": [1, 2.5, "x"], "b": null, "c": {} });
        assert_eq!(
            of_value(&value),
            json!({ "type": "object", "properties": { "a": { "type": "array", "items": { "type": ["number", "string"] } },
                "b": {}, "c": { "type": "object" } } })
        );
        let variables = json!({ "type": "object", "properties": { "rows": { "type": "array",
            "items": { "type": "object", "properties": { "name": { "type": "string", "title": "Name" } } } } } });
        let formula = json!({ "rows": { "$iterate": { "source": { "$var": "rows" }, "item": { "n": { "$var": "item.name" },
            "at": { "$var": "index" } } } }, "day": { "$extractDate": 1 }, "gone": { "$var": "none" } });
        assert_eq!(
            of_formulas(Some(&formula), Some(&variables)),
            Some(json!({ "type": "object", "properties": {
                "rows": { "type": "array", "items": { "type": "object", "properties": {
                    "n": { "type": "string", "title": "Name" }, "at": { "type": "number" } } } },
                "day": { "type": "string", "format": "date" }, "gone": null } }))
        );
    }

    #[test]
    fn merged_schemas_say_what_all_say() {
        let of = |schemas: Value| merge(schemas.as_array().unwrap());
        assert_eq!(of(json!([])), None);
        assert_eq!(of(json!([{ "type": "integer" }, { "type": "number" }])), Some(json!({ "type": "number" })));
        assert_eq!(
            of(json!([{ "type": "object", "required": ["a"], "properties": { "a": { "type": "string" } } },
                { "type": "object", "required": ["b"], "properties": { "a": { "type": "null" }, "b": {} } }])),
            Some(json!({ "type": "object", "required": ["a", "b"],
                "properties": { "a": { "type": ["null", "string"] }, "b": {} } }))
        );
        assert_eq!(
            of(json!([{ "type": "string", "format": "date" }, { "type": "boolean" }, {}])),
            Some(json!({ "anyOf": [{ "type": "boolean" }, { "type": "string", "format": "date" }] }))
        );
    }
}
