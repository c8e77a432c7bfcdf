//! What the nodes of a flow do, one after the other. Source: IAPP:docs/flows, IAPP:docs/for-each.
//!
//! Each output of a node begins one run of every node that it is linked to. That run's input is the earlier input with
//! the output under its node's key.
//!
//! Invariant: a run ends, because node runs, bytes and nesting are limited, and it stops early when somebody stops it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::json::bounds;
use crate::base::json::set_member;
use crate::elements::Kind as _;
use crate::elements::model::{Scope, Selector};
use crate::engine::Cx;
use crate::engine::directory::Resolved;
use crate::mapping::condition::passes;
use crate::nouns::action::model::{Action, ActionType};
use crate::nouns::action::run;
use crate::nouns::action::run::{Dispatch, NodeCall, RunRequest};
use crate::nouns::data_link_table::{self as data_links, LinkVerb};
use crate::nouns::flow::model::{Flow, FlowNode, FlowNodeType, OnError};
use crate::nouns::flow_run::model::{
    DownstreamRun, FlowRun, FlowRunState, NodeOutput, NodeRun, NodeRunStatus, UpstreamRun,
};

/// The most node runs in one flow run; a run that needs more fails.
const MOST_NODE_RUNS: usize = 1_000;
/// How deep For Each nodes may nest; each level takes stack space.
const DEEPEST: usize = 10;
/// The most bytes of JSON that may go through a flow run. Source: DOC limits (20 MB of node output).
const MOST_BYTES: usize = 20 * 1024 * 1024;

/// Carries out a flow run from its first node on. Answers the node runs in order, and the errors that make the run
/// fail: none when it succeeded.
pub(crate) async fn walk(cx: &Cx, flow: &Arc<Flow>, run: &Arc<FlowRun>) -> (Vec<NodeRun>, Vec<ApiError>) {
    let mut walk = Walk { cx, flow, run, runs: Vec::new(), errors: Vec::new(), ids: 0, bytes: 0, depth: 0 };
    // The start node may have been removed since the run was asked for.
    let done = match flow.start_node(Some(&run.start_node)) {
        Ok(_) => walk.begin().await,
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        walk.errors.push(error);
    }
    (walk.runs, walk.errors)
}

struct Walk<'w> {
    cx: &'w Cx,
    flow: &'w Arc<Flow>,
    run: &'w Arc<FlowRun>,
    runs: Vec<NodeRun>,
    errors: Vec<ApiError>,
    ids: usize,
    bytes: usize,
    depth: usize,
}

/// A node run that is yet to happen.
struct NodeStep {
    node_key: String,
    /// Shared by all steps that one output leads to.
    input: Arc<Value>,
    /// The output that led here, with the index in `runs` of the run that gave it.
    after: Option<(usize, UpstreamRun)>,
}

