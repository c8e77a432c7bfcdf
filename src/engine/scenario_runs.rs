//! This module keeps the runs of scenarios that were started in a workspace, and counts what triggers their steps.
//!
//! Invariant: runs are only counted here; `world::scenario` carries out their steps, and nothing here waits.

use std::sync::{Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::nouns::webhook::model::WorkspaceEvent;
use crate::world::scenario::model::{Scenario, duration};

/// The state of a scenario's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScenarioRunState {
    /// The run waits for the trigger of its next step.
    Running,
    /// The run has done all its steps.
    Done,
    /// A caller stopped the run.
    Stopped,
    /// A step failed, so the run ended.
    Failed,
}

/// One run of a scenario, as the control API shows it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScenarioRun {
    /// The control API finds the run by this id.
    pub id: String,
    /// The run was started from the scenario of this name.
    pub name: String,
    /// The run was started with these parameters.
    pub parameters: JsonMap,
    /// How far the run is.
    pub state: ScenarioRunState,
    /// The run has done this many steps.
    pub steps_done: usize,
    /// The scenario has this many steps.
    pub steps: usize,
    /// The last step was done at this moment of the workspace's clock; before the first step, the run was started then.
    pub since: Timestamp,
    /// When the run failed, this says why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip)]
    pub(crate) scenario: Scenario,
    #[serde(skip)]
    pub(crate) acts: u64,
    #[serde(skip)]
    pub(crate) met: bool,
}

/// All scenario runs of one workspace.
#[derive(Debug, Default)]
pub struct ScenarioRuns {
    // A std mutex: held for a few instructions and never across an await.
    inner: Mutex<ScenarioRunList>,
    /// Holding this lock makes sure that only one caller does steps at a time.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

/// The runs in the order in which they were started.
#[derive(Debug, Clone, Default)]
pub struct ScenarioRunList {
    pub(crate) runs: Vec<ScenarioRun>,
    pub(crate) begun: u64,
}

impl ScenarioRuns {
    pub(crate) fn lock(&self) -> MutexGuard<'_, ScenarioRunList> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a copy of all runs, so that a fork or a snapshot can go on with them.
    pub fn begun(&self) -> ScenarioRunList {
        self.lock().clone()
    }

    /// Replaces the runs by those of another workspace or of an earlier time.
    pub fn adopt(&self, begun: ScenarioRunList) {
        *self.lock() = begun;
    }

    /// Returns all runs in the order in which they were started.
    pub fn all(&self) -> Vec<ScenarioRun> {
        self.lock().runs.clone()
    }

    /// Stops the latest run with this id or of the scenario with this name, and returns it; a 404 when there is none.
    pub fn stop(&self, name: &str) -> Result<ScenarioRun, ApiError> {
        let mut inner = self.lock();
        let run = inner.runs.iter_mut().rev().find(|run| run.id == name || run.name == name);
        let run = run.ok_or_else(|| ApiError::not_found(format!("no story `{name}` was begun")))?;
        if run.state == ScenarioRunState::Running {
            run.state = ScenarioRunState::Stopped;
        }
        Ok(run.clone())
    }

    /// Returns the earliest moment at which a run has a step to do; that is `now` when a trigger was met.
    pub(crate) fn next_moment(&self, now: Timestamp) -> Option<Timestamp> {
        self.lock().runs.iter().filter_map(|run| run.due(now)).min()
    }

    /// Counts an action run through a connection for every run whose next step waits for such runs.
    pub(crate) fn acted(&self, connection: &[String]) {
        for run in self.lock().runs.iter_mut().filter(|run| run.state == ScenarioRunState::Running) {
            let after = run.scenario.steps.get(run.steps_done).and_then(|step| step.after.as_ref());
            if after.is_some_and(|after| after.connection == "*" || connection.contains(&after.connection)) {
                run.acts += 1;
            }
        }
    }

    /// Marks the trigger of every run whose next step waits for this event of a connection.
    pub(crate) fn happened(&self, event: WorkspaceEvent, connection: &[String]) {
        for run in self.lock().runs.iter_mut().filter(|run| run.state == ScenarioRunState::Running) {
            let on = run.scenario.steps.get(run.steps_done).and_then(|step| step.on.as_ref());
            if on.is_some_and(|on| {
                on.event == event.name() && (on.connection == "*" || connection.contains(&on.connection))
            }) {
                run.met = true;
            }
        }
    }
}

impl ScenarioRun {
    /// Returns when the next step is due, or nothing while its trigger is not met.
    pub(crate) fn due(&self, now: Timestamp) -> Option<Timestamp> {
        let step = self.scenario.steps.get(self.steps_done).filter(|_| self.state == ScenarioRunState::Running)?;
        if let Some(after) = &step.after {
            return (self.acts >= after.acts.as_u64().unwrap_or(u64::MAX)).then_some(now);
        }
        if step.on.is_some() {
            return self.met.then_some(now);
        }
        match &step.at {
            Some(at) => Some(self.since.plus(duration(&at.clock).unwrap_or_default())),
            None => Some(now),
        }
    }
}
