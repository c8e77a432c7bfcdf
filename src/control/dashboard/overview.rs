//! `/__mock/workspaces/{key}/` where a browser asks: numbers, what went wrong, credentials and settings.

use serde_json::json as value;

use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::{Json, QueryOf};
use crate::control::dashboard::place::Place;
use crate::control::elements::{ConnectionsQuery, matching};
use crate::control::journal::JournalQuery;
use crate::control::{faults, journal, workspaces};
use crate::engine::past::{ReportKind, ReportLine};
use crate::journal::Side;
use crate::nouns::connection::model::ConnectionState;
use crate::nouns::webhook::model::DeliveryState;
use crate::pages::blocks::{Action, Body, Page, Row, Section};
use crate::pages::make::{
    action, badge, code, copied, count, field, form, go, in_path, json, none, note, pair, row, secret, section,
    sentence, table, text, tile,
};

/// Makes the page that a browser is answered at this address.
pub(super) async fn page(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let Json(report) = workspaces::report(place.call.clone()).await?;
    let Json(rules) = faults::list(place.call.clone()).await?;
    let rows = report.items.iter().enumerate().map(|(index, line)| wrong(&place, index + 1, line, rules.fired as u64));
    let empty = "Nothing. Calls that fail, requests without a stub and faults that fire are listed here.";
    let columns = [("Kind", "s"), ("What", "fill"), ("Tenant", "s")];
    let sections = vec![
        numbers(&place, &rules).await?,
        section("wrong", "What went wrong", table(&columns, rows.collect(), empty)),
        credentials(&place),
        settings(&place),
        this(&place),
    ];
    let page = place.page("/", "Overview", "", sections).await?;
    Ok(Page { badges: vec![code(&place.workspace.key)], ..page })
}

async fn numbers(place: &Place, rules: &faults::Faults) -> Result<Section, ApiError> {
    let base = &place.base;
    let Json(past) = journal::list(place.call.clone(), QueryOf(JournalQuery::default())).await?;
    let Json(webhooks) = workspaces::webhooks(place.call.clone()).await?;
    let (_, connections) = matching(&place.call, &ConnectionsQuery::default())?;
    let ready = connections.iter().filter(|it| it.state == ConnectionState::Ready).count();
    let waiting = connections.len() - ready;
    let calls: Vec<_> = past.items.iter().filter(|entry| entry.side == Side::Api).collect();
    let failed = calls.iter().filter(|entry| entry.status >= 400).count();
    let unmatched = past.items.iter().filter(|entry| entry.unmatched.is_some()).count();
    let sent = &webhooks.items;
    let undelivered = sent.iter().filter(|sent| sent.state != DeliveryState::Delivered).count();
    let of = |many: usize, some: String, none: &str| if many > 0 { some } else { none.to_owned() };
    let when = |is: bool, tone: &'static str| if is { tone } else { "" };
    let failing = if failed > 0 { "?failed=1" } else { "" };
    let tiles = vec![
        tile(
            "Calls",
            calls.len(),
            of(failed, format!("{failed} failed"), "none failed"),
            format!("{base}/journal{failing}"),
            when(failed > 0, "bad"),
        ),
        tile(
            "Connections",
            connections.len(),
            of(waiting, format!("{waiting} not ready"), "all ready"),
            format!("{base}/connections"),
            if waiting > 0 { "warn" } else { "good" },
        ),
        tile(
            "Without a stub",
            unmatched,
            of(unmatched, "requests to apps".to_owned(), "all answered"),
            format!("{base}/upstreams"),
            when(unmatched > 0, "warn"),
        ),
        tile(
            "Faults",
            rules.items.len(),
            format!("{} fired", rules.fired),
            format!("{base}/faults"),
            when(rules.fired > 0, "info"),
        ),
        tile(
            "Webhooks",
            sent.len(),
            of(undelivered, format!("{undelivered} not delivered"), "none waiting"),
            format!("{base}/webhooks"),
            when(undelivered > 0, "warn"),
        ),
    ];
    Ok(section("numbers", "", Body::Tiles(tiles)).look("bare"))
}

