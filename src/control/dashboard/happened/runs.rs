//! `…/runs` and `…/runs/{id}`: what actions, flows and agents did, and the evidence of one run.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json as value};

use crate::base::error::ApiError;
use crate::base::json::names::values_of;
use crate::call::Call;
use crate::call::contract::{Json, QueryOf};
use crate::control::dashboard::happened::calls::{exchange_lines, logs_section, run_of, sent_of};
use crate::control::dashboard::place::Place;
use crate::control::journal;
use crate::control::journal::JournalQuery;
use crate::nouns::agent_session::model::AgentEvent;
use crate::nouns::flow_run::model::FlowRunEvent;
use crate::nouns::run_log::model::RunLog;
use crate::pages::blocks::{Action, Body, Cell, Page, Row, Section};
use crate::pages::make::{
    action, clock_time, code, copied, go, in_path, json, link, none, note, notice, number, pair, row, section,
    sentence, state, table, text, time, way, word,
};

/// So many runs are on a page.
const PER_PAGE: usize = 50;

/// A page of run logs, as the faked API answers it.
#[derive(Debug, Deserialize)]
struct Logs {
    items: Vec<RunLog>,
    cursor: Option<String>,
}

/// The buttons for the events that a state takes.
fn pokes<E: Serialize>(events: impl IntoIterator<Item = E>, address: &str, of: &str) -> Vec<Action> {
    let button = |event: E| {
        let name = word(&event);
        action(sentence(&name), format!("POST {address}/poke"))
            .body(&value!({ "event": event }))
            .says(format!("Done: {name}."))
            .of(of)
    };
    events.into_iter().map(button).collect()
}

/// The connection of a run, as its log has it.
fn connection_of(place: &Place, run: &RunLog) -> Option<Cell> {
    let of = run.connection.as_ref()?;
    let text = |name: &str| of.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let id = text("id")?;
    Some(link(text("key").unwrap_or(id), format!("{}/connections/{}", place.base, in_path(id))))
}

/// What a run is called.
fn name_of(run: &RunLog) -> &str {
    if run.name.is_empty() { run.id.as_str() } else { &run.name }
}

/// The page of all runs.
pub(in crate::control::dashboard) async fn page(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let cursor = place.asked("cursor");
    let asked = if cursor.is_empty() { String::new() } else { format!("&cursor={}", in_path(&cursor)) };
    let logs: Logs = place.read("/action-run-logs", format!("limit={PER_PAGE}{asked}")).await?;
    let mut pages = Vec::new();
    if !cursor.is_empty() {
        pages.push(way("Newest", format!("{}/runs", place.base)));
    }
    if let Some(next) = logs.cursor.filter(|_| logs.items.len() == PER_PAGE) {
        pages.push(way("Older", format!("{}/runs?cursor={}", place.base, in_path(&next))));
    }
    let columns =
        [("Started", "m"), ("Run", "fill"), ("State", "s"), ("Connection", "m"), ("Tenant", "s"), ("Took", "number")];
    let rows = logs.items.iter().map(|run| run_row(&place, run)).collect();
    let runs = table(&columns, rows, "No runs yet. Your app makes one with POST /act.").pages(pages);
    let sections = vec![section("actions", "Action runs", runs), flows(&place), sessions(&place)];
    let lead = "What actions, flows and agents did, with evidence.";
    Ok(Page { live: cursor.is_empty(), ..place.page("/runs", "Runs", lead, sections).await? })
}

fn run_row(place: &Place, run: &RunLog) -> Row {
    let mut what = vec![link(name_of(run), format!("{}/runs/{}", place.base, in_path(run.id.as_str())))];
    what.extend(run.error.as_ref().map(|error| note(sentence(&error.message))));
    let tenant = if run.tenant_id.is_empty() { note("–") } else { code(place.tenant_key(&run.tenant_id)) };
    let cells = vec![
        vec![clock_time(run.created_at, place.now)],
        what,
        vec![state(&run.status)],
        connection_of(place, run).map_or_else(none, |cell| vec![cell]),
        vec![tenant],
        vec![number(format!("{} ms", run.duration))],
    ];
    row(format!("run-{}", run.id), cells).tone(if run.error.is_some() { "bad" } else { "" })
}

