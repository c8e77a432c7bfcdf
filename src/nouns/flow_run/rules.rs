//! Runs of flow instances: begun by a call, carried out by the worker, one of a connection at a time.
//!
//! Invariant: a run changes its state in transactions of its own, so that each change is told by a webhook; what its
//! nodes do happens between two of them.

use std::collections::HashSet;
use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::history::History;
use crate::base::ids::Id;
use crate::base::page::{Page, PageRequest};
use crate::elements;
use crate::elements::model::Selector;
use crate::engine::{Cx, Engine, Space};
use crate::nouns::connection::connect::as_owner;
use crate::nouns::flow::model::Flow;
use crate::nouns::flow_run::model::{FlowRun, FlowRunBody, FlowRunEvent, FlowRunState, NodeRun};
use crate::nouns::flow_run::nodes;
use crate::nouns::workspace::model::progress::Due;
use crate::store::{Tx, World};

/// So many runs may wait for their turn. Source: DOC limits, per connection.
const MOST_QUEUED: usize = 10_000;
/// So many runs that are over are kept, and so many bytes of them.
const MOST_KEPT: usize = 1_000;
const MOST_BYTES_KEPT: usize = 100 * 1024 * 1024;

/// Begins a run of a flow instance that exists. Source: SDK `CreateFlowRunRequest`.
pub async fn create(cx: &Cx, body: FlowRunBody) -> Result<Arc<FlowRun>, ApiError> {
    let id = body.flow_instance_id.clone().filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| ApiError::bad_request("say what to run: `flowInstanceId` is missing"))?;
    let by_id = Selector { id: Some(id), ..Selector::default() };
    let flow = elements::get::<Flow>(cx, &by_id)?.0;
    start(cx, &flow, body).await
}

/// Begins a run of a connection's version of a flow, which is made if it is missing (assumed). Without a connection, the
/// tenant's one of the flow's integration is meant.
pub async fn create_at(cx: &Cx, selector: &Selector, body: FlowRunBody) -> Result<Arc<FlowRun>, ApiError> {
    let (flow, _) = elements::get::<Flow>(cx, selector)?;
    if let Some(own) = &flow.place.connection {
        let world = cx.world();
        let named = cx.directory(&world).scope(&cx.caller, &selector.scope)?.connection;
        if selector.scope.names_connection() && named.is_none_or(|named| named.id != *own) {
            let why = format!("flow `{}` belongs to another connection than the one that is named", flow.meta.name);
            return Err(ApiError::bad_request(why));
        }
        return start(cx, &flow, body).await;
    }
    let mut scope = selector.scope.clone();
    if scope.is_empty() {
        scope.integration_id = flow.place.integration.as_ref().map(Id::to_string);
    }
    let making = Selector {
        parent_id: Some(flow.id.to_string()),
        instance_key: selector.instance_key.clone(),
        auto_create: true,
        scope,
        ..Selector::default()
    };
    start(cx, &*elements::instance::<Flow>(cx, &making).await?, body).await
}

