//! Formulas: objects whose first member is a known name that begins with `$`, such as `{"$var": "$.input.title"}`. Any
//! other value is data, which is walked for the formulas in it.
//!
//! Source: SDK `buildData`, `buildValue`, `resolveFormulas`; see `Way`. Invariant: a result and the work for it are bounded.

mod choices;
mod references;
mod structures;
mod texts;

use std::cell::Cell;
use std::time::Duration;

use serde_json::{Value, json};

pub(super) use references::variable_places;

use super::{javascript, jsonata, locator};
use crate::base::JsonMap;
use crate::base::clock::{Timestamp, monotonic};
use crate::base::error::ApiError;
use crate::base::json::set_member;

/// The most bytes that the values of one evaluation take together, about.
const MOST_BYTES: usize = 10 * 1024 * 1024;

/// How long the expressions of one evaluation may take together.
const LONGEST: Duration = Duration::from_millis(250);

/// The most values that one evaluation looks at.
const MOST_STEPS: usize = 2_000_000;

/// The result of a formula; none is JavaScript's `undefined`.
type Outcome = Result<Option<Value>, ApiError>;

/// Evaluates `template` over `variables` and then its `$copy`; none when the result is undefined. Fails for a wrong
/// formula, and for a result that is too large.
///
/// Undefined members are dropped; an object or array left empty becomes undefined, but a literal `{}` or `[]` stays.
pub fn resolve(template: &Value, variables: &Value, now: Timestamp) -> Result<Option<Value>, ApiError> {
    resolve_with(template, Some(variables), now)
}

/// The same over variables that may be missing.
pub(super) fn resolve_with(template: &Value, variables: Option<&Value>, now: Timestamp) -> Outcome {
    let value = evaluate(template, variables, Way::Data, now)?;
    value.map(references::fill_copies).transpose()
}

/// Whose id a formula looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordOf {
    /// The external app's: `$findExternalRecordId`.
    ExternalApp,
    /// The user's own app's: `$findAppRecordId`.
    OwnApp,
}

/// Finds the id of a record by that of the record that it is linked to. The operand is `{dataLinkTable, recordId}`; none
/// where there is no such link.
pub type FindLinked<'a> = &'a dyn Fn(RecordOf, &Value) -> Option<String>;

/// Evaluates as [`resolve`] does, and looks ids of linked records up by `find`, inside other formulas too. Source: SDK
/// `resolveValue`. What the variables hold is data, whatever it looks like.
pub fn resolve_linked(template: &Value, variables: &Value, now: Timestamp, find: FindLinked) -> Outcome {
    let budget = Budget { find: Some(find), ..Budget::of(Way::Data, now) };
    let value = Evaluation { scope: Scope::Whole(Some(variables)), budget: &budget }.value(template)?;
    value.map(references::fill_copies).transpose()
}

/// How a template is evaluated. Source: SDK, which has a function for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// `buildValue`: `$copy` stays as it is.
    Value,
    /// `buildData`: what is copied is put in place afterwards.
    Data,
    /// `resolveFormulas`: as `buildValue`, but a template that is no text is undefined, and a list of conditions in `$case`
    /// is taken for a value.
    Resolved,
}

/// Evaluates `template` over `variables`, and does nothing about copies.
pub(super) fn evaluate(template: &Value, variables: Option<&Value>, way: Way, now: Timestamp) -> Outcome {
    let budget = Budget::of(way, now);
    Evaluation { scope: Scope::Whole(variables), budget: &budget }.value(template)
}

/// The formulas that there are.
const NAMES: &[&str] = &[
    "$var",
    "$plain",
    "$tpl",
    "$concat",
    "$map",
    "$case",
    "$iterate",
    "$firstNotEmpty",
    "$mergeObjects",
    "$and",
    "$or",
    "$eval",
    "$record",
    "$firstName",
    "$lastName",
    "$domainFromEmail",
    "$extractDate",
    "$extractTime",
    "$lookup",
    "$findExternalRecordId",
    "$findAppRecordId",
    "$dataSchemaRef",
    "$copy",
    "$formula",
    "$jsonata",
];

/// The name and the operand of a formula; none for data. An array is data: its first key is an index.
pub(super) fn formula_of(value: &Value) -> Option<(&'static str, &Value)> {
    let members = value.as_object()?;
    // Members that are named by an index come first in JavaScript.
    if members.keys().any(|name| javascript::index(name).is_some()) {
        return None;
    }
    let (name, operand) = members.iter().next()?;
    NAMES.iter().find(|known| *known == name).map(|known| (*known, operand))
}