/// A line of the report, and what one can do about it.
fn wrong(place: &Place, number: usize, line: &ReportLine, fired: u64) -> Row {
    let (word, tone) = match line.kind {
        ReportKind::NotSent => ("not sent", "bad"),
        ReportKind::Unmatched => ("no stub", "warn"),
        ReportKind::NotFaked => ("not faked", "warn"),
        ReportKind::Refused => ("refused", "bad"),
        ReportKind::Faults => ("faults", "info"),
        ReportKind::Finding => ("look at", "warn"),
        ReportKind::Forgotten => ("forgotten", ""),
    };
    let is_faults = line.kind == ReportKind::Faults;
    let says = if is_faults { format!("{} met a fault", count(fired, "call")) } else { sentence(&line.says) };
    let mut what = vec![text(says)];
    if let Some(near) = &line.nearest
        && let (Some(method), Some(path)) = (near.get("method"), near.get("path"))
    {
        let word = |of: &serde_json::Value| of.as_str().unwrap_or_default().to_owned();
        what.push(note(format!("The nearest stub is {} {}.", word(method), word(path))));
    }
    let tenant = line.tenant.as_ref().map_or_else(none, |tenant| vec![code(tenant)]);
    let todo: Vec<Action> = match line.seq {
        Some(seq) => vec![go("Open call", format!("{}/journal/{seq}", place.base))],
        None if is_faults => vec![go("See faults", format!("{}/faults", place.base))],
        None => Vec::new(),
    };
    row(format!("wrong-{number}"), vec![vec![badge(word, tone)], what, tenant]).actions(todo)
}

fn credentials(place: &Place) -> Section {
    let of = &place.workspace;
    let uri = &of.api_uri;
    let mut env = vec![
        format!("MEMBRANE_API_URI={uri}"),
        format!("MEMBRANE_WORKSPACE_KEY={}", of.key),
        format!("MEMBRANE_WORKSPACE_SECRET={}", of.secret),
    ];
    if !of.tenant_key.is_empty() {
        env.push(format!("MEMBRANE_TENANT_KEY={}", of.tenant_key));
        env.push(format!("MEMBRANE_TOKEN={}", of.tenant_token));
    }
    env.push(format!("MEMBRANE_MOCK_CONTROL_URL={uri}/__mock"));
    let pairs = vec![
        pair("Address", vec![copied(uri, "the address")]),
        pair("Workspace key", vec![copied(&of.key, "the workspace key")]),
        pair("Workspace secret", vec![secret(&of.secret, "the workspace secret")]),
        pair("Manager token", vec![secret(&of.manager_token, "the manager token")]),
    ];
    let inside = |id: &str, body: Body| Section { level: 3, look: "inner", ..section(id, "", body) };
    let both = vec![
        inside("credentials-pairs", Body::Pairs(pairs)),
        inside("credentials-env", json(&env.join("\n"), "the environment")),
    ];
    section("credentials", "Credentials", Body::Group(both))
        .told("What your app is told. Tokens are for a day; those of each tenant are under Connections.")
}

fn settings(place: &Place) -> Section {
    let mock = serde_json::to_string_pretty(&place.workspace.mock).unwrap_or_default();
    let platform = serde_json::to_string_pretty(&place.workspace.settings).unwrap_or_default();
    let fields = vec![
        field("mock", "Of the fake").kind("json").value(mock).rows(10).width("half"),
        field("settings", "Of the platform").kind("json").value(platform).rows(10).width("half"),
    ];
    let form = form("settings-form", format!("PATCH {}", place.base), "Save settings", fields)
        .says("The settings are saved.")
        .keeps()
        .plain();
    section("settings", "Settings", Body::Form(form))
}

fn this(place: &Place) -> Section {
    let (of, base, key) = (&place.workspace, &place.base, &place.workspace.key);
    let fields = vec![
        field("name", "Name").value(&of.name),
        field("label", "Label").value(of.label.as_deref().unwrap_or_default()).hint("Reports have it beside the key."),
    ];
    let form =
        form("name-form", format!("PATCH {base}"), "Rename", fields).says("The workspace is renamed.").keeps().plain();
    let actions = vec![
        action("Fork", "POST /__mock/workspaces")
            .body(&value!({ "from": key }))
            .then("/__mock/workspaces/{key}/")
            .says("The fork is made.")
            .hint("Make another workspace from this one as it stands"),
        go("Export", format!("{base}/export")),
        action("Reset", format!("POST /__mock/reset?workspace={}", in_path(key)))
            .confirm("Reset this workspace to its seed? Its connections, runs, faults and journal go.")
            .says("The workspace is back at its seed."),
        action("Empty", format!("POST /__mock/reset?to=empty&workspace={}", in_path(key)))
            .confirm("Empty this workspace? Nothing but the catalog stays.")
            .says("The workspace is empty."),
        action("Delete", format!("DELETE {base}"))
            .look("danger")
            .confirm("Delete this workspace? Its tokens let nobody in any more.")
            .then("/__mock/")
            .says("The workspace is deleted."),
    ];
    section("workspace", "This workspace", Body::Form(form)).actions(actions)
}
