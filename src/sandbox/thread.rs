//! One run on one thread: the only place that knows Boa.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::pin::pin;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use boa_engine::builtins::promise::ResolvingFunctions;
use boa_engine::context::time::{Clock, JsInstant};
use boa_engine::context::{ContextBuilder, HostHooks};
use boa_engine::job::{GenericJob, IntervalJob, Job, JobExecutor, PromiseJob, TimeoutJob};
use boa_engine::object::builtins::JsPromise;
use boa_engine::realm::Realm;
use boa_engine::{
    Context, JsError, JsNativeError, JsResult, JsString, JsValue, NativeFunction, Script, Source, js_string,
};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use super::{HostCall, HostReply, Outcome, SandboxError, Snippet};
use crate::clock::{Timestamp, monotonic};
use crate::error::ApiError;
use crate::model::depth;

/// Parsing recurses: it needs far more stack than a thread has by default. Pages are only taken when touched.
pub(super) const STACK_BYTES: usize = 512 * 1024 * 1024;
/// Instructions between two looks at the deadline.
const BUDGET: u32 = 10_000;
const LOOP_LIMIT: u64 = 100_000_000;
const RECURSION_LIMIT: usize = 400;
const MOST_LOG_BYTES: usize = 256 * 1024;
const MOST_OUTPUT_BYTES: usize = 10 * 1024 * 1024;

const PRELUDE: &str = include_str!("prelude.js");

/// When a run has to be over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    pub(super) fn after(limit: Duration) -> Self {
        Self { at: monotonic() + limit, limit }
    }

    fn left(self) -> Duration {
        self.at.saturating_duration_since(monotonic())
    }

    fn passed(self) -> bool {
        self.left().is_zero()
    }

    fn error(self) -> SandboxError {
        SandboxError::Timeout { limit_ms: u64::try_from(self.limit.as_millis()).unwrap_or(u64::MAX) }
    }
}

/// What native functions share with the loop. Lives in the context as data.
struct Shared {
    calls: UnboundedSender<HostCall>,
    reply_in: Sender<HostReply>,
    waiting: RefCell<HashMap<u64, ResolvingFunctions>>,
    next_call: RefCell<u64>,
    logs: RefCell<Vec<Value>>,
    log_bytes: RefCell<usize>,
    settled: RefCell<Option<(String, String)>>,
}

/// Runs a snippet; a panic of the engine is an error like any other.
pub(super) fn run(
    snippet: &Snippet,
    calls: &UnboundedSender<HostCall>,
    deadline: Deadline,
) -> Result<Outcome, SandboxError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run_inner(snippet, calls, deadline)))
        .unwrap_or_else(|_| Err(SandboxError::Broken("the JavaScript engine panicked".into())))
}

fn run_inner(
    snippet: &Snippet,
    calls: &UnboundedSender<HostCall>,
    deadline: Deadline,
) -> Result<Outcome, SandboxError> {
    let (reply_in, replies) = std::sync::mpsc::channel();
    let shared = Rc::new(Shared {
        calls: calls.clone(),
        reply_in,
        waiting: RefCell::default(),
        next_call: RefCell::new(0),
        logs: RefCell::default(),
        log_bytes: RefCell::new(0),
        settled: RefCell::default(),
    });
    let jobs = Rc::new(Jobs::default());
    let time = Rc::new(SnippetTime { start: monotonic(), base: snippet.now });
    let mut context = ContextBuilder::new()
        .job_executor(Rc::clone(&jobs))
        .clock(Rc::clone(&time))
        .host_hooks(Rc::new(Hooks))
        .build()
        .map_err(|error| SandboxError::Broken(error.to_string()))?;
    let limits = context.runtime_limits_mut();
    limits.set_loop_iteration_limit(LOOP_LIMIT);
    limits.set_recursion_limit(RECURSION_LIMIT);
    prepare(&mut context, &shared, &snippet.arguments).map_err(|error| SandboxError::Broken(error.to_string()))?;

    let source = with_default_export(&snippet.source);
    // On the same line, so that the snippet's own line numbers stay right.
    let wrapped = format!("runSnippet(function (module, exports, membrane) {{{source}\n}})");
    evaluate(&wrapped, &mut context, deadline, &shared)?;
    settle(&mut context, &jobs, &shared, &replies, deadline)
}

