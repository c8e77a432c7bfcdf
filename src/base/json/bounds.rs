//! This module limits what JSON may be made of. How deep it nests, because what a caller sends is stored inside other JSON,
//! and readers stop at 128 levels; and of how many values it is, because each takes a hundred times the memory of its text.

use std::fmt;

use serde_json::Value;

/// A text may nest this deep and no deeper.
pub const DEEPEST: usize = 100;

/// A text may have this many values: the members of its objects, the items of its lists, and itself.
pub const MOST_VALUES: usize = 500_000;

/// A form may have this many fields.
pub const MOST_FIELDS: usize = 50_000;

/// Why a text is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// It nests deeper than [`DEEPEST`].
    Depth,
    /// It has more values than [`MOST_VALUES`].
    Values,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Depth => write!(f, "nests deeper than {DEEPEST} levels"),
            Self::Values => write!(f, "has more than {MOST_VALUES} values"),
        }
    }
}

/// Returns how JSON text goes beyond the limits; none when it does not. What is inside strings does not count.
pub fn excess(text: &[u8]) -> Option<Excess> {
    let (mut depth, mut values, mut in_string, mut escaped) = (0_usize, 1_usize, false, false);
    for byte in text {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_string = false,
            (true, _) => {}
            (false, b'"') => in_string = true,
            (false, b'[' | b'{') => {
                depth += 1;
                values += 1;
                if depth > DEEPEST {
                    return Some(Excess::Depth);
                }
            }
            (false, b',') => values += 1,
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            (false, _) => {}
        }
        if values > MOST_VALUES {
            return Some(Excess::Values);
        }
    }
    None
}

/// Whether a value has more text and values than this, counted no further than that.
pub fn is_larger(value: &Value, most: usize) -> bool {
    fn takes(value: &Value, left: &mut usize) -> bool {
        let own = match value {
            Value::String(text) => text.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => 1,
        };
        match left.checked_sub(own) {
            Some(rest) => *left = rest,
            None => return false,
        }
        match value {
            Value::Array(items) => items.iter().all(|item| takes(item, left)),
            Value::Object(members) => members.values().all(|member| takes(member, left)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        }
    }
    let mut left = most;
    !takes(value, &mut left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_larger_by_its_texts_or_by_how_many_it_has() {
        let values = serde_json::json!({"a": ["xyz", null, {"b": 1}]});
        assert!(!is_larger(&values, 8) && is_larger(&values, 7));
    }

    #[test]
    fn only_what_is_outside_strings_counts() {
        assert_eq!(excess("[".repeat(101).as_bytes()), Some(Excess::Depth));
        assert_eq!(excess(format!("[\"{}\\\"\"]", "[,".repeat(MOST_VALUES)).as_bytes()), None);
        assert_eq!(excess(format!("[{}1]", "1,".repeat(MOST_VALUES)).as_bytes()), Some(Excess::Values));
        assert_eq!(excess(format!("[{}1]", "1,".repeat(MOST_VALUES - 2)).as_bytes()), None);
    }
}
