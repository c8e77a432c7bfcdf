//! This module limits how deep JSON may nest, because what a caller sends is stored inside other JSON,
//! and readers stop at 128 levels.

/// A request may nest this deep and no deeper.
pub const DEEPEST: usize = 100;

/// Returns whether JSON text nests deeper than [`DEEPEST`]. Brackets inside strings do not count.
pub fn exceeds(text: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_string = false,
            (true, _) => {}
            (false, b'"') => in_string = true,
            (false, b'[' | b'{') => {
                depth += 1;
                if depth > DEEPEST {
                    return true;
                }
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            (false, _) => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::exceeds;

    #[test]
    fn only_brackets_outside_strings_count() {
        assert!(exceeds("[".repeat(101).as_bytes()));
        assert!(!exceeds(format!("[\"{}\\\"\"]", "[".repeat(500)).as_bytes()));
    }
}
