//! This module limits what JSON may be made of. How deep it nests, because what a caller sends is stored inside other JSON,
//! and readers stop at 128 levels; and of how many values it is, because each takes a hundred times the memory of its text.

use std::fmt;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_outside_strings_counts() {
        assert_eq!(excess("[".repeat(101).as_bytes()), Some(Excess::Depth));
        assert_eq!(excess(format!("[\"{}\\\"\"]", "[,".repeat(MOST_VALUES)).as_bytes()), None);
        assert_eq!(excess(format!("[{}1]", "1,".repeat(MOST_VALUES)).as_bytes()), Some(Excess::Values));
        assert_eq!(excess(format!("[{}1]", "1,".repeat(MOST_VALUES - 2)).as_bytes()), None);
    }
}
