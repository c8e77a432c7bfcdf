//! Playing scenarios: what their steps wait for, and what they do.
//!
//! Invariant: runs of actions are counted before their answers leave, so the next call meets what a run triggered.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::error::{ApiError, nearest};
use crate::base::ids::Id;
use crate::base::json::said_at;
use crate::elements::origin::PathStep;
use crate::engine::directory::Directory;
use crate::engine::scenario_runs::{ScenarioRun, ScenarioRunState};
use crate::engine::tokens::Caller;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::fault::{Damage, Rule};
use crate::nouns::connection::model::Connection;
use crate::nouns::fault::strike;
use crate::nouns::webhook::model::WorkspaceEvent;
use crate::nouns::workspace::{merge_settings, merged_mock};
use crate::world::embedded::SCENARIOS;
use crate::world::scenario::model::{OwnScenario, Scenario, duration};
use crate::world::seed::{SeedError, error_at, parse_text};

/// The most runs of scenarios that are remembered; then the oldest is dropped.
const MOST_RUNS: usize = 200;

/// An effect of a step.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum ScenarioEffect {
    /// Adds a fault rule, which stays until it is removed.
    Fault(Box<Rule>),
    /// Removes the fault rule with this name.
    RemoveFault(String),
    /// Breaks connections at their vendor.
    Break(Break),
    /// Changes the progress settings.
    Progress(Value),
    /// Changes the fake's settings.
    Mock(Value),
    /// Changes the platform's settings.
    Settings(Value),
    /// Gives the workspace another secret.
    RotateSecret(String),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Break {
    /// The id or key of the connection; `*` means all.
    connection: String,
    /// The damage.
    by: Damage,
}

