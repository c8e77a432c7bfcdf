//! A run of a flow instance: its state machine, and what each node took and gave.
//!
//! Pure types for whoever stores, carries out or shows runs. Invariant: `state` moves only along [`FlowRunState::on`],
//! and a run that has ended never moves again.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::agenda::{Agenda, Wait};
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::history::History;
use crate::base::ids::{Id, Index, NameFn, stable_id};
use crate::base::json::text_size;
use crate::nouns::connection::model::Connection;
use crate::nouns::flow::model::Flow;
use crate::nouns::integration::model::Integration;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::workspace::model::progress::Due;

/// The state of a flow run. Source: SDK `FlowRunState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FlowRunState {
    /// The run waits for its turn: a connection carries out one run at a time (DOC limits).
    Queued,
    /// The run's nodes are being carried out, or will be when it is due.
    Running,
    /// Every node that ran succeeded, or failed with `onError: continue`.
    Completed,
    /// A client stopped the run.
    Stopped,
    /// A node or the run itself failed.
    Failed,
}

/// The events that move a run from one state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FlowRunEvent {
    /// The run's turn has come.
    Start,
    /// All nodes have run without failure.
    Complete,
    /// A node failed, or the run cannot be carried out.
    Fail,
    /// A client or a poke stops the run.
    Stop,
}

impl FlowRunState {
    /// The whole state machine: the state after an event, or none when the state does not allow the event.
    pub fn on(self, event: FlowRunEvent) -> Option<Self> {
        match (self, event) {
            (Self::Queued, FlowRunEvent::Start) => Some(Self::Running),
            (Self::Running, FlowRunEvent::Complete) => Some(Self::Completed),
            (Self::Queued | Self::Running, FlowRunEvent::Fail) => Some(Self::Failed),
            (Self::Queued | Self::Running, FlowRunEvent::Stop) => Some(Self::Stopped),
            (Self::Queued, FlowRunEvent::Complete)
            | (Self::Running, FlowRunEvent::Start)
            | (Self::Completed | Self::Stopped | Self::Failed, _) => None,
        }
    }

    /// Whether the run has completed, failed or been stopped.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Stopped | Self::Failed)
    }
}

/// The result of one run of a node. Source: SDK `FlowNodeRunStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NodeRunStatus {
    /// The node gave an output.
    Completed,
    /// The node failed and nothing after it ran.
    Failed,
    /// The input did not pass the node's filter, so the node gave no output.
    Skipped,
}

/// The output of an earlier node that began a node run. Source: SDK `UpstreamFlowNodeRunSchema`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpstreamRun {
    /// The key of the earlier node.
    pub node_key: String,
    /// The id of the earlier node's run.
    pub run_id: String,
    /// The id of the output within that run.
    pub output_id: String,
}

/// A node run that an output began. Source: SDK `DownstreamFlowNodeRunSchema`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DownstreamRun {
    /// The id of the later node's run.
    pub run_id: String,
    /// The key of the later node.
    pub node_key: String,
}

/// An output of a node run. Source: SDK `FlowNodeRunOutputSchema`; on the wire its `data` is JSON text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeOutput {
    /// The id, which is unique within the flow run and the same whenever the run is repeated.
    pub id: String,
    pub data: Value,
    /// The node runs that this output began.
    #[serde(default)]
    pub downstream_runs: Vec<DownstreamRun>,
}

/// One run of one node. Source: SDK `FlowNodeRunRecordSchema`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeRun {
    /// The id, which is unique within the flow run and the same whenever the run is repeated.
    pub id: String,
    pub node_key: String,
    /// The output that began this run; empty for the first node of a flow run and of a For Each.
    #[serde(default)]
    pub upstream_runs: Vec<UpstreamRun>,
    /// The input of the flow run with the outputs of all earlier nodes on the way, each under its node's key.
    pub input: Value,
    pub status: NodeRunStatus,
    /// The lines that a snippet logged, and the requests and action runs that the node made.
    #[serde(default)]
    pub logs: Vec<Value>,
    /// The node's output; empty when it failed or its input was skipped.
    #[serde(default)]
    pub outputs: Vec<NodeOutput>,
    /// Why the node failed; also filled when `onError: continue` let the run go on.
    #[serde(default)]
    pub errors: Vec<ApiError>,
}

