//! This module is the crate's only source of time: every workspace has one [`Clock`], and
//! nothing else reads the system's time.
//!
//! Invariant: every date in a record comes from [`Clock::now`], so a manual clock makes a run repeatable. Callers who
//! wait on a clock are counted, so whoever advances it can wait for what they do next.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use tokio::sync::{Notify, watch};

/// A moment, counted in milliseconds since 1970 and written as `2025-01-01T00:00:00.000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Makes a moment from milliseconds since 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns the number of milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Returns the number of whole seconds since 1970, the unit of a token's `exp`.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Returns this moment moved forward by `by`; it stops at the largest moment instead of overflowing.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Returns the milliseconds from `earlier` to this moment, or 0 when `earlier` lies after it.
    pub fn since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
}

impl Timestamp {
    /// Formats this moment as an HTTP `Date`: `Wed, 01 Jan 2025 00:00:00 GMT`. It returns nothing for a year that such
    /// a date cannot have. Source: RFC 9110.
    pub fn http_date(self) -> Option<String> {
        let at = jiff::Timestamp::from_millisecond(self.0).ok()?;
        jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok()
    }
}

impl std::str::FromStr for Timestamp {
    type Err = String;

    /// Reads RFC 3339 (`2025-01-01T00:00:00Z`, offsets allowed) or a plain date, which means midnight UTC.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        full.parse::<jiff::Timestamp>()
            .map(|at| Self(at.as_millisecond()))
            .map_err(|error| format!("`{text}` is not a date such as 2025-01-01T00:00:00Z: {error}"))
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(f, "{at:.3}"),
            Err(_) => write!(f, "{:.3}", jiff::Timestamp::MAX),
        }
    }
}

impl JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Wraps the rest of a call's work for a task of its own, when the call waits for that task: the task counts as
/// the same call for the clock.
pub fn rest_of_a_call<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let at_work = AT_WORK.try_with(|at_work| (at_work.call.clone(), at_work.awake.borrow_mut().take()));
    let (call, awake) = at_work.unwrap_or_default();
    AT_WORK.scope(AtWork { call, awake: RefCell::new(awake) }, work)
}

/// A clock's mode says how it tells time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "mode")]
pub enum ClockMode {
    /// The clock shows real time plus what it was advanced by.
    System {
        /// This many milliseconds are added to real time.
        #[serde(default)]
        advanced_ms: i64,
    },
    /// The clock stands still until it is advanced.
    Manual {
        now: Timestamp,
        /// All advances so far add up to this many milliseconds; token checks use it ([`Clock::token_time`]).
        #[serde(default)]
        advanced_ms: i64,
    },
}

impl Default for ClockMode {
    fn default() -> Self {
        Self::System { advanced_ms: 0 }
    }
}

impl ClockMode {
    /// Returns the mode of a clock that stands still at `now`.
    pub const fn standing_at(now: Timestamp) -> Self {
        Self::Manual { now, advanced_ms: 0 }
    }
}

impl std::str::FromStr for ClockMode {
    type Err = String;

    /// Reads `system`, or a moment at which the clock stands still.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("system") {
            return Ok(Self::default());
        }
        text.parse().map(Self::standing_at)
    }
}

/// A clock is the time source of one workspace; callers can read it, move it and wait on it.
#[derive(Debug, Default)]
pub struct Clock {
    // A std mutex: held for a few instructions and never across an await.
    mode: Mutex<ClockMode>,
    moved: Notify,
    /// The map has everybody who waits on this clock, under a number that is unique among them.
    sleepers: Mutex<BTreeMap<u64, Waiting>>,
    /// This many calls have waited on this clock and are now at work again.
    awake: watch::Sender<usize>,
    /// The flag is set once nobody will move this clock any more, so that nobody waits on it either.
    stopped: AtomicBool,
}

/// An entry tells who waits on a clock; the control API lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// The wait is over at this moment.
    pub until: Timestamp,
    /// This call waits, written as `POST /act`; it is absent for the fake's own work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
}

tokio::task_local! {
    /// The value names the call that this task works for.
    static AT_WORK: AtWork;
}

struct AtWork {
    call: Option<String>,
    /// This guard is set while the call works after a wait; it counts the call as awake on the clock that it waited on.
    awake: RefCell<Option<Awake>>,
}

/// A guard that counts a call as awake on a clock until it is dropped.
struct Awake(watch::Sender<usize>);

impl Drop for Awake {
    fn drop(&mut self) {
        self.0.send_modify(|awake| *awake = awake.saturating_sub(1));
    }
}

/// Runs the work of a call under the call's name, so that whoever moves a clock can see that the call waits on it, and
/// can wait for what the call does next. Answers what it came to, and what counts the call as awake until it is dropped: what
/// is still to be done for the call, such as noting it, belongs to the same moment.
pub async fn as_a_call<T>(call: String, work: impl Future<Output = T>) -> (T, StillAwake) {
    let whole = async {
        let done = work.await;
        (done, StillAwake(AT_WORK.with(|at_work| at_work.awake.borrow_mut().take())))
    };
    AT_WORK.scope(AtWork { call: Some(call), awake: RefCell::new(None) }, whole).await
}

