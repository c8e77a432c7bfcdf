//! `…/scenarios` where a browser asks: the stories that were started, and the scenarios to start.

use serde_json::{Value, json as value};

use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::Json;
use crate::control::dashboard::place::Place;
use crate::control::scenarios::{ListedScenario, list};
use crate::engine::scenario_runs::{ScenarioRun, ScenarioRunState};
use crate::pages::blocks::{Body, Page, Row};
use crate::pages::make::{
    action, badge, field, form, in_path, inner, json, lines, note, number, row, section, sentence, state, table, text,
    time,
};

/// A scenario to begin with.
fn example() -> Value {
    value!({
        "name": "bad-afternoon",
        "description": "The app fails for a while.",
        "parameters": { "minutes": 5 },
        "steps": [
            { "do": [{ "fault": { "name": "outage", "on": { "connector": "github" }, "fault": { "respond": { "status": 503 } } } }] },
            { "at": { "clock": "+{minutes}m" }, "do": [{ "removeFault": "outage" }] },
        ],
    })
}

/// A value of a parameter as a person writes it.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn story(place: &Place, each: &ScenarioRun) -> Row {
    let parameters: Vec<String> =
        each.parameters.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect();
    let mut what = vec![text(&each.name), note(parameters.join(", "))];
    what.extend(each.error.as_ref().map(|error| note(sentence(error))));
    let stop = action("Stop", format!("POST {}/scenarios/{}/stop", place.base, in_path(&each.id)))
        .body(&value!({}))
        .says("The story stops; what it has brought about stays.")
        .of(&each.name);
    let actions = if each.state == ScenarioRunState::Running { vec![stop] } else { Vec::new() };
    let cells = vec![
        what,
        vec![state(&each.state)],
        vec![number(format!("{} of {}", each.steps_done, each.steps))],
        vec![time(each.since, place.now)],
    ];
    row(&each.id, cells).actions(actions)
}

fn scenario(place: &Place, each: &ListedScenario) -> Row {
    let (of, name) = (&each.scenario, &each.scenario.name);
    let mut title = vec![text(name)];
    title.extend(each.own.then(|| badge("own", "info")));
    let fields = of.parameters.iter().map(|(name, value)| {
        let kind = if value.is_number() { "number" } else { "text" };
        field(format!("parameters.{name}"), name).kind(kind).value(plain(value))
    });
    let start = format!("POST {}/scenarios/{}/start", place.base, in_path(name));
    let start = form(format!("start-{name}"), start, "Start", fields.collect()).says(format!("{name} is running."));
    let details = vec![
        inner(format!("scenario-{name}-start"), "", Body::Form(start)),
        inner(format!("scenario-{name}-steps"), "Steps", json(&of.steps, "the steps")),
    ];
    let cells = vec![title, vec![text(&of.description)], vec![number(of.steps.len())]];
    row(format!("scenario-{name}"), cells).details(details)
}

/// Makes the page that a browser is answered at this address.
pub(in crate::control::dashboard) async fn page(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let Json(all) = list(place.call.clone()).await?;
    let stories = all.stories.iter().map(|each| story(&place, each)).collect();
    let columns = [("Story", "fill"), ("State", "s"), ("Steps", "s"), ("Last step", "m")];
    let stories = table(&columns, stories, "No stories. Start a scenario below.");
    let scenarios = all.items.iter().map(|each| scenario(&place, each)).collect();
    let columns = [("Name", "l"), ("What happens", "fill"), ("Steps", "number")];
    let scenarios = lines(&columns, scenarios, "No scenarios. Add one below.");
    let example = serde_json::to_string_pretty(&example()).unwrap_or_default();
    let own =
        field("", "Scenario").kind("json").value(example).rows(12).required().hint("One of the same name is replaced.");
    let new = form("scenario-form", format!("POST {}/scenarios", place.base), "Add scenario", vec![own])
        .says("The scenario is there.")
        .plain();
    let told = "Scenarios that were started. A step waits for acts, for the clock, or for an event.";
    let sections = vec![
        section("stories", "Stories", stories).told(told),
        section("scenarios", "Scenarios", scenarios).told("Open one to start it."),
        section("new", "New scenario", Body::Form(new)),
    ];
    let lead = "A scenario is a story of steps that bring faults and other changes about.";
    place.page("/scenarios", "Scenarios", lead, sections).await
}