impl NodeRun {
    /// About how many bytes of JSON the node run holds; it counts towards what is kept of old runs.
    pub fn bytes(&self) -> usize {
        let outputs = self.outputs.iter().map(|output| text_size(&output.data)).sum::<usize>();
        text_size(&self.input) + outputs + self.logs.iter().map(text_size).sum::<usize>()
    }
}

/// A summary of all runs of one node. Source: SDK `FlowRunNode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeSummary {
    /// `failed` when any run of the node failed, else `completed`.
    pub state: FlowRunState,
    /// How often the node ran.
    pub runs: usize,
    /// How many of those runs failed.
    pub errored_runs: usize,
    /// How many outputs the node gave in all its runs.
    pub outputs: usize,
}

/// A flow run as stored. The wire form is `FlowRunView`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowRun {
    pub id: Id<FlowRun>,
    /// The flow's name when the run was asked for.
    pub name: String,
    /// The tenant that the flow instance belongs to.
    pub tenant: Id<Tenant>,
    /// The flow instance that runs.
    pub flow: Id<Flow>,
    /// The connection that its nodes go through.
    pub connection: Id<Connection>,
    /// The integration of the flow instance; none when its connection has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub integration: Option<Id<Integration>>,
    /// The key of the node where the run begins.
    pub start_node: String,
    /// The input of the first node; `{}` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input: Option<Value>,
    /// Further inputs, for each of which the first node runs once more: those of a trigger that met several events at once.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub further_inputs: Vec<Value>,
    /// The caller's own data, which is stored and shown again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meta: Option<JsonMap>,
    /// The type of the trigger that launched it; none where it was asked for over the API.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub launched_by: Option<String>,
    /// The ids of what launched it, such as an event.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub launched_by_ids: Vec<String>,
    /// The state, which only [`FlowRun::apply`] changes.
    pub state: FlowRunState,
    /// The last changes of the state, oldest first.
    #[serde(skip_serializing_if = "History::is_empty", default)]
    pub history: History<FlowRunState, FlowRunEvent>,
    /// When the run was asked for; once it is running, when it began to run.
    pub started_at: Timestamp,
    /// When the run completed, failed or was stopped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended_at: Option<Timestamp>,
    /// Why the run failed: one error for each failed node or link, or the one that ended the run.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub errors: Vec<ApiError>,
    /// The node runs in the order in which they began.
    #[serde(default)]
    pub node_runs: Vec<NodeRun>,
    /// About how many bytes of JSON the run holds; it counts towards what is kept of old runs.
    #[serde(default)]
    pub bytes: usize,
    /// When a running run is carried out. None while it is queued, held or over.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub due: Option<Due>,
}

impl FlowRun {
    /// What it is found by: that it is over, or else its connection.
    pub fn names(&self, name: &mut NameFn<'_>) {
        if self.state.is_over() {
            name(Index::Over, &[]);
        } else {
            name(Index::Connection, &[self.connection.as_str()]);
        }
    }

    /// What it waits for: its turn while it is queued, to be carried out once it goes on.
    pub fn agenda(&self) -> Agenda {
        match self.state {
            FlowRunState::Queued => Agenda::of_state(Some(Wait::Turn(self.started_at))),
            FlowRunState::Running => Agenda::of_work(self.due.as_ref().and_then(Due::wait)),
            FlowRunState::Completed | FlowRunState::Failed | FlowRunState::Stopped => Agenda::default(),
        }
    }

