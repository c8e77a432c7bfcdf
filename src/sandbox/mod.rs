//! JavaScript: text and JSON in, JSON or [`SandboxError`] out; knows nothing of the rest of the crate but [`Host`].
//!
//! Each run has a fresh Boa context on a thread of its own, with a large stack. What stops a snippet: a budgeted start
//! that is looked at every few thousand instructions, limits on loops, recursion and stack, a deadline between jobs, a
//! cap on source length and nesting, `catch_unwind`, and the caller's wall clock. **Not contained in this mode**: a
//! regular expression that backtracks for ever, a long job after the first `await`, memory taken by built-ins, and code
//! that overflows the native stack in a way the nesting cap does not see (that one ends the process). A thread that
//! cannot be stopped is abandoned and counted, and after [`MOST_STUCK`] of them no snippet runs any more.

mod guard;
mod thread;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc, oneshot};

use crate::clock::Timestamp;
use crate::error::ApiError;

/// How many threads may be lost before no snippet runs any more.
pub const MOST_STUCK: usize = 4;
/// How deep snippets may run each other.
const DEEPEST: u32 = 8;

/// What a snippet can ask of its host; answered on the caller's runtime.
pub trait Host: Send + Sync {
    /// Carries out `operation` with JSON arguments.
    fn call(
        &self,
        operation: String,
        arguments: Value,
    ) -> Pin<Box<dyn Future<Output = Result<Value, ApiError>> + Send + '_>>;
}

/// A snippet to run.
#[derive(Debug, Clone)]
pub struct Snippet {
    /// `module.exports = …`.
    pub source: String,
    /// `{input, connection, integration, credentials, user}` for its handler.
    pub arguments: Value,
    /// What `Date` says.
    pub now: Timestamp,
    /// How many snippets wait for this one: 0 for one that a client started.
    pub depth: u32,
}

/// What a run gave.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The handler's value; none when it was undefined.
    pub output: Option<Value>,
    /// Console lines `{level, message}`.
    pub logs: Vec<Value>,
}

/// Why a run failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SandboxError {
    /// The snippet threw, or is no JavaScript.
    #[error("{message}")]
    Thrown {
        /// What it said.
        message: String,
        /// Where.
        stack: Option<String>,
        /// The error of a host call that it let through.
        cause: Option<ApiError>,
        /// Console lines.
        logs: Vec<Value>,
    },
    /// It ran too long.
    #[error("the code ran longer than {limit_ms} ms")]
    Timeout {
        /// The limit.
        limit_ms: u64,
    },
    /// Its promise can no longer settle.
    #[error("the code's promise never settles: nothing is left that could resolve it")]
    NeverSettled,
    /// It is refused before it is parsed.
    #[error("{0}")]
    Refused(String),
    /// Too many threads were lost to earlier snippets.
    #[error("membrane-mock runs no more snippets: {MOST_STUCK} earlier ones could not be stopped")]
    Exhausted,
    /// The sandbox itself broke.
    #[error("the sandbox broke: {0}")]
    Broken(String),
}

impl From<SandboxError> for ApiError {
    fn from(error: SandboxError) -> Self {
        let message = error.to_string();
        match error {
            SandboxError::Thrown { stack, cause, logs, .. } => {
                let mut api = ApiError::custom_code(message);
                api.stack = stack;
                api.logs = logs;
                api.caused_by_error = cause;
                api
            }
            SandboxError::Timeout { .. } | SandboxError::NeverSettled | SandboxError::Refused(_) => {
                ApiError::custom_code(message)
            }
            SandboxError::Exhausted | SandboxError::Broken(_) => ApiError::internal(message),
        }
    }
}

/// Runs snippets, one per core at a time.
#[derive(Debug)]
pub struct Sandbox {
    limit: Duration,
    turns: Semaphore,
    stuck: Arc<AtomicUsize>,
}

/// A call from a snippet, and where its answer goes.
struct HostCall {
    operation: String,
    arguments: Value,
    reply: std::sync::mpsc::Sender<HostReply>,
    id: u64,
}

struct HostReply {
    id: u64,
    result: Result<Value, ApiError>,
}

impl Sandbox {
    /// A sandbox with a wall-clock limit per run.
    pub fn new(limit: Duration) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { limit, turns: Semaphore::new(cores), stuck: Arc::default() }
    }

    /// Runs a snippet to its end, answering its calls meanwhile.
    pub async fn run(&self, snippet: Snippet, host: &dyn Host) -> Result<Outcome, SandboxError> {
        guard::check(&snippet.source).map_err(SandboxError::Refused)?;
        if snippet.depth > DEEPEST {
            return Err(SandboxError::Refused(format!("snippets run each other {DEEPEST} deep; that is the most")));
        }
        // Held by this frame and not by the thread: a thread that is given up gives its turn back. A snippet that
        // another one waits for goes without: its caller holds a turn already.
        let _turn = if snippet.depth == 0 { Some(self.turn().await?) } else { None };
        if self.stuck.load(Ordering::Relaxed) >= MOST_STUCK {
            return Err(SandboxError::Exhausted);
        }
        let (calls_in, mut calls) = mpsc::unbounded_channel();
        let (done_in, done) = oneshot::channel();
        let deadline = thread::Deadline::after(self.limit);
        std::thread::Builder::new()
            .name("sandbox".into())
            .stack_size(thread::STACK_BYTES)
            .spawn(move || {
                done_in.send(thread::run(&snippet, &calls_in, deadline)).ok();
            })
            .map_err(|error| SandboxError::Broken(error.to_string()))?;
        self.attend(host, &mut calls, done).await
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, SandboxError> {
        tokio::select! {
            turn = self.turns.acquire() => turn.map_err(|closed| SandboxError::Broken(closed.to_string())),
            () = crate::clock::real_sleep(self.limit) => Err(self.timeout()),
        }
    }

    async fn attend(
        &self,
        host: &dyn Host,
        calls: &mut mpsc::UnboundedReceiver<HostCall>,
        mut done: oneshot::Receiver<Result<Outcome, SandboxError>>,
    ) -> Result<Outcome, SandboxError> {
        // The thread keeps its own deadline; this one only catches a thread that cannot look at it.
        let last_resort = crate::clock::real_sleep(self.limit + Duration::from_millis(250));
        tokio::pin!(last_resort);
        let mut answers = FuturesUnordered::new();
        loop {
            tokio::select! {
                result = &mut done => {
                    return result.unwrap_or_else(|_| Err(SandboxError::Broken("its thread died".into())));
                }
                Some(call) = calls.recv() => answers.push(async move {
                    let result = host.call(call.operation, call.arguments).await;
                    call.reply.send(HostReply { id: call.id, result }).ok();
                }),
                Some(()) = answers.next() => {}
                () = &mut last_resort => {
                    self.stuck.fetch_add(1, Ordering::Relaxed);
                    let stuck = Arc::clone(&self.stuck);
                    // When the thread does end, it is no longer lost.
                    tokio::spawn(async move {
                        done.await.ok();
                        stuck.fetch_sub(1, Ordering::Relaxed);
                    });
                    return Err(self.timeout());
                }
            }
        }
    }

    fn timeout(&self) -> SandboxError {
        SandboxError::Timeout { limit_ms: u64::try_from(self.limit.as_millis()).unwrap_or(u64::MAX) }
    }
}
