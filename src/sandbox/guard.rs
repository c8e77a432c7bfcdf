//! What is refused before parsing: Boa's parser obeys no limit and dies of deep nesting.

const LONGEST_SOURCE: usize = 1024 * 1024;
const DEEPEST_NESTING: usize = 150;

/// Refuses a source that is too long or nests too deep. Brackets in strings and comments count too: cheap, and safe.
pub(super) fn check(source: &str) -> Result<(), String> {
    if source.len() > LONGEST_SOURCE {
        return Err(format!("the code has {} bytes; at most {LONGEST_SOURCE} are run", source.len()));
    }
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut run, mut last) = (0_usize, '\0');
    for c in source.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
        // A row of unary operators nests as brackets do.
        run = if c == last && matches!(c, '!' | '~' | '-' | '+') { run + 1 } else { 0 };
        deepest = deepest.max(run);
        last = c;
    }
    if deepest > DEEPEST_NESTING {
        return Err(format!("the code nests {deepest} deep; at most {DEEPEST_NESTING} levels are run"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn deep_nesting_is_refused_before_it_is_parsed() {
        assert!(check(&"(".repeat(200)).is_err());
        assert!(check("module.exports = ({ input }) => [[input]]").is_ok());
    }
}
