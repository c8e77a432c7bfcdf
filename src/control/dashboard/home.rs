//! `/__mock/` where a browser asks: the workspaces, the server, and requests of no workspace.

use serde_json::json;

use crate::base::clock::{ClockMode, Timestamp, real_now};
use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::Json;
use crate::control::dashboard::place::at;
use crate::control::server::{Health, health, journal};
use crate::control::workspaces;
use crate::control::workspaces::WorkspaceView;
use crate::journal::Entry;
use crate::pages::blocks::{Body, Page, Row, Section};
use crate::pages::make::{
    action, badge, choice, clock_time, code, field, form, in_path, inner, lines, link, moment, note, number, pair, row,
    section, status, table,
};

/// So many requests of no workspace are shown.
const MOST_LOST: usize = 50;

/// Makes the page that a browser is answered at this address.
pub(super) async fn page(call: Call) -> Result<Page, ApiError> {
    let Json(server) = health(call.clone()).await?;
    let Json(all) = workspaces::list(call.clone()).await?;
    let Json(lost) = journal(call).await?;
    let columns = [("Workspace", "fill"), ("Clock", "m"), ("Tenant", "m")];
    let rows = all.items.iter().map(workspace_row).collect();
    let empty = "No workspaces. Make one below, or POST /__mock/workspaces.";
    let reset = action("Reset all", "POST /__mock/reset")
        .confirm("Reset all workspaces to their seeds?")
        .says("All workspaces are back at their seeds.");
    Ok(Page {
        title: "Workspaces".to_owned(),
        lead: "What happens in this fake, and what you change about it.".to_owned(),
        live: true,
        sections: vec![
            section("workspaces", "Workspaces", table(&columns, rows, empty))
                .told("Each test has one to itself.")
                .actions(vec![reset]),
            new_workspace(),
            about(&server),
            requests(&lost.items),
        ],
        ..Page::default()
    })
}

fn workspace_row(each: &WorkspaceView) -> Row {
    let (key, base) = (each.key.as_str(), at(&each.key));
    let name = if each.name.is_empty() { key } else { &each.name };
    let runs = match each.clock.mode {
        ClockMode::Manual { .. } => "stands still",
        ClockMode::System { .. } => "runs",
    };
    let actions = vec![
        action("Fork", "POST /__mock/workspaces")
            .body(&json!({ "from": key }))
            .says("The fork is made.")
            .hint("Make another workspace from this one as it stands")
            .of(key),
        action("Reset", format!("POST /__mock/reset?workspace={}", in_path(key)))
            .confirm(format!("Reset {key} to its seed? Its connections, runs, faults and journal go."))
            .says("The workspace is back at its seed.")
            .of(key),
        action("Delete", format!("DELETE {base}"))
            .look("danger")
            .confirm(format!("Delete {key}? Its tokens let nobody in any more."))
            .says("The workspace is deleted.")
            .of(key),
    ];
    let cells = vec![
        vec![link(name, format!("{base}/")), note(each.label.as_deref().unwrap_or(key))],
        vec![moment(each.clock.now), badge(runs, "")],
        vec![code(if each.tenant_key.is_empty() { "–" } else { &each.tenant_key })],
    ];
    row(format!("workspace-{key}"), cells).actions(actions)
}

fn new_workspace() -> Section {
    let seeds =
        [choice("", "The server’s seed"), choice("demo", "The demo"), choice("none", "Nothing but the catalog")];
    let fields = vec![
        field("key", "Key").hint("One is made when this is empty."),
        field("label", "Label").hint("What it is for, such as the name of a test."),
        field("seed", "Starts as").kind("select").named_choices(seeds),
        field("clock", "Clock").example("system").hint("system, or a moment at which it stands still, as 2026-01-01."),
    ];
    let form = form("new-workspace", "POST /__mock/workspaces", "Make workspace", fields)
        .says("The workspace is made.")
        .then("/__mock/workspaces/{key}/");
    section("new", "New workspace", Body::Form(form))
}

fn about(server: &Health) -> Section {
    let minutes = server.uptime_ms / 60_000;
    let up = match minutes / 60 {
        0 => format!("{minutes} min"),
        hours => format!("{hours} h {} min", minutes % 60),
    };
    let pairs = vec![
        pair("State", vec![badge(server.status, "good")]),
        pair("Address", vec![code(&server.url)]),
        pair("Version", vec![code(server.version)]),
        pair("Up for", vec![number(up)]),
    ];
    section("health", "Server", Body::Pairs(pairs))
}

/// The requests of no workspace. They have the time of the server itself; logos, which pages load, are left out.
fn requests(all: &[Entry]) -> Section {
    let now = real_now();
    let shown = all.iter().rev().filter(|entry| entry.route.as_deref() != Some("/logos/{name}")).take(MOST_LOST);
    let columns = [("Time", "s"), ("Call", "fill"), ("Status", "xs")];
    let rows = shown.map(|entry| request(entry, now)).collect();
    let empty = "None. Requests with a token that nobody knows would be here.";
    section("lost", "Requests of no workspace", lines(&columns, rows, empty))
        .told("Such as those with a token nobody knows, and those to token endpoints of vendors.")
}

fn request(entry: &Entry, now: Timestamp) -> Row {
    let mut pairs = vec![pair("Caller", vec![code(entry.caller.as_deref().unwrap_or("–"))])];
    pairs.extend(entry.route.as_ref().map(|route| pair("Route", vec![code(route)])));
    pairs.push(pair("Took", vec![number(format!("{} ms", entry.duration_ms))]));
    let cells =
        vec![vec![clock_time(entry.at, now)], vec![code(&entry.method), code(&entry.path)], vec![status(entry.status)]];
    let what = inner(format!("lost-{}-what", entry.seq), "", Body::Pairs(pairs)).look("inner facts");
    row(format!("lost-{}", entry.seq), cells).tone(if entry.status >= 400 { "bad" } else { "" }).details(vec![what])
}
