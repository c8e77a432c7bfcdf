//! This module runs one snippet in one fresh context; it is the only place that knows Boa.
//!
//! A thread of this process or a worker runs it, and gives it a [`Port`] to its host. These end a snippet from within:
//! a budgeted start that checks the deadline every few thousand instructions, the deadline between any two jobs, and
//! limits on loops, recursion, stack, source, nesting, output and console.

mod codecs;
pub(super) mod guard;
mod jobs;
mod lazies;
mod natives;
mod place;
mod syntax;
mod zones;

use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use boa_engine::context::{ContextBuilder, HostHooks};
use boa_engine::module::IdleModuleLoader;
use boa_engine::realm::Realm;
use boa_engine::vm::CallFrame;
use boa_engine::{Context, JsError, JsNativeError, JsResult, JsString, Script, Source};
use serde_json::value::RawValue;

use self::jobs::{Jobs, SnippetTime};
use self::natives::Shared;
use self::place::SourcePlace;
use crate::base::clock::monotonic;
use crate::base::json::bounds;
use crate::sandbox::SandboxError;
use crate::sandbox::protocol::{FromRun, Task};

/// The snippet executes this many instructions between two checks of the deadline.
const BUDGET: u32 = 10_000;
const LOOP_LIMIT: u64 = 100_000_000;
/// Calls that pass through the engine's own code, as those of `map`, take native stack.
const RECURSION_LIMIT: usize = 400;
/// This limit is about as deep as Node's; a worker may run out of stack, because it can be killed.
const RECURSION_LIMIT_OF_A_WORKER: usize = 10_000;
/// Each level takes at most this many values on the engine's stack.
const STACK_PER_LEVEL: usize = 64;
const LARGEST_BUFFER: u64 = 256 * 1024 * 1024;
const MOST_OUTPUT_BYTES: usize = 10 * 1024 * 1024;

/// The host is gone, so nobody needs the run any more.
#[derive(Debug)]
pub(super) struct HostGone;

/// The port connects a run with its host.
pub(super) trait Port {
    /// Sends a message, or fails when the host is gone.
    fn send(&mut self, message: FromRun) -> Result<(), HostGone>;

    /// Waits for the next answer of a call, at most for `wait`; returns nothing when none came.
    fn answer(&mut self, wait: Duration) -> Result<Option<(u64, Box<RawValue>)>, HostGone>;

    /// Returns whether nobody waits for the run any more.
    fn host_left(&self) -> bool;

    /// Returns whether the run's process can be killed; if so, no limit on loops has to replace the clock.
    fn can_be_killed(&self) -> bool;
}

/// The moment at which a run has to end.
#[derive(Debug, Clone, Copy)]
struct Deadline {
    at: Instant,
    limit_ms: u64,
}

impl Deadline {
    fn left(self) -> Duration {
        self.at.saturating_duration_since(monotonic())
    }

    fn passed(self) -> bool {
        self.left().is_zero()
    }
}

/// A fresh context, ready for one snippet.
pub(super) struct Prepared {
    context: Context,
    jobs: Rc<Jobs>,
    time: Rc<SnippetTime>,
    shared: Rc<Shared>,
    /// The engine has panicked, so the context cannot be used or dropped.
    broken: bool,
}

