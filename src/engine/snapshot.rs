//! This module holds snapshots of a workspace, and the state of a workspace that is not in
//! its records: faults and scenario runs.
//!
//! Invariant: a snapshot shares the records it holds and changes with nothing; it is gone with the process. Test control and
//! forks use it.

use std::sync::Arc;

use super::WorkspaceRuntime;
use super::scenario_runs::ScenarioRunList;
use crate::base::clock::{ClockMode, Timestamp};
use crate::fault::Sheet;
use crate::store::World;

/// A snapshot of a workspace, kept only in memory, like the faults it holds.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The control API finds the snapshot by this id.
    pub id: String,
    /// The control API finds the snapshot by this name too.
    pub name: String,
    /// The snapshot was taken at this moment of the workspace's clock.
    pub at: Timestamp,
    /// The snapshot is of the workspace with this key.
    pub workspace: String,
    pub(crate) world: Arc<World>,
    pub(crate) clock: ClockMode,
    pub(crate) cues: FaultState,
}

/// The faults and scenario runs of a workspace, which records do not hold.
#[derive(Debug, Clone, Default)]
pub struct FaultState {
    /// The sheet has the fault rules, none of which has fired yet.
    pub faults: Sheet,
    /// The list has the scenario runs with their progress.
    pub scenario_runs: ScenarioRunList,
}

impl FaultState {
    /// Copies the faults and scenario runs of a workspace.
    pub fn of(space: &WorkspaceRuntime) -> Self {
        Self { faults: space.faults.sheet(), scenario_runs: space.scenario_runs.begun() }
    }

    /// Gives them to another workspace, which loses its own.
    pub fn give(self, space: &WorkspaceRuntime) {
        space.faults.adopt(self.faults);
        space.scenario_runs.adopt(self.scenario_runs);
    }
}

impl Snapshot {
    /// Returns the records that the snapshot holds.
    pub fn world(&self) -> Arc<World> {
        Arc::clone(&self.world)
    }
}