async fn start(cx: &Cx, flow: &Flow, body: FlowRunBody) -> Result<Arc<FlowRun>, ApiError> {
    flow.meta.refuse_archived("flow")?;
    let place = &flow.place;
    let (Some(connection), Some(tenant)) = (place.connection.clone(), place.tenant.clone()) else {
        return Err(ApiError::bad_request(format!(
            "flow `{}` is of no connection, so it cannot run; run its instance: POST /connections/:id/flows/{}/run",
            flow.meta.name,
            flow.meta.key.as_deref().unwrap_or_default()
        )));
    };
    let start_node = flow.start_node(body.start_node_key.as_deref().or(body.node_key.as_deref()))?.to_owned();
    let mut tx = cx.space.data.begin().await;
    if let Some(connection) = tx.connections.get(connection.as_str()) {
        connection.refuse_archived_call()?;
    }
    let waits = |run: &&Arc<FlowRun>| run.state == FlowRunState::Queued && run.connection == connection;
    if tx.flow_runs.iter().filter(waits).count() >= MOST_QUEUED {
        return Err(ApiError::rate_limited(format!("{MOST_QUEUED} flow runs of this connection wait already")));
    }
    let bytes = body.input.as_ref().map_or(0, |input| input.to_string().len());
    let under_way = tx.flow_runs.iter().filter(|run| !run.state.is_over()).map(|run| run.bytes).sum::<usize>();
    if under_way + bytes > MOST_BYTES_KEPT {
        let why = format!("the flow runs that are not over have more than {MOST_BYTES_KEPT} bytes of input");
        return Err(ApiError::rate_limited(why));
    }
    let now = cx.space.clock.now();
    let run = FlowRun {
        id: cx.space.ids.id(),
        name: flow.meta.name.clone(),
        tenant,
        flow: flow.id.clone(),
        connection,
        integration: place.integration.clone(),
        start_node,
        input: body.input,
        meta: body.meta,
        state: FlowRunState::Queued,
        history: History::default(),
        started_at: now,
        ended_at: None,
        errors: Vec::new(),
        node_runs: Vec::new(),
        bytes,
        due: None,
    };
    let id = run.id.clone();
    tx.put(run)?;
    forget_old(&mut tx);
    let world = tx.commit().await?;
    cx.engine.wake.notify_one();
    world.flow_runs.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a flow run is missing"))
}

fn forget_old(tx: &mut Tx) {
    let over = tx.flow_runs.iter().rev().filter(|run| run.state.is_over());
    let sizes = over.enumerate().scan(0, |sum, (nth, run)| {
        *sum += run.bytes;
        Some((nth, *sum, run.id.clone()))
    });
    let old: Vec<Id<FlowRun>> = sizes
        .filter(|(nth, bytes, _)| *nth >= MOST_KEPT || (*nth > 0 && *bytes > MOST_BYTES_KEPT))
        .map(|(_, _, id)| id)
        .collect();
    for old in old {
        tx.remove::<FlowRun>(old.as_str());
    }
}

fn no_run(id: &str) -> ApiError {
    ApiError::not_found(format!("flow run not found: `{id}`; list them with GET /flow-runs"))
}

/// A run that the caller may see.
pub fn find(cx: &Cx, id: &str) -> Result<Arc<FlowRun>, ApiError> {
    let run = cx.world().flow_runs.get(id).filter(|run| cx.caller.may_see(run.tenant.as_str())).cloned();
    run.ok_or_else(|| no_run(id))
}

/// The same, and a look at one that goes on counts.
pub fn get(cx: &Cx, id: &str) -> Result<Arc<FlowRun>, ApiError> {
    let run = find(cx, id)?;
    if run.due.as_ref().is_some_and(|due| due.reads.is_some()) {
        cx.space.count_read(id);
        cx.engine.wake.notify_one();
    }
    Ok(run)
}

/// Which runs are asked for. Source: SDK `FindFlowRunsQuery`.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Of a flow, at whichever layer: the instance itself or one that it is a version of.
    pub flows: Vec<String>,
    /// Whose.
    pub tenant: Option<String>,
    /// At this state.
    pub state: Option<FlowRunState>,
    /// Of an integration.
    pub integration: Option<String>,
    /// Of a connection.
    pub connection: Option<String>,
    /// Of an external app.
    pub external_app: Option<String>,
    /// Begun then or later.
    pub from: Option<Timestamp>,
    /// Begun then or earlier.
    pub to: Option<Timestamp>,
}

