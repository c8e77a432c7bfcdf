//! Formulas over one set of variables rewritten to be over another. Source: SDK `transformVars`.

use serde_json::{Value, json};

use super::formula::{self, Way, formula_of};
use super::javascript;
use super::locator::{self, Step};
use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;

/// Conditions are rewritten by evaluating them; whatever asks for the moment gets this one.
const EPOCH: Timestamp = Timestamp::from_millis(0);

/// Rewrites each `$var` of a value by `names`, in which a `$var` stands for what the value's own is called there; what has
/// no counterpart is dropped. Fails for a `$case` that has no cases.
pub(super) fn transform(value: Option<&Value>, names: Option<&Value>) -> Result<Option<Value>, ApiError> {
    let Some(value) = value else { return Ok(None) };
    if let Some((name, operand)) = formula_of(value) {
        return transform_formula(name, operand, value, names);
    }
    match value {
        Value::Array(items) if !items.is_empty() => {
            let mut out = Vec::new();
            for item in items {
                out.extend(transform(Some(item), names)?);
            }
            Ok(Some(out).filter(|out| !out.is_empty()).map(Value::Array))
        }
        Value::Object(members) if !members.is_empty() => {
            let mut out = JsonMap::new();
            for (name, member) in members {
                out.extend(transform(Some(member), names)?.map(|member| (name.clone(), member)));
            }
            Ok(Some(out).filter(|out| !out.is_empty()).map(Value::Object))
        }
        literal => Ok(Some(literal.clone())),
    }
}

fn transform_formula(
    name: &str,
    operand: &Value,
    whole: &Value,
    names: Option<&Value>,
) -> Result<Option<Value>, ApiError> {
    let of = |name: &str, operand: Value| Value::Object(JsonMap::from_iter([(name.to_owned(), operand)]));
    match name {
        "$var" => Ok(names.and_then(|names| renamed(operand, names))),
        "$formula" => transform(Some(operand), names),
        "$eval" => {
            let Some(value) = formula::evaluate(operand, names, Way::Value, EPOCH)? else { return Ok(None) };
            let mut out = JsonMap::from_iter([("$eval".to_owned(), value)]);
            if let Some((operator, operand)) = whole.as_object().and_then(|members| members.iter().nth(1)) {
                out.extend(
                    formula::evaluate(operand, names, Way::Value, EPOCH)?.map(|operand| (operator.clone(), operand)),
                );
            }
            Ok(Some(Value::Object(out)))
        }
        "$iterate" => {
            let source = transform(operand.get("source"), names)?;
            Ok(source.map(|source| {
                let mut out = operand.as_object().cloned().unwrap_or_default();
                out.insert("source".to_owned(), source);
                of("$iterate", Value::Object(out))
            }))
        }
        "$case" => transform_case(operand, names),
        name => Ok(transform(Some(operand), names)?.map(|operand| of(name, operand))),
    }
}

/// The counterpart of a `$var`.
fn renamed(locator: &Value, names: &Value) -> Option<Value> {
    let steps = locator::of(Some(locator)).filter(|_| javascript::is_truthy(Some(names)))?;
    let mut at = names;
    for (done, step) in steps.iter().enumerate() {
        if let Some((name, operand)) = formula_of(at) {
            let rest = locator::print(steps.get(done..)?).replacen('$', "", 1);
            return (name == "$var").then(|| json!({ "$var": format!("{}{rest}", javascript::text(Some(operand))) }));
        }
        at = match (step, at) {
            (Step::Member(name), Value::Object(members)) => members.get(name)?,
            (Step::Member(name), Value::Array(items)) if name == "length" => {
                return (done + 1 == steps.len()).then(|| Value::from(items.len()));
            }
            (Step::Member(name), Value::Array(items)) => items.get(javascript::index(name)?)?,
            (Step::Item(index), Value::Array(items)) => locator::item(items, *index)?,
            _ => return None,
        };
    }
    match formula_of(at) {
        // The variables as a whole may have one name.
        Some(("$var", operand)) if steps.is_empty() => Some(json!({ "$var": javascript::text(Some(operand)) })),
        Some(_) if steps.is_empty() => None,
        _ => Some(at.clone()),
    }
}

fn transform_case(operand: &Value, names: Option<&Value>) -> Result<Option<Value>, ApiError> {
    let cases = operand.as_array().or_else(|| operand.get("cases").and_then(Value::as_array));
    let default = if operand.is_array() { None } else { operand.get("default") };
    let none = Vec::new();
    let cases = match (cases, operand) {
        (Some(cases), _) => cases,
        (None, Value::Bool(false) | Value::Number(_) | Value::String(_)) if !javascript::is_truthy(Some(operand)) => {
            &none
        }
        (None, _) => return Err(ApiError::configuration("`$case` is an array of cases, or {cases, default}")),
    };
    let mut kept = Vec::new();
    for case in cases {
        // An array has a `filter` of its own in JavaScript.
        kept.extend(transform(Some(case), names)?.filter(|case| case.is_array() || case.get("filter").is_some()));
    }
    let default = transform(default, names)?;
    if kept.is_empty() {
        return Ok(default);
    }
    let mut out = JsonMap::from_iter([("cases".to_owned(), Value::Array(kept))]);
    out.extend(default.map(|default| ("default".to_owned(), default)));
    Ok(Some(json!({ "$case": out })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_get_the_names_that_they_have_elsewhere() {
        let names = json!({ "email": { "$var": "$.properties.mail" }, "kind": "person" });
        let value = json!({ "to": { "$concat": [{ "$var": "email.value" }, "!"] }, "kind": { "$var": "$.kind" },
            "gone": { "$var": "phone" } });
        let expected = json!({ "to": { "$concat": [{ "$var": "$.properties.mail.value" }, "!"] }, "kind": "person" });
        assert_eq!(transform(Some(&value), Some(&names)).unwrap(), Some(expected));
    }
}
