//! Locators: where in a value another one lies. `$` is the root, `.name` a member, `[n]` an item; a backslash escapes a
//! dot, a bracket or itself, and `$.` may be left out.
//!
//! Source: SDK `locatorToSteps`, `getValueByLocator`, `getValueAtLocator`, `setValueAtLocator`.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::javascript;
use crate::base::JsonMap;
use crate::base::error::ApiError;

/// The largest index that a locator may write to.
const MOST_ITEMS: usize = 100_000;

/// One step from a value to one inside it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Member(String),
    /// An index, which is no negative number; whatever is no whole number finds nothing.
    Item(f64),
}

/// Reads a locator; fails when it is not one.
pub(super) fn parse(locator: &str) -> Result<Vec<Step>, ApiError> {
    let wrong =
        |why: &str| ApiError::bad_request(format!("`{locator}` is no locator such as `$.input.items[0]`: {why}"));
    let text = locator.strip_prefix('$').map_or_else(|| Cow::Owned(format!(".{locator}")), Cow::Borrowed);
    let (mut rest, mut steps) = (text.as_ref(), Vec::new());
    while !rest.is_empty() {
        rest = if let Some(name) = rest.strip_prefix('.') {
            let end = end_of_name(name);
            steps.push(Step::Member(unescape(name.get(..end).unwrap_or(name))));
            name.get(end..).unwrap_or_default()
        } else if let Some(index) = rest.strip_prefix('[') {
            let (index, after) = index.split_once(']').ok_or_else(|| wrong("a bracket is not closed"))?;
            let index = javascript::number_from(index).filter(|index| *index >= 0.0);
            steps.push(Step::Item(index.ok_or_else(|| wrong("an index is a number from 0"))?));
            after
        } else {
            return Err(wrong("after a bracket there is a dot or another one"));
        };
    }
    Ok(steps)
}

/// The locator that a value is, where it is one; an empty text is none.
pub(super) fn of(value: Option<&Value>) -> Option<Vec<Step>> {
    value.and_then(Value::as_str).filter(|locator| !locator.is_empty()).and_then(|locator| parse(locator).ok())
}

/// Writes steps as a locator.
pub(super) fn print(steps: &[Step]) -> String {
    let mut locator = "$".to_owned();
    for step in steps {
        match step {
            Step::Member(name) => {
                locator.push('.');
                for c in name.chars() {
                    if matches!(c, '\\' | '[' | ']' | '.') {
                        locator.push('\\');
                    }
                    locator.push(c);
                }
            }
            Step::Item(index) => locator.extend(["[", &javascript::number_text(*index), "]"]),
        }
    }
    locator
}

/// Where a name ends: at a dot or an opening bracket that no backslash escapes.
fn end_of_name(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '\\' => escaped = !escaped,
            _ if escaped => escaped = false,
            '.' | '[' => return at,
            _ => {}
        }
    }
    text.len()
}

fn unescape(name: &str) -> String {
    let mut out = String::new();
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(next)) if !matches!(next, '\n' | '\r' | '\u{2028}' | '\u{2029}') => out.extend(chars.next()),
            _ => out.push(c),
        }
    }
    out
}

/// Follows steps; an item that JavaScript takes for false is not found. This is what `$var` does. Source: SDK
/// `getValueByLocator`.
pub(super) fn follow<'v>(value: &'v Value, steps: &[Step]) -> Option<Cow<'v, Value>> {
    walk(value, steps, |item| javascript::is_truthy(Some(item)))
}

/// Follows steps, whatever the items are. Source: SDK `getValueAtLocator`.
pub(super) fn get<'v>(value: &'v Value, steps: &[Step]) -> Option<Cow<'v, Value>> {
    walk(value, steps, |_| true)
}

fn walk<'v>(value: &'v Value, steps: &[Step], takes: impl Fn(&Value) -> bool) -> Option<Cow<'v, Value>> {
    let mut at = value;
    for (done, step) in steps.iter().enumerate() {
        at = match (step, at) {
            (Step::Member(name), Value::Object(members)) => members.get(name)?,
            (Step::Member(name), Value::Array(items)) if name == "length" => {
                // A number has nothing inside.
                return (done + 1 == steps.len()).then(|| Cow::Owned(Value::from(items.len())));
            }
            (Step::Member(name), Value::Array(items)) => items.get(javascript::index(name)?)?,
            (Step::Item(index), Value::Array(items)) => item(items, *index).filter(|item| takes(item))?,
            _ => return None,
        };
    }
    Some(Cow::Borrowed(at))
}

