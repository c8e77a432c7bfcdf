//! The language by the names of the functions that the client exports, with their arguments as JSON. It is how the
//! client's own functions and these are held against one another.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::formula::Way;
use super::locator::Step;
use super::{filter, formula, javascript, locator, merge, schema, transform};
use crate::base::clock::real_now;
use crate::base::error::ApiError;

/// What a function gives for its arguments; none is `undefined`, and so is an argument that is left out.
type Function = fn(&[Value]) -> Result<Option<Value>, ApiError>;

/// The functions that there are.
const FUNCTIONS: &[(&str, Function)] = &[
    ("buildData", |given| formula::resolve_with(needed(given, 0)?, given.get(1), real_now())),
    ("buildValue", |given| formula::evaluate(needed(given, 0)?, given.get(1), Way::Value, real_now())),
    ("resolveFormulas", |given| {
        formula::evaluate(
            needed(given, 0)?,
            given.get(1).and_then(|given| given.get("variables")),
            Way::Resolved,
            real_now(),
        )
    }),
    ("doesMatchFilter", |given| filter::matches(&argument(given, 0), &argument(given, 1)).map(Value::Bool).map(Some)),
    ("backwardCompatibleFilterMatch", |given| match given.first() {
        None => Ok(Some(Value::Bool(true))),
        Some(filter) if filter.is_array() => filter::matches(&argument(given, 1), filter).map(Value::Bool).map(Some),
        Some(filter) => {
            let value = formula::resolve_with(filter, given.get(1), real_now())?.filter(|value| !value.is_null());
            Ok(Some(value.unwrap_or(Value::Bool(true))))
        }
    }),
    ("getValueAtLocator", |given| {
        let data = given.first().filter(|data| !data.is_null());
        let found = data.zip(locator::of(given.get(1))).and_then(|(data, steps)| locator::get(data, &steps));
        Ok(found.map(Cow::into_owned))
    }),
    ("getValueByLocator", |given| {
        let found =
            given.first().zip(locator::of(given.get(1))).and_then(|(data, steps)| locator::follow(data, &steps));
        Ok(found.map(Cow::into_owned))
    }),
    ("setValueAtLocator", |given| {
        let locator = needed(given, 1)?.as_str().ok_or_else(|| ApiError::bad_request("a locator is a text"))?;
        locator::set(given.first().cloned(), &locator::parse(locator)?, given.get(2).cloned())
    }),
    ("pickFieldsFromValue", |given| {
        let Some(Value::Array(fields)) = given.get(1) else { return Ok(None) };
        let mut picked = None;
        for field in fields {
            let steps = locator::of(Some(field));
            let found = steps.as_ref().zip(given.first().filter(|value| !value.is_null()));
            if let Some((found, steps)) = found.and_then(|(steps, value)| Some((locator::get(value, steps)?, steps))) {
                picked = locator::set(picked, steps, Some(found.into_owned()))?;
            }
        }
        Ok(picked)
    }),
    ("excludeFieldsFromValue", |given| {
        let mut value = given.first().cloned();
        for field in given.get(1).and_then(Value::as_array).into_iter().flatten() {
            let steps = locator::parse(field.as_str().ok_or_else(|| ApiError::bad_request("a locator is a text"))?)?;
            // It changes what is there: what is no object or array has no fields, and an object no items.
            let has_it = match steps.first() {
                Some(Step::Item(_)) => value.as_ref().is_some_and(Value::is_array),
                Some(Step::Member(_)) => value.as_ref().is_some_and(|value| value.is_object() || value.is_array()),
                None => false,
            };
            if has_it {
                value = locator::set(value, &steps, None)?;
            }
        }
        Ok(value)
    }),
    ("transformVars", |given| transform::transform(given.first(), given.get(1))),
    ("isValidLocator", |given| Ok(Some(Value::Bool(locator::of(given.first()).is_some())))),
    ("getVariableLocators", |given| {
        let places = formula::variable_places(needed(given, 0)?);
        Ok(Some(places.iter().map(|steps| locator::print(steps)).collect()))
    }),
    ("getSchemaByLocator", |given| Ok(schema::at(given.first(), locator::of(given.get(1)).as_deref()))),
    ("mergeSchemas", |given| match given.first().filter(|schemas| javascript::is_truthy(Some(schemas))) {
        Some(schemas) if schemas.get("length").is_some_and(|length| length == 0) => Ok(None),
        Some(_) => list(given).map(schema::merge),
        None => Ok(None),
    }),
    ("createSchema", |given| Ok(Some(schema::of_value(&argument(given, 0))))),
    ("createCompoundSchema", |given| Ok(schema::merge(&list(given)?.iter().map(schema::of_value).collect::<Vec<_>>()))),
    ("buildDataSchema", |given| Ok(schema::of_formulas(given.first(), given.get(1)))),
    ("mergeWithFormulas", |given| match given {
        [under] => Ok(Some(under.clone())),
        given => Ok(Some(merge::merge(argument(given, 0).into_owned(), needed(given, 1)?.clone()))),
    }),
];

/// Calls a function by its name. Fails for an unknown name, and where the function does.
pub fn call(name: &str, arguments: &[Value]) -> Result<Option<Value>, ApiError> {
    let known = || FUNCTIONS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let function = FUNCTIONS.iter().find(|(known, _)| *known == name).map(|(_, function)| function);
    let function = function.ok_or_else(|| ApiError::bad_request(format!("`{name}` is none of {}", known())))?;
    function(arguments)
}

fn argument(arguments: &[Value], index: usize) -> Cow<'_, Value> {
    arguments.get(index).map_or(Cow::Owned(Value::Null), Cow::Borrowed)
}

fn needed(arguments: &[Value], index: usize) -> Result<&Value, ApiError> {
    let missing =
        || ApiError::bad_request(format!("argument {} is missing", index + 1)).with_data(json!({ "index": index }));
    arguments.get(index).ok_or_else(missing)
}

/// The first argument as the array that it has to be.
fn list(arguments: &[Value]) -> Result<&[Value], ApiError> {
    match arguments.first() {
        Some(Value::Array(items)) => Ok(items),
        None | Some(_) => Err(ApiError::bad_request("the argument is an array")),
    }
}