/// Lists runs, newest first.
pub fn list(cx: &Cx, filter: &RunFilter, page: PageRequest) -> Page<Arc<FlowRun>> {
    let world = cx.world();
    let of_app = |run: &FlowRun, app: &str| {
        let connection = world.connections.get(run.connection.as_str());
        connection.is_some_and(|connection| connection.external_app.as_ref().is_some_and(|of| of == app))
    };
    let all: Vec<(u64, &Arc<FlowRun>)> = world.flow_runs.after(0).collect();
    let wanted = all.into_iter().rev().filter(|(_, run)| {
        cx.caller.may_see(run.tenant.as_str())
            && filter.flows.iter().all(|id| is_of(&world, &run.flow, id))
            && filter.tenant.as_ref().is_none_or(|named| elements::is_tenant(&world, &run.tenant, named))
            && filter.state.is_none_or(|state| run.state == state)
            && filter.integration.as_ref().is_none_or(|id| run.integration.as_ref().is_some_and(|of| of == id.as_str()))
            && filter.connection.as_ref().is_none_or(|id| run.connection == **id)
            && filter.external_app.as_ref().is_none_or(|id| of_app(run, id))
            && filter.from.is_none_or(|from| run.started_at >= from)
            && filter.to.is_none_or(|to| run.started_at <= to)
    });
    page.take(wanted.map(|(seq, run)| (u64::MAX - seq, Arc::clone(run))))
}

/// Whether a flow is `id` or a version of it.
fn is_of(world: &World, flow: &Id<Flow>, id: &str) -> bool {
    let own = world.flows.get(flow.as_str());
    *flow == *id || own.is_some_and(|flow| elements::ancestors(world, &**flow).any(|above| above.id == *id))
}

/// Stops a run that is not over. What a node does just now, it does; nothing comes after it.
pub async fn stop(cx: &Cx, id: &str) -> Result<Arc<FlowRun>, ApiError> {
    find(cx, id)?;
    moved(&cx.engine, &cx.space, id, |run, now| run.apply(FlowRunEvent::Stop, now)).await
}

/// Changes a run in a transaction of its own.
async fn moved(
    engine: &Engine,
    space: &Space,
    id: &str,
    change: impl FnOnce(&mut FlowRun, Timestamp) -> Result<(), ApiError>,
) -> Result<Arc<FlowRun>, ApiError> {
    let mut tx = space.data.begin().await;
    let mut run = tx.flow_runs.get(id).map(|run| (**run).clone()).ok_or_else(|| no_run(id))?;
    change(&mut run, space.clock.now())?;
    tx.put(run)?;
    let world = tx.commit().await?;
    engine.wake.notify_one();
    world.flow_runs.get(id).cloned().ok_or_else(|| no_run(id))
}

/// The runs whose turn has come: of each connection on which none goes on, the one that has waited longest.
pub fn next_in_turn(world: &World) -> impl Iterator<Item = &Arc<FlowRun>> {
    let running = world.flow_runs.iter().filter(|run| run.state == FlowRunState::Running);
    let mut busy: HashSet<&str> = running.map(|run| run.connection.as_str()).collect();
    let queued = world.flow_runs.iter().filter(|run| run.state == FlowRunState::Queued);
    queued.filter(move |run| busy.insert(run.connection.as_str()))
}

/// Its turn has come. When it is carried out is a matter of progress.
pub fn begin(space: &Space, tx: &mut Tx, mut run: FlowRun) -> Result<(), ApiError> {
    let now = space.clock.now();
    run.apply(FlowRunEvent::Start, now)?;
    run.due = tx.workspace.mock.progress.flow_run.due(now);
    tx.put(run)?;
    Ok(())
}

/// A run cannot go on: nothing else may wait for it.
pub fn give_up(space: &Space, tx: &mut Tx, mut run: FlowRun, error: ApiError) -> Result<(), ApiError> {
    // An event that the state does not allow changes nothing.
    run.apply(FlowRunEvent::Fail, space.clock.now()).ok();
    run.due = None;
    run.errors = vec![error];
    tx.put(run)?;
    Ok(())
}