    /// The inputs of the first node, in the order in which it runs for them; at least one.
    pub fn inputs(&self) -> impl Iterator<Item = Value> {
        let first = self.input.clone().filter(|input| !input.is_null()).unwrap_or_else(|| json!({}));
        std::iter::once(first).chain(self.further_inputs.iter().cloned())
    }

    /// The connection on which it waits for its turn; none unless it is queued.
    pub fn queue(&self) -> Option<&str> {
        (self.state == FlowRunState::Queued).then_some(self.connection.as_str())
    }

    /// The connection on which it goes on; none unless it is running.
    pub fn occupied_connection(&self) -> Option<&str> {
        (self.state == FlowRunState::Running).then_some(self.connection.as_str())
    }

    /// Moves the run by an event: the only way to change `state`. Fails when the state does not allow the event.
    pub fn apply(&mut self, event: FlowRunEvent, now: Timestamp) -> Result<(), ApiError> {
        self.history.step("flow run", &mut self.state, event, FlowRunState::on, now)?;
        if self.state == FlowRunState::Running {
            self.started_at = now;
        }
        if self.state.is_over() {
            self.due = None;
            self.ended_at = Some(now);
        }
        Ok(())
    }

    /// The id of the `n`th thing within the run. It derives from the run's id alone, so it does not depend on what
    /// else happens in the workspace.
    pub fn inner_id(&self, n: usize) -> String {
        stable_id::<Self>("flow-node-run", &format!("{}/{n}", self.id)).to_string()
    }

    /// A summary of each node that has run, by its key.
    pub fn nodes(&self) -> BTreeMap<&str, NodeSummary> {
        let mut nodes = BTreeMap::new();
        for run in &self.node_runs {
            let blank = NodeSummary { state: FlowRunState::Completed, runs: 0, errored_runs: 0, outputs: 0 };
            let node = nodes.entry(run.node_key.as_str()).or_insert(blank);
            node.runs += 1;
            node.outputs += run.outputs.len();
            if run.status == NodeRunStatus::Failed {
                node.errored_runs += 1;
                node.state = FlowRunState::Failed;
            }
        }
        nodes
    }

    /// The outputs of each node that gave some, by its key: always lists, as in the output of
    /// a For Each (IAPP:docs/for-each). Assumed.
    pub fn output(&self) -> BTreeMap<&str, Vec<&Value>> {
        let mut output: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for run in self.node_runs.iter().filter(|run| !run.outputs.is_empty()) {
            output.entry(run.node_key.as_str()).or_default().extend(run.outputs.iter().map(|output| &output.data));
        }
        output
    }
}

/// A request to run a flow. Source: SDK `CreateFlowRunRequest`, `RunFlowApiRequest`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FlowRunBody {
    /// The id of the flow instance; needed by `POST /flow-runs`, and ignored where the path names the flow.
    pub flow_instance_id: Option<String>,
    /// The key of the node where the run begins; when absent, the flow's only API trigger or its only trigger.
    pub start_node_key: Option<String>,
    /// The deprecated name of `startNodeKey`, read when that is absent.
    pub node_key: Option<String>,
    /// The input of the first node; `{}` when absent.
    pub input: Option<Value>,
    /// Any JSON object of your own; it is stored with the run and shown again.
    pub meta: Option<JsonMap>,
}

#[cfg(test)]
mod tests {
    use super::{FlowRunEvent as E, FlowRunState as S};

    #[test]
    fn what_is_over_stays_as_it_is_and_only_what_runs_completes() {
        for over in [S::Completed, S::Stopped, S::Failed] {
            for event in [E::Start, E::Complete, E::Fail, E::Stop] {
                assert_eq!(over.on(event), None);
            }
        }
        assert_eq!(S::Queued.on(E::Complete), None);
        assert_eq!(S::Queued.on(E::Start).and_then(|state| state.on(E::Complete)), Some(S::Completed));
    }
}
