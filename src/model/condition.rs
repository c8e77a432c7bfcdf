//! Conditions in the data-mapping language: `$eval` with an operator, `$and`, `$or`. Source: SDK `Eval`, `And`, `Or`.

use serde_json::Value;

use super::JsonMap;
use super::formula::{plain_text, resolve};
use crate::error::ApiError;

/// `{"$eval": <value>, "<operator>": <operand>}`; without an operator it holds.
pub(super) fn eval(members: &JsonMap, variables: &Value) -> Result<bool, ApiError> {
    let Some((_, subject)) = members.iter().next() else { return Ok(true) };
    let Some((operator, operand)) = members.iter().nth(1) else { return Ok(true) };
    let value = resolve(subject, variables)?.unwrap_or(Value::Null);
    let operand = resolve(operand, variables)?.unwrap_or(Value::Null);
    Ok(match operator.as_str() {
        "is" => equals(&value, &operand),
        "isNot" => !equals(&value, &operand),
        "oneOf" => operand.as_array().is_some_and(|all| all.contains(&value)),
        "noneOf" => operand.as_array().is_none_or(|all| !all.contains(&value)),
        "contains" => contains(&value, &operand),
        "doesNotContain" => !contains(&value, &operand),
        "lt" => compare(&value, &operand, |a, b| a < b),
        "lte" => compare(&value, &operand, |a, b| a <= b),
        "gt" => compare(&value, &operand, |a, b| a > b),
        "gte" => compare(&value, &operand, |a, b| a >= b),
        "isEmpty" => is_empty(&value),
        "isNotEmpty" => !is_empty(&value),
        other => {
            return Err(ApiError::configuration(format!(
                "`{other}` is no operator of `$eval`; there are is, isNot, oneOf, noneOf, contains, doesNotContain, lt, \
                 lte, gt, gte, isEmpty, isNotEmpty"
            )));
        }
    })
}

/// `$and` and `$or`: undefined when no part of it is defined.
pub(super) fn combine(operand: &Value, variables: &Value, all: bool) -> Result<Option<bool>, ApiError> {
    let Value::Array(parts) = operand else {
        return Err(ApiError::configuration("`$and` and `$or` take a list of conditions"));
    };
    let mut truths = Vec::with_capacity(parts.len());
    for part in parts {
        truths.extend(resolve(part, variables)?.filter(|value| !value.is_null()).map(|value| is_truthy(&value)));
    }
    Ok(match (truths.is_empty(), all) {
        (true, _) => None,
        (false, true) => Some(truths.iter().all(|truth| *truth)),
        (false, false) => Some(truths.iter().any(|truth| *truth)),
    })
}

/// Whether a filter lets something pass; one that comes to nothing does. Source: SDK `backwardCompatibleFilterMatch`.
pub fn passes(filter: &Value, variables: &Value) -> Result<bool, ApiError> {
    if filter.as_array().is_some_and(|conditions| !conditions.is_empty()) {
        return Err(ApiError::configuration(
            "membrane-mock does not fake filters that are lists of {field, operator, value}; use `$and` with `$eval`",
        ));
    }
    Ok(resolve(filter, variables)?.is_none_or(|value| value.is_null() || is_truthy(&value)))
}

/// As JavaScript has it.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// JavaScript's `==`, as far as JSON goes.
fn equals(a: &Value, b: &Value) -> bool {
    let is_loose = |value: &Value| matches!(value, Value::Number(_) | Value::String(_) | Value::Bool(_));
    a == b || (is_loose(a) && is_loose(b) && as_number(a).is_some_and(|a| Some(a) == as_number(b)))
}

fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn contains(value: &Value, operand: &Value) -> bool {
    match value {
        Value::Array(items) => items.contains(operand),
        value if !is_truthy(value) => false,
        value => plain_text(value).to_lowercase().contains(&plain_text(operand).to_lowercase()),
    }
}

fn compare(value: &Value, operand: &Value, holds: impl Fn(f64, f64) -> bool) -> bool {
    matches!((as_number(value), as_number(operand)), (Some(a), Some(b)) if holds(a, b))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::passes;
    use serde_json::{Value, json};

    fn holds(filter: &Value) -> bool {
        let variables = json!({ "input": { "amount": "12", "tags": ["vip"], "name": "Ada", "none": null } });
        passes(filter, &variables).unwrap()
    }

    #[test]
    fn conditions_are_what_the_client_makes_of_them() {
        let of = |field: &str, operator: &str, operand: Value| {
            holds(&json!({ "$eval": { "$var": format!("$.input.{field}") }, operator: operand }))
        };
        for (field, operator, operand, expected) in [
            ("amount", "is", json!(12), true),
            ("amount", "isNot", json!(12), false),
            ("amount", "gt", json!(11), true),
            ("amount", "lte", json!("11"), false),
            ("name", "gt", json!(1), false),
            ("tags", "contains", json!("vip"), true),
            ("name", "contains", json!("AD"), true),
            ("missing", "doesNotContain", json!("x"), true),
            ("name", "oneOf", json!(["Ada", "Bob"]), true),
            ("name", "noneOf", json!(["Ada"]), false),
            ("missing", "isEmpty", json!(true), true),
            ("none", "isNotEmpty", json!(true), false),
            ("amount", "isNotEmpty", json!(true), true),
        ] {
            assert_eq!(of(field, operator, operand.clone()), expected, "{field} {operator} {operand}");
        }
    }

    #[test]
    fn a_filter_that_comes_to_nothing_lets_pass() {
        assert!(holds(&json!({})));
        assert!(holds(&json!({ "$var": "$.input.missing" })));
        assert!(holds(&json!({ "$and": [{ "$var": "$.input.missing" }] })));
        assert!(!holds(&json!({ "$and": [true, false] })));
        assert!(holds(&json!({ "$or": [false, { "$eval": { "$var": "$.input.name" }, "is": "Ada" }] })));
        assert!(passes(&json!({ "$eval": 1, "about": 2 }), &json!({})).unwrap_err().message.contains("`about`"));
    }
}