/// Counts a call that has ended as awake, where it had waited for a clock.
pub struct StillAwake(#[expect(dead_code, reason = "it is dropped")] Option<Awake>);

/// A guard that lists somebody as waiting on a clock until it is dropped.
struct Sleeper<'c> {
    clock: &'c Clock,
    number: u64,
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.clock.sleepers.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

impl Clock {
    /// Makes a clock in the given mode.
    pub fn new(mode: ClockMode) -> Self {
        Self { mode: Mutex::new(mode), ..Self::default() }
    }

    fn lock(&self) -> MutexGuard<'_, ClockMode> {
        self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the time in this workspace.
    pub fn now(&self) -> Timestamp {
        match *self.lock() {
            ClockMode::System { advanced_ms } => Timestamp(real_now().0.saturating_add(advanced_ms)),
            ClockMode::Manual { now, .. } => now,
        }
    }

    /// Returns the mode and position, which exports and forks take along.
    pub fn mode(&self) -> ClockMode {
        *self.lock()
    }

    /// Replaces mode and position, and wakes everybody whose moment has come.
    pub fn set(&self, mode: ClockMode) {
        *self.lock() = mode;
        self.moved.notify_waiters();
    }

    /// Moves time forward, and wakes everybody whose moment has come.
    pub fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        match &mut *self.lock() {
            ClockMode::System { advanced_ms } => *advanced_ms = advanced_ms.saturating_add(ms),
            ClockMode::Manual { now, advanced_ms } => {
                now.0 = now.0.saturating_add(ms);
                *advanced_ms = advanced_ms.saturating_add(ms);
            }
        }
        self.moved.notify_waiters();
    }

    /// Returns everybody who waits on this clock, the soonest first.
    pub fn pending(&self) -> Vec<Waiting> {
        let sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Waiting> = sleepers.values().cloned().collect();
        all.sort_by_key(|waiting| waiting.until);
        all
    }

    /// Returns the moment at which the first wait is over, or nothing when nobody waits.
    pub fn next_waking(&self) -> Option<Timestamp> {
        let sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        sleepers.values().map(|waiting| waiting.until).min()
    }

    fn falls_asleep(&self, until: Timestamp) -> Sleeper<'_> {
        let call = AT_WORK.try_with(|at_work| at_work.call.clone()).ok().flatten();
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        let number = sleepers.last_key_value().map_or(0, |(last, _)| last + 1);
        sleepers.insert(number, Waiting { until, call });
        Sleeper { clock: self, number }
    }

    /// Waits on this clock; on a clock that stands still the wait lasts until somebody advances it.
    pub async fn sleep(&self, by: Duration) {
        let due = self.now().plus(by);
        // The call is listed as waiting before it is no longer awake, so nobody sees it as neither.
        let sleeper = self.falls_asleep(due);
        AT_WORK.try_with(|at_work| at_work.awake.borrow_mut().take()).ok();
        self.until(due).await;
        // The call is counted as awake before it is taken off the sleepers, so nobody sees it as neither.
        self.awake.send_modify(|awake| *awake += 1);
        let awake = Awake(self.awake.clone());
        drop(sleeper);
        AT_WORK.try_with(|at_work| *at_work.awake.borrow_mut() = Some(awake)).ok();
    }

    /// Stops the clock for good, and lets everybody who waits on it go on at once.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.moved.notify_waiters();
    }

    /// Waits until the calls that have waited here are over or wait again. It gives up after about five seconds,
    /// because a call may hang elsewhere.
    pub async fn calmed(&self) {
        const LOOKS: usize = 5_000;
        for _ in 0..LOOKS {
            let now = self.now();
            let wakes = self.next_waking().is_some_and(|due| due <= now);
            if !wakes && *self.awake.borrow() == 0 {
                return;
            }
            real_sleep(Duration::from_millis(1)).await;
        }
    }

    async fn until(&self, due: Timestamp) {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            // The listener is on from here, so no move is missed.
            moved.as_mut().enable();
            if self.now() >= due || self.stopped.load(Ordering::Acquire) {
                return;
            }
            match self.real_wait(due) {
                Some(wait) => tokio::select! {
                    () = real_sleep(wait) => {}
                    () = moved => {}
                },
                None => moved.await,
            }
        }
    }

    /// Returns the time against which a workspace may have the `exp` and `nbf` of tokens checked: real time plus what this
    /// clock was advanced by (`docs/behaviour.md#token-clock`).
    pub fn token_time(&self) -> Timestamp {
        match *self.lock() {
            ClockMode::System { advanced_ms } | ClockMode::Manual { advanced_ms, .. } => {
                Timestamp(real_now().0.saturating_add(advanced_ms))
            }
        }
    }

    /// Returns how long to wait in real time until `due`, or nothing when only an advance can get there.
    pub fn real_wait(&self, due: Timestamp) -> Option<Duration> {
        match *self.lock() {
            ClockMode::System { advanced_ms } => {
                let now = real_now().0.saturating_add(advanced_ms);
                Some(Duration::from_millis(u64::try_from(due.0.saturating_sub(now)).unwrap_or(0)))
            }
            ClockMode::Manual { .. } => None,
        }
    }
}

/// Returns real time. Only token checks and token minting may use it: whoever else makes tokens knows no other time.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the system's time")]
pub fn real_now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Returns a monotonic instant, for uptimes and metrics; records never use it.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
pub fn monotonic() -> Instant {
    Instant::now()
}

/// Waits in real time. Only limits that must hold while the workspace's clock stands still may use it.
#[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
pub async fn real_sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}
