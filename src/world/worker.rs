//! The worker: it makes the changes that are due (connections, actions, sessions, jobs, flow runs, refreshes,
//! webhooks), one step at a time, in order of time.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::engine::{Engine, Space};
use crate::nouns::action::model::{Action, ActionEvent};
use crate::nouns::agent_session::model::{AgentEvent, AgentSession};
use crate::nouns::agent_session::rules as agents;
use crate::nouns::connection::connect::{as_owner, end_session, finish_building, move_in};
use crate::nouns::connection::model::{Connection, ConnectionEvent, ConnectionState};
use crate::nouns::connection::outbound;
use crate::nouns::flow_run::model::{FlowRun, FlowRunState};
use crate::nouns::flow_run::rules as flow_runs;
use crate::nouns::webhook::model::WebhookDelivery;
use crate::nouns::webhook::rules as webhooks;
use crate::nouns::workspace::model::progress::{Due, Failure};
use crate::store::{Tx, World};
use crate::world::job::model::Job;
use crate::world::job::rules as jobs;
use crate::world::scenario::rules as scenarios;

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The step made a change, or sent one off.
    Moved,
    /// Nothing is due at the moment.
    Idle,
}

enum Item {
    Connection(Arc<Connection>),
    Action(Arc<Action>),
    Session(Arc<AgentSession>),
    /// A connection's credentials are to be refreshed.
    Refresh(Arc<Connection>),
    /// A webhook is to be sent.
    Delivery(Arc<WebhookDelivery>),
    /// A background job's turn has come.
    Job(Arc<Job>),
    /// A flow run's turn has come.
    FlowRun(Arc<FlowRun>),
    /// A flow run that goes on is to be carried out.
    FlowRunDue(Arc<FlowRun>),
}

/// Does something in a task of its own, unless the same is under way.
fn send_off<F>(
    engine: &Arc<Engine>,
    space: &Arc<Space>,
    name: String,
    work: impl FnOnce(Arc<Engine>, Arc<Space>) -> F + Send + 'static,
) where
    F: Future<Output = Result<(), ApiError>> + Send,
{
    let Some(flight) = Flight::begin(engine, space, name) else { return };
    let (engine, space) = (Arc::clone(engine), Arc::clone(space));
    // The task runs on the server's own runtime, because a test's may end first.
    engine.db.runtime().clone().spawn(async move {
        let _flight = flight;
        if let Err(error) = work(Arc::clone(&engine), Arc::clone(&space)).await {
            tracing::warn!(error.cause = %error, workspace = space.key, "something that was due could not be sent");
        }
    });
}

/// Something that is under way; dropping it ends that.
struct Flight {
    engine: Arc<Engine>,
    space: Arc<Space>,
    name: String,
}

impl Flight {
    fn begin(engine: &Arc<Engine>, space: &Arc<Space>, name: String) -> Option<Self> {
        let may = space.in_flight.begin(&name);
        may.then(|| Self { engine: Arc::clone(engine), space: Arc::clone(space), name })
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.space.in_flight.end(&self.name);
        self.engine.wake.notify_one();
    }
}

