//! Runs of flow instances: queued by a call, carried out by the worker, one of a connection at a time.
//!
//! Invariant: a run changes its state in transactions of its own, so that a webhook tells of each change; its
//! nodes run between two of them.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::history::History;
use crate::base::ids::{Id, Index};
use crate::base::json::{schema, text_size};
use crate::base::page::{Page, PageRequest};
use crate::elements;
use crate::elements::model::Selector;
use crate::engine::catalog::Catalog;
use crate::engine::directory::Directory;
use crate::engine::moves::{Moves, Works};
use crate::engine::{Cx, Engine, WorkspaceRuntime};
use crate::nouns::connection::connect::as_owner;
use crate::nouns::flow::model::{Flow, FlowNodeType};
use crate::nouns::flow_run::model::{FlowRun, FlowRunBody, FlowRunEvent, FlowRunState, NodeRun};
use crate::nouns::flow_run::nodes;
use crate::nouns::workspace::model::progress::Due;
use crate::store::{Tx, World};

/// The most runs of one connection that may wait for their turn. Source: DOC limits, per connection.
const MOST_QUEUED: usize = 10_000;
/// How many finished runs are kept, and how many bytes of them; the newest is kept whatever its size.
const MOST_KEPT: usize = 1_000;
const MOST_BYTES_KEPT: usize = 100 * 1024 * 1024;

/// A run that was queued.
#[derive(Debug)]
pub struct Queued {
    pub run: Arc<FlowRun>,
    /// The workspace as it was then: the worker may have begun the run, and changed its connection, before it is answered.
    pub world: Arc<World>,
}

/// Queues a run of an existing flow instance and answers it. Fails with 400 without `flowInstanceId`, with 404 for an
/// unknown instance, and as [`create_at`] does. Source: SDK `CreateFlowRunRequest`.
pub async fn create(cx: &Cx, body: FlowRunBody) -> Result<Queued, ApiError> {
    let id = body.flow_instance_id.clone().filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| ApiError::bad_request("say what to run: `flowInstanceId` is missing"))?;
    if cx.directory(&cx.world()).element_by_id::<Flow>(&cx.caller, &id).is_none() {
        return Err(Directory::no_instance::<Flow>(&id));
    }
    let by_id = Selector { id: Some(id), ..Selector::default() };
    let flow = elements::get::<Flow>(cx, &by_id)?.0;
    start(cx, &flow, body).await
}

/// Queues a run of a connection's instance of a flow, which is made if it is missing (assumed). Without a connection,
/// the tenant's connection of the flow's integration is meant. Fails with 400 for a flow of another connection, an
/// archived flow or no node to begin with, and with 429 when too many runs wait.
pub async fn create_at(cx: &Cx, selector: &Selector, body: FlowRunBody) -> Result<Queued, ApiError> {
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

/// What launches a run that no caller asks for. Source: SDK `FlowRunLaunchedBy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The type of the launcher, such as `external-event`.
    pub by: &'static str,
    /// The ids of what launched it, such as the event.
    pub ids: Vec<String>,
}

/// Queues a run of a flow instance that something launches at its trigger, and answers it. Fails as [`create_at`] does.
pub async fn launch(
    cx: &Cx,
    flow: &Flow,
    node: &str,
    input: serde_json::Value,
    launch: Launch,
) -> Result<Queued, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let id = queue(&cx.engine.catalog, &cx.space, &mut tx, flow, node, vec![input], launch)?;
    queued(cx, tx, &id).await
}

async fn start(cx: &Cx, flow: &Flow, body: FlowRunBody) -> Result<Queued, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let id = put(&cx.engine.catalog, &cx.space, &mut tx, flow, body, Vec::new(), None)?;
    queued(cx, tx, &id).await
}

async fn queued(cx: &Cx, tx: Tx, id: &Id<FlowRun>) -> Result<Queued, ApiError> {
    let world = tx.commit().await?;
    cx.wake();
    let run = world.flow_runs.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a flow run is missing"))?;
    Ok(Queued { run, world })
}

