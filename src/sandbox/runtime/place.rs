//! Where in the snippet something happened: wrapping it and unwrapping what the engine says of it.

use std::borrow::Cow;
use std::fmt::Write as _;

use boa_engine::JsError;

use crate::error::ApiError;
pub(super) use crate::sandbox::Place;
use crate::sandbox::SandboxError;

/// The snippet's name in stacks.
pub(super) const FILE: &str = "code.js";

// On the snippet's own first line, so that its line numbers stay right.
const BEFORE: &str = "runSnippet(function (module, exports) {";
const AFTER: &str = "\n})";
const LONGEST_MESSAGE: usize = 10_000;
const MOST_FRAMES: usize = 30;

/// The snippet as it is evaluated.
pub(super) fn wrapped(source: &str) -> String {
    format!("{BEFORE}{}{AFTER}", with_default_export(source))
}

/// `export default …` is the one piece of module syntax that snippets use; it means `exports.default = …`.
fn with_default_export(source: &str) -> Cow<'_, str> {
    let mut offset = 0;
    for line in source.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if let Some(rest) = trimmed.strip_prefix("export default")
            && rest.starts_with([' ', '(', '\t', '\n'])
        {
            let at = offset + line.len() - trimmed.len();
            let (before, after) = (&source[..at], &source[at + "export default".len()..]);
            return format!("{before}exports.default ={after}").into();
        }
        offset += line.len();
    }
    source.into()
}

impl Place {
    /// The place in the snippet of a place in its wrapped form; none when it lies in the wrapping.
    pub(super) fn of(line: u32, column: u32) -> Option<Self> {
        let before = u32::try_from(BEFORE.len()).unwrap_or(0);
        let column = if line == 1 { column.checked_sub(before).filter(|column| *column > 0)? } else { column };
        Some(Self { line, column })
    }
}

/// An error that the engine gave back instead of letting the snippet have it: syntax and limits.
pub(super) fn of_error(error: &JsError) -> SandboxError {
    let text = error.to_string();
    let (message, stack) = text.split_once("\n    at ").unwrap_or((&text, ""));
    let message = message.strip_suffix(" (native)").unwrap_or(message);
    let (message, at) = place_in_message(message);
    let mut error = of_thrown(message, &format!("    at {stack}"), "");
    error.at = at.or(error.at);
    error
}

/// The parser's `… at line 2, col 12`, its column as the author counts.
fn place_in_message(message: &str) -> (String, Option<Place>) {
    let found = message.rfind("at line ").and_then(|start| {
        let rest = &message[start + "at line ".len()..];
        let (line, rest) = rest.split_once(", col ")?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let place = Place::of(line.parse().ok()?, rest[..end].parse().ok()?)?;
        Some((format!("{}at {place}{}", &message[..start], &rest[end..]), place))
    });
    match found {
        Some((message, place)) => (message, Some(place)),
        None => (message.to_owned(), None),
    }
}

/// Something that the snippet threw.
pub(super) fn of_thrown(message: String, frames: &str, cause: &str) -> SandboxError {
    let at = frames.lines().find_map(frame).map(|(_, at)| at);
    let message = shortened(message);
    SandboxError {
        at,
        stack: at.map(|_| stack(&message, frames)),
        cause: serde_json::from_str::<ApiError>(cause).ok(),
        ..SandboxError::thrown(message)
    }
}

/// A stack as `error.stack` shows it: what was thrown, and the snippet's own frames of the engine's text.
pub(super) fn stack(head: &str, frames: &str) -> String {
    let mut shown = head.to_owned();
    for (name, at) in frames.lines().filter_map(frame).take(MOST_FRAMES) {
        let _ = write!(shown, "\n    at {name} ({FILE}:{}:{})", at.line, at.column);
    }
    shown
}

/// `    at name (code.js:4:9)`; none for frames that are not the snippet's own.
fn frame(line: &str) -> Option<(String, Place)> {
    let (name, place) = line.trim().strip_prefix("at ")?.rsplit_once(" (")?;
    let place = place.strip_prefix(FILE)?.strip_prefix(':')?.strip_suffix(')')?;
    let (row, column) = place.split_once(':')?;
    let place = Place::of(row.parse().ok()?, column.parse().ok()?)?;
    let name = if name == "<main>" { "<anonymous>" } else { name };
    Some((name.to_owned(), place))
}

fn shortened(mut message: String) -> String {
    if message.len() > LONGEST_MESSAGE {
        let end = (0..=LONGEST_MESSAGE).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
        message.truncate(end);
        message.push('…');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_line_counts_from_the_snippets_start() {
        let error = of_thrown(
            "Error: x".into(),
            "    at f (code.js:1:45)\n    at map (native)\n    at <main> (code.js:3:2)\n    at <main> (code.js:1:11)\n",
            "",
        );

        assert_eq!(error.at, Some(Place { line: 1, column: 45 - u32::try_from(BEFORE.len()).unwrap() }));
        assert_eq!(error.stack.unwrap().lines().count(), 3);
    }

    #[test]
    fn the_parsers_place_is_found() {
        let (message, at) = place_in_message("SyntaxError: unexpected token ';' at line 2, col 12");

        assert_eq!(message, "SyntaxError: unexpected token ';' at line 2, column 12");
        assert_eq!(at, Some(Place { line: 2, column: 12 }));
    }

    proptest! {
        #[test]
        fn any_source_is_wrapped_and_any_text_read(source in ".*", stack in ".*") {
            prop_assert!(wrapped(&source).starts_with(BEFORE));
            let _ = of_thrown(stack.clone(), &stack, &stack);
            let _ = place_in_message(&stack);
        }
    }
}
