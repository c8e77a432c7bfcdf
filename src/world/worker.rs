//! What moves by itself: everything whose moment has come. One step at a time, in time order.
//!
//! Invariant: the worker asks each kind of its list for what is due, which the store keeps in order; it looks at nothing
//! that is not.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::base::clock::{Timestamp, monotonic};
use crate::base::error::ApiError;
use crate::engine::moves::{DueRecord, Mover, Way, WorkFn, moves, works};
use crate::engine::{Engine, WorkspaceRuntime};
use crate::nouns::action::model::Action;
use crate::nouns::agent_session::model::AgentSession;
use crate::nouns::connection::model::Connection;
use crate::nouns::external_event::model::ExternalEventSubscription;
use crate::nouns::flow::model::Flow;
use crate::nouns::flow_run::model::FlowRun;
use crate::nouns::webhook::model::WebhookDelivery;
use crate::store::World;
use crate::world::job::model::Job;
use crate::world::scenario::rules as scenarios;

/// Every kind that moves by itself. Of what fell due at one moment, the kinds that stand first go first.
static MOVERS: [Mover; 10] = [
    moves::<Connection>(),
    moves::<Action>(),
    moves::<AgentSession>(),
    moves::<ExternalEventSubscription>(),
    moves::<Flow>(),
    works::<Connection>(),
    works::<WebhookDelivery>(),
    moves::<Job>(),
    moves::<FlowRun>(),
    works::<FlowRun>(),
];

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepOutcome {
    /// It moved something.
    Moved,
    /// Nothing is due.
    Idle,
}

/// Something that is under way; dropping it ends that.
struct WorkUnderWay {
    engine: Arc<Engine>,
    space: Arc<WorkspaceRuntime>,
    name: String,
}

impl WorkUnderWay {
    fn begin(engine: &Arc<Engine>, space: &Arc<WorkspaceRuntime>, name: String) -> Option<Self> {
        let may = space.in_flight.begin(&name);
        may.then(|| Self { engine: Arc::clone(engine), space: Arc::clone(space), name })
    }
}

impl Drop for WorkUnderWay {
    fn drop(&mut self) {
        self.space.in_flight.end(&self.name);
        self.engine.wake(&self.space);
    }
}

/// Moves the one change that has been due longest.
pub async fn step(engine: &Arc<Engine>, space: &Arc<WorkspaceRuntime>) -> Result<StepOutcome, ApiError> {
    if space.data.is_closed() || space.world().workspace.archived_at.is_some() {
        return Ok(StepOutcome::Idle);
    }
    let played = scenarios::go_on(engine, space).await;
    if played > 0 {
        space.count_moved(played);
        return Ok(StepOutcome::Moved);
    }
    if let Some((Mover { way: Way::Work(work), .. }, due)) = next_due(space, &space.world()) {
        // Neither within a transaction nor waited for: a receiver that hangs holds up nothing else.
        if due.was_read {
            space.forget_reads(&due.id);
        }
        send_off(engine, space, due.id, *work);
        return Ok(StepOutcome::Moved);
    }
    let mut tx = space.data.begin().await;
    let Some((mover, due)) = next_due(space, &tx) else { return Ok(StepOutcome::Idle) };
    // Work that is due since a moment ago is the next step's.
    let Way::Step { step, give_up } = &mover.way else { return Ok(StepOutcome::Moved) };
    // Reads count anew for whatever comes next.
    space.forget_reads(&due.id);
    if let Err(error) = step(engine, space, &mut tx, &due.id) {
        drop(tx);
        tracing::warn!(error.cause = %error, workspace = space.key, "something that was due could not be moved");
        tx = space.data.begin().await;
        give_up(space, &mut tx, &due.id, error)?;
    }
    tx.commit().await?;
    space.count_moved(1);
    Ok(StepOutcome::Moved)
}

/// Does work in a task of its own, unless it is being done already.
fn send_off(engine: &Arc<Engine>, space: &Arc<WorkspaceRuntime>, id: String, work: WorkFn) {
    let Some(flight) = WorkUnderWay::begin(engine, space, id.clone()) else { return };
    let (engine, space) = (Arc::clone(engine), Arc::clone(space));
    // On the server's own runtime: a test's may end first.
    engine.db.runtime().clone().spawn(async move {
        let _flight = flight;
        if let Err(error) = work(engine, Arc::clone(&space), id).await {
            tracing::warn!(error.cause = %error, workspace = space.key, "something that was due could not be sent");
        }
    });
}

/// What has been due longest, with how it moves.
fn next_due(space: &WorkspaceRuntime, world: &World) -> Option<(&'static Mover, DueRecord)> {
    let now = space.clock.now();
    let all = MOVERS.iter().filter_map(|mover| Some((mover, (mover.due)(space, world, now)?)));
    all.min_by_key(|(_, due)| due.at)
}

