//! A run of a flow instance: what it is at, and what each of its nodes took and gave.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::history::History;
use crate::base::ids::{Id, stable_id};
use crate::nouns::connection::model::Connection;
use crate::nouns::flow::model::Flow;
use crate::nouns::integration::model::Integration;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::workspace::model::progress::Due;

/// Where a run stands. Source: SDK `FlowRunState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FlowRunState {
    /// Waits for its turn: one run of a connection goes on at a time (DOC limits).
    Queued,
    /// Goes on.
    Running,
    /// Every node did what it should.
    Completed,
    /// Somebody stopped it.
    Stopped,
    /// A node failed.
    Failed,
}

/// What can happen to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FlowRunEvent {
    /// Its turn has come.
    Start,
    /// It is through.
    Complete,
    /// Something failed.
    Fail,
    /// Somebody stops it.
    Stop,
}

impl FlowRunState {
    /// The whole machine. None for an event that the state does not allow.
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

    /// Whether it has ended.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Stopped | Self::Failed)
    }
}

/// How one run of a node went. Source: SDK `FlowNodeRunStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NodeRunStatus {
    /// It gave something.
    Completed,
    /// It failed.
    Failed,
    /// Its input did not pass the filter.
    Skipped,
}

/// The output that a node run was begun with. Source: SDK `UpstreamFlowNodeRunSchema`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpstreamRun {
    /// The node before.
    pub node_key: String,
    /// Its run.
    pub run_id: String,
    /// What it gave.
    pub output_id: String,
}

/// A run that an output began. Source: SDK `DownstreamFlowNodeRunSchema`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DownstreamRun {
    /// The run.
    pub run_id: String,
    /// The node behind.
    pub node_key: String,
}

/// What a node run gave. Source: SDK `FlowNodeRunOutputSchema`; on the wire its `data` is JSON text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeOutput {
    /// Id, within the run.
    pub id: String,
    /// What.
    pub data: Value,
    /// What that began.
    #[serde(default)]
    pub downstream_runs: Vec<DownstreamRun>,
}

/// One run of one node. Source: SDK `FlowNodeRunRecordSchema`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeRun {
    /// Id, within the run.
    pub id: String,
    /// Of which node.
    pub node_key: String,
    /// What it was begun by; none of the first.
    #[serde(default)]
    pub upstream_runs: Vec<UpstreamRun>,
    /// What it took.
    pub input: Value,
    /// How it went.
    pub status: NodeRunStatus,
    /// What a snippet logged, and requests that were made.
    #[serde(default)]
    pub logs: Vec<Value>,
    /// What it gave.
    #[serde(default)]
    pub outputs: Vec<NodeOutput>,
    /// Why it failed.
    #[serde(default)]
    pub errors: Vec<ApiError>,
}

impl NodeRun {
    /// How much JSON there is in it, about.
    pub fn bytes(&self) -> usize {
        let outputs = self.outputs.iter().map(|output| output.data.to_string().len()).sum::<usize>();
        self.input.to_string().len() + outputs + self.logs.iter().map(|log| log.to_string().len()).sum::<usize>()
    }
}

/// All runs of one node in short. Source: SDK `FlowRunNode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeSummary {
    /// `failed` when any failed.
    pub state: FlowRunState,
    /// How often it ran.
    pub runs: usize,
    /// How often that failed.
    pub errored_runs: usize,
    /// How much it gave.
    pub outputs: usize,
}

/// A run as stored. The wire form is `service::view::FlowRunView`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowRun {
    /// Id.
    pub id: Id<FlowRun>,
    /// The flow's name at the time.
    pub name: String,
    /// Whose.
    pub tenant: Id<Tenant>,
    /// The flow instance.
    pub flow: Id<Flow>,
    /// Its connection.
    pub connection: Id<Connection>,
    /// Its integration.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub integration: Option<Id<Integration>>,
    /// Where it begins.
    pub start_node: String,
    /// With what.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input: Option<Value>,
    /// The caller's own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meta: Option<JsonMap>,
    /// Where it stands.
    pub state: FlowRunState,
    /// How it came there.
    #[serde(skip_serializing_if = "History::is_empty", default)]
    pub history: History<FlowRunState, FlowRunEvent>,
    /// When it was asked for, and from its turn on: when that came.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended_at: Option<Timestamp>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub errors: Vec<ApiError>,
    /// What its nodes did, in order.
    #[serde(default)]
    pub node_runs: Vec<NodeRun>,
    /// How much JSON there is in it, about.
    #[serde(default)]
    pub bytes: usize,
    /// What happens next by itself: it is carried out. A queued run waits for its turn instead.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub due: Option<Due>,
}

impl FlowRun {
    /// Takes an event: the only way to change `state`.
    pub fn apply(&mut self, event: FlowRunEvent, now: Timestamp) -> Result<(), ApiError> {
        let to = self.state.on(event);
        self.history.step("flow run", &mut self.state, event, to, now)?;
        if self.state == FlowRunState::Running {
            self.started_at = now;
        }
        if self.state.is_over() {
            self.due = None;
            self.ended_at = Some(now);
        }
        Ok(())
    }

    /// The id of the `n`th thing within it: the same whatever else goes on in the workspace.
    pub fn inner_id(&self, n: usize) -> String {
        stable_id::<Self>("flow-node-run", &format!("{}/{n}", self.id)).to_string()
    }

    /// Its nodes in short.
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

    /// What each node gave: lists by node, as in the output of a For Each (IAPP:docs/for-each). Assumed.
    pub fn output(&self) -> BTreeMap<&str, Vec<&Value>> {
        let mut output: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for run in self.node_runs.iter().filter(|run| !run.outputs.is_empty()) {
            output.entry(run.node_key.as_str()).or_default().extend(run.outputs.iter().map(|output| &output.data));
        }
        output
    }
}

/// A call to run a flow. Source: SDK `CreateFlowRunRequest`, `RunFlowApiRequest`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FlowRunBody {
    /// Which flow instance.
    pub flow_instance_id: Option<String>,
    /// Where it begins.
    pub start_node_key: Option<String>,
    /// The same, deprecated.
    pub node_key: Option<String>,
    /// With what.
    pub input: Option<Value>,
    /// The caller's own.
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