impl Prepared {
    /// Makes a context, or fails when the engine cannot be set up.
    pub(super) fn new(port: Box<dyn Port>) -> Result<Self, SandboxError> {
        let broken = |error: JsError| SandboxError::broken(error.to_string());
        let jobs = Rc::new(Jobs::default());
        let time = Rc::new(SnippetTime::new());
        let mut context = ContextBuilder::new()
            .job_executor(Rc::clone(&jobs))
            .clock(Rc::clone(&time))
            .host_hooks(Rc::new(Hooks))
            // The engine's own loader would open files.
            .module_loader(Rc::new(IdleModuleLoader))
            .build()
            .map_err(broken)?;
        let limits = context.runtime_limits_mut();
        if port.can_be_killed() {
            limits.set_loop_iteration_limit(u64::MAX);
            limits.set_recursion_limit(RECURSION_LIMIT_OF_A_WORKER);
            limits.set_stack_size_limit(RECURSION_LIMIT_OF_A_WORKER * STACK_PER_LEVEL);
        } else {
            limits.set_loop_iteration_limit(LOOP_LIMIT);
            limits.set_recursion_limit(RECURSION_LIMIT);
        }
        let shared = Rc::new(Shared::new(port, Rc::clone(&time)));
        natives::register(&mut context, &shared).map_err(broken)?;
        Ok(Self { context, jobs, time, shared, broken: false })
    }

    /// Parses one more file that only some snippets need; an idle worker calls it. It
    /// returns false when all are parsed.
    pub(super) fn warm_up(&mut self) -> bool {
        lazies::warm_up(&mut self.context).unwrap_or(false)
    }

    /// Runs a snippet to its end; the time limit counts from `begun`. It must be called only once. A panic
    /// of the engine becomes an error.
    pub(super) fn run(&mut self, task: &Task, begun: Instant) -> Result<Option<Box<RawValue>>, SandboxError> {
        let deadline = Deadline { at: begun + Duration::from_millis(task.limit_ms), limit_ms: task.limit_ms };
        let run = std::panic::AssertUnwindSafe(|| self.run_inner(task, deadline));
        std::panic::catch_unwind(run).unwrap_or_else(|panic| {
            self.broken = true;
            let why = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let why = why.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Err(SandboxError::engine_gave_up(&why))
        })
    }

    /// Drops the context, or leaks it when the engine has panicked.
    pub(super) fn discard(self) {
        if self.broken {
            // A panicked engine cannot be relied upon, not even to be dropped.
            std::mem::forget(self);
        }
    }

    fn run_inner(&mut self, task: &Task, deadline: Deadline) -> Result<Option<Box<RawValue>>, SandboxError> {
        self.time.start(task.now, task.frozen);
        self.shared.start(task);
        self.evaluate(&task.source, deadline)?;
        loop {
            while let Some(job) = self.jobs.next() {
                if self.must_end(deadline) {
                    return Err(self.overtime(deadline));
                }
                job.run(&mut self.context).map_err(|error| self.of_job(&error))?;
                self.context.clear_kept_objects();
            }
            if let Some(settled) = self.shared.settled() {
                return output(settled);
            }
            let now = self.context.clock().now().millis_since_epoch();
            let wait = match (self.shared.waits(), self.jobs.next_timer()) {
                (false, None) => return Err(SandboxError::never_settled()),
                // In virtual time nobody waits for a timer, unless an answer of the host is due first.
                (false, Some(at)) if self.time.skip_to(at) => Duration::ZERO,
                (_, Some(at)) => Duration::from_millis(at.saturating_sub(now)),
                (true, None) => deadline.left(),
            };
            self.shared
                .take_answer(wait.min(deadline.left()), &mut self.context)
                .map_err(|error| place::of_error(&error))?;
            if self.must_end(deadline) {
                return Err(self.overtime(deadline));
            }
            self.jobs.wake_timers(self.context.clock().now().millis_since_epoch());
        }
    }

    /// Parses the wrapped snippet: first as written, and when the engine cannot read that, as a plain script.
    fn parse(&mut self, source: &str) -> Result<Script, SandboxError> {
        let mut parse = |source: &str| {
            let text = place::wrapped(source);
            let source = Source::from_bytes(&text).with_path(std::path::Path::new(place::FILE));
            Script::parse(source, None, &mut self.context).map_err(|error| place::of_error(&error))
        };
        parse(source).or_else(|error| match syntax::plain(source)? {
            Some(plain) => parse(&plain),
            None => Err(error),
        })
    }

