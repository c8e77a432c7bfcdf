//! This module runs JavaScript: source and JSON go in, and JSON or a [`SandboxError`] comes out. Of the rest of
//! the crate it knows only [`Host`].
//!
//! Each run has a fresh context (`runtime`) and talks to its host in messages (`protocol`), in one of two places:
//!
//! - **In a worker** ([`worker`]), when the worker's binary is known: a child process per core, warm, without
//!   environment, files, network or children (seccomp), with limits on memory and processor time, killed at the
//!   wall-clock limit. It contains everything that a snippet can do.
//! - **On a thread** (`thread`) of this process otherwise: a budgeted start that is looked at every few thousand
//!   instructions, limits on loops, recursion, stack, source and nesting, a deadline between jobs, `catch_unwind`, and
//!   the caller's wall clock. **Not contained in this mode**: a regular expression that backtracks for ever, a long job
//!   after the first `await` or in a callback of a built-in, memory, and code that overflows the native stack in a way
//!   the nesting cap does not see (the last two end the process). A thread that cannot be stopped is abandoned and
//!   counted, and after [`MOST_STUCK`] of them no snippet runs until one of them ends.
//!
//! Who runs when is decided by `gate`: tenants take turns, and a stuck one holds up nobody else.

mod gate;
mod protocol;
mod runtime;
mod thread;
pub mod worker;

use std::fmt::Write as _;
use std::future::Future;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::gate::{Full, Gate, MOST_WAITING};
use self::protocol::{FromRun, Task, ToRun};
use self::runtime::guard;
use self::worker::Workers;
use crate::base::clock::{Timestamp, real_sleep};
use crate::base::error::ApiError;

/// When this many threads are stuck, no snippet runs any more.
pub const MOST_STUCK: usize = 4;
/// Snippets may run each other this deep.
const DEEPEST: usize = 8;
/// A run ends itself at its limit; the host ends it this much later.
const GRACE: Duration = Duration::from_millis(100);
/// The host keeps this many console lines of one run; the run itself keeps to a limit in bytes.
const MOST_LOG_LINES: usize = 10_000;

/// The host answers what a snippet asks for; it runs on the caller's runtime.
pub trait Host: Send + Sync {
    /// Carries out `operation` with JSON arguments, and returns JSON or the error that the snippet sees.
    fn call(
        &self,
        operation: String,
        arguments: Value,
    ) -> Pin<Box<dyn Future<Output = Result<Value, ApiError>> + Send + '_>>;
}

/// The arguments of a snippet's handler, each as JSON text. A snippet parses a part only when it
/// reads it, because most use little.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Arguments {
    /// The input of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Box<RawValue>>,
    /// The connection as the API shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<Box<RawValue>>,
    /// The integration as the API shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration: Option<Box<RawValue>>,
    /// The credentials that calls of the external app carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Box<RawValue>>,
    /// The tenant for whom the snippet runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Box<RawValue>>,
}

/// A snippet to run, with everything that its result depends on.
#[derive(Debug, Clone)]
pub struct Snippet {
    /// The source is JavaScript or TypeScript that sets `module.exports` or exports a default.
    pub source: String,
    pub arguments: Arguments,
    /// `Date` shows this moment when the run starts.
    pub now: Timestamp,
    /// The workspace's clock stands still, so timers run in virtual time.
    pub frozen: bool,
    /// The snippet's random numbers derive from this text.
    pub seed: String,
    /// The tenant takes turns with others, and its snippets queue behind each other.
    pub tenant: String,
    /// This many snippets wait for this one; it is 0 for one that a client started.
    pub depth: u32,
    /// The token is cancelled when nobody waits for the run any more.
    pub abandoned: CancellationToken,
}

/// The result of a run that ended without an error.
#[derive(Debug, Clone, Default)]
pub struct RunOutcome {
    /// The handler returned this value; it is absent when the value was undefined.
    pub output: Option<Value>,
    /// The console lines, each as `{level, message}`.
    pub logs: Vec<Value>,
}

