//! Bounds for YAML texts: readers build the whole value, and anchors make a little text large.
//!
//! Invariant: a text is checked before any reader builds it.

use std::collections::HashMap;

use yaml_rust2::parser::{Event, Parser};

use crate::base::json::bounds::DEEPEST;
use crate::world::seed::file::{SeedError, SeedFile};

/// Texts below this many bytes are small, whatever they say.
const LITTLE: usize = 4_096;
/// The most values of one text; what an alias stands for counts each time.
const MOST_VALUES: u64 = 1_000_000;

impl SeedFile {
    /// Refuses a text that nests too deep or has too many values, without building it.
    pub(crate) fn check_bounds(&self) -> Result<(), SeedError> {
        let mut parser = Parser::new_from_str(&self.text);
        let mut open: Vec<(usize, u64)> = Vec::new();
        let mut sizes: HashMap<usize, u64> = HashMap::new();
        let mut values = 0_u64;
        loop {
            let wrong =
                |line: usize, message: String| Err(SeedError { file: self.path.clone(), line: Some(line), message });
            let (event, at) = match parser.next_token() {
                Ok(next) => next,
                // The reader names the error better, and reads so small a text without aliases quickly.
                Err(_) if self.text.len() < LITTLE && !self.text.contains('*') => return Ok(()),
                Err(error) => return wrong(error.marker().line(), error.info().to_owned()),
            };
            match event {
                Event::StreamEnd => return Ok(()),
                Event::Alias(anchor) => values += sizes.get(&anchor).copied().unwrap_or(1),
                Event::Scalar(_, _, anchor, _) => {
                    values += 1;
                    sizes.insert(anchor, 1);
                }
                Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                    open.push((anchor, values));
                    values += 1;
                    if open.len() > DEEPEST {
                        return wrong(at.line(), format!("nests deeper than {DEEPEST} levels"));
                    }
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    if let Some((anchor, before)) = open.pop() {
                        sizes.insert(anchor, values - before);
                    }
                }
                Event::Nothing | Event::StreamStart | Event::DocumentStart | Event::DocumentEnd => {}
            }
            if values > MOST_VALUES {
                return wrong(
                    at.line(),
                    format!("has more than {MOST_VALUES} values, those of aliases counted each time"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), String> {
        let file = SeedFile { path: "x.yaml".into(), text: text.into() };
        file.check_bounds().map_err(|error| error.to_string())
    }

    #[test]
    fn little_text_that_is_much_is_refused() {
        let ones = "1,".repeat(2_000);
        let twice = format!("a: &a [{ones}]\nb: [{}]\n", "*a,".repeat(2_000));
        let deep = format!("a:\n{}1\n", "- ".repeat(100_000));

        let brackets = format!("a: {}{}", "[".repeat(50_000), "]".repeat(50_000));

        assert_eq!(check("a: &a {b: [1, 2]}\nc: *a\n"), Ok(()));
        assert!(check(&brackets).unwrap_err().starts_with("x.yaml:1: "));
        assert!(check(&twice).unwrap_err().starts_with("x.yaml:2: has more than"));
        assert_eq!(check(&deep).unwrap_err(), "x.yaml:2: nests deeper than 100 levels");
    }
}
