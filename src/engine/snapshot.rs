//! A checkpoint of a workspace, and what of a workspace is not in its rows.

use std::sync::Arc;

use super::Space;
use super::scenario_runs::ScenarioRunList;
use crate::base::clock::{ClockMode, Timestamp};
use crate::fault::Sheet;
use crate::store::World;

/// A checkpoint. In memory, like the faults it holds.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Names it.
    pub id: String,
    /// For people; names it too.
    pub name: String,
    /// When it was taken, on the workspace's clock.
    pub at: Timestamp,
    /// Of which workspace.
    pub workspace: String,
    pub(crate) world: Arc<World>,
    pub(crate) clock: ClockMode,
    pub(crate) cues: Cues,
}

/// What a workspace breaks on cue: faults, and the scenarios that were begun.
#[derive(Debug, Clone, Default)]
pub struct Cues {
    /// Faults, none of which has fired yet.
    pub faults: Sheet,
    /// Scenarios, as far as they have come.
    pub scenario_runs: ScenarioRunList,
}

impl Cues {
    /// Those of a workspace.
    pub fn of(space: &Space) -> Self {
        Self { faults: space.faults.sheet(), scenario_runs: space.scenario_runs.begun() }
    }

    /// Another workspace gets them instead of its own.
    pub fn give(self, space: &Space) {
        space.faults.adopt(self.faults);
        space.scenario_runs.adopt(self.scenario_runs);
    }
}

impl Snapshot {
    /// What it holds.
    pub fn world(&self) -> Arc<World> {
        Arc::clone(&self.world)
    }
}