/// The scenarios that are shipped with the fake, by name.
pub fn shipped() -> Result<Vec<Scenario>, SeedError> {
    let mut all = SCENARIOS.iter().map(|(path, text)| parse(path, text)).collect::<Result<Vec<_>, _>>()?;
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// Reads the file of a scenario. An error has file, line and field.
pub(crate) fn parse(path: &str, text: &str) -> Result<Scenario, SeedError> {
    let mut scenario: Scenario = parse_text(path, text)?;
    if scenario.name.is_empty() {
        let file = path.rsplit('/').next().unwrap_or(path);
        file.split('.').next().unwrap_or(file).clone_into(&mut scenario.name);
    }
    check(&scenario).map_err(|wrong| error_at(path, text, &wrong.steps(), wrong.to_string()))?;
    Ok(scenario)
}

/// An error in a scenario, and where in it.
#[derive(Debug, thiserror::Error)]
#[error("field `{field}`: {why}")]
struct Wrong {
    field: String,
    why: String,
    /// The indexes of the step and of the effect in it.
    at: Option<(usize, Option<usize>)>,
}

impl Wrong {
    fn steps(&self) -> Vec<PathStep> {
        let field = |name: &str| PathStep::Field(name.to_owned());
        match self.at {
            None => vec![field(&self.field)],
            Some((step, None)) => vec![field("steps"), PathStep::Item(step)],
            Some((step, Some(effect))) => {
                vec![field("steps"), PathStep::Item(step), field("do"), PathStep::Item(effect)]
            }
        }
    }
}

/// Refuses a scenario that could not be played: with its own parameters filled in, every step has to be right.
fn check(scenario: &Scenario) -> Result<(), Wrong> {
    let of_all = |field: &str, why: String| Wrong { field: field.to_owned(), why, at: None };
    if scenario.name.is_empty() {
        return Err(of_all("name", "a scenario has one".into()));
    }
    let filled = scenario.with_parameters(&JsonMap::new()).map_err(|why| of_all("steps", why))?;
    for (index, step) in filled.steps.iter().enumerate() {
        check_step(step).map_err(|(effect, why)| Wrong {
            field: match effect {
                Some(effect) => format!("steps[{index}].do[{effect}]"),
                None => format!("steps[{index}]"),
            },
            why,
            at: Some((index, effect)),
        })?;
    }
    Ok(())
}

/// Refuses a wrong step. The error has the index of the effect when it is about one.
fn check_step(step: &crate::world::scenario::model::ScenarioStep) -> Result<(), (Option<usize>, String)> {
    let wrong = |why: String| (None, why);
    let triggers =
        [step.after.is_some(), step.at.is_some(), step.on.is_some()].into_iter().filter(|given| *given).count();
    if triggers > 1 {
        return Err(wrong("a step has one of `after`, `at`, `on`, or none".into()));
    }
    if step.after.as_ref().is_some_and(|after| after.acts.as_u64().is_none()) {
        return Err(wrong("`after.acts` is a number".into()));
    }
    if let Some(when) = &step.at {
        duration(&when.clock).map_err(wrong)?;
    }
    let events = WorkspaceEvent::ALL.map(WorkspaceEvent::name);
    if let Some(on) = step.on.as_ref().filter(|on| !events.contains(&on.event.as_str())) {
        return Err(wrong(format!("`{}` is no event; there are `{}`", on.event, events.join("`, `"))));
    }
    for (number, effect) in step.effects.iter().enumerate() {
        action(effect).map_err(|why| (Some(number), why))?;
    }
    Ok(())
}

fn action(effect: &Value) -> Result<ScenarioEffect, String> {
    let action: ScenarioEffect = serde_path_to_error::deserialize(effect).map_err(|error| {
        let path = error.path().to_string();
        let said = said_at(&path, error.inner());
        if path == "." { said } else { format!("`{path}`: {said}") }
    })?;
    if let ScenarioEffect::Fault(rule) = &action {
        rule.check().map_err(|error| error.message.clone())?;
    }
    Ok(action)
}

/// Reads a scenario from the body of a call, YAML or JSON. An error has line and field.
pub fn read(text: &str) -> Result<Scenario, ApiError> {
    let place = |error: &SeedError| serde_json::json!({ "line": error.line });
    let scenario: Scenario = parse_text(BODY, text)
        .and_then(|scenario: Scenario| {
            check(&scenario).map_err(|wrong| error_at(BODY, text, &wrong.steps(), wrong.to_string()))?;
            Ok(scenario)
        })
        .map_err(|error| ApiError::bad_request(error.to_string()).with_data(place(&error)))?;
    Ok(scenario)
}

/// The name that errors give to the body of a call.
const BODY: &str = "the scenario";

/// A workspace has at most this many scenarios of its own, those of its seed included.
const MOST_OWN: usize = 1_000;

/// Stores a scenario in a workspace; one of the same name is replaced. Fails with 400 for a wrong one, and when there are
/// too many.
pub async fn add(space: &WorkspaceRuntime, scenario: Scenario) -> Result<(), ApiError> {
    check(&scenario).map_err(|wrong| ApiError::bad_request(wrong.to_string()))?;
    let mut tx = space.data.begin().await;
    let others = tx.scenarios.iter().filter(|own| own.scenario.name != scenario.name).count();
    if others >= MOST_OWN {
        return Err(ApiError::bad_request(format!(
            "a workspace has at most {MOST_OWN} scenarios of its own; replace one by its name, or reset the workspace"
        )));
    }
    tx.put(OwnScenario::of(scenario))?;
    tx.commit().await?;
    Ok(())
}

pub fn own(space: &WorkspaceRuntime) -> Vec<Scenario> {
    space.world().scenarios.iter().map(|own| own.scenario.clone()).collect()
}

/// Answers a scenario by name: the workspace's own, else a shipped one. 404 when there is neither.
pub fn find(space: &WorkspaceRuntime, name: &str) -> Result<Scenario, ApiError> {
    let shipped = shipped().map_err(|error| ApiError::internal(error.to_string()))?;
    let all: Vec<Scenario> = own(space).into_iter().chain(shipped).collect();
    if let Some(found) = all.iter().find(|scenario| scenario.name == name) {
        return Ok(found.clone());
    }
    let names = all.iter().map(|scenario| scenario.name.as_str());
    let near = nearest(name, names.clone()).map(|near| format!("; did you mean `{near}`?"));
    let there = names.collect::<Vec<_>>().join("`, `");
    let hint = near.unwrap_or_else(|| format!("; there are `{there}`"));
    Err(ApiError::not_found(format!("scenario not found: `{name}`{hint}")))
}

/// Begins to play a scenario and answers the run; steps without a trigger have happened already. Fails with 404 for an
/// unknown one, and with 400 for wrong parameters.
pub async fn start(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    name: &str,
    parameters: &JsonMap,
) -> Result<ScenarioRun, ApiError> {
    let scenario = find(space, name)?.with_parameters(parameters).map_err(ApiError::bad_request)?;
    check(&Scenario { parameters: JsonMap::new(), ..scenario.clone() })
        .map_err(|wrong| ApiError::bad_request(wrong.to_string()))?;
    let id = {
        let mut inner = space.scenario_runs.lock();
        inner.begun += 1;
        let id = format!("story-{}", inner.begun);
        if inner.runs.len() == MOST_RUNS {
            inner.runs.remove(0);
        }
        inner.runs.push(ScenarioRun {
            id: id.clone(),
            name: scenario.name.clone(),
            parameters: scenario.parameters.clone(),
            state: ScenarioRunState::Running,
            steps_done: 0,
            steps: scenario.steps.len(),
            since: space.clock.now(),
            error: None,
            scenario,
            acts: 0,
            met: false,
        });
        id
    };
    go_on(engine, space).await;
    engine.wake(space);
    let run = space.scenario_runs.all().into_iter().find(|run| run.id == id);
    run.ok_or_else(|| ApiError::internal("a scenario got lost"))
}

/// Counts a run of an action through a connection, named by its id and key, and plays what that
/// triggers before the answer leaves.
pub async fn acted(engine: &Arc<Engine>, space: &Arc<WorkspaceRuntime>, connection: &[String]) {
    if space.scenario_runs.lock().runs.iter().any(|run| run.state == ScenarioRunState::Running) {
        space.scenario_runs.acted(connection);
        go_on(engine, space).await;
    }
}

/// Plays every step that is due, and answers how many there were.
pub async fn go_on(engine: &Arc<Engine>, space: &Arc<WorkspaceRuntime>) -> usize {
    let _turn = space.scenario_runs.turn.lock().await;
    let mut done = 0;
    loop {
        let now = space.clock.now();
        let next = {
            let inner = space.scenario_runs.lock();
            let due = inner.runs.iter().filter(|run| run.due(now).is_some_and(|at| at <= now));
            let next = due.min_by_key(|run| run.due(now));
            next.and_then(|run| Some((run.id.clone(), run.scenario.steps.get(run.steps_done)?.clone())))
        };
        let Some((id, step)) = next else { return done };
        let mut failure = None;
        for effect in &step.effects {
            if let Err(error) = perform(engine, space, effect).await {
                failure = Some(error.message.clone());
                break;
            }
        }
        let mut inner = space.scenario_runs.lock();
        if let Some(run) = inner.runs.iter_mut().find(|run| run.id == id) {
            (run.steps_done, run.since) = (run.steps_done + 1, space.clock.now());
            (run.acts, run.met) = (0, false);
            if failure.is_some() {
                run.state = ScenarioRunState::Failed;
                run.error = failure;
            } else if run.steps_done == run.steps && run.state == ScenarioRunState::Running {
                run.state = ScenarioRunState::Done;
            }
        }
        done += 1;
    }
}

async fn perform(engine: &Arc<Engine>, space: &Arc<WorkspaceRuntime>, effect: &Value) -> Result<(), ApiError> {
    match action(effect).map_err(ApiError::bad_request)? {
        ScenarioEffect::Fault(rule) => {
            space.faults.add(*rule)?;
        }
        ScenarioEffect::RemoveFault(name) => {
            // The rule may have been removed already.
            space.faults.remove(&name).ok();
        }
        ScenarioEffect::Break(of) => {
            for id in connections(engine, space, &of.connection)? {
                strike(engine, space, &id, of.by).await?;
            }
        }
        ScenarioEffect::Progress(progress) => {
            change_mock(space, serde_json::json!({ "progress": progress })).await?;
        }
        ScenarioEffect::Mock(change) => change_mock(space, change).await?,
        ScenarioEffect::Settings(change) => {
            let mut tx = space.data.begin().await;
            let mut workspace = (*tx.workspace).clone();
            merge_settings(&mut workspace.settings, change)?;
            tx.put_workspace(workspace)?;
            tx.commit().await?;
        }
        ScenarioEffect::RotateSecret(secret) => {
            let mut tx = space.data.begin().await;
            let mut workspace = (*tx.workspace).clone();
            workspace.secret = secret;
            tx.put_workspace(workspace)?;
            tx.commit().await?;
        }
    }
    Ok(())
}

fn connections(engine: &Engine, space: &WorkspaceRuntime, selector: &str) -> Result<Vec<Id<Connection>>, ApiError> {
    let world = space.world();
    if selector == "*" {
        let live = world.connections.iter().filter(|connection| !connection.is_archived());
        return Ok(live.map(|connection| connection.id.clone()).collect());
    }
    let found = Directory::new(&world, &engine.catalog).connection(&Caller::Manager(None), selector)?;
    Ok(vec![found.id.clone()])
}

async fn change_mock(space: &WorkspaceRuntime, change: Value) -> Result<(), ApiError> {
    let mut tx = space.data.begin().await;
    let mut workspace = (*tx.workspace).clone();
    workspace.mock = merged_mock(&workspace.mock, change)?;
    tx.put_workspace(workspace)?;
    tx.commit().await?;
    Ok(())
}