/// Moves the workspace's clock forward, and makes every change that falls due on the way at its own moment. Returns how
/// many there were. Fails with 400 once there were `Config::advance_limit` and more are to come; the clock stands then where the
/// last was made, and a further call goes on from there.
pub async fn advance(engine: &Arc<Engine>, space: &Arc<WorkspaceRuntime>, by: Duration) -> Result<usize, ApiError> {
    let end = space.clock.now().plus(by);
    let _advance = space.advances.begin(end);
    let before = space.moved();
    settle(engine, space).await?;
    while let Some(next) = next_moment(space).filter(|next| *next <= end) {
        let moved = space.moved().saturating_sub(before);
        if moved >= engine.config.advance_limit {
            return Err(too_far(space, moved, end));
        }
        let now = space.clock.now();
        if next > now {
            space.clock.advance(Duration::from_millis(next.since(now)));
            space.clock.calmed().await;
        }
        settle(engine, space).await?;
        if space.moved().saturating_sub(before) == moved && next <= now {
            break;
        }
    }
    let now = space.clock.now();
    if end > now {
        space.clock.advance(Duration::from_millis(end.since(now)));
        space.clock.calmed().await;
    }
    settle(engine, space).await?;
    Ok(space.moved().saturating_sub(before))
}

fn too_far(space: &WorkspaceRuntime, moved: usize, end: Timestamp) -> ApiError {
    let now = space.clock.now();
    let why = format!(
        "{moved} changes fell due and more are to come before {end}, which is more than one call makes; the clock stands at \
         {now}: call again to go on, disable what repeats itself so often, or start the server with a larger --advance-limit"
    );
    ApiError::bad_request(why).with_data(json!({ "now": now, "moved": moved }))
}

/// Makes every change that is due in a workspace, and returns how many there were, those of the background included.
pub async fn settle(engine: &Arc<Engine>, space: &Arc<WorkspaceRuntime>) -> Result<usize, ApiError> {
    let before = space.moved();
    step_all(engine, space).await?;
    loop {
        let begun = space.in_flight.begun();
        // What was sent off may change what is due.
        space.in_flight.settled(&space.clock).await;
        let more = step_all(engine, space).await?;
        // The worker of the background may have sent something off meanwhile, which may even have ended.
        if more == 0 && space.in_flight.rests_since(begun, &space.clock) {
            return Ok(space.moved().saturating_sub(before));
        }
    }
}

async fn step_all(engine: &Arc<Engine>, space: &Arc<WorkspaceRuntime>) -> Result<usize, ApiError> {
    let mut moved = 0;
    while step(engine, space).await? == StepOutcome::Moved {
        moved += 1;
    }
    Ok(moved)
}

/// The earliest moment at which something falls due; none in a workspace that is archived, where everything waits.
fn next_moment(space: &WorkspaceRuntime) -> Option<Timestamp> {
    let world = space.world();
    if world.workspace.archived_at.is_some() {
        return None;
    }
    let of_kinds = MOVERS.iter().filter_map(|mover| (mover.moment)(space, &world));
    let sleepers = space.clock.next_waking();
    let of_scenarios = space.scenario_runs.next_moment(space.clock.now());
    of_kinds.chain(sleepers).chain(of_scenarios).min()
}

/// The real time until something becomes due, in a workspace whose clock runs.
fn next_wake(space: &WorkspaceRuntime) -> Option<Duration> {
    space.clock.real_wait(next_moment(space)?)
}

/// When the worker looks at a workspace again by itself: the moments in real time, the earliest first.
#[derive(Debug, Default)]
struct Alarms {
    by_time: BTreeSet<(Instant, String)>,
    of: HashMap<String, Instant>,
}

impl Alarms {
    fn set(&mut self, key: &str, at: Option<Instant>) {
        if let Some(old) = self.of.remove(key) {
            self.by_time.remove(&(old, key.to_owned()));
        }
        if let Some(at) = at {
            self.of.insert(key.to_owned(), at);
            self.by_time.insert((at, key.to_owned()));
        }
    }

    /// The workspaces whose moment has come.
    fn due(&self, now: Instant) -> impl Iterator<Item = &String> {
        self.by_time.iter().take_while(move |(at, _)| *at <= now).map(|(_, key)| key)
    }

    fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }
}

/// After an error the worker looks at a workspace again so much later.
const AGAIN: Duration = Duration::from_secs(1);

/// Runs until the engine is gone: makes the changes that are due in the workspaces that were woken or whose moment has come,
/// then waits for the next.
pub async fn run(engine: std::sync::Weak<Engine>) {
    let mut alarms = Alarms::default();
    loop {
        let Some(engine) = engine.upgrade() else { return };
        let mut keys = engine.woken.take();
        keys.extend(alarms.due(monotonic()).cloned());
        for key in keys {
            let Some(space) = engine.space(&key) else {
                alarms.set(&key, None);
                continue;
            };
            let wait = match step_all(&engine, &space).await {
                Ok(_) => next_wake(&space),
                Err(error) => {
                    tracing::error!(error.cause = %error, workspace = space.key, "the worker could not move what was due");
                    Some(AGAIN)
                }
            };
            alarms.set(&key, wait.and_then(|wait| monotonic().checked_add(wait)));
        }
        let rest = alarms.next().map_or(LONGEST_REST, |at| at.saturating_duration_since(monotonic()).min(LONGEST_REST));
        tokio::select! {
            () = engine.woken.any() => {}
            () = crate::base::clock::real_sleep(rest) => {}
        }
    }
}

/// The worker looks whether the engine is still there at the latest after this time.
const LONGEST_REST: Duration = Duration::from_hours(1);
