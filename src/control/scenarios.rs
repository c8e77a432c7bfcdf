//! This module serves the scenarios of a workspace: which there are, and which runs were started.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::{Json, JsonBody, TextBody};
use crate::call::router::Route;
use crate::control::{control, space};
use crate::engine::scenario_runs::ScenarioRun;
use crate::world::scenario::model::Scenario;
use crate::world::scenario::rules as scenarios;

/// The control routes of scenarios.
pub(super) fn routes() -> Vec<Route> {
    vec![
        control(
            "listScenarios",
            Method::GET,
            "/workspaces/{key}/scenarios",
            "Lists the scenarios, own and shipped, and the stories that were started.",
            list,
        ),
        control(
            "addScenario",
            Method::POST,
            "/workspaces/{key}/scenarios",
            "Adds a scenario, or replaces the one of its name.",
            add,
        ).example(r#"{"name": "lost-after-one", "steps": [{"after": {"acts": 1}, "do": [{"break": {"connection": "github-dev", "by": "disconnect"}}]}]}"#),
        control("startScenario", Method::POST, "/workspaces/{key}/scenarios/{name}/start", "Starts a scenario.", start).example(r#"{"parameters": {"connector": "github", "minutes": 10}}"#),
        control(
            "stopScenario",
            Method::POST,
            "/workspaces/{key}/scenarios/{name}/stop",
            "Stops a story; what it changed stays changed.",
            stop,
        ),
    ]
}

/// A scenario as it is listed.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ListedScenario {
    #[serde(flatten)]
    pub(super) scenario: Scenario,
    /// Whether it is the workspace's own; the others are shipped.
    pub(super) own: bool,
}

/// The scenarios of a workspace.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Scenarios {
    /// The workspace's own, then the shipped ones.
    pub(super) items: Vec<ListedScenario>,
    /// What was started.
    pub(super) stories: Vec<ScenarioRun>,
}

/// Returns the workspace's own scenarios, the shipped ones, and the runs that were started.
pub(super) async fn list(call: Call) -> Result<Json<Scenarios>, ApiError> {
    let space = space(&call)?;
    let shipped = scenarios::shipped().map_err(|error| ApiError::internal(error.to_string()))?;
    let listed = |scenario: &Scenario, own: bool| ListedScenario { scenario: scenario.clone(), own };
    let own = scenarios::own(&space);
    let items = own.iter().map(|one| listed(one, true)).chain(shipped.iter().map(|one| listed(one, false))).collect();
    Ok(Json(Scenarios { items, stories: space.scenario_runs.all() }))
}

/// Adds a scenario to the workspace, given as YAML or JSON; a 400 says what is wrong with it.
async fn add(call: Call, given: TextBody<Scenario>) -> Result<Json<Scenario>, ApiError> {
    let scenario = scenarios::read(&given.0)?;
    scenarios::add(&*space(&call)?, scenario.clone()).await?;
    Ok(Json(scenario))
}

/// How a scenario is started.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StartBody {
    /// The values of its parameters, by name.
    parameters: JsonMap,
}

async fn start(call: Call, JsonBody(body): JsonBody<StartBody>) -> Result<Json<ScenarioRun>, ApiError> {
    let space = space(&call)?;
    scenarios::start(&call.engine, &space, call.param("name")?, &body.parameters).await.map(Json)
}

/// Stops a run of a scenario; what it has changed stays changed.
async fn stop(call: Call) -> Result<Json<ScenarioRun>, ApiError> {
    space(&call)?.scenario_runs.stop(call.param("name")?).map(Json)
}