fn prepare(context: &mut Context, shared: &Rc<Shared>, arguments: &Value) -> JsResult<()> {
    boa_runtime::register_extensions(
        (
            boa_runtime::extensions::Base64Extension,
            boa_runtime::extensions::TimeoutExtension,
            boa_runtime::extensions::EncodingExtension,
            boa_runtime::extensions::MicrotaskExtension,
            boa_runtime::extensions::StructuredCloneExtension,
            boa_runtime::extensions::UrlExtension,
        ),
        None,
        context,
    )?;
    context.insert_data(Rc::clone(shared));
    context.register_global_callable(js_string!("hostCall"), 2, NativeFunction::from_fn_ptr(host_call))?;
    context.register_global_callable(js_string!("hostLog"), 2, NativeFunction::from_fn_ptr(host_log))?;
    context.register_global_callable(js_string!("hostSettle"), 2, NativeFunction::from_fn_ptr(host_settle))?;
    let arguments = JsString::from(arguments.to_string().as_str());
    context.register_global_property(
        js_string!("hostArguments"),
        arguments,
        boa_engine::property::Attribute::CONFIGURABLE,
    )?;
    context.eval(Source::from_bytes(PRELUDE))?;
    Ok(())
}

/// Evaluates text, looking at the deadline every [`BUDGET`] instructions.
fn evaluate(text: &str, context: &mut Context, deadline: Deadline, shared: &Shared) -> Result<(), SandboxError> {
    let thrown = |error: &JsError| SandboxError::Thrown {
        message: error.to_string(),
        stack: None,
        cause: None,
        logs: shared.logs.borrow().clone(),
    };
    let script = Script::parse(Source::from_bytes(text), None, context).map_err(|error| thrown(&error))?;
    let result = {
        let mut running = pin!(script.evaluate_async_with_budget(context, BUDGET));
        let mut polling = std::task::Context::from_waker(Waker::noop());
        loop {
            match running.as_mut().poll(&mut polling) {
                Poll::Ready(result) => break result,
                Poll::Pending if deadline.passed() => return Err(deadline.error()),
                Poll::Pending => {}
            }
        }
    };
    result.map(|_| ()).map_err(|error| thrown(&error))
}

