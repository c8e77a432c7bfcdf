//! JSON values as JavaScript compares, converts and prints them, because the platform's formulas run in it. A missing
//! value is `undefined`.
//!
//! Invariant: objects and arrays are never equal to one another by `==`, even where JavaScript would find the same one
//! on both sides: values here have no identity.

use std::cmp::Ordering;

use serde_json::Value;

use crate::base::JsonMap;

/// Converts a value as JavaScript's `String` does.
pub(super) fn text(value: Option<&Value>) -> String {
    match value {
        None => "undefined".to_owned(),
        Some(Value::Null) => "null".to_owned(),
        Some(Value::Bool(truth)) => truth.to_string(),
        Some(Value::Number(number)) => number_text(number.as_f64().unwrap_or(f64::NAN)),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items.iter().map(text_in_list).collect::<Vec<_>>().join(","),
        Some(Value::Object(_)) => "[object Object]".to_owned(),
    }
}

/// Converts a value as `Array.prototype.join` does: null is empty there.
pub(super) fn text_in_list(value: &Value) -> String {
    if value.is_null() { String::new() } else { text(Some(value)) }
}

/// Prints a number as JavaScript does: `1`, `0.1`, `1e+21`.
pub(super) fn number_text(number: f64) -> String {
    ryu_js::Buffer::new().format(number).to_owned()
}

/// Whether JavaScript takes a value for true.
pub(super) fn is_truthy(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(truth)) => *truth,
        Some(Value::Number(number)) => number.as_f64().is_some_and(|number| number != 0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(_) | Value::Object(_)) => true,
    }
}

/// Compares as JavaScript's `==` does.
pub(super) fn loosely_equal(a: Option<&Value>, b: Option<&Value>) -> bool {
    let (Some(a), Some(b)) = (a.filter(|a| !a.is_null()), b.filter(|b| !b.is_null())) else {
        let is_none = |value: Option<&Value>| value.is_none_or(Value::is_null);
        return is_none(a) && is_none(b);
    };
    let is_container = |value: &Value| matches!(value, Value::Array(_) | Value::Object(_));
    match (a, b) {
        (Value::String(a), Value::String(b)) => a == b,
        (a, b) if is_container(a) && is_container(b) => false,
        // An object or array is a text beside anything else.
        (a, b) if is_container(a) => loosely_equal(Some(&Value::String(text(Some(a)))), Some(b)),
        (a, b) if is_container(b) => loosely_equal(Some(a), Some(&Value::String(text(Some(b))))),
        (a, b) => number(a).is_some_and(|a| Some(a) == number(b)),
    }
}

/// Compares as JavaScript's `===` does.
pub(super) fn strictly_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => false,
        (a, b) => a == b,
    }
}

/// Whether a value is an array that has an item, as `Array.prototype.includes` finds it.
pub(super) fn includes(list: Option<&Value>, item: Option<&Value>) -> bool {
    let items = list.and_then(Value::as_array);
    items.is_some_and(|items| item.is_some_and(|item| items.iter().any(|known| strictly_equal(known, item))))
}

/// Whether two values are alike through and through, whatever the order of their members.
pub(super) fn deeply_equal(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| deeply_equal(Some(a), Some(b)))
        }
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| deeply_equal(Some(a), Some(b))))
        }
        (Some(a), Some(b)) => strictly_equal(a, b),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// Converts a scalar as JavaScript's `Number` does; none for what is not a number.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::String(text) => number_from(text),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Converts any value as JavaScript's `Number` does; none for what is not a number.
pub(super) fn to_number(value: &Value) -> Option<f64> {
    match value {
        Value::Null => Some(0.0),
        Value::Array(_) | Value::Object(_) => number_from(&text(Some(value))),
        scalar => number(scalar),
    }
}

/// Converts a text as JavaScript's `Number` does; none for what is not a number.
pub(super) fn number_from(text: &str) -> Option<f64> {
    let text = text.trim_matches(is_space);
    if text.is_empty() {
        return Some(0.0);
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        let digits = text.strip_prefix(prefix).or_else(|| text.strip_prefix(&prefix.to_uppercase()));
        if let Some(digits) = digits {
            let digits: Option<Vec<u32>> = digits.chars().map(|digit| digit.to_digit(radix)).collect();
            let digits = digits.filter(|digits| !digits.is_empty())?;
            return Some(digits.iter().fold(0.0, |all, digit| all * f64::from(radix) + f64::from(*digit)));
        }
    }
    (leading_number(text) == text.len()).then(|| parse(text)).flatten()
}

