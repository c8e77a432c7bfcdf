//! This module finds where in the snippet an error happened: it wraps the source, and translates the engine's places
//! back. Invariant: a [`SourcePlace`] never lies in the wrapping.

use std::fmt::Write as _;

use boa_engine::vm::CallFrame;
use boa_engine::{Context, JsError};

use crate::base::error::ApiError;
use crate::sandbox::SandboxError;
pub(super) use crate::sandbox::SourcePlace;

/// Stacks show the snippet under this file name.
pub(super) const FILE: &str = "code.js";

// The wrapping stands on the snippet's first line, so that its line numbers stay right.
const BEFORE: &str = "runSnippet(function (module, exports, ex$) {";
const AFTER: &str = "\n})";
const LONGEST_MESSAGE: usize = 10_000;
const MOST_FRAMES: usize = 30;

/// Returns the text that the engine evaluates for a snippet.
pub(super) fn wrapped(source: &str) -> String {
    format!("{BEFORE}{source}{AFTER}")
}

impl SourcePlace {
    /// Translates a place in the wrapped form to one in the snippet, or returns nothing when it lies in the wrapping.
    pub(super) fn of(line: u32, column: u32) -> Option<Self> {
        let before = u32::try_from(BEFORE.len()).unwrap_or(0);
        let column = if line == 1 { column.checked_sub(before).filter(|column| *column > 0)? } else { column };
        Some(Self { line, column })
    }
}

/// Makes the error from one that the engine reports itself instead of throwing it: syntax errors and limits.
pub(super) fn of_error(error: &JsError) -> SandboxError {
    let text = error.to_string();
    let (message, stack) = text.split_once("\n    at ").unwrap_or((&text, ""));
    let message = message.strip_suffix(" (native)").unwrap_or(message);
    let (message, at) = place_in_message(message);
    let mut error = of_thrown(message, &Frames::Engine(&format!("    at {stack}")), "");
    error.at = at.or(error.at);
    error
}

