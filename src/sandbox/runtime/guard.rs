//! This module refuses sources before they are parsed, because Boa's parser and compiler have no limits and crash on
//! deep nesting. Invariant: no text of a snippet reaches the parser without this check.

const LONGEST_SOURCE: usize = 256 * 1024;
const DEEPEST_NESTING: usize = 150;
/// Arrows, `else if` and conditionals each make one more level when they stand in a row.
const MOST_IN_A_ROW: usize = 1_000;

const PREFIX_WORDS: [&str; 12] =
    ["typeof", "void", "new", "await", "delete", "yield", "if", "else", "keyof", "readonly", "unique", "infer"];

/// Refuses a source that is too long or nests too deep, and says why. Brackets in strings and comments count
/// too, which is cheap and safe.
pub(in crate::sandbox) fn check(source: &str) -> Result<(), String> {
    if source.len() > LONGEST_SOURCE {
        return Err(format!("the code has {} bytes; at most {LONGEST_SOURCE} are run", source.len()));
    }
    let deepest = deepest_brackets(source).max(longest_prefix_row(source));
    if deepest > DEEPEST_NESTING {
        return Err(format!("the code nests {deepest} deep; at most {DEEPEST_NESTING} levels are run"));
    }
    for (what, name) in [("=>", "arrow functions"), ("?", "conditionals"), ("else", "`else` branches")] {
        if source.matches(what).count() > MOST_IN_A_ROW {
            return Err(format!("the code has more than {MOST_IN_A_ROW} {name}"));
        }
    }
    Ok(())
}

fn deepest_brackets(source: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in source.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Returns the longest row of prefix operators and words, each of which nests as a bracket does.
fn longest_prefix_row(source: &str) -> usize {
    let (mut row, mut longest) = (0_usize, 0);
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let step = if first.is_alphabetic() {
            let word = rest.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').next().unwrap_or(rest);
            row = if PREFIX_WORDS.contains(&word) { row + 1 } else { 0 };
            word.len()
        } else {
            match first {
                '!' | '~' | '-' | '+' => row += 1,
                c if c.is_whitespace() => {}
                _ => row = 0,
            }
            first.len_utf8()
        };
        longest = longest.max(row);
        rest = rest.get(step..).unwrap_or_default();
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_nests_deep_is_refused_before_it_is_parsed() {
        assert!(check(&"(".repeat(200)).is_err());
        assert!(check(&format!("module.exports = () => {}1", "!~ ".repeat(2_000))).is_err());
        assert!(check(&format!("module.exports = {}1", "a=>".repeat(2_000))).is_err());
        assert!(check(&format!("module.exports = {}1", "typeof ".repeat(2_000))).is_err());
    }

    #[test]
    fn ordinary_code_is_not() {
        assert!(check("module.exports = async ({ input }) => [[...input].map((n) => -n)]").is_ok());
    }
}