fn flows(place: &Place) -> Section {
    let world = place.space.world();
    let rows = world.flow_runs.iter().rev().take(PER_PAGE).map(|run| {
        let takes = values_of::<FlowRunEvent>().into_iter().filter(|event| run.state.on(*event).is_some());
        let address = format!("{}/flow-runs/{}", place.base, in_path(run.id.as_str()));
        let cells = vec![
            vec![clock_time(run.started_at, place.now)],
            vec![text(&run.name), note(run.id.as_str())],
            vec![state(&run.state)],
            vec![code(place.tenant_key(run.tenant.as_str()))],
        ];
        row(format!("flow-run-{}", run.id), cells).actions(pokes(takes, &address, &run.name))
    });
    let columns = [("Started", "m"), ("Flow", "fill"), ("State", "s"), ("Tenant", "s")];
    let empty = "No flow runs yet. Your app makes one with POST /flow-runs.";
    section("flows", "Flow runs", table(&columns, rows.collect(), empty))
}

fn sessions(place: &Place) -> Section {
    let world = place.space.world();
    let rows = world.agent_sessions.iter().rev().take(PER_PAGE).map(|each| {
        let takes = values_of::<AgentEvent>().into_iter().filter(|event| each.status.on(*event).is_some());
        let address = format!("{}/agent-sessions/{}", place.base, in_path(each.id.as_str()));
        let title = each.title.as_deref().unwrap_or(each.id.as_str());
        let cells = vec![vec![text(title), note(each.id.as_str())], vec![state(&each.status)]];
        row(format!("session-{}", each.id), cells).actions(pokes(takes, &address, each.id.as_str()))
    });
    let columns = [("Session", "fill"), ("State", "s")];
    let empty = "No agent sessions. Your app makes one with POST /agent/sessions.";
    section("sessions", "Agent sessions", table(&columns, rows.collect(), empty))
}

/// The page of one run.
pub(in crate::control::dashboard) async fn one(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let id = place.call.param("id")?.to_owned();
    let found = run_of(&place, Some(&id)).await?;
    let (run, details) = found.ok_or_else(|| ApiError::not_found(format!("action run log not found: `{id}`")))?;
    let Json(past) = journal::list(place.call.clone(), QueryOf(JournalQuery::default())).await?;
    let entry = past.items.iter().find(|entry| entry.action_run_id.as_deref() == Some(run.id.as_str()));
    let to_call = entry.map(|entry| go("Open call", format!("{}/journal/{}", place.base, entry.seq)));
    let mut sections = Vec::new();
    let mut actions = Vec::new();
    match &run.error {
        None => actions.extend(to_call),
        Some(error) => {
            let mut codes = vec![code(word(&error.kind))];
            codes.extend(error.key.map(|key| code(word(&key))));
            codes.extend(error.code.map(|of| code(word(&of))));
            let mut todo: Vec<Action> = to_call.into_iter().collect();
            if !run.connection_id.is_empty() {
                let connection = format!("{}/connections/{}", place.base, in_path(&run.connection_id));
                todo.push(go("See the connection", connection));
            }
            sections.push(section("why", "", notice("bad", sentence(&error.message), vec![codes], todo)).look("bare"));
        }
    }
    sections.push(about(&place, &run));
    let given = run.input.as_deref().or_else(|| run.action.get("api")).or_else(|| run.action.get("input"));
    let sent = sent_of(&past.items, entry.map(|entry| entry.seq), &details.exchanges);
    let exchanges = exchange_lines(&place.base, &details.exchanges, &sent, "Nothing was sent to an app.");
    let answer = match &run.error {
        Some(error) => json(error, "the answer"),
        None => json(&run.output, "the answer"),
    };
    sections.push(section("input", "1. What the action was given", json(&given, "the input")));
    sections.push(section("exchanges", "2. What was sent to the app, and its answer", exchanges));
    sections.push(section("answer", "3. What the caller got", answer));
    sections.push(logs_section(&details));
    Ok(Page {
        crumbs: place.crumb("Runs", "/runs"),
        badges: vec![state(&run.status)],
        actions,
        live: false,
        ..place.page("/runs", name_of(&run), "", sections).await?
    })
}

fn about(place: &Place, run: &RunLog) -> Section {
    let mut pairs = vec![
        pair("Id", vec![copied(run.id.as_str(), "the id")]),
        pair("Started", vec![time(run.created_at, place.now)]),
        pair("Took", vec![number(format!("{} ms", run.duration))]),
    ];
    pairs.extend(run.action.get("key").and_then(Value::as_str).map(|key| pair("Action", vec![code(key)])));
    pairs.extend(connection_of(place, run).map(|cell| pair("Connection", vec![cell])));
    if !run.tenant_id.is_empty() {
        let key = place.tenant_key(&run.tenant_id);
        pairs.push(pair("Tenant", vec![link(&key, format!("{}/tenants/{}", place.base, in_path(&key)))]));
    }
    section("what", "", Body::Pairs(pairs)).look("facts")
}