/// Makes the change that has been due longest.
pub async fn step(engine: &Arc<Engine>, space: &Arc<Space>) -> Result<Outcome, ApiError> {
    if space.data.is_closed() {
        return Ok(Outcome::Idle);
    }
    if scenarios::go_on(engine, space).await > 0 {
        return Ok(Outcome::Moved);
    }
    match next_due(space, &space.world()) {
        // These go over HTTP, so they are neither in a transaction nor waited for: a receiver that hangs delays nothing
        // else.
        Some(Item::Refresh(connection)) => {
            send_off(engine, space, connection.id.to_string(), |engine, space| async move {
                renew(&engine, &space, &connection).await
            });
            return Ok(Outcome::Moved);
        }
        Some(Item::Delivery(delivery)) => {
            send_off(engine, space, delivery.id.to_string(), |engine, space| async move {
                webhooks::deliver(&engine, &space, &delivery).await
            });
            return Ok(Outcome::Moved);
        }
        Some(Item::FlowRunDue(run)) => {
            space.forget_reads(run.id.as_str());
            send_off(engine, space, run.id.to_string(), |engine, space| async move {
                flow_runs::carry_out(&engine, &space, &run.id).await
            });
            return Ok(Outcome::Moved);
        }
        _ => {}
    }
    let mut tx = space.data.begin().await;
    let Some(item) = next_due(space, &tx) else { return Ok(Outcome::Idle) };
    // Reads are counted anew for whatever comes next.
    space.forget_reads(match &item {
        Item::Connection(connection) => connection.id.as_str(),
        Item::Action(action) => action.id.as_str(),
        Item::Session(session) => session.id.as_str(),
        Item::Job(job) => job.id.as_str(),
        Item::FlowRun(run) => run.id.as_str(),
        // These have become due a moment ago; the next step handles them.
        Item::Refresh(_) | Item::Delivery(_) | Item::FlowRunDue(_) => return Ok(Outcome::Moved),
    });
    if let Err(error) = move_item(engine, space, &mut tx, &item) {
        drop(tx);
        return give_up(space, &item, error).await;
    }
    tx.commit().await?;
    Ok(Outcome::Moved)
}

fn move_item(engine: &Engine, space: &Space, tx: &mut Tx, item: &Item) -> Result<(), ApiError> {
    match item {
        Item::Connection(connection) => {
            let connection = (**connection).clone();
            let failure = connection.due.as_ref().and_then(|due| due.failure.clone());
            match (connection.state, failure) {
                (_, Some(failure)) => fail(engine, space, tx, connection, failure),
                (ConnectionState::Building, None) => finish_building(engine, space, tx, connection),
                (_, None) => move_in(engine, space, tx, connection, ConnectionEvent::Finish, None),
            }
        }
        Item::Action(action) => {
            let failure = action.due.as_ref().and_then(|due| due.failure.clone());
            let why = failure.map(|failure| failure.error.unwrap_or_else(|| "the action could not be built".into()));
            end_building(engine, space, tx, (**action).clone(), why)
        }
        Item::Session(session) => {
            let failure = session.due.as_ref().and_then(|due| due.failure.clone());
            let why = failure.map(|failure| failure.error.unwrap_or_else(|| "the agent gave up".into()));
            agents::end(space, tx, (**session).clone(), why)
        }
        Item::Job(job) => jobs::carry_out(engine, space, tx, job),
        Item::FlowRun(run) => flow_runs::begin(space, tx, (**run).clone()),
        Item::Refresh(_) | Item::Delivery(_) | Item::FlowRunDue(_) => Ok(()),
    }
}

/// Refreshes credentials before they expire. The vendor's answer, or that there is none, is noted on the connection.
async fn renew(engine: &Arc<Engine>, space: &Arc<Space>, connection: &Connection) -> Result<(), ApiError> {
    // Read again now that nobody else refreshes it: it may have been done a moment ago.
    let now = space.clock.now();
    let current = space.world().connections.get(connection.id.as_str()).cloned();
    let Some(connection) = current.filter(|c| c.refresh_due().is_some_and(|at| at <= now)) else { return Ok(()) };
    let cx = as_owner(engine, space, &connection)?;
    let held = connection.credentials.as_ref().and_then(|held| held.get("access_token")).and_then(|t| t.as_str());
    outbound::refresh(&cx, &connection.id, held).await?;
    let now = space.clock.now();
    let world = space.world();
    let still_due =
        world.connections.get(connection.id.as_str()).filter(|c| c.refresh_due().is_some_and(|at| at <= now));
    if let Some(still_due) = still_due {
        // The refresh gave no next date, so the credentials are not refreshed again before the app refuses them.
        let mut tx = space.data.begin().await;
        let mut connection = (**still_due).clone();
        (connection.next_credentials_refresh_at, connection.next_retry_timestamp) = (None, None);
        tx.put(connection)?;
        tx.commit().await?;
    }
    Ok(())
}