/// How one evaluation is done, and what is left of its bounds.
struct Budget<'f> {
    way: Way,
    /// How ids of linked records are found; none where formulas that ask for one stay as they are.
    find: Option<FindLinked<'f>>,
    /// The moment that expressions see as now.
    now: Timestamp,
    /// What expressions may still take.
    time: Cell<Duration>,
    bytes: Cell<usize>,
    steps: Cell<usize>,
}

impl Budget<'_> {
    fn of(way: Way, now: Timestamp) -> Self {
        let (time, bytes, steps) = (Cell::new(LONGEST), Cell::new(MOST_BYTES), Cell::new(MOST_STEPS));
        Self { way, find: None, now, time, bytes, steps }
    }

    fn spend(left: &Cell<usize>, spent: usize, of: impl Fn() -> String) -> Result<(), ApiError> {
        left.set(left.get().checked_sub(spent).ok_or_else(|| ApiError::configuration(of()))?);
        Ok(())
    }
}

/// What `$var` looks into.
enum Scope<'a> {
    /// All variables, or none at all.
    Whole(Option<&'a Value>),
    /// Inside an `$iterate`.
    Item { item: &'a Value, index: usize, parent: &'a Scope<'a> },
}

impl Scope<'_> {
    /// Follows the steps of a `$var`.
    fn follow(&self, steps: &[locator::Step]) -> Option<Value> {
        let found =
            |value: &Value, rest: &[locator::Step]| locator::follow(value, rest).map(std::borrow::Cow::into_owned);
        match (self, steps) {
            (Self::Whole(value), steps) => value.and_then(|value| found(value, steps)),
            (Self::Item { .. }, []) => self.to_value(),
            (Self::Item { item, index, parent }, [locator::Step::Member(name), rest @ ..]) => match name.as_str() {
                "item" => found(item, rest),
                "index" => found(&Value::from(*index), rest),
                "parent" => parent.follow(rest),
                _ => None,
            },
            (Self::Item { .. }, [locator::Step::Item(_), ..]) => None,
        }
    }

    /// The scope as one value.
    fn to_value(&self) -> Option<Value> {
        match self {
            Self::Whole(value) => value.cloned(),
            Self::Item { item, index, parent } => {
                let mut whole = json!({ "item": item, "index": index });
                if let Some(parent) = parent.to_value() {
                    set_member(&mut whole, "parent", parent);
                }
                Some(whole)
            }
        }
    }
}

/// One evaluation in its scope.
struct Evaluation<'a> {
    scope: Scope<'a>,
    budget: &'a Budget<'a>,
}

