//! What a run and its host say to each other: the same messages over a channel or, a line of JSON each, over pipes.
//!
//! Invariant: a line never holds a line break of its own, and never more than [`LONGEST_LINE`] bytes; whoever reads a
//! line that is longer, or that is no message, ends the conversation.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::sandbox::{Arguments, SandboxError};

/// The longest line. Bodies have 10 MB at most, and a text that is quoted grows.
pub(super) const LONGEST_LINE: usize = 64 * 1024 * 1024;

/// To the side that runs snippets.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(super) enum ToRun {
    /// Run this.
    Run(Task),
    /// The answer to a call: JSON `{value}` or `{error}`.
    Answer {
        /// Which call.
        id: u64,
        /// JSON.
        answer: Box<RawValue>,
    },
}

/// A snippet to run, as the side that runs it sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Task {
    /// The snippet.
    pub(super) source: String,
    /// What its handler gets.
    pub(super) arguments: Arguments,
    /// What `Date` says at the start, in milliseconds since 1970.
    pub(super) now: i64,
    /// Whether the clock stands still: timers then run in virtual time.
    pub(super) frozen: bool,
    /// What random numbers derive from.
    pub(super) seed: String,
    /// Wall-clock limit, in milliseconds.
    pub(super) limit_ms: u64,
}

/// From the side that runs snippets.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(super) enum FromRun {
    /// A worker is there.
    Ready {
        /// Whether the kernel filters its system calls.
        filtered: bool,
    },
    /// A call of the host.
    Call {
        /// Names the answer.
        id: u64,
        /// What.
        operation: String,
        /// With what.
        arguments: Box<RawValue>,
    },
    /// A console line.
    Log {
        /// `log`, `info`, `warn`, `error`, `debug`.
        level: String,
        /// The line.
        message: String,
    },
    /// The end of the run: its output as JSON, none when undefined.
    Done(Result<Option<Box<RawValue>>, SandboxError>),
}

/// A message as a line, with its line break.
pub(super) fn line(message: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut line = serde_json::to_vec(message)?;
    // Raw JSON may be laid out over several lines; inside JSON a break is only ever space between tokens.
    for byte in &mut line {
        if *byte == b'\n' || *byte == b'\r' {
            *byte = b' ';
        }
    }
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn raw_json_over_several_lines_is_one_line() {
        let arguments = RawValue::from_string("{\n\"a\": \"x\\ny\"}".into()).unwrap();
        let call = FromRun::Call { id: 1, operation: "http".into(), arguments };

        let line = String::from_utf8(line(&call).unwrap()).unwrap();

        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.contains(r#""x\ny""#), "{line}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_message_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = serde_json::from_slice::<FromRun>(&bytes);
            let _ = serde_json::from_slice::<ToRun>(&bytes);
        }

        #[test]
        fn what_a_snippet_prints_stays_one_message(level in ".*", message in ".*") {
            let line = line(&FromRun::Log { level: level.clone(), message: message.clone() }).unwrap();

            prop_assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1));
            let FromRun::Log { level: l, message: m } = serde_json::from_slice(&line).unwrap() else { panic!() };
            prop_assert_eq!((l, m), (level, message));
        }
    }
}