/// Fails a change that cannot be made, so that it does not delay the others; the record then says why.
async fn give_up(space: &Space, item: &Item, error: ApiError) -> Result<Outcome, ApiError> {
    tracing::warn!(error.cause = %error, workspace = space.key, "something that was due could not be moved");
    let mut tx = space.data.begin().await;
    let now = space.clock.now();
    match item {
        // An event that the state does not allow is dropped.
        Item::Connection(connection) => {
            if let Some(mut connection) = tx.connections.get(connection.id.as_str()).map(|c| (**c).clone()) {
                connection.apply(ConnectionEvent::Fail, now).ok();
                connection.due = None;
                connection.errors = vec![error.clone()];
                end_session(space, &mut tx, &connection, Some(&error)).ok();
                connection.error = Some(error);
                tx.put(connection)?;
            }
        }
        Item::Action(action) => {
            if let Some(mut action) = tx.actions.get(action.id.as_str()).map(|a| (**a).clone()) {
                action.apply(ActionEvent::Fail, now).ok();
                action.due = None;
                action.errors = vec![error];
                tx.put(action)?;
            }
        }
        Item::Session(session) => {
            if let Some(mut session) = tx.agent_sessions.get(session.id.as_str()).map(|s| (**s).clone()) {
                session.apply(AgentEvent::Fail, now).ok();
                session.due = None;
                session.error = Some(error);
                tx.put(session)?;
            }
        }
        Item::Job(job) => {
            if let Some(job) = tx.jobs.get(job.id.as_str()).map(|job| (**job).clone()) {
                jobs::give_up(space, &mut tx, job, error)?;
            }
        }
        Item::FlowRun(run) => {
            if let Some(run) = tx.flow_runs.get(run.id.as_str()).map(|run| (**run).clone()) {
                flow_runs::give_up(space, &mut tx, run, error)?;
            }
        }
        Item::Refresh(_) | Item::Delivery(_) | Item::FlowRunDue(_) => {}
    }
    tx.commit().await?;
    Ok(Outcome::Moved)
}

fn end_building(
    engine: &Engine,
    space: &Space,
    tx: &mut Tx,
    mut action: Action,
    failure: Option<String>,
) -> Result<(), ApiError> {
    action.due = None;
    match failure {
        Some(why) => {
            action.apply(ActionEvent::Fail, space.clock.now())?;
            action.errors = vec![ApiError::configuration(why)];
        }
        None => {
            action.apply(ActionEvent::Finish, space.clock.now())?;
            crate::nouns::action::rules::finish_building(engine, tx, &mut action);
        }
    }
    action.meta.touch(&space.ids, space.clock.now());
    tx.put(action)?;
    Ok(())
}

/// Ends an action's BUILDING at once, whatever the progress settings say, and answers the
/// action. 404 for an unknown one.
pub async fn finish_action(
    engine: &Engine,
    space: &Space,
    selector: &str,
    failure: Option<String>,
) -> Result<Arc<Action>, ApiError> {
    let mut tx = space.data.begin().await;
    let found =
        tx.actions.get(selector).or_else(|| tx.actions.with_key(selector).next()).map(|action| (**action).clone());
    let action = found.ok_or_else(|| ApiError::not_found(format!("no matching action: `{selector}`")))?;
    let id = action.id.clone();
    end_building(engine, space, &mut tx, action, failure)?;
    let world = tx.commit().await?;
    world.actions.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("an action is missing"))
}

