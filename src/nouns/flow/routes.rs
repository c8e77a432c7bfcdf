//! The handlers of `/flows`, `/flow-instances`, `/flow-runs` and their other spellings.
//!
//! Each turns a call into one verb of `nouns/flow/rules.rs` or `nouns/flow_run/rules.rs` and shows what
//! it answers; what the routes of flows share with those of actions is in [`crate::elements::routes`].

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use serde_json::json;

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::page::{Page, PageRequest};
use crate::call::router::Route;
use crate::call::subject::{Subject, names_of};
use crate::call::{Call, Query, Reply};
use crate::elements;
use crate::elements::model::{Scope, Selector};
use crate::elements::routes::{shown, shown_listed};
use crate::elements::{Kind as _, routes as api};
use crate::engine::Cx;
use crate::nouns::flow::model::{Flow, ResetOptions};
use crate::nouns::flow::rules as flows;
use crate::nouns::flow_run as runs;
use crate::nouns::flow_run::model::{FlowRun, FlowRunBody, FlowRunState, NodeOutput, NodeRun};
use crate::nouns::flow_run::{FlowRunFilter, Queued};

/// `POST /flow-instances`, any token: answers the instance of the flow and connection that the body names, made or
/// changed as the body says, or a flow of the connection's own. 400 without `flowId` and `nodes`, 404 for an unknown flow
/// or connection.
pub(crate) async fn create_instance(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &*flows::create_instance(&cx, call.json()?).await?, None)
}

/// `POST …/reset` of a flow instance, any token: puts it back to its flow's definition, whole or only the parts that the body
/// names, and answers it; a missing one is made. 400 when it has no parent.
pub(crate) async fn reset_instance(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let options: ResetOptions = call.json()?;
    let instance = api::made_instance::<Flow>(&cx, &call).await?;
    shown_listed(&cx, &flows::reset(&cx, &instance, &options).await?)
}

/// `POST /flow-instances/{instance}/update-to-latest-flow`, any token: copies the flow's current definition into the
/// instance and answers it. 400 when it has no parent.
pub(crate) async fn update_to_latest(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let instance = elements::instance::<Flow>(&cx, &api::instance_selector::<Flow>(&call)?).await?;
    shown_listed(&cx, &flows::update_to_latest(&cx, &elements::by_id(&*instance)).await?)
}

fn shown_run(cx: &Cx, run: &FlowRun) -> Result<Reply, ApiError> {
    let world = cx.world();
    let lens = cx.view(&world);
    Reply::json(&lens.flow_run(run))
}

fn shown_queued(cx: &Cx, queued: &Queued) -> Result<Reply, ApiError> {
    Reply::json(&cx.view(&queued.world).flow_run(&queued.run))
}

/// `POST /flow-runs`, any token: queues a run of an existing flow instance and answers the run. 400 without
/// `flowInstanceId` or a node to begin with, 404 for an unknown instance, 429 when too many runs wait.
pub(crate) async fn create_run(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: FlowRunBody = call.json()?;
    shown_queued(&cx, &runs::create(&cx, body).await?)
}

/// `POST /flows/{selector}/run` and `POST /connections/{connection}/flows/{selector}/run`, any token: queues a run of
/// the connection's instance, which is made if it is missing, and answers the run. The body is
/// `{nodeKey, input, meta}`; errors are those of `POST /flow-runs`.
pub(crate) async fn run(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: FlowRunBody = call.json()?;
    shown_queued(&cx, &runs::create_at(&cx, &Flow::selector(&call)?, body).await?)
}

/// The subject of a call that runs the flow of its path or query; none when the call cannot be read.
pub(crate) fn about_run(call: &Call, route: &Route) -> Option<Subject> {
    let cx = call.cx().ok()?;
    let Ok(selector) = Flow::selector(call) else { return Subject::in_scope(call, route) };
    let asked = [&selector.any, &selector.id, &selector.key, &selector.parent_id, &selector.parent_key];
    let asked: Vec<String> = asked.into_iter().flatten().cloned().collect();
    let flow = elements::get::<Flow>(&cx, &selector).ok().map(|(flow, _)| flow);
    about_flow(call, route, selector.scope, asked, flow.as_deref())
}

