//! The formulas of the data-mapping language that are faked: literals, `$var`,
//! `$plain`, `$tpl`, `$concat` and conditions.
//!
//! Source: SDK `buildValue`. Invariant: a formula that is not faked is refused by name
//! and never passed through as data.

use serde_json::Value;

use crate::base::JsonMap;

use crate::base::error::ApiError;
use crate::mapping::condition;

/// Evaluates `template` over `variables`; none when the result is undefined. Fails for an unknown or wrong formula, and
/// for a result that is too large.
///
/// Undefined members are dropped; an object or array left empty becomes undefined, but a literal `{}` or `[]` stays.
pub fn resolve(template: &Value, variables: &Value) -> Result<Option<Value>, ApiError> {
    match template {
        Value::Object(members) => match members.iter().next() {
            None => Ok(Some(template.clone())),
            Some((name, operand)) if name.starts_with('$') => formula(name, operand, members, variables),
            Some(_) => object(members, variables),
        },
        Value::Array(items) if items.is_empty() => Ok(Some(template.clone())),
        Value::Array(items) => {
            let mut out = Vec::with_capacity(items.len());
            let mut size = 0;
            for item in items {
                if let Some(value) = resolve(item, variables)? {
                    size += weight(&value);
                    check_size(size)?;
                    out.push(value);
                }
            }
            Ok(if out.is_empty() { None } else { Some(Value::Array(out)) })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(Some(template.clone())),
    }
}

fn object(members: &JsonMap, variables: &Value) -> Result<Option<Value>, ApiError> {
    let mut out = JsonMap::new();
    let mut size = 0;
    for (name, member) in members {
        if let Some(value) = resolve(member, variables)? {
            size += name.len() + weight(&value);
            check_size(size)?;
            out.insert(name.clone(), value);
        }
    }
    Ok(if out.is_empty() { None } else { Some(Value::Object(out)) })
}

/// The largest result in bytes.
const LARGEST: usize = 10 * 1024 * 1024;

fn check_size(size: usize) -> Result<(), ApiError> {
    if size > LARGEST {
        return Err(ApiError::configuration(format!("the formulas' result is larger than {LARGEST} bytes")));
    }
    Ok(())
}

/// About how many bytes a value takes.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 8,
        Value::Array(items) => 8 + items.iter().map(weight).sum::<usize>(),
        Value::Object(members) => 8 + members.iter().map(|(name, value)| name.len() + weight(value)).sum::<usize>(),
    }
}

fn formula(name: &str, operand: &Value, members: &JsonMap, variables: &Value) -> Result<Option<Value>, ApiError> {
    match name {
        "$var" => match operand {
            Value::String(locator) => Ok(locate(locator, variables)),
            _ => Err(ApiError::configuration("`$var` takes a locator such as \"$.input.title\"")),
        },
        "$plain" => Ok(Some(operand.clone())),
        "$tpl" => template_text(operand, variables).map(Some),
        "$concat" => concat(operand, variables).map(Some),
        "$eval" => condition::eval(members, variables).map(|holds| Some(Value::Bool(holds))),
        "$and" => condition::combine(operand, variables, true).map(|holds| holds.map(Value::Bool)),
        "$or" => condition::combine(operand, variables, false).map(|holds| holds.map(Value::Bool)),
        other => Err(ApiError::configuration(format!(
            "membrane-mock does not fake the formula `{other}`; it has `$var`, `$plain`, `$tpl`, `$concat`, `$eval`, `$and` and `$or`"
        ))
        .with_data(serde_json::json!({ "formula": other }))),
    }
}

fn template_text(operand: &Value, variables: &Value) -> Result<Value, ApiError> {
    let Some(template) = operand.get("template").and_then(Value::as_str) else {
        return Err(ApiError::configuration("`$tpl` takes {template, values}"));
    };
    let values = operand.get("values");
    let mut text = String::new();
    let mut rest = template;
    // One pass is made, so that what a value brings in is text and not template.
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        // Braces around anything but a name belong to the text.
        let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-.$".contains(c));
        match after.split_once('}').filter(|(name, _)| is_name(name)) {
            Some((name, after)) => {
                let value = values.and_then(|values| values.get(name)).map(|value| resolve(value, variables));
                let value = value.transpose()?.flatten();
                text.push_str(&value.map(|value| plain_text(&value)).unwrap_or_default());
                rest = after;
            }
            None => {
                text.push('{');
                rest = after;
            }
        }
        check_size(text.len())?;
    }
    text.push_str(rest);
    Ok(Value::String(text))
}