/// Reads the number that a value begins with as text, as JavaScript's `parseFloat` does.
pub(super) fn parse_float(value: Option<&Value>) -> Option<f64> {
    let text = text(value);
    let text = text.trim_start_matches(is_space);
    parse(text.get(..leading_number(text))?)
}

/// Compares the numbers that two values begin with; none when one of them has none.
pub(super) fn compare(a: Option<&Value>, b: Option<&Value>) -> Option<Ordering> {
    parse_float(a)?.partial_cmp(&parse_float(b)?)
}

fn parse(number: &str) -> Option<f64> {
    match number.strip_prefix(['+', '-']).unwrap_or(number) {
        "" => None,
        "Infinity" => Some(if number.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        _ => number.parse().ok(),
    }
}

/// How many bytes at the start of a text are a number: sign, digits, a fraction, an exponent with digits.
fn leading_number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits_from = |at: usize| bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(bytes.first().is_some_and(|byte| matches!(byte, b'+' | b'-')));
    if text.get(sign..).is_some_and(|rest| rest.starts_with("Infinity")) {
        return sign + "Infinity".len();
    }
    let whole = digits_from(sign);
    let mut end = sign + whole;
    if bytes.get(end) == Some(&b'.') {
        let fraction = digits_from(end + 1);
        if whole + fraction == 0 {
            return 0;
        }
        end += 1 + fraction;
    }
    if end > sign && bytes.get(end).is_some_and(|byte| matches!(byte, b'e' | b'E')) {
        let sign = usize::from(bytes.get(end + 1).is_some_and(|byte| matches!(byte, b'+' | b'-')));
        let digits = digits_from(end + 1 + sign);
        if digits > 0 {
            end += 1 + sign + digits;
        }
    }
    if end == sign { 0 } else { end }
}

/// Whether a character is white space to JavaScript.
pub(super) fn is_space(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}

/// The index that a property's name is, such as 0 for `0`; none for `00` and `-1`.
pub(super) fn index(name: &str) -> Option<usize> {
    name.parse().ok().filter(|index: &usize| *index < 4_294_967_295 && index.to_string() == name)
}

/// The members that a value is spread into: those of an object, the items of an array and the units of a text by their
/// indexes, none of anything else.
pub(super) fn spread(value: &Value) -> JsonMap {
    let by_index = |(index, item): (usize, Value)| (index.to_string(), item);
    match value {
        Value::Object(members) => members.clone(),
        Value::Array(items) => items.iter().cloned().enumerate().map(by_index).collect(),
        Value::String(text) => {
            let units = text.encode_utf16().map(|unit| Value::from(String::from_utf16_lossy(&[unit])));
            units.enumerate().map(by_index).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => JsonMap::new(),
    }
}

/// The members of an object in JavaScript's order: those named by an index first, ascending.
pub(super) fn members(object: &JsonMap) -> Vec<(&String, &Value)> {
    let mut members: Vec<(&String, &Value)> = object.iter().collect();
    members.sort_by_key(|(name, _)| index(name).unwrap_or(usize::MAX));
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_print_and_read_as_in_javascript() {
        for (value, expected) in [(json!(1.0), "1"), (json!(1e21), "1e+21"), (json!(0.1), "0.1"), (json!(-0.0), "0")] {
            assert_eq!(text(Some(&value)), expected);
        }
        for (given, expected) in
            [("0x1f", Some(31.0)), (" 12 ", Some(12.0)), ("", Some(0.0)), ("1px", None), (".", None)]
        {
            assert_eq!(number_from(given), expected, "{given:?}");
        }
        for (given, expected) in [("12px", Some(12.0)), ("-.5e1x", Some(-5.0)), ("-Infinity", Some(f64::NEG_INFINITY))]
        {
            assert_eq!(parse_float(Some(&json!(given))), expected, "{given:?}");
        }
        assert_eq!(parse_float(Some(&json!("px"))), None);
    }

    #[test]
    fn equality_converts_as_javascript_does() {
        for (a, b) in
            [(json!("1"), json!(1)), (json!(true), json!("1")), (json!([1]), json!(1)), (json!([]), json!(""))]
        {
            assert!(loosely_equal(Some(&a), Some(&b)), "{a} == {b}");
        }
        for (a, b) in [(json!(null), json!(0)), (json!("a"), json!("A")), (json!({}), json!({}))] {
            assert!(!loosely_equal(Some(&a), Some(&b)), "{a} != {b}");
        }
        assert!(loosely_equal(None, Some(&Value::Null)));
        assert!(deeply_equal(Some(&json!({ "a": [1] })), Some(&json!({ "a": [1.0] }))));
    }
}