/// Carries out a run that is due: its nodes, or the failure that progress has for it.
pub async fn carry_out(engine: &Arc<Engine>, space: &Arc<Space>, id: &Id<FlowRun>) -> Result<(), ApiError> {
    let world = space.world();
    let is_due = |run: &&Arc<FlowRun>| run.state == FlowRunState::Running && run.due.is_some();
    let Some(run) = world.flow_runs.get(id.as_str()).filter(is_due).cloned() else { return Ok(()) };
    let failure = run.due.as_ref().and_then(|due| due.failure.clone());
    let (node_runs, mut errors) = match failure {
        Some(failure) => (Vec::new(), vec![failed(failure.error)]),
        None => match walk(engine, space, &world, &run).await {
            Ok(done) => done,
            Err(error) => (Vec::new(), vec![error]),
        },
    };
    moved(engine, space, id.as_str(), |run, now| {
        run.bytes += node_runs.iter().map(NodeRun::bytes).sum::<usize>();
        run.node_runs = node_runs;
        if run.state.is_over() {
            // It was stopped meanwhile.
            return Ok(());
        }
        let event = if errors.is_empty() { FlowRunEvent::Complete } else { FlowRunEvent::Fail };
        run.errors.append(&mut errors);
        run.apply(event, now)
    })
    .await?;
    Ok(())
}

/// Why a run failed when nobody says.
fn failed(why: Option<String>) -> ApiError {
    ApiError::flow_run(why.unwrap_or_else(|| "the flow run failed".to_owned()))
}

async fn walk(
    engine: &Arc<Engine>,
    space: &Arc<Space>,
    world: &World,
    run: &Arc<FlowRun>,
) -> Result<(Vec<NodeRun>, Vec<ApiError>), ApiError> {
    let connection = world.connections.get(run.connection.as_str()).cloned();
    let connection = connection.ok_or_else(|| ApiError::flow_run("the flow instance's connection is gone"))?;
    let flow = world.flows.get(run.flow.as_str()).cloned();
    let flow = flow.ok_or_else(|| ApiError::flow_run("the flow instance is gone"))?;
    connection.refuse_archived_call()?;
    let cx = as_owner(engine, space, &connection)?;
    Ok(nodes::walk(&cx, &flow, run).await)
}

/// Moves a run by an event, whatever the progress: as a poke. `start` does not wait for the run's turn; `complete` carries
/// the run out, and it may fail at that.
pub async fn poke(
    engine: &Arc<Engine>,
    space: &Arc<Space>,
    id: &str,
    event: FlowRunEvent,
    error: Option<String>,
) -> Result<Arc<FlowRun>, ApiError> {
    match event {
        FlowRunEvent::Start => {
            let mut tx = space.data.begin().await;
            let run = tx.flow_runs.get(id).map(|run| (**run).clone()).ok_or_else(|| no_run(id))?;
            begin(space, &mut tx, run)?;
            tx.commit().await?;
            engine.wake.notify_one();
        }
        FlowRunEvent::Complete => {
            moved(engine, space, id, |run, now| {
                // Refused if the machine does not allow it.
                run.clone().apply(event, now)?;
                run.due = Some(Due { at: Some(now), reads: None, failure: None });
                Ok(())
            })
            .await?;
        }
        FlowRunEvent::Fail | FlowRunEvent::Stop => {
            moved(engine, space, id, |run, now| {
                run.apply(event, now)?;
                if event == FlowRunEvent::Fail {
                    run.errors = vec![failed(error)];
                }
                Ok(())
            })
            .await?;
        }
    }
    space.world().flow_runs.get(id).cloned().ok_or_else(|| no_run(id))
}

/// What one node's runs are, for a caller who may see the run; a node that has not run has none.
pub fn of_node(cx: &Cx, id: &str, node: &str) -> Result<Vec<NodeRun>, ApiError> {
    let run = find(cx, id)?;
    let flow = cx.world().flows.get(run.flow.as_str()).cloned();
    let runs: Vec<NodeRun> = run.node_runs.iter().filter(|of| of.node_key == node).cloned().collect();
    if runs.is_empty() && flow.is_some_and(|flow| !flow.nodes.contains_key(node)) {
        return Err(ApiError::not_found(format!("flow `{}` has no node `{node}`", run.name)));
    }
    Ok(runs)
}