/// Queues a run of a flow instance in a transaction, at the trigger that launches it, which runs once for each input. Answers
/// the run's id. Fails as [`create_at`] does.
pub fn queue(
    catalog: &Catalog,
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    flow: &Flow,
    node: &str,
    inputs: Vec<serde_json::Value>,
    launch: Launch,
) -> Result<Id<FlowRun>, ApiError> {
    let mut inputs = inputs.into_iter();
    let body = FlowRunBody { start_node_key: Some(node.to_owned()), input: inputs.next(), ..FlowRunBody::default() };
    put(catalog, space, tx, flow, body, inputs.collect(), Some(launch))
}

fn put(
    catalog: &Catalog,
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    flow: &Flow,
    body: FlowRunBody,
    further_inputs: Vec<serde_json::Value>,
    launch: Option<Launch>,
) -> Result<Id<FlowRun>, ApiError> {
    let world = (**tx).clone();
    let directory = Directory::new(&world, catalog);
    directory.check_in_service(flow)?;
    let place = &flow.place;
    let (Some(connection), Some(tenant)) = (place.connection.clone(), place.tenant.clone()) else {
        return Err(ApiError::bad_request(format!(
            "flow `{}` is of no connection, so it cannot run; run its instance: POST /connections/:id/flows/{}/run",
            flow.meta.name,
            flow.meta.key.as_deref().unwrap_or_default()
        )));
    };
    let start_node = flow.start_node(body.start_node_key.as_deref().or(body.node_key.as_deref()))?.to_owned();
    if let Some(connection) = world.connections.get(connection.as_str()) {
        directory.check_usable(connection)?;
    }
    check_input(flow, &start_node, body.input.as_ref())?;
    let of_connection = [connection.as_str()];
    let under_way = world.flow_runs.with(Index::Connection, &of_connection);
    if under_way.filter(|run| run.state == FlowRunState::Queued).count() >= MOST_QUEUED {
        return Err(ApiError::rate_limited(format!("{MOST_QUEUED} flow runs of this connection wait already")));
    }
    let bytes = body.input.iter().chain(&further_inputs).map(text_size).sum();
    let under_way = world.flow_runs.iter().filter(|run| !run.state.is_over()).map(|run| run.bytes).sum::<usize>();
    if under_way + bytes > MOST_BYTES_KEPT {
        let why = format!("the flow runs that are not over have more than {MOST_BYTES_KEPT} bytes of input");
        return Err(ApiError::rate_limited(why));
    }
    let (launched_by, launched_by_ids) = launch.map(|launch| (launch.by.to_owned(), launch.ids)).unzip();
    let run = FlowRun {
        id: space.ids.id(),
        name: flow.meta.name.clone(),
        tenant,
        flow: flow.id.clone(),
        connection,
        integration: place.integration.clone(),
        start_node,
        input: body.input,
        further_inputs,
        meta: body.meta,
        launched_by,
        launched_by_ids: launched_by_ids.unwrap_or_default(),
        state: FlowRunState::Queued,
        history: History::default(),
        started_at: space.clock.now(),
        ended_at: None,
        errors: Vec::new(),
        node_runs: Vec::new(),
        bytes,
        due: None,
    };
    let id = run.id.clone();
    tx.put(run)?;
    Ok(id)
}

/// Refuses with 400 an input that does not fit the `inputSchema` of the API trigger where a run begins. Source:
/// IAPP:docs/trigger-nodes.
fn check_input(flow: &Flow, start_node: &str, input: Option<&serde_json::Value>) -> Result<(), ApiError> {
    let node = flow.nodes.get(start_node).filter(|node| node.node_type == FlowNodeType::ApiTrigger);
    let wanted = node.and_then(|node| node.config.get("inputSchema")).filter(|wanted| wanted.is_object());
    let Some(wanted) = wanted else { return Ok(()) };
    let given = input.filter(|input| !input.is_null()).cloned().unwrap_or_else(|| serde_json::json!({}));
    schema::check_value(wanted, &given, &format!("the input of flow `{}`", flow.meta.name))
}