impl Walk<'_> {
    /// Runs the start node for one input after the other, each with what comes after it.
    async fn begin(&mut self) -> Result<(), ApiError> {
        let run = Arc::clone(self.run);
        for input in run.inputs() {
            self.follow(&run.start_node, Arc::new(input)).await?;
        }
        Ok(())
    }

    fn id(&mut self) -> String {
        self.ids += 1;
        self.run.inner_id(self.ids)
    }

    /// Runs a node, then those that it leads to. An error ends the whole flow run; the failure of a node ends only its
    /// branch and is kept in `errors`.
    fn follow<'f>(&'f mut self, node_key: &'f str, input: Arc<Value>) -> BoxFuture<'f, Result<(), ApiError>> {
        Box::pin(async move {
            let mut steps = VecDeque::from([NodeStep { node_key: node_key.to_owned(), input, after: None }]);
            while let Some(step) = steps.pop_front() {
                if !self.goes_on() {
                    return Ok(());
                }
                // A link to a node that does not exist leads nowhere (SDK `getChildNodeKeys`).
                let Some(node) = self.flow.nodes.get(&step.node_key) else { continue };
                self.count(&step.input)?;
                // Long runs give other tasks of the thread their turn.
                tokio::task::yield_now().await;
                let node = node.clone();
                Box::pin(self.take(&node, step, &mut steps)).await?;
            }
            Ok(())
        })
    }

    /// Whether the flow run is still running: nobody has stopped it, and its workspace was not reset.
    fn goes_on(&self) -> bool {
        if self.cx.space.data.is_closed() {
            return false;
        }
        let state = self.cx.world().flow_runs.get(self.run.id.as_str()).map(|run| run.state);
        state == Some(FlowRunState::Running)
    }

    /// The integration and connection that the run goes through, read anew: a node may have lost
    /// the credentials or got new ones.
    fn scope(&self) -> Resolved {
        let world = self.cx.world();
        let integration = self.run.integration.as_ref().and_then(|id| world.integrations.get(id.as_str()));
        let connection = world.connections.get(self.run.connection.as_str());
        Resolved { integration: integration.cloned(), connection: connection.cloned() }
    }

    /// Counts a value's bytes. Refuses more than a run may have, and nesting that could not be read again once
    /// it is stored inside other JSON.
    fn count(&mut self, value: &Value) -> Result<(), ApiError> {
        let text = serde_json::to_string(value).map_err(ApiError::internal)?;
        if let Some(excess) = bounds::excess(text.as_bytes()) {
            return Err(ApiError::flow_run(format!("a flow run is cut off where its data {excess}")));
        }
        self.bytes += text.len();
        if self.bytes > MOST_BYTES {
            return Err(ApiError::flow_run(format!("a flow run is cut off after {MOST_BYTES} bytes of data")));
        }
        Ok(())
    }

    /// Notes something on a node run, by its place in the order in which they began.
    fn record(&mut self, place: usize, note: impl FnOnce(&mut NodeRun)) {
        if let Some(run) = self.runs.get_mut(place) {
            note(run);
        }
    }

    /// Carries out one step: records the node run, its output or its failure, and adds the steps that its links lead
    /// to. Fails only when the whole flow run has to end.
    async fn take(&mut self, node: &FlowNode, step: NodeStep, steps: &mut VecDeque<NodeStep>) -> Result<(), ApiError> {
        let id = self.id();
        let place = self.runs.len();
        if let Some((before, up)) = &step.after {
            let down = DownstreamRun { run_id: id.clone(), node_key: step.node_key.clone() };
            let outputs = self.runs.get_mut(*before).map(|run| run.outputs.iter_mut());
            if let Some(output) = outputs.into_iter().flatten().find(|output| output.id == up.output_id) {
                output.downstream_runs.push(down);
            }
        }
        self.runs.push(NodeRun {
            id: id.clone(),
            node_key: step.node_key.clone(),
            upstream_runs: step.after.into_iter().map(|(_, up)| up).collect(),
            input: (*step.input).clone(),
            status: NodeRunStatus::Completed,
            logs: Vec::new(),
            outputs: Vec::new(),
            errors: Vec::new(),
        });
        let (done, logs) = Box::pin(self.carry_out(&step.node_key, node, &step.input)).await;
        self.record(place, |run| run.logs = logs);
        let mut error_seen = None;
        let output = match done {
            Ok(Some(output)) => output,
            Ok(None) => {
                self.record(place, |run| run.status = NodeRunStatus::Skipped);
                return Ok(());
            }
            Err(error) if node.on_error == Some(OnError::Continue) => {
                // The branch goes on, and its filters see the error (IAPP:docs/flows).
                self.record(place, |run| run.errors.push(error.clone()));
                error_seen = Some(error);
                Value::Null
            }
            Err(error) => {
                let name = node.name.as_deref().unwrap_or(&step.node_key);
                let failed = ApiError::flow_run(format!("node `{name}` failed: {}", error.message));
                self.errors
                    .push(failed.with_data(json!({ "nodeKey": step.node_key, "runId": id })).caused_by(error.clone()));
                self.record(place, |run| {
                    run.status = NodeRunStatus::Failed;
                    run.errors.push(error);
                });
                return Ok(());
            }
        };
        self.count(&output)?;
        let output_id = self.id();
        let input = Arc::new(with((*step.input).clone(), &step.node_key, output.clone()));
        let recorded = NodeOutput { id: output_id.clone(), data: output.clone(), downstream_runs: Vec::new() };
        self.record(place, |run| run.outputs.push(recorded));
        // A link's filter sees what the next node would: its input with this output in it.
        let mut variables = self.variables(&input);
        set_member(&mut variables, "output", output);
        set_member(&mut variables, "error", json!(error_seen));
        for link in &node.links {
            let Some(next) = &link.key else { continue };
            let goes = link.filter.as_ref().map_or(Ok(true), |filter| passes(filter, &variables, self.now()));
            match goes {
                Ok(false) => {}
                Ok(true) if self.runs.len() + steps.len() >= MOST_NODE_RUNS => {
                    let why = format!("a flow run is cut off after {MOST_NODE_RUNS} runs of nodes");
                    return Err(ApiError::flow_run(why));
                }
                Ok(true) => steps.push_back(NodeStep {
                    node_key: next.clone(),
                    input: Arc::clone(&input),
                    after: Some((
                        place,
                        UpstreamRun {
                            node_key: step.node_key.clone(),
                            run_id: id.clone(),
                            output_id: output_id.clone(),
                        },
                    )),
                }),
                Err(error) => {
                    let why = format!("the link from `{}` to `{next}`: {}", step.node_key, error.message);
                    self.errors.push(ApiError::flow_run(why).caused_by(error));
                }
            }
        }
        Ok(())
    }

    /// Does what a node is for and answers its output with the lines that it logged. None means
    /// that a filter held the input back.
    async fn carry_out(
        &mut self,
        key: &str,
        node: &FlowNode,
        input: &Value,
    ) -> (Result<Option<Value>, ApiError>, Vec<Value>) {
        use FlowNodeType as T;
        let config = config_of(node);
        let does = match node.node_type {
            T::ApiTrigger
            | T::ScheduleTrigger
            | T::AppEventTrigger
            | T::DataRecordCreatedTrigger
            | T::DataRecordUpdatedTrigger
            | T::DataRecordDeletedTrigger
            | T::ConnectorEventTrigger => return (Ok(Some(input.clone())), Vec::new()),
            T::TransformData => return (self.transform(&config, input), Vec::new()),
            T::Filter => return (self.filter(node, input), Vec::new()),
            T::ForEach | T::ForEachV2 => return (self.for_each(key, node, &config, input).await, Vec::new()),
            T::RunAction => return self.run_action(&config, input).await,
            T::CreateDataLink => return (self.link(LinkVerb::Create, config, input).await, Vec::new()),
            T::FindDataLink => return (self.link(LinkVerb::Find, config, input).await, Vec::new()),
            T::DeleteDataLink => return (self.link(LinkVerb::Delete, config, input).await, Vec::new()),
            T::RunJavascript => ActionType::RunJavascript,
            T::ApiRequestToExternalApp | T::ApiRequest | T::CustomApiRequest => ActionType::ApiRequestToExternalApp,
            T::ApiRequestToYourApp => ActionType::ApiRequestToYourApp,
            T::HttpRequest | T::CustomHttpRequest => ActionType::HttpRequest,
            T::ListDataRecords | T::FindDataRecords => ActionType::ListDataRecords,
            T::SearchDataRecords => ActionType::SearchDataRecord,
            T::LookupDataRecord => ActionType::MatchDataRecord,
            T::FindDataRecordById => ActionType::FindDataRecordById,
            T::FindOrCreateDataRecord => ActionType::FindOrCreateDataRecord,
            T::CreateDataRecord => ActionType::CreateDataRecord,
            T::UpdateDataRecord => ActionType::UpdateDataRecord,
            T::DeleteDataRecord => ActionType::DeleteDataRecord,
            T::IntegrationSpecificOperation => ActionType::ConnectorOperation,
        };
        let mut action = Action::blank(self.flow.id.as_str().into(), self.flow.meta.clone());
        action.meta.name = node.name.clone().unwrap_or_else(|| key.to_owned());
        (action.action_type, action.config) = (Some(does), config);
        action.place.instance_key.clone_from(&self.flow.place.instance_key);
        let (mut logs, mut records) = (Vec::new(), Vec::new());
        loop {
            let (scope, variables) = (self.scope(), self.own_variables());
            let call = NodeCall { action: action.clone(), scope, input: input.clone(), variables };
            let (result, more_logs) = run::run_node(self.cx, call).await;
            logs.extend(more_logs);
            let mut output = match result {
                Ok(output) => output.unwrap_or(Value::Null),
                Err(error) => return (Err(error), logs),
            };
            match does {
                // The output of a list is all records, and of what finds one that.
                ActionType::ListDataRecords | ActionType::SearchDataRecord => {
                    if let Some(Value::Array(page)) = output.get_mut("records").map(Value::take) {
                        records.extend(page);
                    }
                    match output.get_mut("cursor").map(Value::take).filter(|cursor| !cursor.is_null()) {
                        Some(cursor) => drop(action.config.insert("cursor".to_owned(), cursor)),
                        None => return (Ok(Some(Value::Array(records))), logs),
                    }
                }
                ActionType::FindDataRecordById | ActionType::MatchDataRecord => {
                    let record = output.get_mut("record").map(Value::take);
                    return (Ok(Some(record.unwrap_or_default())), logs);
                }
                _ => return (Ok(Some(output)), logs),
            }
        }
    }

    /// The variables that formulas in a node see. Source: SDK
    /// `getFlowNodeRunTimeVariablesSchema`; `flow` is IAPP:docs/flows.
    fn variables(&self, input: &Value) -> Value {
        run::variables(self.cx, &self.scope(), input.clone(), &self.own_variables())
    }

    fn own_variables(&self) -> JsonMap {
        let (flow, place) = (self.flow, &self.flow.place);
        let of_flow = json!({ "id": place.parent, "key": flow.meta.key, "name": flow.meta.name });
        let of_instance = json!({
            "id": flow.id, "instanceKey": place.instance_key, "flowId": place.parent, "parameters": flow.parameters,
        });
        let of_run = json!({ "id": self.run.id });
        let named = [("flow", of_flow), ("flowInstance", of_instance), ("flowRun", of_run)];
        named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The moment that formulas see as now.
    fn now(&self) -> Timestamp {
        self.cx.space.clock.now()
    }

    fn resolve(&self, template: &Value, input: &Value) -> Result<Value, ApiError> {
        let (scope, instance_key) = (self.scope(), self.flow.place.instance_key.as_deref());
        let value = run::mapped(self.cx, (&scope, instance_key), template, &self.variables(input))?;
        Ok(value.unwrap_or(Value::Null))
    }

    fn transform(&self, config: &JsonMap, input: &Value) -> Result<Option<Value>, ApiError> {
        let output =
            config.get("output").ok_or_else(|| ApiError::configuration("a transform has no `config.output`"))?;
        self.resolve(output, input).map(Some)
    }

    /// Both the developer's filter and the tenant's must let the input pass. Source: IAPP:docs/nodes (Filter).
    fn filter(&self, node: &FlowNode, input: &Value) -> Result<Option<Value>, ApiError> {
        let variables = self.variables(input);
        let of_user = node.user_config.as_ref().and_then(|config| config.get("filter"));
        for filter in [node.config.get("filter"), of_user].into_iter().flatten() {
            if !passes(filter, &variables, self.now())? {
                return Ok(None);
            }
        }
        Ok(Some(input.clone()))
    }

    /// Makes, finds or deletes links between records.
    async fn link(&self, verb: LinkVerb, config: JsonMap, input: &Value) -> Result<Option<Value>, ApiError> {
        let gone = || ApiError::configuration("the flow's connection is gone");
        let connection = self.scope().connection.ok_or_else(gone)?;
        let config = self.resolve(&Value::Object(config), input)?;
        let instance_key = self.flow.place.instance_key.as_deref();
        data_links::at_node(self.cx, (&connection, instance_key), verb, config).await.map(Some)
    }

    /// Runs the nodes below a For Each once for each item, which they see as `input.<key>.item`; answers, by
    /// node, the lists of their outputs.
    async fn for_each(
        &mut self,
        key: &str,
        node: &FlowNode,
        config: &JsonMap,
        input: &Value,
    ) -> Result<Option<Value>, ApiError> {
        let root = node.sub_flow_root().map(str::to_owned);
        let root = root.filter(|root| self.flow.nodes.contains_key(root));
        let root = root.ok_or_else(|| ApiError::configuration("`config.rootNodeKey` of a For Each names no node"))?;
        let items = config.get("items").map(|items| self.resolve(items, input)).transpose()?;
        let Some(Value::Array(items)) = items else {
            return Err(ApiError::configuration("`config.items` of a For Each comes to no list"));
        };
        if self.depth == DEEPEST {
            return Err(ApiError::configuration(format!("For Each nodes nest at most {DEEPEST} deep")));
        }
        let begin = self.runs.len();
        self.depth += 1;
        let done = self.each(key, &root, items, input).await;
        self.depth -= 1;
        done?;
        let inside = self.flow.linked_from(&root);
        let mut output: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for run in self.runs.iter().skip(begin).filter(|run| inside.contains(run.node_key.as_str())) {
            output.entry(&run.node_key).or_default().extend(run.outputs.iter().map(|output| &output.data));
        }
        Ok(Some(json!(output)))
    }

    async fn each(&mut self, key: &str, root: &str, items: Vec<Value>, input: &Value) -> Result<(), ApiError> {
        for item in items {
            if self.runs.len() >= MOST_NODE_RUNS {
                let why = format!("it has more items than {MOST_NODE_RUNS} runs of nodes can take");
                return Err(ApiError::configuration(why));
            }
            if !self.goes_on() {
                break;
            }
            let inside = with(input.clone(), key, json!({ "item": item }));
            self.follow(root, Arc::new(inside)).await?;
        }
        Ok(())
    }

    /// Runs an action through the flow's connection. The action writes a run log of its own,
    /// whose id goes into the node's logs.
    async fn run_action(&self, config: &JsonMap, input: &Value) -> (Result<Option<Value>, ApiError>, Vec<Value>) {
        let text = |names: [&str; 2]| names.iter().find_map(|name| config.get(*name)?.as_str()).map(str::to_owned);
        let selector =
            Selector { id: text(["actionId", "id"]), key: text(["actionKey", "key"]), ..Selector::default() };
        if selector.id.is_none() && selector.key.is_none() {
            return (
                Err(ApiError::configuration("a node that runs an action names it by `config.actionKey`")),
                Vec::new(),
            );
        }
        let given = match config.get("input").map(|given| self.resolve(given, input)).transpose() {
            Ok(given) => given.filter(|given| !given.is_null()),
            Err(error) => return (Err(error), Vec::new()),
        };
        let scope = Scope { connection_id: Some(self.run.connection.to_string()), ..Scope::default() };
        let mut snapshot = JsonMap::new();
        for (name, value) in [("id", selector.id.as_ref()), ("key", selector.key.as_ref())] {
            snapshot.extend(value.map(|value| (name.to_owned(), json!(value))));
        }
        snapshot.insert("connectionId".into(), json!(self.run.connection));
        let request = RunRequest {
            dispatch: Ok(Dispatch::Action(selector)),
            scope,
            input: given.map(Arc::new),
            meta: None,
            snapshot,
            resolution: None,
        };
        match run::run(self.cx, request).await {
            Ok(reply) => {
                let log = json!({ "type": "action-run", "actionRunId": reply.id });
                (reply.result.map(|output| Some(output.unwrap_or(Value::Null))), vec![log])
            }
            Err(error) => (Err(error), Vec::new()),
        }
    }
}

/// The developer's configuration with the members of the tenant's over it.
fn config_of(node: &FlowNode) -> JsonMap {
    let mut config = node.config.clone();
    if let Some(Value::Object(own)) = &node.user_config {
        config.extend(own.clone());
    }
    config
}

/// An input with a node's output under its key. An input that is no object becomes one with a member `input` (assumed).
fn with(input: Value, key: &str, output: Value) -> Value {
    let mut members = match input {
        Value::Object(members) => members,
        other => JsonMap::from_iter([("input".to_owned(), other)]),
    };
    members.insert(key.to_owned(), output);
    Value::Object(members)
}
