//! Filters that are lists of conditions, `{field, operator, value}`, all of which have to hold. Source: SDK
//! `doesMatchFilter`.
//!
//! Invariant: a condition with an operator that is not known is passed over, as the client does.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::locator::{self, Step};
use super::{condition, javascript};
use crate::base::error::ApiError;

/// Whether a condition's operator holds of a field's value and the condition's own; either may be undefined.
type Operator = fn(Option<&Value>, Option<&Value>) -> bool;

/// Whether all conditions hold; of several values of a field one is enough. What is no list lets pass. Fails for a
/// condition that is null, and for a field that is no locator.
pub fn matches(data: &Value, filter: &Value) -> Result<bool, ApiError> {
    for condition in filter.as_array().into_iter().flatten() {
        if condition.is_null() {
            return Err(ApiError::bad_request("a filter's condition is {field, operator, value}, not null"));
        }
        let Some(operator) = condition.get("operator").and_then(operator) else { continue };
        let Some(field) = condition.get("field").and_then(Value::as_str) else {
            return Err(ApiError::bad_request("a filter's condition has a `field`, a locator such as \"$.status\""));
        };
        let values = values_at(data, &locator::parse(field)?);
        let operand = condition.get("value");
        let holds = match values.as_slice() {
            [] => operator(None, operand),
            values => values.iter().any(|value| operator(Some(value), operand)),
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

fn operator(name: &Value) -> Option<Operator> {
    Some(match javascript::text(Some(name)).as_str() {
        "is" => javascript::loosely_equal,
        "is_not" => |value, operand| !javascript::loosely_equal(value, operand),
        "is_one_of" => |value, operand| javascript::includes(operand, value),
        "is_not_one_of" => |value, operand| !javascript::includes(operand, value),
        "is_true" => |value, _| javascript::is_truthy(value),
        "is_false" => |value, _| value == Some(&Value::Bool(false)),
        "contains" => |value, operand| contains(value, operand).unwrap_or(false),
        "does_not_contain" => |value, operand| contains(value, operand).is_some_and(|contains| !contains),
        "array_includes" => javascript::includes,
        "array_does_not_include" => |value, operand| !javascript::includes(value, operand),
        "less_than" => |value, operand| javascript::compare(value, operand).is_some_and(Ordering::is_lt),
        "less_than_or_equal" => |value, operand| javascript::compare(value, operand).is_some_and(Ordering::is_le),
        "more_than" => |value, operand| javascript::compare(value, operand).is_some_and(Ordering::is_gt),
        "more_than_or_equal" => |value, operand| javascript::compare(value, operand).is_some_and(Ordering::is_ge),
        "is_not_empty" => |value, _| !condition::is_empty(value),
        "is_empty" => |value, _| condition::is_empty(value),
        _ => return None,
    })
}

/// Whether a value has the operand in its text, letter by letter; none for what is false.
fn contains(value: Option<&Value>, operand: Option<&Value>) -> Option<bool> {
    let value = value.filter(|value| javascript::is_truthy(Some(value)))?;
    Some(javascript::text(Some(value)).contains(&javascript::text(operand)))
}

/// The values of a field: a name that meets an array is looked for in each of its items. What is null is none.
fn values_at<'v>(data: &'v Value, steps: &[Step]) -> Vec<Cow<'v, Value>> {
    let Some((step, rest)) = steps.split_first() else {
        return if data.is_null() { Vec::new() } else { vec![Cow::Borrowed(data)] };
    };
    let inner = match (step, data) {
        (Step::Member(_), Value::Array(items)) => {
            return items.iter().flat_map(|item| values_at(item, steps)).collect();
        }
        (Step::Member(name), Value::Object(members)) => members.get(name),
        (Step::Item(index), Value::Array(items)) => locator::item(items, *index),
        (Step::Member(name), Value::String(text)) => {
            let found =
                unit(text, name).map(|found| values_at(&found, rest).into_iter().map(Cow::into_owned).collect());
            let found: Vec<Value> = found.unwrap_or_default();
            return found.into_iter().map(Cow::Owned).collect();
        }
        _ => None,
    };
    inner.map_or_else(Vec::new, |inner| values_at(inner, rest))
}

/// What JavaScript finds in a text: its length, and each of its units by an index.
fn unit(text: &str, name: &str) -> Option<Value> {
    if name == "length" {
        return Some(Value::from(text.encode_utf16().count()));
    }
    let unit = text.encode_utf16().nth(javascript::index(name)?)?;
    Some(Value::from(String::from_utf16_lossy(&[unit])))
}

#[cfg(test)]
mod tests {
    use super::matches;
    use serde_json::{Value, json};

    #[test]
    fn conditions_hold_of_one_value_of_a_field() {
        let data = json!({ "status": "open", "amount": "12", "tags": ["vip", "eu"], "done": false, "none": null,
            "lines": [{ "sku": "a1", "count": 2 }, { "sku": "b2", "count": 9 }] });
        let holds = |field: &str, operator: &str, value: Value| {
            matches(&data, &json!([{ "field": field, "operator": operator, "value": value }])).unwrap()
        };
        for (field, operator, value, expected) in [
            ("status", "is", json!("open"), true),
            ("status", "is_not", json!("open"), false),
            ("status", "is_one_of", json!(["open"]), true),
            ("status", "is_not_one_of", json!("open"), true),
            ("status", "contains", json!("pe"), true),
            ("status", "contains", json!("PE"), false),
            ("none", "does_not_contain", json!("x"), false),
            ("done", "is_false", Value::Null, true),
            ("done", "is_true", Value::Null, false),
            ("tags", "array_includes", json!("vip"), true),
            ("tags", "array_does_not_include", json!("vip"), false),
            ("amount", "more_than", json!(11), true),
            ("amount", "less_than_or_equal", json!("11"), false),
            ("lines.sku", "is", json!("b2"), true),
            ("lines.count", "less_than", json!(2), false),
            ("lines[0].count", "more_than_or_equal", json!(2), true),
            ("missing", "is_empty", Value::Null, true),
            ("none", "is_not_empty", Value::Null, false),
            ("status", "unheard", Value::Null, true),
        ] {
            assert_eq!(holds(field, operator, value.clone()), expected, "{field} {operator} {value}");
        }
        assert!(matches(&data, &json!([{ "field": "$[x]", "operator": "is" }])).is_err());
        assert!(matches(&data, &json!({})).unwrap());
    }
}
