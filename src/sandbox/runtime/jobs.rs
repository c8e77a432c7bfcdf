//! This module has the job queue and the time of one context. Invariant: the engine never runs a job by itself; only the
//! run's loop does, so it checks its deadline between any two.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Instant;

use boa_engine::context::time::{Clock, JsInstant};
use boa_engine::job::{GenericJob, IntervalJob, Job, JobExecutor, NativeAsyncJob, PromiseJob, TimeoutJob};
use boa_engine::{Context, JsResult, JsValue};
use futures_util::FutureExt as _;

use crate::base::clock::monotonic;

/// The time that a snippet sees. It is real from the moment the snippet starts; when the workspace's clock stands
/// still, it is virtual and moves only when nothing is left to do but to wait for a timer.
pub(super) struct SnippetTime {
    base: Cell<i64>,
    started: Cell<Instant>,
    skipped_ms: Cell<Option<u64>>,
}

impl SnippetTime {
    pub(super) fn new() -> Self {
        Self { base: Cell::new(0), started: Cell::new(monotonic()), skipped_ms: Cell::new(None) }
    }

    /// Starts a run at `now`, in virtual time when `frozen`.
    pub(super) fn start(&self, now: i64, frozen: bool) {
        self.base.set(now);
        self.started.set(monotonic());
        self.skipped_ms.set(frozen.then_some(0));
    }

    /// Returns the milliseconds since the run started.
    pub(super) fn elapsed_ms(&self) -> f64 {
        match self.skipped_ms.get() {
            #[expect(clippy::cast_precision_loss, reason = "a run never lasts 2^53 ms")]
            Some(skipped) => skipped as f64,
            None => self.started.get().elapsed().as_secs_f64() * 1_000.0,
        }
    }

    /// Moves virtual time forward to a later moment, and returns whether time is virtual.
    pub(super) fn skip_to(&self, at_ms: u64) -> bool {
        let virtual_time = self.skipped_ms.get().is_some();
        if virtual_time {
            self.skipped_ms.set(self.skipped_ms.get().max(Some(at_ms)));
        }
        virtual_time
    }
}

impl Clock for SnippetTime {
    fn now(&self) -> JsInstant {
        match self.skipped_ms.get() {
            Some(skipped) => JsInstant::new(skipped / 1_000, u32::try_from(skipped % 1_000).unwrap_or(0) * 1_000_000),
            None => {
                let elapsed = self.started.get().elapsed();
                JsInstant::new(elapsed.as_secs(), elapsed.subsec_nanos())
            }
        }
    }

    fn system_time_millis(&self) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "a run never lasts 2^53 ms")]
        let elapsed = self.elapsed_ms() as i64;
        self.base.get().saturating_add(elapsed)
    }
}

/// A job that is ready to run.
pub(super) enum Ready {
    Promise(PromiseJob),
    Generic(GenericJob),
    Timeout(TimeoutJob),
    Interval(Rc<Jobs>, IntervalJob),
    Async(NativeAsyncJob),
}

impl Ready {
    pub(super) fn run(self, context: &mut Context) -> JsResult<()> {
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
            // The engine's own asynchronous jobs (`import()`) end at once, and nothing here makes others.
            Self::Async(job) => {
                let context = RefCell::new(context);
                job.call(&context).now_or_never().unwrap_or(Ok(JsValue::undefined())).map(|_| ())
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

/// The queues of one context; the loop of [`crate::sandbox::runtime::Prepared::run`] takes from them, so that it checks
/// the deadline between any two jobs.
#[derive(Default)]
pub(super) struct Jobs {
    ready: RefCell<VecDeque<Ready>>,
    timers: RefCell<BTreeMap<(u64, u64), Timer>>,
    order: RefCell<u64>,
}

impl Jobs {
    pub(super) fn next(&self) -> Option<Ready> {
        self.ready.borrow_mut().pop_front()
    }

    fn add_timer(&self, at: u64, timer: Timer) {
        let mut order = self.order.borrow_mut();
        *order += 1;
        self.timers.borrow_mut().insert((at, *order), timer);
    }

    pub(super) fn next_timer(&self) -> Option<u64> {
        let mut timers = self.timers.borrow_mut();
        while let Some(first) = timers.first_entry() {
            if !first.get().cancelled() {
                return Some(first.key().0);
            }
            first.remove();
        }
        None
    }

    pub(super) fn wake_timers(self: &Rc<Self>, now: u64) {
        let mut timers = self.timers.borrow_mut();
        // Only one timer becomes ready at a time, because its micro-tasks run before the next timer.
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
            Job::AsyncJob(job) => self.ready.borrow_mut().push_back(Ready::Async(job)),
            // Finalizers may be left out (ECMA-262 host hooks). A variant that a later Boa adds is dropped as well, and a
            // promise that waits on it is reported as never settling.
            _ => {}
        }
    }

    fn run_jobs(self: Rc<Self>, _: &mut Context) -> JsResult<()> {
        Ok(())
    }
}