/// The subject of `POST /flow-runs`, whose body names a flow instance.
pub(crate) fn about_created_run(call: &Call, route: &Route) -> Option<Subject> {
    let cx = call.cx().ok()?;
    let body: Option<Value> = serde_json::from_slice(&call.body).ok();
    let asked = body.as_ref().and_then(|body| body.get("flowInstanceId")?.as_str().map(str::to_owned));
    let by_id = Selector { id: asked.clone(), ..Selector::default() };
    let flow = asked.as_ref().and_then(|_| elements::get::<Flow>(&cx, &by_id).ok()).map(|(flow, _)| flow);
    about_flow(call, route, call.scope(), asked.into_iter().collect(), flow.as_deref())
}

/// The subject of a call about a flow: the names that the call and the flow give it, and the connection and integration
/// that it would run through.
fn about_flow(call: &Call, route: &Route, scope: Scope, asked: Vec<String>, flow: Option<&Flow>) -> Option<Subject> {
    let of_flow = flow.map(|flow| Scope {
        connection_id: flow.place.connection.as_ref().map(ToString::to_string),
        integration_id: flow.place.integration.as_ref().map(ToString::to_string),
        ..Scope::default()
    });
    let is_instance = flow.is_some_and(|flow| flow.place.connection.is_some());
    // An instance runs on its own connection, whatever else the call names.
    let scope = if scope.is_empty() || is_instance { of_flow.unwrap_or_default() } else { scope };
    let mut subject = Subject::of_scope(call, route, &scope)?;
    let world = subject.space.world();
    let own = flow.map(|flow| names_of(flow.id.as_str(), &flow.meta)).unwrap_or_default();
    let above = flow.into_iter().flat_map(|flow| elements::ancestors(&world, flow)).map(|above| above.id.to_string());
    let mut once = BTreeSet::new();
    subject.facts.flow = asked.into_iter().chain(own).chain(above).filter(|name| once.insert(name.clone())).collect();
    let body: Option<Value> = serde_json::from_slice(&call.body).ok();
    subject.input = body.and_then(|mut body| body.get_mut("input").map(Value::take)).map(Arc::new);
    Some(subject)
}

/// `GET /flow-runs`, any token: answers a page of the runs that the caller may see, newest first. 400 for an unknown
/// `state` or a wrong date.
pub(crate) async fn list_runs(call: Call) -> Result<Reply, ApiError> {
    let (cx, query) = (call.cx()?, call.query());
    let names = ["flowId", "universalFlowId", "integrationFlowId", "connectionFlowId", "flowInstanceId"];
    let state = query.text("state").map(|text| {
        serde_json::from_value::<FlowRunState>(json!(text)).map_err(|_| {
            ApiError::bad_request(format!("`state` is `{text}`; it is queued, running, completed, stopped or failed"))
        })
    });
    let filter = FlowRunFilter {
        flows: names.iter().filter_map(|name| query.text(name)).collect(),
        tenant: query.text("tenantId").or_else(|| query.text("userId")),
        state: state.transpose()?,
        integration: query.text("integrationId"),
        connection: query.text("connectionId"),
        external_app: query.text("externalAppId"),
        from: moment(&query, "from")?,
        to: moment(&query, "to")?,
    };
    let page = runs::list(&cx, &filter, call.page()?);
    let world = cx.world();
    let lens = cx.view(&world);
    let items = page.items.iter().map(|run| lens.flow_run(run)).collect();
    Reply::json(&Page { items, cursor: page.cursor.clone() })
}

fn moment(query: &Query, name: &str) -> Result<Option<Timestamp>, ApiError> {
    let moment = query.text(name).map(|text| {
        text.parse::<Timestamp>().map_err(|_| ApiError::bad_request(format!("`{name}` is `{text}`, which is no date")))
    });
    moment.transpose()
}