fn concat(operand: &Value, variables: &Value) -> Result<Value, ApiError> {
    let (values, delimiter) = match operand {
        Value::Array(values) => (values, ""),
        Value::Object(members) => match members.get("values") {
            Some(Value::Array(values)) => (values, members.get("delimiter").and_then(Value::as_str).unwrap_or("")),
            _ => return Err(ApiError::configuration("`$concat` takes an array or {values, delimiter}")),
        },
        _ => return Err(ApiError::configuration("`$concat` takes an array or {values, delimiter}")),
    };
    let mut parts = Vec::new();
    let mut size = 0;
    for value in values {
        let text = resolve(value, variables)?.map(|value| plain_text(&value)).unwrap_or_default();
        if !text.is_empty() {
            size += text.len() + delimiter.len();
            check_size(size)?;
            parts.push(text);
        }
    }
    Ok(Value::String(parts.join(delimiter)))
}

/// A value as it reads inside text: text as it is, nothing for null, any other value as JSON.
pub fn plain_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Follows a locator, in which `$` is the root, followed by `.name` and `[n]`; a backslash escapes. None when nothing
/// is there; null for an invalid locator (SDK).
pub fn locate(locator: &str, variables: &Value) -> Option<Value> {
    let Some(steps) = parse_locator(locator) else { return Some(Value::Null) };
    let mut at = variables;
    for step in &steps {
        at = match (step, at) {
            (LocatorStep::Member(name), Value::Object(members)) => members.get(name)?,
            (LocatorStep::Item(index), Value::Array(items)) => items.get(*index)?,
            (LocatorStep::Member(name), Value::Array(items)) => items.get(name.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(at.clone())
}

enum LocatorStep {
    Member(String),
    Item(usize),
}

fn parse_locator(locator: &str) -> Option<Vec<LocatorStep>> {
    let mut steps = Vec::new();
    let mut name = String::new();
    let mut chars = locator.strip_prefix('$').unwrap_or(locator).chars();
    let finish = |name: &mut String, steps: &mut Vec<LocatorStep>| {
        if !name.is_empty() {
            steps.push(LocatorStep::Member(std::mem::take(name)));
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '\\' => name.push(chars.next()?),
            '.' => finish(&mut name, &mut steps),
            '[' => {
                finish(&mut name, &mut steps);
                let index: String = chars.by_ref().take_while(|c| *c != ']').collect();
                steps.push(LocatorStep::Item(index.parse().ok()?));
            }
            c => name.push(c),
        }
    }
    finish(&mut name, &mut steps);
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn undefined_members_are_dropped_and_literals_stay() {
        let template = json!({
            "title": {"$var": "$.input.title"}, "gone": {"$var": "$.input.gone"}, "nested": {"gone": {"$var": "$.no"}},
            "literal": {}, "list": [{"$var": "$.input.tags[1]"}, {"$var": "$.input.tags[7]"}]
        });

        let result = resolve(&template, &json!({"input": {"title": "Hello", "tags": ["a", "b"]}})).unwrap();

        assert_eq!(result, Some(json!({"title": "Hello", "literal": {}, "list": ["b"]})));
    }

    #[test]
    fn an_unknown_formula_is_refused_by_name() {
        let error = resolve(&json!({"body": {"$jsonata": "1"}}), &json!({})).unwrap_err();

        assert!(error.message.contains("`$jsonata`"));
    }

    #[test]
    fn a_backslash_escapes_a_dot() {
        assert_eq!(locate(r"$.input.a\.b", &json!({"input": {"a.b": 1}})), Some(json!(1)));
    }

    #[test]
    fn templates_take_values_and_leave_gaps_empty() {
        let template = json!({"$tpl": {"template": "/repos/{owner}/{repo}", "values": {
            "owner": {"$var": "$.input.owner"}, "repo": {"$var": "$.input.none"}}}});

        assert_eq!(resolve(&template, &json!({"input": {"owner": "acme"}})).unwrap(), Some(json!("/repos/acme/")));
    }
}
