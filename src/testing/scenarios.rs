//! This module lets a test play scenarios, such as an outage of a vendor. Invariant: the steps of a scenario move only
//! with the calls and the clock of its workspace.

use serde_json::Value;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::engine::scenario_runs::{ScenarioRun, ScenarioRunState};
use crate::testing::{MockWorkspace, TestError};
use crate::world::scenario::rules as scenarios;

/// A scenario that a test is about to start.
#[derive(Debug, Clone)]
#[must_use = "nothing happens until `start`"]
pub struct MockScenario {
    workspace: MockWorkspace,
    name: String,
    parameters: JsonMap,
}

/// A handle to the run of a scenario that was started.
#[derive(Debug, Clone)]
pub struct MockStory {
    workspace: MockWorkspace,
    id: String,
}

impl MockWorkspace {
    /// Returns the scenario of this name, which is the workspace's own or a shipped one. A name that does
    /// not exist fails at the start.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let workspace = mock.workspace();
    /// workspace.tenant("acme").connect("hubspot").key("acme-hubspot").ready().await?;
    /// let scenario = workspace.scenario("expire-after-n-acts").with("acts", 2).with("connection", "acme-hubspot");
    /// let story = scenario.start().await?;
    /// assert!(!story.is_done());
    /// # Ok(())
    /// # }
    /// ```
    pub fn scenario(&self, name: &str) -> MockScenario {
        MockScenario { workspace: self.clone(), name: name.to_owned(), parameters: JsonMap::new() }
    }
}

impl MockScenario {
    /// Sets a parameter of the scenario; parameters that are not set keep their defaults.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let workspace = mock.workspace();
    /// workspace.tenant("acme").connect("hubspot").key("acme-hubspot").ready().await?;
    /// let scenario = workspace.scenario("expire-after-n-acts").with("acts", 2).with("connection", "acme-hubspot");
    /// let story = scenario.start().await?;
    /// assert!(!story.is_done());
    /// # Ok(())
    /// # }
    /// ```
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.to_owned(), value.into());
        self
    }

    /// Starts the scenario; the steps that are due at once are done when this returns. It fails when the scenario
    /// or a parameter does not exist.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let workspace = mock.workspace();
    /// workspace.tenant("acme").connect("hubspot").key("acme-hubspot").ready().await?;
    /// let scenario = workspace.scenario("expire-after-n-acts").with("acts", 2).with("connection", "acme-hubspot");
    /// let story = scenario.start().await?;
    /// assert!(!story.is_done());
    /// # Ok(())
    /// # }
    /// ```
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

    /// Returns whether every step of the scenario is done.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let workspace = mock.workspace();
    /// workspace.tenant("acme").connect("hubspot").key("acme-hubspot").ready().await?;
    /// let scenario = workspace.scenario("expire-after-n-acts").with("acts", 2).with("connection", "acme-hubspot");
    /// let story = scenario.start().await?;
    /// assert!(!story.is_done());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_done(&self) -> bool {
        self.told().is_ok_and(|told| told.state == ScenarioRunState::Done)
    }

    /// Returns how many steps of the scenario are done.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let workspace = mock.workspace();
    /// workspace.tenant("acme").connect("hubspot").key("acme-hubspot").ready().await?;
    /// let scenario = workspace.scenario("expire-after-n-acts").with("acts", 2).with("connection", "acme-hubspot");
    /// let story = scenario.start().await?;
    /// assert_eq!(story.steps_done(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn steps_done(&self) -> usize {
        self.told().map_or(0, |told| told.steps_done)
    }

    /// Stops the scenario; what its steps have changed stays changed.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let workspace = mock.workspace();
    /// workspace.tenant("acme").connect("hubspot").key("acme-hubspot").ready().await?;
    /// let scenario = workspace.scenario("expire-after-n-acts").with("acts", 2).with("connection", "acme-hubspot");
    /// let story = scenario.start().await?;
    /// story.stop()?;
    /// assert!(!story.is_done());
    /// # Ok(())
    /// # }
    /// ```
    pub fn stop(&self) -> Result<(), TestError> {
        self.workspace.space()?.scenario_runs.stop(&self.id)?;
        Ok(())
    }
}
