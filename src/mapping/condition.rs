//! The operators of conditions, `{"$eval": value, "<operator>": operand}`, and whether such a condition lets pass.
//! Source: SDK `Eval`.
//!
//! Invariant: values are compared as JavaScript compares them, because the platform does.

use std::cmp::Ordering;

use serde_json::Value;

use super::{filter, formula, javascript};
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;

/// Whether an operator holds of a value and its operand; either may be undefined.
type Operator = fn(Option<&Value>, Option<&Value>) -> bool;

/// The operator of a name.
pub(super) fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        "is" => javascript::loosely_equal,
        "isNot" => |value, operand| !javascript::loosely_equal(value, operand),
        "oneOf" => |value, operand| javascript::includes(operand, value),
        "noneOf" => |value, operand| !javascript::includes(operand, value),
        "contains" => |value, operand| contains(value, operand).unwrap_or(false),
        "doesNotContain" => |value, operand| !contains(value, operand).unwrap_or(false),
        "lt" => |value, operand| javascript::compare(value, operand).is_some_and(Ordering::is_lt),
        "lte" => |value, operand| javascript::compare(value, operand).is_some_and(Ordering::is_le),
        "gt" => |value, operand| javascript::compare(value, operand).is_some_and(Ordering::is_gt),
        "gte" => |value, operand| javascript::compare(value, operand).is_some_and(Ordering::is_ge),
        "isEmpty" => |value, _| is_empty(value),
        "isNotEmpty" => |value, _| !is_empty(value),
        _ => return None,
    })
}

/// Whether a filter lets something pass: a formula, or a list of conditions as [`filter`] has them. One that comes to
/// nothing does. Source: SDK `backwardCompatibleFilterMatch`.
pub fn passes(filter: &Value, variables: &Value, now: Timestamp) -> Result<bool, ApiError> {
    if filter.is_array() {
        return filter::matches(variables, filter);
    }
    let value = formula::resolve(filter, variables, now)?;
    Ok(value.is_none_or(|value| value.is_null() || javascript::is_truthy(Some(&value))))
}

/// Whether an array has an item or a text has a part; none for what is false. An operand that is not there is the text
/// `undefined`.
fn contains(value: Option<&Value>, operand: Option<&Value>) -> Option<bool> {
    let value = value.filter(|value| javascript::is_truthy(Some(value)))?;
    if value.is_array() {
        return Some(javascript::includes(Some(value), operand));
    }
    let operand = operand.filter(|operand| !operand.is_null());
    Some(javascript::text(Some(value)).to_lowercase().contains(&javascript::text(operand).to_lowercase()))
}

/// Whether nothing is there: null, an empty text, an empty array or object.
pub(super) fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(members)) => members.is_empty(),
        Some(Value::Bool(_) | Value::Number(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, passes};
    use serde_json::{Value, json};

    fn holds(filter: &Value) -> bool {
        let variables = json!({ "input": { "amount": "12", "tags": ["vip"], "name": "Ada", "none": null,
            "date": "2024-05-01", "count": 2, "yes": true, "blank": "" } });
        passes(filter, &variables, Timestamp::from_millis(0)).unwrap()
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
            ("tags", "is", json!("vip"), true),
            ("name", "about", json!("x"), true),
        ] {
            assert_eq!(of(field, operator, operand.clone()), expected, "{field} {operator} {operand}");
        }
    }

    #[test]
    fn a_filter_that_comes_to_nothing_lets_pass() {
        assert!(holds(&json!({})));
        assert!(holds(&json!([])));
        assert!(holds(&json!({ "$var": "$.input.missing" })));
        assert!(holds(&json!({ "$and": [{ "$var": "$.input.missing" }] })));
        assert!(holds(&json!({ "$or": { "$var": "$.input.missing" } })));
        assert!(!holds(&json!({ "$and": [true, false] })));
        assert!(holds(&json!({ "$or": [false, { "$eval": { "$var": "$.input.name" }, "is": "Ada" }] })));
    }
}