/// An item by its index, which has to be a whole number.
pub(super) fn item(items: &[Value], index: f64) -> Option<&Value> {
    items.get(whole(index)?)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the number is a whole one below 2^32")]
fn whole(index: f64) -> Option<usize> {
    (index.fract() == 0.0 && (0.0..4_294_967_295.0).contains(&index)).then_some(index as usize)
}

/// Puts a value where the steps lead, or takes away what is there. What lies on the way and is no object or array
/// becomes one. Fails for an index above 100,000. Source: SDK `setValueAtLocator`.
pub(super) fn set(target: Option<Value>, steps: &[Step], value: Option<Value>) -> Result<Option<Value>, ApiError> {
    let Some((step, rest)) = steps.split_first() else { return Ok(value) };
    match step {
        Step::Item(index) => {
            let mut items = match target {
                Some(Value::Array(items)) => items,
                _ => Vec::new(),
            };
            match whole(*index) {
                Some(index) => set_item(&mut items, index, rest, value, true)?,
                // Taking away what is between two items takes the one before.
                None if value.is_none() && rest.is_empty() => {
                    if let Some(before) = whole(index.trunc()).filter(|before| *before < items.len()) {
                        items.remove(before);
                    }
                }
                None => {}
            }
            Ok(Some(Value::Array(items)))
        }
        Step::Member(name) => match target {
            Some(Value::Array(mut items)) => {
                if name == "length" {
                    // A list that a step makes of it is the number 0.
                    let length = if matches!(rest.first(), Some(Step::Item(_))) {
                        Some(json!([]))
                    } else {
                        set(None, rest, value)?
                    };
                    set_length(&mut items, length.as_ref())?;
                } else if let Some(index) = javascript::index(name) {
                    set_item(&mut items, index, rest, value, false)?;
                }
                Ok(Some(Value::Array(items)))
            }
            target => {
                let mut members = match target {
                    Some(Value::Object(members)) => members,
                    _ => JsonMap::new(),
                };
                match set(members.get(name).cloned(), rest, value)? {
                    Some(value) => drop(members.insert(name.clone(), value)),
                    None => drop(members.shift_remove(name)),
                }
                Ok(Some(Value::Object(members)))
            }
        },
    }
}

/// Sets the length of an array.
fn set_length(items: &mut Vec<Value>, length: Option<&Value>) -> Result<(), ApiError> {
    let length = length.and_then(javascript::to_number).and_then(whole);
    let length = length.filter(|length| *length <= MOST_ITEMS);
    let wrong = || ApiError::bad_request(format!("an array's `length` is a number up to {MOST_ITEMS}"));
    items.resize(length.ok_or_else(wrong)?, Value::Null);
    Ok(())
}

/// Sets an item; one that is taken away leaves a gap of null unless the others `close` it.
fn set_item(
    items: &mut Vec<Value>,
    index: usize,
    rest: &[Step],
    value: Option<Value>,
    close: bool,
) -> Result<(), ApiError> {
    if index > MOST_ITEMS {
        return Err(ApiError::bad_request(format!("a locator's index is at most {MOST_ITEMS}, not {index}")));
    }
    match set(items.get(index).cloned(), rest, value)? {
        Some(value) => {
            if items.len() <= index {
                items.resize(index + 1, Value::Null);
            }
            if let Some(item) = items.get_mut(index) {
                *item = value;
            }
        }
        None if index < items.len() && close => drop(items.remove(index)),
        None => {
            if let Some(item) = items.get_mut(index) {
                *item = Value::Null;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locators_are_read_and_written_back() {
        for locator in ["$", "$.a.b[0].c", r"$.a\.b\[0\]", "$.a[1][2]"] {
            assert_eq!(print(&parse(locator).unwrap()), locator);
        }
        assert_eq!(parse("a.b").unwrap(), parse("$.a.b").unwrap());
        assert_eq!(parse("$[]").unwrap(), [Step::Item(0.0)]);
        for wrong in ["$a", "$.a[x]", "$.a[", "$[0]a", "$[-1]"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_are_found_and_put_where_locators_lead() {
        let value = json!({ "list": [{ "a": 1 }, 0], "a.b": 2 });
        let at = |locator: &str| get(&value, &parse(locator).unwrap()).map(Cow::into_owned);
        assert_eq!(at("$.list[0].a"), Some(json!(1)));
        assert_eq!(at("$.list.length"), Some(json!(2)));
        assert_eq!(at(r"a\.b"), Some(json!(2)));
        assert_eq!(at("$.list[1]"), Some(json!(0)));
        assert_eq!(follow(&value, &parse("$.list[1]").unwrap()), None, "`$var` passes over it");

        let set = |locator: &str, put: Option<Value>| set(Some(value.clone()), &parse(locator).unwrap(), put).unwrap();
        assert_eq!(set("$.list[0]", None), Some(json!({ "list": [0], "a.b": 2 })));
        assert_eq!(set("$.new.x[1]", Some(json!(3))).unwrap()["new"], json!({ "x": [null, 3] }));
        assert!(super::set(None, &parse("$[100001]").unwrap(), Some(json!(1))).is_err());
    }
}