/// A place in the snippet; line and column are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePlace {
    pub line: u32,
    pub column: u32,
}

impl std::fmt::Display for SourcePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Who is to blame for a failed run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Blame {
    /// The snippet is to blame: it threw, is not JavaScript, or broke a limit.
    Snippet,
    /// The snippet is to blame, and the engine must not be used again.
    Engine,
    /// Too many snippets of the tenant wait already.
    Busy,
    /// The sandbox itself is to blame.
    Sandbox,
}

/// The error of a failed run.
#[derive(Debug, Clone, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct SandboxError {
    fault: Blame,
    message: String,
    at: Option<SourcePlace>,
    stack: Option<String>,
    cause: Option<ApiError>,
    /// The console lines that were written before the failure.
    #[serde(default)]
    pub logs: Vec<Value>,
}

impl SandboxError {
    fn new(fault: Blame, message: impl Into<String>) -> Self {
        Self { fault, message: message.into(), at: None, stack: None, cause: None, logs: Vec::new() }
    }

    fn thrown(message: impl Into<String>) -> Self {
        Self::new(Blame::Snippet, message)
    }

    fn engine_gave_up(why: &str) -> Self {
        Self::new(Blame::Engine, format!("the JavaScript engine gave up: {why}"))
    }

    fn broken(why: impl std::fmt::Display) -> Self {
        Self::new(Blame::Sandbox, format!("the sandbox broke: {why}"))
    }

    fn overtime(limit_ms: u64) -> Self {
        Self::thrown(format!("the code ran longer than {limit_ms} ms"))
    }

    fn abandoned() -> Self {
        Self::thrown("nobody waited for the code any more: the call that started it was cancelled")
    }

    fn never_settled() -> Self {
        Self::thrown("the code's promise never settles: nothing is left that could resolve it")
    }

    fn leaves_a_sound_engine(&self) -> bool {
        self.fault != Blame::Engine
    }

    /// Returns the error as clients see it: `data` has the place and an excerpt of `source`.
    pub fn in_source(self, source: &str) -> ApiError {
        let mut error = match self.fault {
            Blame::Snippet | Blame::Engine => {
                let place = self.at.filter(|_| self.stack.is_none() && !self.message.contains("at line "));
                let place = place.map(|at| format!(", at {at}")).unwrap_or_default();
                ApiError::custom_code(format!("{}{place}", self.message))
            }
            Blame::Busy => ApiError::rate_limited(self.message),
            Blame::Sandbox => ApiError::internal(self.message),
        };
        if let Some(at) = self.at {
            error.data = Some(json!({
                "lineNumber": at.line, "columnNumber": at.column, "code": excerpt(source, at),
            }));
        }
        error.stack = self.stack;
        error.logs = self.logs;
        error.caused_by_error = self.cause;
        error
    }
}

/// Returns the line of a place with two lines before and after it, and a mark below the column.
fn excerpt(source: &str, at: SourcePlace) -> String {
    const AROUND: usize = 2;
    const WIDEST: usize = 200;
    let line = usize::try_from(at.line).unwrap_or(1);
    let first = line.saturating_sub(AROUND).max(1);
    let mut shown = String::new();
    for (index, text) in source.lines().enumerate().skip(first - 1).take(line + AROUND + 1 - first) {
        let text: String = text.chars().take(WIDEST).collect();
        let _ = writeln!(shown, "{:>5} | {text}", index + 1);
        let column = usize::try_from(at.column).unwrap_or(1);
        if index + 1 == line && column <= WIDEST {
            let _ = writeln!(shown, "      | {}^", " ".repeat(column.saturating_sub(1)));
        }
    }
    shown
}

/// A run may have this many calls of its host under way. A well-behaved run keeps to fewer by itself.
const MOST_CALLS: usize = 256;