/// Removes the oldest runs that are over, where a transaction has ended one and there are too many by now.
pub fn notice(tx: &mut Tx) {
    let changed = tx.changed::<FlowRun>();
    let is_over = |id: &String| tx.flow_runs.get(id).is_some_and(|run| run.state.is_over());
    if !changed.iter().any(is_over) {
        return;
    }
    let over = tx.flow_runs.with(Index::Over, &[]).rev();
    let sizes = over.enumerate().scan(0, |sum, (nth, run)| {
        *sum += run.bytes;
        Some((nth, *sum, run.id.clone()))
    });
    let old: Vec<Id<FlowRun>> = sizes
        .filter(|(nth, bytes, _)| *nth >= MOST_KEPT || (*nth > 0 && *bytes > MOST_BYTES_KEPT))
        .map(|(_, _, id)| id)
        // Whoever has ended one is answered with it.
        .filter(|id| !changed.iter().any(|changed| changed == id.as_str()))
        .collect();
    for old in old {
        tx.remove::<FlowRun>(old.as_str());
    }
}

fn no_run(id: &str) -> ApiError {
    ApiError::not_found(format!("flow run not found: `{id}`; list them with GET /flow-runs"))
}

/// Answers a run; 404 when it does not exist or the caller may not see it.
pub fn find(cx: &Cx, id: &str) -> Result<Arc<FlowRun>, ApiError> {
    let run = cx.world().flow_runs.get(id).filter(|run| cx.caller.may_see(run.tenant.as_str())).cloned();
    run.ok_or_else(|| no_run(id))
}

/// Answers a run as [`find`] does, and counts the read where progress waits for reads.
pub fn get(cx: &Cx, id: &str) -> Result<Arc<FlowRun>, ApiError> {
    let run = find(cx, id)?;
    if run.due.as_ref().is_some_and(|due| due.reads.is_some()) {
        cx.space.count_read(id);
        cx.wake();
    }
    Ok(run)
}

/// Which runs a list asks for; an absent field allows all. Source: SDK `FindFlowRunsQuery`.
#[derive(Debug, Clone, Default)]
pub struct FlowRunFilter {
    /// Ids of flows at any layer; a run's flow must be, or be a version of, each of them.
    pub flows: Vec<String>,
    /// The id or key of the tenant that owns the run.
    pub tenant: Option<String>,
    pub state: Option<FlowRunState>,
    /// The id of the integration.
    pub integration: Option<String>,
    /// The id of the connection.
    pub connection: Option<String>,
    /// The id of the external app of the run's connection.
    pub external_app: Option<String>,
    /// The earliest start, included.
    pub from: Option<Timestamp>,
    /// The latest start, included.
    pub to: Option<Timestamp>,
}

