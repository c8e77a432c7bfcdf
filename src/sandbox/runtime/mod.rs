//! One run in one fresh context: the only place that knows Boa.
//!
//! Whoever runs it, a thread of this process or a worker, gives it a [`Port`] to its host. What ends a snippet from
//! within: a budgeted start that looks at the deadline every few thousand instructions, the deadline between any two
//! jobs, and limits on loops, recursion, stack, source, nesting, output and console.

pub(super) mod guard;
mod jobs;
mod lazies;
mod natives;
mod place;
mod syntax;

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
use self::place::Place;
use crate::base::clock::monotonic;
use crate::base::depth;
use crate::sandbox::SandboxError;
use crate::sandbox::protocol::{FromRun, Task};

/// Instructions between two looks at the deadline.
const BUDGET: u32 = 10_000;
const LOOP_LIMIT: u64 = 100_000_000;
/// Calls that go through the engine's own code, as those of `map`, take native stack.
const RECURSION_LIMIT: usize = 400;
/// As deep as Node goes, about; whoever can be killed may run out of stack.
const RECURSION_LIMIT_OF_A_WORKER: usize = 10_000;
/// Values on the engine's stack for each level, generously.
const STACK_PER_LEVEL: usize = 64;
const LARGEST_BUFFER: u64 = 256 * 1024 * 1024;
const MOST_OUTPUT_BYTES: usize = 10 * 1024 * 1024;

/// The host is gone: the run is of no use to anybody.
#[derive(Debug)]
pub(super) struct HostGone;

/// The way to the host.
pub(super) trait Port {
    /// Sends a message.
    fn send(&mut self, message: FromRun) -> Result<(), HostGone>;

    /// Waits for the next answer of a call, at most so long.
    fn answer(&mut self, wait: Duration) -> Result<Option<(u64, Box<RawValue>)>, HostGone>;

    /// Whether nobody waits for the run any more.
    fn host_left(&self) -> bool;

    /// Whether whoever runs it can be killed: then no count of loops has to stand in for the clock.
    fn can_be_killed(&self) -> bool;
}

/// When a run has to be over.
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
    /// The engine panicked.
    broken: bool,
}

impl Prepared {
    /// Makes a context.
    pub(super) fn new(port: Box<dyn Port>) -> Result<Self, SandboxError> {
        let broken = |error: JsError| SandboxError::broken(error.to_string());
        let jobs = Rc::new(Jobs::default());
        let time = Rc::new(SnippetTime::new());
        let mut context = ContextBuilder::new()
            .job_executor(Rc::clone(&jobs))
            .clock(Rc::clone(&time))
            .host_hooks(Rc::new(Hooks))
            // The engine's own loader opens files.
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

    /// Reads one more file of what only some snippets need, for a worker that has nothing else to do. False when there is
    /// none left.
    pub(super) fn warm_up(&mut self) -> bool {
        lazies::warm_up(&mut self.context).unwrap_or(false)
    }

    /// Runs a snippet to its end, once, its time counted from `begun`. A panic of the engine is an error like any other.
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

    /// Takes the context down.
    pub(super) fn discard(self) {
        if self.broken {
            // What is left of it cannot be relied upon, not even to be dropped.
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
                // In virtual time nobody waits for a timer, unless the host has an answer to give first.
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

    /// Parses the snippet, wrapped: as it is, and when the engine does not read that, as a plain script.
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

    /// Evaluates the snippet, looking at the deadline every [`BUDGET`] instructions.
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

    /// What a timer or another job threw: nobody could catch it, so the run ends by it.
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
            .find_map(|at| Place::of(at.position?.line_number(), at.position?.column_number()));
        SandboxError { at: place, ..SandboxError::overtime(deadline.limit_ms) }
    }
}

/// Frees what discarded contexts have left on this thread.
pub(super) fn collect_garbage() {
    boa_gc::force_collect();
}

/// How a snippet ended.
pub(super) enum Settled {
    /// The value as JSON; empty when undefined.
    Output(String),
    /// What was thrown.
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
        Settled::Output(text) if depth::exceeds(text.as_bytes()) => {
            Err(SandboxError::thrown(format!("the output nests deeper than {} levels", depth::DEEPEST)))
        }
        Settled::Output(text) => RawValue::from_string(natives::mended(text))
            .map(Some)
            .map_err(|error| SandboxError::thrown(format!("the output cannot be returned as JSON: {error}"))),
    }
}

/// Text that a snippet compiles by itself passes the same guard as the snippet.
struct Hooks;

impl HostHooks for Hooks {
    // As the platform's runner; and nothing outside the process is asked.
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
