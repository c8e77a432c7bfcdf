//! This module serves the scenarios of a workspace: which there are, and which runs were started.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::call::{Call, Reply};
use crate::control::check_no_body;
use crate::control::space;
use crate::world::scenario::model::Scenario;
use crate::world::scenario::rules as scenarios;

/// Returns the workspace's own scenarios, the shipped ones, and the runs that were started.
pub(super) async fn list(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let shipped = scenarios::shipped().map_err(|error| ApiError::internal(error.to_string()))?;
    let shown = |scenario: &Scenario, own: bool| {
        json!({
            "name": scenario.name,
            "description": scenario.description,
            "parameters": scenario.parameters,
            "steps": scenario.steps,
            "own": own,
        })
    };
    let own = scenarios::own(&space);
    let items: Vec<Value> =
        own.iter().map(|one| shown(one, true)).chain(shipped.iter().map(|one| shown(one, false))).collect();
    Reply::json(&json!({ "items": items, "stories": space.scenario_runs.all() }))
}

/// Adds a scenario to the workspace, given as YAML or JSON; a 400 says what is wrong with it.
pub(super) async fn add(call: Call) -> Result<Reply, ApiError> {
    let text = std::str::from_utf8(&call.body).map_err(|_| ApiError::bad_request("the scenario is not UTF-8"))?;
    let scenario = scenarios::read(text)?;
    scenarios::add(&*space(&call)?, scenario.clone()).await?;
    Reply::json(&scenario)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct StartBody {
    parameters: JsonMap,
}

pub(super) async fn start(call: Call) -> Result<Reply, ApiError> {
    let body: StartBody = call.json()?;
    let space = space(&call)?;
    Reply::json(&scenarios::start(&call.engine, &space, call.param("name")?, &body.parameters).await?)
}

/// Stops a run of a scenario; what it has changed stays changed.
pub(super) async fn stop(call: Call) -> Result<Reply, ApiError> {
    check_no_body(&call)?;
    Reply::json(&space(&call)?.scenario_runs.stop(call.param("name")?)?)
}
