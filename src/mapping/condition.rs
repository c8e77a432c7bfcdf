//! Conditions of the data-mapping language: `$eval` with an operator, `$and`, `$or`. Source: SDK `Eval`, `And`, `Or`.
//!
//! Invariant: values are compared as JavaScript compares them, because the platform does.

use serde_json::Value;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::mapping::formula::{plain_text, resolve};

/// Evaluates `{"$eval": <value>, "<operator>": <operand>}`; it holds when there is no operator.
/// Fails for an unknown operator.
pub(crate) fn eval(members: &JsonMap, variables: &Value) -> Result<bool, ApiError> {
    let Some((_, subject)) = members.iter().next() else { return Ok(true) };
    let Some((operator, operand)) = members.iter().nth(1) else { return Ok(true) };
    let value = resolve(subject, variables)?.unwrap_or(Value::Null);
    let operand = resolve(operand, variables)?.unwrap_or(Value::Null);
    Ok(match operator.as_str() {
        "is" => equals(&value, &operand),
        "isNot" => !equals(&value, &operand),
        "oneOf" => includes(&operand, &value),
        "noneOf" => !includes(&operand, &value),
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

/// Evaluates `$and` (`all`) or `$or`; undefined when none of the parts is defined.
pub(crate) fn combine(operand: &Value, variables: &Value, all: bool) -> Result<Option<bool>, ApiError> {
    let Some(Value::Array(parts)) = resolve(operand, variables)? else { return Ok(None) };
    let mut truths = parts.iter().filter(|value| !value.is_null()).map(is_truthy).peekable();
    if truths.peek().is_none() {
        return Ok(None);
    }
    Ok(Some(if all { truths.all(|truth| truth) } else { truths.any(|truth| truth) }))
}

/// Whether a filter lets something pass; a filter that comes to nothing does. Fails for a filter that is a list of
/// conditions, which is not faked. Source: SDK `backwardCompatibleFilterMatch`.
pub fn passes(filter: &Value, variables: &Value) -> Result<bool, ApiError> {
    if filter.as_array().is_some_and(|conditions| !conditions.is_empty()) {
        return Err(ApiError::configuration(
            "membrane-mock does not fake filters that are lists of {field, operator, value}; use `$and` with `$eval`",
        ));
    }
    Ok(resolve(filter, variables)?.is_none_or(|value| value.is_null() || is_truthy(&value)))
}

/// Whether JavaScript takes a value for true.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// Compares as JavaScript's `==` does, as far as JSON has the types.
fn equals(a: &Value, b: &Value) -> bool {
    let is_scalar = |value: &Value| matches!(value, Value::Number(_) | Value::String(_) | Value::Bool(_));
    match (a, b) {
        (Value::String(a), Value::String(b)) => a == b,
        (a, b) if is_scalar(a) && is_scalar(b) => number_of(a).is_some_and(|a| Some(a) == number_of(b)),
        (a, b) => a == b,
    }
}

/// Compares as JavaScript's `===` does: there is one kind of number.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

fn includes(list: &Value, item: &Value) -> bool {
    list.as_array().is_some_and(|items| items.iter().any(|known| is_same(known, item)))
}

/// Converts as JavaScript's `Number` does; none for what is not a number.
fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::String(text) if text.trim().is_empty() => Some(0.0),
        Value::String(text) => Some(text.trim()).filter(|text| leading_number(text) == text.len())?.parse().ok(),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Reads the number that a text begins with, as JavaScript's `parseFloat` does.
fn parse_float(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => {
            let text = text.trim_start();
            text.get(..leading_number(text))?.parse().ok()
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// How many bytes at the start of a text are a number: sign, digits, a fraction, an exponent with digits.
fn leading_number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits_from = |at: usize| bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(bytes.first().is_some_and(|byte| matches!(byte, b'+' | b'-')));
    let mut end = sign + digits_from(sign);
    if bytes.get(end) == Some(&b'.') {
        end += 1 + digits_from(end + 1);
    }
    if bytes.get(end).is_some_and(|byte| matches!(byte, b'e' | b'E')) {
        let sign = usize::from(bytes.get(end + 1).is_some_and(|byte| matches!(byte, b'+' | b'-')));
        let digits = digits_from((end + 1 + sign).min(bytes.len()));
        if digits > 0 {
            end += 1 + sign + digits;
        }
    }
    end
}

fn contains(value: &Value, operand: &Value) -> bool {
    match value {
        Value::Array(_) => includes(value, operand),
        value if !is_truthy(value) || operand.is_null() => false,
        value => plain_text(value).to_lowercase().contains(&plain_text(operand).to_lowercase()),
    }
}

fn compare(value: &Value, operand: &Value, holds: impl Fn(f64, f64) -> bool) -> bool {
    matches!((parse_float(value), parse_float(operand)), (Some(a), Some(b)) if holds(a, b))
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
        let variables = json!({ "input": { "amount": "12", "tags": ["vip"], "name": "Ada", "none": null,
            "date": "2024-05-01", "count": 2, "yes": true, "blank": "" } });
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
            ("amount", "is", json!("012"), false),
            ("amount", "gte", json!("12px"), true),
            ("name", "contains", Value::Null, false),
            ("name", "doesNotContain", Value::Null, true),
            ("date", "gt", json!("2023-12-31"), true),
            ("amount", "oneOf", json!([12]), false),
            ("count", "oneOf", json!([2.0]), true),
            ("count", "is", json!("2e0"), true),
            ("count", "is", json!("2 apples"), false),
            ("yes", "gt", json!(0), false),
            ("yes", "is", json!(1), true),
            ("blank", "is", json!(0), true),
        ] {
            assert_eq!(of(field, operator, operand.clone()), expected, "{field} {operator} {operand}");
        }
    }

    #[test]
    fn a_filter_that_comes_to_nothing_lets_pass() {
        assert!(holds(&json!({})));
        assert!(holds(&json!({ "$var": "$.input.missing" })));
        assert!(holds(&json!({ "$and": [{ "$var": "$.input.missing" }] })));
        assert!(holds(&json!({ "$or": { "$var": "$.input.missing" } })));
        assert!(!holds(&json!({ "$and": [true, false] })));
        assert!(holds(&json!({ "$or": [false, { "$eval": { "$var": "$.input.name" }, "is": "Ada" }] })));
        assert!(passes(&json!({ "$eval": 1, "about": 2 }), &json!({})).unwrap_err().message.contains("`about`"));
    }
}
