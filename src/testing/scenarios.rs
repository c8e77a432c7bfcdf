//! Scenarios, as a test plays them.

use serde_json::Value;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::engine::scenario_runs::{ScenarioRun, ScenarioRunState};
use crate::testing::{MockWorkspace, TestError};
use crate::world::scenario::rules as scenarios;

/// A scenario about to be played.
#[derive(Debug, Clone)]
#[must_use = "nothing happens until `start`"]
pub struct MockScenario {
    workspace: MockWorkspace,
    name: String,
    parameters: JsonMap,
}

/// A story that was begun.
#[derive(Debug, Clone)]
pub struct MockStory {
    workspace: MockWorkspace,
    id: String,
}

impl MockWorkspace {
    /// A scenario: one of the shipped ones, or the workspace's own.
    pub fn scenario(&self, name: &str) -> MockScenario {
        MockScenario { workspace: self.clone(), name: name.to_owned(), parameters: JsonMap::new() }
    }
}

impl MockScenario {
    /// Sets a parameter.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.to_owned(), value.into());
        self
    }

    /// Begins; what is due at once has been done when this returns.
    pub async fn start(self) -> Result<MockStory, TestError> {
        let space = self.workspace.space()?;
        let told = scenarios::start(&self.workspace.engine, &space, &self.name, &self.parameters).await?;
        Ok(MockStory { workspace: self.workspace, id: told.id })
    }
}

impl MockStory {
    fn told(&self) -> Result<ScenarioRun, ApiError> {
        let stories = self.workspace.space()?.scenario_runs.all();
        stories.into_iter().find(|told| told.id == self.id).ok_or_else(|| ApiError::not_found("the story is forgotten"))
    }

    /// Whether every step is done.
    pub fn is_done(&self) -> bool {
        self.told().is_ok_and(|told| told.state == ScenarioRunState::Done)
    }

    /// How many steps are done.
    pub fn steps_done(&self) -> usize {
        self.told().map_or(0, |told| told.steps_done)
    }

    /// Stops it; what it has brought about stays.
    pub fn stop(&self) -> Result<(), TestError> {
        self.workspace.space()?.scenario_runs.stop(&self.id)?;
        Ok(())
    }
}
