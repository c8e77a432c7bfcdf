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
