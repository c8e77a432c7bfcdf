//! The formulas that are about the formula itself: `$copy`, which takes over another part of the result, and
//! `$formula`, whose result is a formula.

use serde_json::Value;

use super::super::locator::{self, Step};
use super::{Evaluation, Outcome, formula_of};
use crate::base::JsonMap;
use crate::base::error::ApiError;

impl Evaluation<'_> {
    /// The operand, in which each `$var` is replaced by its value.
    pub(super) fn formula_with_values(&self, operand: &Value) -> Outcome {
        let mut result = operand.clone();
        for steps in variable_places(operand) {
            let value = locator::get(&result, &steps).map(std::borrow::Cow::into_owned);
            let value = self.optional(value.as_ref())?;
            // A `$var` by itself stays one.
            if !steps.is_empty() {
                result = locator::set(Some(result), &steps, value)?.unwrap_or_default();
            }
        }
        self.take(Some(result))
    }
}

/// Where the `$var`s of a value are. Of an `$iterate` only the source is looked into. Source: SDK
/// `getVariableLocators`.
pub(in crate::mapping) fn variable_places(value: &Value) -> Vec<Vec<Step>> {
    fn walk(value: &Value, at: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
        let mut inside = |steps: &[Step], value: &Value| {
            let outer = at.len();
            at.extend_from_slice(steps);
            walk(value, at, found);
            at.truncate(outer);
        };
        match formula_of(value) {
            Some(("$var", _)) => found.push(at.clone()),
            Some(("$iterate", operand)) => {
                if let Some(source) = operand.get("source") {
                    inside(&[Step::Member("$iterate".to_owned()), Step::Member("source".to_owned())], source);
                }
            }
            Some((name, operand)) => inside(&[Step::Member(name.to_owned())], operand),
            None => children(value).for_each(|(step, child)| inside(&[step], child)),
        }
    }
    let mut found = Vec::new();
    walk(value, &mut Vec::new(), &mut found);
    found
}

/// What is directly inside a value, and how it is reached.
fn children(value: &Value) -> Box<dyn Iterator<Item = (Step, &Value)> + '_> {
    match value {
        Value::Array(items) => {
            #[expect(clippy::cast_precision_loss, reason = "no value has 2^52 items")]
            let step = |index: usize| Step::Item(index as f64);
            Box::new(items.iter().enumerate().map(move |(index, item)| (step(index), item)))
        }
        Value::Object(members) => {
            let members = super::javascript::members(members).into_iter();
            Box::new(members.map(|(name, value)| (Step::Member(name.clone()), value)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Box::new(std::iter::empty()),
    }
}

/// What a copy names where that is undefined; it is no locator.
pub(super) const UNDEFINED: Value = Value::Array(Vec::new());

/// Whether a value is a `$copy` and nothing else.
fn is_copy(value: &Value) -> bool {
    value.as_object().is_some_and(|members| members.len() == 1 && members.contains_key("$copy"))
}

/// Where the copies of a value are.
fn copies(value: &Value) -> Vec<Vec<Step>> {
    fn walk(value: &Value, at: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
        if is_copy(value) {
            found.push(at.clone());
            return;
        }
        for (step, child) in children(value) {
            at.push(step);
            walk(child, at, found);
            at.pop();
        }
    }
    let mut found = Vec::new();
    walk(value, &mut Vec::new(), &mut found);
    found
}

/// Puts what each `$copy` of a result names in its place; what is not there is dropped. Fails for a copy of what has a
/// copy. Source: SDK `processCopy`.
pub(super) fn fill_copies(result: Value) -> Result<Value, ApiError> {
    let places = copies(&result);
    let mut result = result;
    for steps in places {
        let here = locator::print(&steps);
        let copy = locator::get(&result, &steps);
        // Items move up when one before them is dropped.
        let formula = copy.as_deref().and_then(formula_of);
        let (name, operand) =
            formula.ok_or_else(|| ApiError::configuration(format!("there is no copy at {here} any more")))?;
        // Another formula that has moved here names nothing.
        let source = if matches!(name, "$copy" | "$var") { operand } else { &UNDEFINED };
        let copied =
            locator::of(Some(source)).and_then(|from| locator::get(&result, &from)).map(std::borrow::Cow::into_owned);
        if copied.as_ref().is_some_and(|copied| !copies(copied).is_empty()) {
            return Err(ApiError::configuration(format!("{here} copies {source}, which has a copy in it")));
        }
        // A copy that is all there is stays, or is empty where what it names is undefined.
        if steps.is_empty() {
            if *source == UNDEFINED {
                result = Value::Object(JsonMap::new());
            }
        } else {
            result = locator::set(Some(result), &steps, copied)?.unwrap_or_default();
        }
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::super::resolve;
    use crate::base::clock::Timestamp;
    use serde_json::json;

    #[test]
    fn copies_take_over_what_they_name() {
        let template = json!({ "a": { "b": { "$var": "x" } }, "c": { "$copy": "$.a.b" }, "d": { "$copy": "$.none" } });
        assert_eq!(
            resolve(&template, &json!({ "x": 1 }), Timestamp::from_millis(0)).unwrap(),
            Some(json!({ "a": { "b": 1 }, "c": 1 }))
        );
        let twice = json!({ "a": { "$copy": "$.b" }, "b": { "$copy": "$.a" } });
        assert!(resolve(&twice, &json!({}), Timestamp::from_millis(0)).unwrap_err().message.contains("has a copy"));
    }

    #[test]
    fn formulas_are_made_of_formulas() {
        let template = json!({ "$formula": { "$eval": { "$var": "field" }, "is": 1 } });
        assert_eq!(
            resolve(&template, &json!({ "field": "f" }), Timestamp::from_millis(0)).unwrap(),
            Some(json!({ "$eval": "f", "is": 1 }))
        );
    }
}