/// Moves the workspace's clock forward, and makes every change that becomes due on the way at its own
/// moment. Answers how many there were.
pub async fn advance(engine: &Arc<Engine>, space: &Arc<Space>, by: Duration) -> Result<usize, ApiError> {
    let end = space.clock.now().plus(by);
    let mut moved = settle(engine, space).await?;
    while let Some(next) = next_moment(space).filter(|next| *next <= end) {
        let now = space.clock.now();
        if next > now {
            space.clock.advance(Duration::from_millis(next.since(now)));
            space.clock.calmed().await;
        }
        let more = settle(engine, space).await?;
        if more == 0 && next <= now {
            break;
        }
        moved += more;
    }
    let now = space.clock.now();
    if end > now {
        space.clock.advance(Duration::from_millis(end.since(now)));
        space.clock.calmed().await;
    }
    Ok(moved + settle(engine, space).await?)
}

fn fail(engine: &Engine, space: &Space, tx: &mut Tx, connection: Connection, failure: Failure) -> Result<(), ApiError> {
    let event = match failure.state {
        ConnectionState::ConfigurationError => ConnectionEvent::FailConfiguration,
        ConnectionState::SetupFailed => ConnectionEvent::FailSetup,
        ConnectionState::Building
        | ConnectionState::ClientActionRequired
        | ConnectionState::Ready
        | ConnectionState::Disconnecting
        | ConnectionState::Disconnected
        | ConnectionState::Error => ConnectionEvent::Fail,
    };
    let error = failure.error.map(ApiError::configuration);
    if connection.state == ConnectionState::Building {
        return move_in(engine, space, tx, connection, event, error);
    }
    // This stands for a user who fails to act: only a cancel leads out of CLIENT_ACTION_REQUIRED.
    move_in(engine, space, tx, connection, ConnectionEvent::Cancel, error)
}

fn next_due(space: &Space, world: &World) -> Option<Item> {
    let now = space.clock.now();
    let due_at = |due: &Due, id: &str| match (due.at, due.reads) {
        (Some(at), _) => (at <= now).then_some(at),
        (None, Some(reads)) => (space.reads_of(id) >= reads).then_some(now),
        (None, None) => None,
    };
    let connections = world
        .connections
        .iter()
        .filter(|connection| !connection.is_archived())
        .filter_map(|c| Some((due_at(c.due.as_ref()?, c.id.as_str())?, Item::Connection(Arc::clone(c)))));
    let actions = world.actions.iter().filter_map(|action| {
        Some((due_at(action.due.as_ref()?, action.id.as_str())?, Item::Action(Arc::clone(action))))
    });
    let sessions = world.agent_sessions.iter().filter_map(|session| {
        Some((due_at(session.due.as_ref()?, session.id.as_str())?, Item::Session(Arc::clone(session))))
    });
    let refreshes = world.connections.iter().filter_map(|connection| {
        let at = connection.refresh_due().filter(|at| *at <= now && !space.in_flight.has(connection.id.as_str()))?;
        Some((at, Item::Refresh(Arc::clone(connection))))
    });
    let deliveries = to_send(space, world)
        .filter(|(at, _)| *at <= now)
        .map(|(at, delivery)| (at, Item::Delivery(Arc::clone(delivery))));
    let jobs = world
        .jobs
        .iter()
        .filter_map(|job| Some((due_at(job.due.as_ref()?, job.id.as_str())?, Item::Job(Arc::clone(job)))));
    let turns = flow_runs::next_in_turn(world).map(|run| (run.started_at, Item::FlowRun(Arc::clone(run))));
    let runs = world
        .flow_runs
        .iter()
        .filter(|run| run.state == FlowRunState::Running && !space.in_flight.has(run.id.as_str()))
        .filter_map(|run| Some((due_at(run.due.as_ref()?, run.id.as_str())?, Item::FlowRunDue(Arc::clone(run)))));
    let all = connections.chain(actions).chain(sessions).chain(refreshes).chain(deliveries).chain(jobs);
    let all = all.chain(turns).chain(runs);
    all.min_by_key(|(at, _)| *at).map(|(_, item)| item)
}