    /// Evaluates the snippet, and checks the deadline every [`BUDGET`] instructions.
    fn evaluate(&mut self, source: &str, deadline: Deadline) -> Result<(), SandboxError> {
        let script = self.parse(source)?;
        let result = {
            let mut running = pin!(script.evaluate_async_with_budget(&mut self.context, BUDGET));
            let mut polling = std::task::Context::from_waker(Waker::noop());
            loop {
                match running.as_mut().poll(&mut polling) {
                    Poll::Ready(result) => break Some(result),
                    Poll::Pending if deadline.passed() || self.shared.host_left() => break None,
                    Poll::Pending => {}
                }
            }
        };
        match result {
            Some(result) => result.map(|_| ()).map_err(|error| place::of_error(&error)),
            None => Err(self.overtime(deadline)),
        }
    }

    /// Makes the error from what a timer or another job threw. Nobody could catch it, so it ends the run.
    fn of_job(&mut self, error: &JsError) -> SandboxError {
        let Some(value) = error.as_opaque() else { return place::of_error(error) };
        match natives::described(value, &self.shared, &mut self.context) {
            Settled::Thrown { message, stack, cause } => {
                place::of_thrown(message, &place::Frames::Shown(&stack), &cause)
            }
            Settled::Output(_) => place::of_error(error),
        }
    }

    fn must_end(&self, deadline: Deadline) -> bool {
        deadline.passed() || self.shared.host_left()
    }

    fn overtime(&self, deadline: Deadline) -> SandboxError {
        let frames = self.context.stack_trace().map(CallFrame::position);
        let place = frames
            .filter(|at| at.path.to_string() == place::FILE)
            .find_map(|at| SourcePlace::of(at.position?.line_number(), at.position?.column_number()));
        SandboxError { at: place, ..SandboxError::overtime(deadline.limit_ms) }
    }
}

/// Frees the memory of discarded contexts on this thread.
pub(super) fn collect_garbage() {
    boa_engine::gc::force_collect();
}

/// The value that a snippet settled with.
pub(super) enum Settled {
    /// The output as JSON; the text is empty when the value was undefined.
    Output(String),
    /// The message, the stack and the JSON of the error that the snippet threw.
    Thrown { message: String, stack: String, cause: String },
}

fn output(settled: Settled) -> Result<Option<Box<RawValue>>, SandboxError> {
    match settled {
        Settled::Thrown { message, stack, cause } => {
            Err(place::of_thrown(message, &place::Frames::Shown(&stack), &cause))
        }
        Settled::Output(text) if text.is_empty() => Ok(None),
        Settled::Output(text) if text.len() > MOST_OUTPUT_BYTES => Err(SandboxError::thrown(format!(
            "the output has {} bytes; at most {MOST_OUTPUT_BYTES} are returned",
            text.len()
        ))),
        Settled::Output(text) => match bounds::excess(text.as_bytes()) {
            Some(excess) => Err(SandboxError::thrown(format!("the output {excess}"))),
            None => RawValue::from_string(natives::mended(text))
                .map(Some)
                .map_err(|error| SandboxError::thrown(format!("the output cannot be returned as JSON: {error}"))),
        },
    }
}

/// The hooks check text that a snippet compiles by itself as the snippet was checked.
struct Hooks;

impl HostHooks for Hooks {
    // The zone is UTC, as on the platform's runner, and nothing outside the process is asked.
    fn local_timezone_offset_seconds(&self, _: i64) -> i32 {
        0
    }

    fn max_buffer_size(&self, _: &mut Context) -> u64 {
        LARGEST_BUFFER
    }

    fn ensure_can_compile_strings(
        &self,
        _: Realm,
        parameters: &[JsString],
        body: &JsString,
        _: bool,
        _: &mut Context,
    ) -> JsResult<()> {
        let checked = parameters.iter().chain([body]).try_for_each(|text| guard::check(&text.to_std_string_lossy()));
        checked.map_err(|why| JsNativeError::range().with_message(why).into())
    }
}
