//! This module has the messages between a run and its host. They go over a channel, or as lines of JSON over pipes.
//!
//! Invariant: a line never contains a line break, and never has more than [`LONGEST_LINE`] bytes. A reader that gets a
//! longer line, or one that is not a message, ends the run.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::sandbox::{Arguments, SandboxError};

/// A line may have this many bytes. Bodies have at most 10 MB, and quoting makes text longer.
pub(super) const LONGEST_LINE: usize = 64 * 1024 * 1024;

/// The host sends these messages to the run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(super) enum ToRun {
    /// The run should execute this task.
    Run(Task),
    /// The host answers a call with JSON, either `{value}` or `{error}`.
    Answer {
        /// The answer belongs to the call with this number.
        id: u64,
        answer: Box<RawValue>,
    },
}

/// A task is a snippet as the side that runs it sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Task {
    pub(super) source: String,
    pub(super) arguments: Arguments,
    /// `Date` shows this moment at the start, in milliseconds since 1970.
    pub(super) now: i64,
    /// The workspace's clock stands still, so timers run in virtual time.
    pub(super) frozen: bool,
    /// Random numbers derive from this text.
    pub(super) seed: String,
    /// The run may take this many milliseconds of real time.
    pub(super) limit_ms: u64,
}

/// The run sends these messages to the host.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(super) enum FromRun {
    /// A worker has started and waits for a task.
    Ready {
        /// The kernel filters the worker's system calls.
        filtered: bool,
    },
    /// The snippet asks the host for something.
    Call {
        /// The answer carries this number.
        id: u64,
        /// The name of what the host should do, such as a call of the API.
        operation: String,
        arguments: Box<RawValue>,
    },
    /// The snippet wrote a line to its console.
    Log {
        /// The level is `log`, `info`, `warn`, `error` or `debug`.
        level: String,
        message: String,
    },
    /// The run has ended with its output as JSON, which is absent when it was undefined, or with an error.
    Done(Result<Option<Box<RawValue>>, SandboxError>),
}

/// Returns a message as one line that ends in a line break.
pub(super) fn line(message: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut line = serde_json::to_vec(message)?;
    // Raw JSON may have line breaks between its tokens, where a blank means the same.
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