impl Evaluation<'_> {
    /// Evaluates what may be missing.
    fn optional(&self, template: Option<&Value>) -> Outcome {
        template.map_or(Ok(None), |template| self.value(template))
    }

    fn value(&self, template: &Value) -> Outcome {
        Budget::spend(&self.budget.steps, 1, || format!("the formulas look at more than {MOST_STEPS} values"))?;
        if let Some((name, operand)) = formula_of(template) {
            return self.formula(name, operand, template);
        }
        match template {
            Value::Array(items) if !items.is_empty() => {
                let mut out = Vec::new();
                for item in items {
                    out.extend(self.value(item)?);
                }
                Ok(Some(out).filter(|out| !out.is_empty()).map(Value::Array))
            }
            Value::Object(members) if !members.is_empty() => {
                let mut out = JsonMap::new();
                for (name, member) in members {
                    if let Some(value) = self.value(member)? {
                        self.charge(name.len())?;
                        out.insert(name.clone(), value);
                    }
                }
                Ok(Some(out).filter(|out| !out.is_empty()).map(Value::Object))
            }
            literal => self.take(Some(literal.clone())),
        }
    }

    /// Lets a value pass into the result, and counts it.
    fn take(&self, value: Option<Value>) -> Outcome {
        if let Some(value) = &value {
            self.charge(weight(value))?;
        }
        Ok(value)
    }

    fn charge(&self, bytes: usize) -> Result<(), ApiError> {
        Budget::spend(&self.budget.bytes, bytes, || format!("the formulas' result is larger than {MOST_BYTES} bytes"))
    }

    fn formula(&self, name: &str, operand: &Value, template: &Value) -> Outcome {
        let operand_as = |name: &'static str, value: Option<Value>| {
            let mut out = JsonMap::new();
            out.extend(value.map(|value| (name.to_owned(), value)));
            Ok(Some(Value::Object(out)))
        };
        match name {
            // A locator that is none finds null.
            "$var" => {
                self.take(locator::of(Some(operand)).map_or(Some(Value::Null), |steps| self.scope.follow(&steps)))
            }
            "$plain" => self.take(Some(operand.clone())),
            "$record" => self.take(operand.get("id").cloned()),
            // It stands for a schema, and has no value.
            "$dataSchemaRef" => Ok(None),
            // A copy of what is undefined is dropped when copies are put in place.
            "$copy" => match (self.value(operand)?, self.budget.way) {
                (None, Way::Data) => operand_as("$copy", Some(references::UNDEFINED)),
                (value, _) => operand_as("$copy", value),
            },
            "$lookup" => operand_as("$lookup", self.value(operand)?),
            "$findExternalRecordId" | "$findAppRecordId" => {
                let (name, of) = match name {
                    "$findAppRecordId" => ("$findAppRecordId", RecordOf::OwnApp),
                    _ => ("$findExternalRecordId", RecordOf::ExternalApp),
                };
                match self.budget.find {
                    Some(find) => {
                        let asked = self.value(operand)?;
                        self.take(asked.and_then(|asked| find(of, &asked)).map(Value::String))
                    }
                    None => operand_as(name, self.value(operand)?),
                }
            }
            "$formula" => self.formula_with_values(operand),
            "$tpl" => self.template(operand),
            "$concat" => self.concat(operand),
            "$firstName" => self.first_name(operand),
            "$lastName" => self.last_name(operand),
            "$domainFromEmail" => self.domain(operand),
            "$extractDate" => self.extract(operand, |moment| moment.get(..10)),
            "$extractTime" => self.extract(operand, |moment| moment.get(11..19)),
            "$map" => self.map(operand),
            "$case" => self.case(operand),
            "$eval" => self.condition(operand, template),
            "$and" => self.all_or_any(operand, true),
            "$or" => self.all_or_any(operand, false),
            "$firstNotEmpty" => self.first_not_empty(operand),
            "$iterate" => self.iterate(operand),
            "$mergeObjects" => self.merge(operand),
            "$jsonata" => self.jsonata(operand),
            other => Err(ApiError::internal(format!("the formula `{other}` is not known"))),
        }
    }

    /// The value of an expression over the variables; what is no text is undefined.
    fn jsonata(&self, operand: &Value) -> Outcome {
        let Some(Value::String(expression)) = self.value(operand)? else { return Ok(None) };
        let (left, begun) = (self.budget.time.get(), monotonic());
        let variables = self.scope.to_value();
        let value = jsonata::evaluate(&expression, variables.as_ref(), self.budget.now, left);
        self.budget.time.set(left.saturating_sub(begun.elapsed()));
        self.take(value)
    }
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

/// A value as it reads inside text: text as it is, nothing for null, any other value as JSON.
pub fn plain_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_members_are_dropped_and_literals_stay() {
        let template = json!({
            "title": {"$var": "$.input.title"}, "gone": {"$var": "$.input.gone"}, "nested": {"gone": {"$var": "$.no"}},
            "literal": {}, "list": [{"$var": "$.input.tags[1]"}, {"$var": "$.input.tags[7]"}]
        });

        let result =
            resolve(&template, &json!({"input": {"title": "Hello", "tags": ["a", "b"]}}), Timestamp::from_millis(0))
                .unwrap();

        assert_eq!(result, Some(json!({"title": "Hello", "literal": {}, "list": ["b"]})));
    }

    #[test]
    fn names_that_are_no_formulas_are_data() {
        let template = json!({ "$price": 1, "a": { "0": 1, "$var": "x" } });
        assert_eq!(resolve(&template, &json!({}), Timestamp::from_millis(0)).unwrap(), Some(template));
    }

    #[test]
    fn iterations_nest_and_are_bounded() {
        let template = json!({ "$iterate": { "source": { "$var": "rows" }, "item": { "$iterate": {
            "source": { "$var": "item.cells" }, "item": { "$concat": [
                { "$var": "parent.index" }, ":", { "$var": "index" }, ":", { "$var": "item" },
                ":", { "$var": "parent.parent.name" }] } } } } });
        let variables = json!({ "name": "n", "rows": [{ "cells": ["a", "b"] }, { "cells": ["c"] }] });
        let expected = json!([["0:0:a:n", "0:1:b:n"], ["1:0:c:n"]]);
        assert_eq!(resolve(&template, &variables, Timestamp::from_millis(0)).unwrap(), Some(expected));

        let rows: Vec<u32> = (0..2000).collect();
        let endless = json!({ "$iterate": { "source": { "$var": "rows" }, "item": { "$iterate": {
            "source": { "$var": "parent.rows" }, "item": { "$var": "item" } } } } });
        let error = resolve(&endless, &json!({ "rows": rows }), Timestamp::from_millis(0)).unwrap_err();
        assert!(error.message.contains("larger than") || error.message.contains("more than"), "{}", error.message);
    }
}