/// The limits of one run.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The run may take this much real time.
    pub wall: Duration,
    /// The run may use this many megabytes beyond the worker's own. Only workers enforce it.
    pub memory_mb: u64,
}

impl Limits {
    fn wall_ms(self) -> u64 {
        u64::try_from(self.wall.as_millis()).unwrap_or(u64::MAX)
    }
}

/// The sandbox runs snippets in workers or on threads.
#[derive(Debug)]
pub struct Sandbox {
    limits: Limits,
    gate: Gate,
    workers: Option<Workers>,
    stuck: Arc<AtomicUsize>,
}

impl Sandbox {
    /// Makes a sandbox whose workers run the binary `worker`, or one that uses threads. It must be called on the
    /// server's own thread, because workers die with the thread that starts them.
    pub fn new(limits: Limits, worker: Option<PathBuf>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            limits,
            gate: Gate::new(cores, DEEPEST + 1),
            workers: worker.map(|program| Workers::new(program, limits, cores)),
            stuck: Arc::default(),
        }
    }

    /// Runs a snippet to its end, and answers its calls meanwhile. It fails when the snippet does, when a limit is hit,
    /// when too many snippets wait, and when the sandbox breaks.
    pub async fn run(&self, snippet: Snippet, host: &dyn Host) -> Result<RunOutcome, SandboxError> {
        guard::check(&snippet.source).map_err(SandboxError::thrown)?;
        let level = usize::try_from(snippet.depth).unwrap_or(usize::MAX);
        // This frame holds the pass, not the run: a run that is given up gives its turn back.
        let _pass = tokio::select! {
            pass = self.gate.enter(&snippet.tenant, level) => match pass {
                Some(Ok(pass)) => pass,
                Some(Err(Full)) => {
                    let why = format!("{MOST_WAITING} snippets of this tenant wait already; call again later");
                    return Err(SandboxError::new(Blame::Busy, why));
                }
                None => {
                    let why = format!("snippets run each other more than {DEEPEST} deep");
                    return Err(SandboxError::thrown(why));
                }
            },
            () = snippet.abandoned.cancelled() => return Err(SandboxError::abandoned()),
        };
        let task = Task {
            source: snippet.source,
            arguments: snippet.arguments,
            now: snippet.now.millis(),
            frozen: snippet.frozen,
            seed: snippet.seed,
            limit_ms: self.limits.wall_ms(),
        };
        let attendant = RunSupervisor { host, limit: self.limits.wall + GRACE, abandoned: &snippet.abandoned };
        match &self.workers {
            Some(workers) => workers.run(task, attendant).await,
            None => self.run_on_thread(task, attendant).await,
        }
    }

    async fn run_on_thread(&self, task: Task, attendant: RunSupervisor<'_>) -> Result<RunOutcome, SandboxError> {
        if self.stuck.load(Ordering::Relaxed) >= MOST_STUCK {
            return Err(SandboxError::broken(format!(
                "{MOST_STUCK} earlier snippets could not be stopped; no more run until one of them ends"
            )));
        }
        let (to_host, messages) = mpsc::unbounded_channel();
        let (answers, inbox) = std::sync::mpsc::channel();
        let over = thread::start(task, to_host, inbox).map_err(SandboxError::broken)?;
        let messages = futures_util::stream::unfold(messages, async |mut messages| {
            messages.recv().await.map(|message| (Ok(message), messages))
        });
        let (end, logs) = attendant.attend(pin!(messages), |answer| drop(answers.send(answer))).await;
        let result = match end {
            End::Done(result) => result,
            End::Lost(why) => Err(SandboxError::broken(format!("its thread died: {why}"))),
            End::Overtime | End::Abandoned => {
                self.stuck.fetch_add(1, Ordering::Relaxed);
                let stuck = Arc::clone(&self.stuck);
                // A thread that does end is no longer stuck.
                tokio::spawn(async move {
                    over.await.ok();
                    stuck.fetch_sub(1, Ordering::Relaxed);
                });
                Err(match end {
                    End::Abandoned => SandboxError::abandoned(),
                    _ => SandboxError::overtime(self.limits.wall_ms()),
                })
            }
        };
        outcome(result, logs)
    }
}

