//! The formulas that decide: `$map`, `$case`, `$eval`, `$and`, `$or`, `$firstNotEmpty`.

use serde_json::Value;

use super::super::{condition, filter, javascript};
use super::{Evaluation, Outcome, Way, formula_of, references};
use crate::base::error::ApiError;

impl Evaluation<'_> {
    /// `{value, mapping: [{from, to}], default}`: the `to` of the first entry whose `from` is the value. Fails for an
    /// entry that is null.
    pub(super) fn map(&self, operand: &Value) -> Outcome {
        let value = self.optional(operand.get("value"))?;
        for entry in operand.get("mapping").and_then(Value::as_array).into_iter().flatten() {
            if entry.is_null() {
                return Err(ApiError::configuration("an entry of `$map`'s `mapping` is {from, to}, not null"));
            }
            let from = self.optional(entry.get("from"))?;
            let (value, from) = (value.as_ref(), from.as_ref());
            if javascript::deeply_equal(value, from) || javascript::loosely_equal(value, from) {
                return self.optional(entry.get("to"));
            }
        }
        self.optional(operand.get("default"))
    }

    /// An array of `{filter, value}`, or `{cases, default}`: the value of the first whose filter lets pass.
    pub(super) fn case(&self, operand: &Value) -> Outcome {
        let (cases, default) = match operand {
            Value::Array(cases) => (cases, None),
            operand => match operand.get("cases") {
                Some(Value::Array(cases)) => (cases, operand.get("default")),
                _ => return Ok(None),
            },
        };
        for case in cases.iter().filter(|case| matches!(case, Value::Object(_) | Value::Array(_))) {
            let filter = case.get("filter").filter(|filter| javascript::is_truthy(Some(filter)));
            if filter.map_or(Ok(true), |filter| self.passes(filter))? {
                return self.optional(case.get("value"));
            }
        }
        Ok(self.optional(default)?.filter(|value| !value.is_null()))
    }

    /// Whether a filter lets the variables pass; one that comes to nothing does.
    pub(super) fn passes(&self, filter: &Value) -> Result<bool, ApiError> {
        if filter.is_array() && self.budget.way != Way::Resolved {
            return filter::matches(&self.scope.to_value().unwrap_or_default(), filter);
        }
        let mut value = self.value(filter)?;
        if self.budget.way != Way::Resolved {
            value = value.map(references::fill_copies).transpose()?;
        }
        Ok(value.is_none_or(|value| value.is_null() || javascript::is_truthy(Some(&value))))
    }

    /// `{"$eval": value, "<operator>": operand}`; it holds where there is no operator, or none of that name.
    pub(super) fn condition(&self, subject: &Value, template: &Value) -> Outcome {
        let value = self.value(subject)?;
        let Some((operator, operand)) = template.as_object().and_then(|members| members.iter().nth(1)) else {
            return Ok(Some(Value::Bool(true)));
        };
        // What stays a formula is an object with a member, whatever that comes to.
        let is_kept = formula_of(subject).is_some_and(|(name, _)| match name {
            "$lookup" | "$copy" => true,
            "$findExternalRecordId" | "$findAppRecordId" => self.budget.find.is_none(),
            _ => false,
        });
        match operator.as_str() {
            "isEmpty" if is_kept => return Ok(Some(Value::Bool(false))),
            "isNotEmpty" if is_kept => return Ok(Some(Value::Bool(true))),
            _ => {}
        }
        let Some(operator) = condition::operator(operator) else { return Ok(Some(Value::Bool(true))) };
        let operand = self.value(operand)?;
        Ok(Some(Value::Bool(operator(value.as_ref(), operand.as_ref()))))
    }

    /// `$and` and `$or`: what is null is passed over; undefined where nothing else is there.
    pub(super) fn all_or_any(&self, operand: &Value, all: bool) -> Outcome {
        let Some(Value::Array(parts)) = self.value(operand)? else { return Ok(None) };
        let mut truths =
            parts.iter().filter(|part| !part.is_null()).map(|part| javascript::is_truthy(Some(part))).peekable();
        if truths.peek().is_none() {
            return Ok(None);
        }
        Ok(Some(Value::Bool(if all { truths.all(|truth| truth) } else { truths.any(|truth| truth) })))
    }

    /// The first of an array that is not null.
    pub(super) fn first_not_empty(&self, operand: &Value) -> Outcome {
        let Some(Value::Array(values)) = self.value(operand)? else { return Ok(None) };
        Ok(values.into_iter().find(|value| !value.is_null()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::resolve;
    use crate::base::clock::Timestamp;
    use serde_json::json;

    #[test]
    fn the_first_choice_that_fits_counts() {
        let map = json!({ "$map": { "value": { "$var": "status" }, "default": "other", "mapping": [
            { "from": "1", "to": { "$var": "word" } }, { "from": { "a": [1] }, "to": "object" }] } });
        let case = json!({ "$case": { "default": "none", "cases": [
            { "filter": { "$eval": { "$var": "status" }, "gt": 5 }, "value": "large" },
            { "filter": [{ "field": "status", "operator": "is", "value": 1 }], "value": "one" }] } });
        for (variables, mapped, chosen) in [
            (json!({ "status": 1, "word": "open" }), "open", "one"),
            (json!({ "status": { "a": [1.0] } }), "object", "none"),
            (json!({ "status": 7 }), "other", "large"),
        ] {
            assert_eq!(resolve(&map, &variables, Timestamp::from_millis(0)).unwrap(), Some(json!(mapped)));
            assert_eq!(resolve(&case, &variables, Timestamp::from_millis(0)).unwrap(), Some(json!(chosen)));
        }
        assert!(resolve(&json!({ "$map": { "mapping": [null] } }), &json!({}), Timestamp::from_millis(0)).is_err());
    }
}