/// Runs jobs, timers and answered host calls until the snippet has settled.
fn settle(
    context: &mut Context,
    jobs: &Rc<Jobs>,
    shared: &Shared,
    replies: &Receiver<HostReply>,
    deadline: Deadline,
) -> Result<Outcome, SandboxError> {
    let broken = |error: JsError, shared: &Shared| SandboxError::Thrown {
        message: error.to_string(),
        stack: None,
        cause: None,
        logs: shared.logs.borrow().clone(),
    };
    loop {
        while let Some(job) = jobs.next() {
            if deadline.passed() {
                return Err(deadline.error());
            }
            job.run(context).map_err(|error| broken(error, shared))?;
            context.clear_kept_objects();
        }
        if let Some((how, text)) = shared.settled.borrow_mut().take() {
            return outcome(&how, &text, shared);
        }
        let wait = match (shared.waiting.borrow().is_empty(), jobs.next_timer()) {
            (true, None) => return Err(SandboxError::NeverSettled),
            (_, Some(at)) => Duration::from_millis(at.saturating_sub(context.clock().now().millis_since_epoch())),
            (false, None) => deadline.left(),
        };
        match replies.recv_timeout(wait.min(deadline.left())) {
            Ok(reply) => answer(reply, shared, context).map_err(|error| broken(error, shared))?,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        if deadline.passed() {
            return Err(deadline.error());
        }
        jobs.wake_timers(context.clock().now().millis_since_epoch());
    }
}

fn answer(reply: HostReply, shared: &Shared, context: &mut Context) -> JsResult<()> {
    let Some(resolvers) = shared.waiting.borrow_mut().remove(&reply.id) else { return Ok(()) };
    let text = match reply.result {
        Ok(value) => json!({ "value": value }),
        Err(error) => json!({ "error": error }),
    };
    let text = JsString::from(text.to_string().as_str());
    resolvers.resolve.call(&JsValue::undefined(), &[text.into()], context)?;
    Ok(())
}

fn outcome(how: &str, text: &str, shared: &Shared) -> Result<Outcome, SandboxError> {
    let logs = shared.logs.borrow().clone();
    if how == "ok" {
        if text.is_empty() {
            return Ok(Outcome { output: None, logs });
        }
        if text.len() > MOST_OUTPUT_BYTES {
            let message = format!("the output has {} bytes; at most {MOST_OUTPUT_BYTES} are returned", text.len());
            return Err(SandboxError::Thrown { message, stack: None, cause: None, logs });
        }
        if depth::exceeds(text.as_bytes()) {
            let message = format!("the output nests deeper than {} levels", depth::DEEPEST);
            return Err(SandboxError::Thrown { message, stack: None, cause: None, logs });
        }
        return match serde_json::from_str(text) {
            Ok(output) => Ok(Outcome { output: Some(output), logs }),
            Err(error) => {
                let message = format!("the output cannot be returned as JSON: {error}");
                Err(SandboxError::Thrown { message, stack: None, cause: None, logs })
            }
        };
    }
    let error: Value = serde_json::from_str(text).unwrap_or_default();
    Err(SandboxError::Thrown {
        message: error["message"].as_str().unwrap_or("the code threw").to_owned(),
        stack: error["stack"].as_str().map(str::to_owned),
        cause: serde_json::from_value::<ApiError>(error["cause"].clone()).ok(),
        logs,
    })
}

/// `export default …` is the one piece of module syntax that snippets use; it means `exports.default = …`.
fn with_default_export(source: &str) -> std::borrow::Cow<'_, str> {
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

fn shared_of(context: &Context) -> JsResult<Rc<Shared>> {
    context
        .get_data::<Rc<Shared>>()
        .cloned()
        .ok_or_else(|| JsNativeError::error().with_message("the sandbox is gone").into())
}

fn text_of(arguments: &[JsValue], index: usize, context: &mut Context) -> JsResult<String> {
    let value = arguments.get(index).cloned().unwrap_or_default();
    Ok(value.to_string(context)?.to_std_string_lossy())
}

fn host_call(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let operation = text_of(arguments, 0, context)?;
    let text = text_of(arguments, 1, context)?;
    let shared = shared_of(context)?;
    let (promise, resolvers) = JsPromise::new_pending(context);
    let id = {
        let mut next = shared.next_call.borrow_mut();
        *next += 1;
        *next
    };
    shared.waiting.borrow_mut().insert(id, resolvers);
    let arguments = serde_json::from_str(&text).unwrap_or_default();
    let call = HostCall { operation, arguments, reply: shared.reply_in.clone(), id };
    if shared.calls.send(call).is_err() {
        return Err(JsNativeError::error().with_message("the caller is gone").into());
    }
    Ok(promise.into())
}

fn host_log(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let level = text_of(arguments, 0, context)?;
    let message = text_of(arguments, 1, context)?;
    let shared = shared_of(context)?;
    let mut bytes = shared.log_bytes.borrow_mut();
    // An entry costs something even when it says nothing.
    *bytes += 64 + level.len() + message.len();
    if *bytes <= MOST_LOG_BYTES {
        shared.logs.borrow_mut().push(json!({ "level": level, "message": message }));
    }
    Ok(JsValue::undefined())
}

fn host_settle(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let how = text_of(arguments, 0, context)?;
    let text = text_of(arguments, 1, context)?;
    let shared = shared_of(context)?;
    shared.settled.borrow_mut().get_or_insert((how, text));
    Ok(JsValue::undefined())
}

/// `Date` from the workspace's clock as it stood at the start; timers in real time from there.
struct SnippetTime {
    start: Instant,
    base: Timestamp,
}

impl Clock for SnippetTime {
    fn now(&self) -> JsInstant {
        JsInstant::new(self.start.elapsed().as_secs(), self.start.elapsed().subsec_nanos())
    }

    fn system_time_millis(&self) -> i64 {
        self.base.millis()
    }
}

/// Text that a snippet compiles by itself passes the same guard as the snippet.
struct Hooks;

impl HostHooks for Hooks {
    fn ensure_can_compile_strings(
        &self,
        _: Realm,
        parameters: &[JsString],
        body: &JsString,
        _: bool,
        _: &mut Context,
    ) -> JsResult<()> {
        let checked =
            parameters.iter().chain([body]).try_for_each(|text| super::guard::check(&text.to_std_string_lossy()));
        checked.map_err(|why| JsNativeError::range().with_message(why).into())
    }
}

/// A job that is ready to run.
enum Ready {
    Promise(PromiseJob),
    Generic(GenericJob),
    Timeout(TimeoutJob),
    Interval(Rc<Jobs>, IntervalJob),
}

impl Ready {
    fn run(self, context: &mut Context) -> JsResult<()> {
        match self {
            Self::Promise(job) => job.call(context).map(|_| ()),
            Self::Generic(job) => job.call(context).map(|_| ()),
            Self::Timeout(job) => job.call(context).map(|_| ()),
            Self::Interval(jobs, job) => {
                job.call(context)?;
                if !job.cancelled() {
                    let at = context.clock().now().millis_since_epoch() + job.interval().as_millis().max(1);
                    jobs.add_timer(at, Timer::Interval(job));
                }
                Ok(())
            }
        }
    }
}

enum Timer {
    Timeout(TimeoutJob),
    Interval(IntervalJob),
}

impl Timer {
    fn cancelled(&self) -> bool {
        match self {
            Self::Timeout(job) => job.cancelled(),
            Self::Interval(job) => job.cancelled(),
        }
    }
}

/// Queues; the loop of [`settle`] takes from them, so that the deadline is seen between any two jobs.
#[derive(Default)]
struct Jobs {
    ready: RefCell<VecDeque<Ready>>,
    timers: RefCell<BTreeMap<(u64, u64), Timer>>,
    order: RefCell<u64>,
}

impl Jobs {
    fn next(&self) -> Option<Ready> {
        self.ready.borrow_mut().pop_front()
    }

    fn add_timer(&self, at: u64, timer: Timer) {
        let mut order = self.order.borrow_mut();
        *order += 1;
        self.timers.borrow_mut().insert((at, *order), timer);
    }

    fn next_timer(&self) -> Option<u64> {
        let mut timers = self.timers.borrow_mut();
        timers.retain(|_, timer| !timer.cancelled());
        timers.keys().next().map(|(at, _)| *at)
    }

    fn wake_timers(self: &Rc<Self>, now: u64) {
        let mut timers = self.timers.borrow_mut();
        // One at a time: its micro-tasks run before the next timer, as everywhere else.
        if timers.keys().next().is_some_and(|(at, _)| *at <= now)
            && let Some((_, timer)) = timers.pop_first()
        {
            self.ready.borrow_mut().push_back(match timer {
                Timer::Timeout(job) => Ready::Timeout(job),
                Timer::Interval(job) => Ready::Interval(Rc::clone(self), job),
            });
        }
    }
}

impl JobExecutor for Jobs {
    fn enqueue_job(self: Rc<Self>, job: Job, context: &mut Context) {
        let now = context.clock().now().millis_since_epoch();
        match job {
            Job::PromiseJob(job) => self.ready.borrow_mut().push_back(Ready::Promise(job)),
            Job::GenericJob(job) => self.ready.borrow_mut().push_back(Ready::Generic(job)),
            Job::TimeoutJob(job) => {
                let at = now + job.timeout().as_millis();
                self.add_timer(at, Timer::Timeout(job));
            }
            Job::IntervalJob(job) => {
                let at = now + job.interval().as_millis().max(1);
                self.add_timer(at, Timer::Interval(job));
            }
            // Nothing here makes native futures; finalizers may be left out (ECMA-262 host hooks). A variant that a
            // later Boa adds is dropped as well, and a promise that waits on it is reported as never settling.
            _ => {}
        }
    }

    fn run_jobs(self: Rc<Self>, _: &mut Context) -> JsResult<()> {
        Ok(())
    }
}
