//! Runs of scenarios: what a workspace remembers of the stories that were begun in it.
//!
//! Invariant: a run is counted on here and carried on in `world::scenario`; nothing here waits.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::nouns::webhook::model::WorkspaceEvent;
use crate::world::scenario::model::{Scenario, duration};

/// Where a run of a scenario stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ScenarioRunState {
    /// Waits for the trigger of its next step.
    Running,
    /// All steps are done.
    Done,
    /// Somebody stopped it.
    Stopped,
    /// A step could not be done.
    Failed,
}

/// A scenario that was begun.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScenarioRun {
    /// Names it.
    pub id: String,
    /// Which scenario.
    pub name: String,
    /// With which parameters.
    pub parameters: JsonMap,
    /// Where it stands.
    pub state: ScenarioRunState,
    /// How many steps are done.
    pub steps_done: usize,
    /// How many there are.
    pub steps: usize,
    /// When the last step was done, or the run begun.
    pub since: Timestamp,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip)]
    pub(crate) scenario: Scenario,
    #[serde(skip)]
    pub(crate) acts: u64,
    #[serde(skip)]
    pub(crate) met: bool,
}

/// The scenarios that were begun in one workspace.
#[derive(Debug, Default)]
pub struct ScenarioRuns {
    // A std mutex: held for a few instructions and never across an await.
    inner: Mutex<ScenarioRunList>,
    /// Steps are done by one caller at a time.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

/// Runs of scenarios in the order in which they were begun.
#[derive(Debug, Clone, Default)]
pub struct ScenarioRunList {
    pub(crate) runs: Vec<ScenarioRun>,
    pub(crate) begun: u64,
}

impl ScenarioRuns {
    pub(crate) fn lock(&self) -> MutexGuard<'_, ScenarioRunList> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of them, to go on elsewhere.
    pub fn begun(&self) -> ScenarioRunList {
        self.lock().clone()
    }

    /// Goes on with those of another workspace, or of another time.
    pub fn adopt(&self, begun: ScenarioRunList) {
        *self.lock() = begun;
    }

    /// What was begun, in order.
    pub fn all(&self) -> Vec<ScenarioRun> {
        self.lock().runs.clone()
    }

    /// Stops a run, by id or by the name of its scenario.
    pub fn stop(&self, name: &str) -> Result<ScenarioRun, ApiError> {
        let mut inner = self.lock();
        let run = inner.runs.iter_mut().rev().find(|run| run.id == name || run.name == name);
        let run = run.ok_or_else(|| ApiError::not_found(format!("no story `{name}` was begun")))?;
        if run.state == ScenarioRunState::Running {
            run.state = ScenarioRunState::Stopped;
        }
        Ok(run.clone())
    }

    /// When a run has something to do: now when its trigger was met, else at a time.
    pub(crate) fn next_moment(&self, now: Timestamp) -> Option<Timestamp> {
        self.lock().runs.iter().filter_map(|run| run.due(now)).min()
    }

    /// Counts a run through a connection.
    pub(crate) fn acted(&self, connection: &[String]) {
        for run in self.lock().runs.iter_mut().filter(|run| run.state == ScenarioRunState::Running) {
            let after = run.scenario.steps.get(run.steps_done).and_then(|step| step.after.as_ref());
            if after.is_some_and(|after| after.connection == "*" || connection.contains(&after.connection)) {
                run.acts += 1;
            }
        }
    }

    /// Notes what happened to a connection.
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
    /// When the next step is due; none while its trigger is not met.
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