/// The attendant answers a run's calls and ends the run in time.
struct RunSupervisor<'a> {
    host: &'a dyn Host,
    limit: Duration,
    abandoned: &'a CancellationToken,
}

/// The end says how a run ended, as its host saw it.
enum End {
    /// The run ended by its own message.
    Done(Result<Option<Box<RawValue>>, SandboxError>),
    /// The run died, or broke the protocol.
    Lost(String),
    /// The run went on beyond its limit.
    Overtime,
    /// Nobody waits for the run any more.
    Abandoned,
}

impl RunSupervisor<'_> {
    /// Answers a run's calls until it ends. It also returns the console lines, which are there however the run ends.
    async fn attend(
        self,
        mut messages: impl Stream<Item = Result<FromRun, String>> + Unpin,
        mut send: impl FnMut(ToRun),
    ) -> (End, Vec<Value>) {
        let mut overtime = pin!(real_sleep(self.limit));
        let host = self.host;
        let mut answers = FuturesUnordered::new();
        let mut logs = Vec::new();
        let end = loop {
            tokio::select! {
                // The limit comes first, however much the run asks for and is answered meanwhile.
                biased;
                () = &mut overtime => break End::Overtime,
                () = self.abandoned.cancelled() => break End::Abandoned,
                message = messages.next() => match message {
                    Some(Ok(FromRun::Done(result))) => break End::Done(result),
                    Some(Ok(FromRun::Call { .. })) if answers.len() > MOST_CALLS => {
                        break End::Lost("it asks for too much at once".into());
                    }
                    Some(Ok(FromRun::Call { id, operation, arguments })) => {
                        answers.push(async move { (id, answer(host, operation, &arguments).await) });
                    }
                    Some(Ok(FromRun::Log { level, message })) => {
                        if logs.len() < MOST_LOG_LINES {
                            logs.push(json!({ "level": level, "message": message }));
                        }
                    }
                    Some(Ok(FromRun::Ready { .. })) => break End::Lost("it started anew".into()),
                    Some(Err(why)) => break End::Lost(why),
                    None => break End::Lost("it ended".into()),
                },
                Some((id, answer)) = answers.next() => match answer {
                    Ok(answer) => send(ToRun::Answer { id, answer }),
                    Err(why) => break End::Lost(why.to_string()),
                },
            }
        };
        (end, logs)
    }
}

async fn answer(host: &dyn Host, operation: String, arguments: &RawValue) -> Result<Box<RawValue>, serde_json::Error> {
    let arguments = serde_json::from_str(arguments.get()).unwrap_or_default();
    let answer = match host.call(operation, arguments).await {
        Ok(value) => json!({ "value": value }),
        Err(error) => json!({ "error": error }),
    };
    to_raw_value(&answer)
}

fn outcome(result: Result<Option<Box<RawValue>>, SandboxError>, logs: Vec<Value>) -> Result<RunOutcome, SandboxError> {
    match result {
        Ok(output) => {
            let output = output.map(|output| serde_json::from_str(output.get())).transpose();
            Ok(RunOutcome { output: output.map_err(SandboxError::broken)?, logs })
        }
        Err(error) => Err(SandboxError { logs, ..error }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_marks_the_place() {
        let source = "one\ntwo\nthree\nfour\nfive\nsix";

        assert_eq!(
            excerpt(source, SourcePlace { line: 3, column: 2 }),
            "    1 | one\n    2 | two\n    3 | three\n      |  ^\n    4 | four\n    5 | five\n"
        );
        assert_eq!(excerpt(source, SourcePlace { line: 99, column: 2 }), "");
    }
}