/// `GET /flow-runs/{id}`, any token: answers the run; 404 when the caller may not see it. The read counts
/// where progress waits for reads.
pub(crate) async fn get_run(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_run(&cx, &*runs::get(&cx, call.param("id")?)?)
}

/// `POST /flow-runs/{id}/stop`, any token: stops the run and answers it. 404 when the caller may
/// not see it, 400 when it is over.
pub(crate) async fn stop_run(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_run(&cx, &*runs::stop(&cx, call.param("id")?).await?)
}

/// `GET /flow-runs/{id}/output`, any token: answers for each node that ran the list of its outputs. 404 when the caller
/// may not see the run.
pub(crate) async fn output(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&runs::find(&call.cx()?, call.param("id")?)?.output())
}

/// `GET /flow-runs/{id}/output/{node}`, any token: answers the list of one node's outputs; empty when it has not run.
/// 404 for an unknown run or node.
pub(crate) async fn output_of_node(call: Call) -> Result<Reply, ApiError> {
    let runs = runs_of_node(&call)?;
    let all: Vec<&Value> = runs.iter().flat_map(|run| &run.outputs).map(|output| &output.data).collect();
    Reply::json(&all)
}

fn runs_of_node(call: &Call) -> Result<Vec<NodeRun>, ApiError> {
    runs::of_node(&call.cx()?, call.param("id")?, call.param("node")?)
}

/// Shows one output; its `data` is JSON text. Source: SDK `FlowNodeRunOutputSchema`.
fn output_view(output: &NodeOutput) -> Value {
    json!({ "id": output.id, "data": output.data.to_string(), "downstreamRuns": output.downstream_runs })
}

fn run_view(run: &NodeRun) -> Value {
    let outputs: Vec<Value> = run.outputs.iter().map(output_view).collect();
    json!({
        "id": run.id, "upstreamRuns": run.upstream_runs, "input": run.input, "status": run.status, "logs": run.logs,
        "outputs": outputs, "errors": run.errors,
    })
}

fn page_of(items: Vec<Value>, page: PageRequest) -> Result<Reply, ApiError> {
    Reply::json(&page.take((1..).zip(items)))
}

/// `GET /flow-runs/{id}/nodes/{node}/runs`, any token: answers a page of one node's runs. It also serves
/// `…/runs/<query>`, because the client glues its query to the path without a `?` (SDK).
pub(crate) async fn node_runs(call: Call) -> Result<Reply, ApiError> {
    page_of(runs_of_node(&call)?.iter().map(run_view).collect(), call.page()?)
}

/// `GET /flow-runs/{id}/nodes/{node}/runs/{run}`, any token: answers one run of a node; all of them when `{run}` is a
/// query. 404 for an unknown run.
pub(crate) async fn node_run(call: Call) -> Result<Reply, ApiError> {
    let named = call.param("run")?;
    if named.contains('=') {
        return node_runs(Call { raw_query: named.to_owned(), ..call.clone() }).await;
    }
    let runs = runs_of_node(&call)?;
    let run = runs.iter().find(|run| run.id == named);
    Reply::json(&run_view(run.ok_or_else(|| no_part("run", named))?))
}

fn no_part(what: &str, id: &str) -> ApiError {
    ApiError::not_found(format!("the node has no {what} `{id}` in this flow run"))
}

/// `GET /flow-runs/{id}/nodes/{node}/outputs`, any token: answers a page of one node's outputs over all its runs.
pub(crate) async fn node_outputs(call: Call) -> Result<Reply, ApiError> {
    let runs = runs_of_node(&call)?;
    page_of(runs.iter().flat_map(|run| &run.outputs).map(output_view).collect(), call.page()?)
}

/// `GET /flow-runs/{id}/nodes/{node}/outputs/{output}` and `…/output/{output}`, any token: answers one
/// output; 404 for an unknown one.
pub(crate) async fn node_output(call: Call) -> Result<Reply, ApiError> {
    let (runs, named) = (runs_of_node(&call)?, call.param("output")?);
    let output = runs.iter().flat_map(|run| &run.outputs).find(|output| output.id == named);
    Reply::json(&output_view(output.ok_or_else(|| no_part("output", named))?))
}