/// Answers a page of the runs that the caller may see and the filter allows, newest first.
pub fn list(cx: &Cx, filter: &FlowRunFilter, page: PageRequest) -> Page<Arc<FlowRun>> {
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

/// Whether a flow is the one with `id` or a version of it.
fn is_of(world: &World, flow: &Id<Flow>, id: &str) -> bool {
    let own = world.flows.get(flow.as_str());
    *flow == *id || own.is_some_and(|flow| elements::ancestors(world, &**flow).any(|above| above.id == *id))
}

/// Stops a run and answers it. What a node is doing at the moment is finished; no node runs after it. Fails with 404
/// when the caller may not see the run, and when it is over.
pub async fn stop(cx: &Cx, id: &str) -> Result<Arc<FlowRun>, ApiError> {
    find(cx, id)?;
    moved(&cx.engine, &cx.space, id, |run, now| run.apply(FlowRunEvent::Stop, now)).await
}

/// Changes a run in a transaction of its own and answers it; 404 when it does not exist.
async fn moved(
    engine: &Engine,
    space: &WorkspaceRuntime,
    id: &str,
    change: impl FnOnce(&mut FlowRun, Timestamp) -> Result<(), ApiError>,
) -> Result<Arc<FlowRun>, ApiError> {
    let mut tx = space.data.begin().await;
    let mut run = tx.flow_runs.get(id).map(|run| (**run).clone()).ok_or_else(|| no_run(id))?;
    change(&mut run, space.clock.now())?;
    tx.put(run)?;
    let world = tx.commit().await?;
    engine.wake(space);
    world.flow_runs.get(id).cloned().ok_or_else(|| no_run(id))
}

/// Starts a queued run; the workspace's progress settings say when it is carried out.
fn begin(space: &WorkspaceRuntime, tx: &mut Tx, mut run: FlowRun) -> Result<(), ApiError> {
    let now = space.clock.now();
    run.apply(FlowRunEvent::Start, now)?;
    run.due = tx.workspace.mock.progress.flow_run.due(now);
    tx.put(run)?;
    Ok(())
}

/// A queued run waits for its turn: one run of a connection goes on at a time, the one that has waited longest next.
impl Moves for FlowRun {
    fn may_move(world: &World, run: &Self) -> bool {
        world.flow_runs.with_key(run.connection.as_str()).next().is_none()
    }

    fn step(_: &Engine, space: &WorkspaceRuntime, tx: &mut Tx, run: Self) -> Result<(), ApiError> {
        begin(space, tx, run)
    }

    fn give_up(space: &WorkspaceRuntime, tx: &mut Tx, mut run: Self, error: ApiError) -> Result<(), ApiError> {
        // An event that the state does not allow changes nothing.
        run.apply(FlowRunEvent::Fail, space.clock.now()).ok();
        run.due = None;
        run.errors = vec![error];
        tx.put(run)?;
        Ok(())
    }
}

/// A run that goes on is carried out when progress says so.
impl Works for FlowRun {
    async fn work(engine: Arc<Engine>, space: Arc<WorkspaceRuntime>, run: Arc<Self>) -> Result<(), ApiError> {
        carry_out(&engine, &space, &run.id).await
    }
}

/// Carries out a run that is due: its nodes, or the failure that the progress settings ask for. Does nothing when the
/// run is not due any more.
async fn carry_out(engine: &Arc<Engine>, space: &Arc<WorkspaceRuntime>, id: &Id<FlowRun>) -> Result<(), ApiError> {
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
            // The run was stopped while its nodes ran.
            return Ok(());
        }
        let event = if errors.is_empty() { FlowRunEvent::Complete } else { FlowRunEvent::Fail };
        run.errors.append(&mut errors);
        run.apply(event, now)
    })
    .await?;
    Ok(())
}

/// The error of a run that a poke or the progress settings fail, with a default message.
fn failed(why: Option<String>) -> ApiError {
    ApiError::flow_run(why.unwrap_or_else(|| "the flow run failed".to_owned()))
}

async fn walk(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    world: &World,
    run: &Arc<FlowRun>,
) -> Result<(Vec<NodeRun>, Vec<ApiError>), ApiError> {
    let connection = world.connections.get(run.connection.as_str()).cloned();
    let connection = connection.ok_or_else(|| ApiError::flow_run("the flow instance's connection is gone"))?;
    let flow = world.flows.get(run.flow.as_str()).cloned();
    let flow = flow.ok_or_else(|| ApiError::flow_run("the flow instance is gone"))?;
    let directory = Directory::new(world, &engine.catalog);
    directory.check_usable(&connection)?;
    directory.check_in_service(&*flow)?;
    let cx = as_owner(engine, space, &connection)?;
    Ok(nodes::walk(&cx, &flow, run).await)
}

/// Moves a run by an event and answers it, whatever the progress settings say. `start` does not wait for the run's
/// turn; `complete` makes the run due at once, and its nodes may still fail it. Fails with 404 for an unknown run, and
/// when the state does not allow the event.
pub async fn poke(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
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
            engine.wake(space);
        }
        FlowRunEvent::Complete => {
            moved(engine, space, id, |run, now| {
                // Applied to a copy, so that an event that the machine does not allow is refused.
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

/// The runs of one node, for a caller who may see the flow run; none when the node has not run. 404
/// for an unknown flow run or node.
pub fn of_node(cx: &Cx, id: &str, node: &str) -> Result<Vec<NodeRun>, ApiError> {
    let run = find(cx, id)?;
    let flow = cx.world().flows.get(run.flow.as_str()).cloned();
    let runs: Vec<NodeRun> = run.node_runs.iter().filter(|of| of.node_key == node).cloned().collect();
    if let Some(flow) = flow.filter(|flow| runs.is_empty() && !flow.nodes.contains_key(node)) {
        return Err(ApiError::not_found(flow.no_node(node)));
    }
    Ok(runs)
}