/// Finds the parser's `… at line 2, col 12` in a message, and rewrites its column as the author counts.
fn place_in_message(message: &str) -> (String, Option<SourcePlace>) {
    let found = message.rsplit_once("at line ").and_then(|(before, rest)| {
        let (line, rest) = rest.split_once(", col ")?;
        let (column, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let place = SourcePlace::of(line.parse().ok()?, column.parse().ok()?)?;
        Some((format!("{before}at {place}{after}"), place))
    });
    match found {
        Some((message, place)) => (message, Some(place)),
        None => (message.to_owned(), None),
    }
}

/// The frames of a stack as text, one on each line.
pub(super) enum Frames<'t> {
    /// The engine wrote the text, so its places are those of the wrapped snippet.
    Engine(&'t str),
    /// The text comes from `error.stack`, so its places are those of the snippet.
    Shown(&'t str),
}

impl Frames<'_> {
    /// Returns the frames that lie in the snippet.
    fn own(&self) -> impl Iterator<Item = (String, SourcePlace)> {
        let (text, place): (_, fn(u32, u32) -> Option<SourcePlace>) = match self {
            Self::Engine(text) => (text, SourcePlace::of),
            Self::Shown(text) => (text, |line, column| Some(SourcePlace { line, column })),
        };
        text.lines().filter_map(move |line| frame(line, place)).take(MOST_FRAMES)
    }

    fn text(&self) -> String {
        self.own().fold(String::new(), |mut text, (name, at)| {
            let _ = write!(text, "\n    at {name} ({FILE}:{}:{})", at.line, at.column);
            text
        })
    }
}

/// Makes the error from what the snippet threw.
pub(super) fn of_thrown(message: String, frames: &Frames<'_>, cause: &str) -> SandboxError {
    let at = frames.own().next().map(|(_, at)| at);
    let message = with_advice(shortened(message));
    SandboxError {
        at,
        stack: at.map(|_| format!("{message}{}", frames.text())),
        cause: serde_json::from_str::<ApiError>(cause).ok(),
        ..SandboxError::thrown(message)
    }
}

/// Adds what to use instead to a message about a name that the sandbox does not have.
fn with_advice(message: String) -> String {
    if message.contains("module resolution is disabled") {
        return crate::sandbox::runtime::syntax::NO_IMPORT.into();
    }
    let Some(name) = message.strip_prefix("ReferenceError: ").and_then(|rest| rest.strip_suffix(" is not defined"))
    else {
        return message;
    };
    let advice = match name {
        "process" => "the environment is not there; pass values by `input`",
        "__dirname" | "__filename" => "a snippet is no file",
        "XMLHttpRequest" | "axios" => "use `externalApiClient` for the external app, `membrane` for the API",
        "window" | "document" => "a snippet runs in no browser",
        _ => return message,
    };
    format!("{message}: {advice}")
}

/// Returns a stack for `error.stack`: what was thrown, then the snippet's own frames in the engine's text.
pub(super) fn stack(head: &str, frames: &str) -> String {
    format!("{head}{}", Frames::Engine(frames).text())
}

/// Returns the current place in the snippet as the lines of a stack, or an empty text when no
/// part of the snippet is running.
pub(super) fn here(context: &Context) -> String {
    let mut text = String::new();
    for at in context.stack_trace().map(CallFrame::position).filter(|at| at.path.to_string() == FILE) {
        if let Some(position) = at.position {
            let (name, line, column) =
                (at.function_name.to_std_string_lossy(), position.line_number(), position.column_number());
            let _ = writeln!(text, "    at {name} ({FILE}:{line}:{column})");
        }
    }
    Frames::Engine(&text).text()
}

/// Reads one line such as `    at name (code.js:4:9)`, whose line and column `place` takes; returns nothing for frames outside
/// the snippet.
fn frame(line: &str, place: fn(u32, u32) -> Option<SourcePlace>) -> Option<(String, SourcePlace)> {
    let (name, at) = line.trim().strip_prefix("at ")?.rsplit_once(" (")?;
    let at = at.strip_prefix(FILE)?.strip_prefix(':')?.strip_suffix(')')?;
    let (row, column) = at.split_once(':')?;
    let place = place(row.parse().ok()?, column.parse().ok()?)?;
    let name = if name == "<main>" || name.is_empty() { "<anonymous>" } else { name };
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
        let own = u32::try_from(BEFORE.len()).unwrap();
        let frames = format!(
            "    at f (code.js:1:{})\n    at map (native)\n    at <main> (code.js:3:2)\n    at <main> (code.js:1:11)\n",
            own + 6
        );
        let error = of_thrown("Error: x".into(), &Frames::Engine(&frames), "");

        assert_eq!(error.at, Some(SourcePlace { line: 1, column: 6 }));
        let shown = of_thrown("Error: x".into(), &Frames::Shown(error.stack.as_deref().unwrap()), "");
        assert_eq!((shown.at, &shown.stack), (error.at, &error.stack));
        assert_eq!(error.stack.unwrap().lines().count(), 3);
    }

    #[test]
    fn the_parsers_place_is_found() {
        let (message, at) = place_in_message("SyntaxError: unexpected token ';' at line 2, col 12");

        assert_eq!(message, "SyntaxError: unexpected token ';' at line 2, column 12");
        assert_eq!(at, Some(SourcePlace { line: 2, column: 12 }));
    }

    proptest! {
        #[test]
        fn any_source_is_wrapped_and_any_text_read(source in ".*", stack in ".*") {
            prop_assert!(wrapped(&source).starts_with(BEFORE));
            let _ = of_thrown(stack.clone(), &Frames::Engine(&stack), &stack);
            let _ = of_thrown(stack.clone(), &Frames::Shown(&stack), &stack);
            let _ = place_in_message(&stack);
        }
    }
}
