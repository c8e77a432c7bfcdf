//! JSON beyond its syntax: members that may be missing, how much of it there may be, partial updates, and checks against a schema.

pub mod bounds;
pub(crate) mod names;
pub mod patch;
pub mod schema;
pub mod words;

use std::io;

use serde_json::Value;

/// Returns a member of an object, and null where there is none. An index in brackets would do the same for a value, and
/// panic for a map.
///
/// ```
/// use membrane_mock::base::json::member;
/// use serde_json::{Value, json};
///
/// assert_eq!((member(&json!({"a": 1}), "a"), member(&json!([1]), "a")), (&json!(1), &Value::Null));
/// ```
pub fn member<'v>(of: &'v Value, name: &str) -> &'v Value {
    of.get(name).unwrap_or(&Value::Null)
}

/// Sets a member of an object; any other value stays as it is.
pub fn set_member(of: &mut Value, name: impl Into<String>, value: impl Into<Value>) {
    if let Some(members) = of.as_object_mut() {
        members.insert(name.into(), value.into());
    }
}

/// Returns how many bytes the JSON text of a value has, without making the text.
///
/// ```
/// use membrane_mock::base::json::text_size;
/// use serde_json::json;
///
/// assert_eq!(text_size(&json!({"a": [1, "é"]})), r#"{"a":[1,"é"]}"#.len());
/// ```
pub fn text_size(value: &Value) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // A value has no key that is not text and this writer takes all, so it cannot fail.
    serde_json::to_writer(&mut count, value).ok();
    count.0
}

/// Returns how many bytes the JSON text of a value has, when these are more than `limit`; none when they are not. A value
/// that cannot have so many, as most have not, is only looked through.
///
/// ```
/// use membrane_mock::base::json::size_above;
/// use serde_json::json;
///
/// assert_eq!(size_above(&json!(["é"]), 5), Some(6));
/// assert_eq!(size_above(&json!(["é"]), 6), None);
/// ```
pub fn size_above(value: &Value, limit: usize) -> Option<usize> {
    let mut left = limit;
    if surely_fits(value, &mut left) {
        return None;
    }
    let size = text_size(value);
    (size > limit).then_some(size)
}

/// What is kept of a value that is too large to be kept: how many bytes its text has.
pub fn only_size(bytes: usize) -> Value {
    Value::String(format!("({bytes} bytes)"))
}

/// Takes from `left` the most bytes that the text of a value may have. Answers false, and goes no further, when these are
/// more than are left.
fn surely_fits(value: &Value, left: &mut usize) -> bool {
    // A control character of a string is written as `\u001f`, with six bytes for one.
    fn text(text: &str) -> usize {
        text.len().saturating_mul(6).saturating_add(2)
    }
    fn take(bytes: usize, left: &mut usize) -> bool {
        let rest = left.checked_sub(bytes);
        *left = rest.unwrap_or(0);
        rest.is_some()
    }
    match value {
        Value::Null | Value::Bool(_) => take(5, left),
        // The longest is a number with exponent, such as `-2.2250738585072014e-308`.
        Value::Number(_) => take(24, left),
        Value::String(string) => take(text(string), left),
        // A comma, or a colon and a comma, stand beside each member.
        Value::Array(items) => take(2, left) && items.iter().all(|item| take(1, left) && surely_fits(item, left)),
        Value::Object(members) => {
            take(2, left)
                && members
                    .iter()
                    .all(|(name, member)| take(text(name).saturating_add(2), left) && surely_fits(member, left))
        }
    }
}

/// Says what is wrong with a value at a path, in words for whoever wrote it: the reader's own are of Rust where one of several
/// forms is meant.
///
/// ```
/// use membrane_mock::base::json::said_at;
///
/// let error = serde_json::from_str::<Result<u8, u8>>("\"Ok\"").unwrap_err();
/// assert_eq!(said_at("fault.Ok", &error), "it needs more than its name: {\"Ok\": …}");
/// ```
pub fn said_at(path: &str, error: &serde_json::Error) -> String {
    let said = error.to_string();
    let name = path.rsplit('.').next().unwrap_or(path);
    if said.starts_with("invalid type: unit variant, expected") {
        format!("it needs more than its name: {{\"{name}\": …}}")
    } else if said.starts_with("invalid type: ") && said.contains("expected unit") {
        format!("it is its name alone: \"{name}\"")
    } else if said.contains("expected map with a single key") {
        "it is one name, or an object with one".to_owned()
    } else {
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    proptest! {
        #[test]
        fn a_size_is_told_exactly_when_it_is_above_the_limit(
            text in ".*", number: f64, whole: i64, limit in 0_usize..400,
        ) {
            let value = json!({ &text: [number, whole, null, true, { "a": &text }], "b\u{1}": {}, "c": [] });
            let size = value.to_string().len();
            for limit in [limit, size.saturating_sub(1), size, size + 1] {
                prop_assert_eq!(size_above(&value, limit), (size > limit).then_some(size));
            }
        }
    }
}