/// The webhooks that may be sent, with when. Those of one moment are sent one after the other, because a run is queued
/// before it starts; those of other moments do not wait for a receiver that hangs.
fn to_send<'w>(
    space: &Space,
    world: &'w World,
) -> impl Iterator<Item = (Timestamp, &'w Arc<WebhookDelivery>)> + use<'w> {
    let waiting = || world.deliveries.iter().filter(|delivery| delivery.next_attempt_at.is_some());
    let under_way = waiting().filter(|delivery| space.in_flight.has(delivery.id.as_str()));
    let busy: HashSet<Timestamp> = under_way.map(|delivery| delivery.created_at).collect();
    waiting()
        .filter(move |delivery| !busy.contains(&delivery.created_at))
        .filter_map(|delivery| Some((delivery.next_attempt_at?, delivery)))
}

/// Makes every change that is due in a workspace, and answers how many there were.
pub async fn settle(engine: &Arc<Engine>, space: &Arc<Space>) -> Result<usize, ApiError> {
    let mut moved = step_all(engine, space).await?;
    loop {
        // What was sent off may have made other changes due.
        space.in_flight.settled(&space.clock).await;
        let more = step_all(engine, space).await?;
        // The background worker may have sent something off meanwhile.
        if more == 0 && space.in_flight.rests(&space.clock) {
            return Ok(moved);
        }
        moved += more;
    }
}

async fn step_all(engine: &Arc<Engine>, space: &Arc<Space>) -> Result<usize, ApiError> {
    let mut moved = 0;
    while step(engine, space).await? == Outcome::Moved {
        moved += 1;
    }
    Ok(moved)
}

/// The earliest moment at which something becomes due; none when nothing will.
fn next_moment(space: &Space) -> Option<Timestamp> {
    let world = space.world();
    let live = world.connections.iter().filter(|connection| !connection.is_archived());
    let connections = live.filter_map(|connection| connection.due.as_ref()?.at);
    let actions = world.actions.iter().filter_map(|action| action.due.as_ref()?.at);
    let sessions = world.agent_sessions.iter().filter_map(|session| session.due.as_ref()?.at);
    let not_sent = |id: &str| !space.in_flight.has(id);
    let refreshes = world.connections.iter().filter(|c| not_sent(c.id.as_str())).filter_map(|c| c.refresh_due());
    let deliveries = to_send(space, &world).map(|(at, _)| at);
    let jobs = world.jobs.iter().filter_map(|job| job.due.as_ref()?.at);
    let turns = flow_runs::next_in_turn(&world).map(|run| run.started_at);
    let runs = world.flow_runs.iter().filter(|run| not_sent(run.id.as_str())).filter_map(|run| run.due.as_ref()?.at);
    let sleepers = space.clock.next_waking();
    let stories = space.scenario_runs.next_moment(space.clock.now());
    let all = connections.chain(actions).chain(sessions).chain(refreshes).chain(deliveries).chain(sleepers);
    all.chain(jobs).chain(turns).chain(runs).chain(stories).min()
}

/// The real time until something becomes due, in a workspace whose clock runs.
fn next_wake(space: &Space) -> Option<Duration> {
    space.clock.real_wait(next_moment(space)?)
}

/// Runs until the engine is gone: makes the changes that are due, then waits for the next moment or a wake-up.
pub async fn run(engine: std::sync::Weak<Engine>) {
    loop {
        let Some(engine) = engine.upgrade() else { return };
        let mut wait = Duration::from_hours(1);
        for space in engine.spaces() {
            if let Err(error) = step_all(&engine, &space).await {
                tracing::error!(error.cause = %error, workspace = space.key, "the worker could not move what was due");
                wait = wait.min(Duration::from_secs(1));
                continue;
            }
            wait = wait.min(next_wake(&space).unwrap_or(wait));
        }
        tokio::select! {
            () = engine.wake.notified() => {}
            () = crate::base::clock::real_sleep(wait) => {}
        }
    }
}
