//! Calls of the journal as lines, and the page of one call: why it ended as it did, what was asked and answered, and what was
//! sent to the app for it.

use std::sync::Arc;

use serde_json::Value;

use crate::base::error::{ApiError, ErrorCode, ErrorType};
use crate::base::json::member;
use crate::call::Call;
use crate::call::contract::{Json, QueryOf};
use crate::control::dashboard::place::Place;
use crate::control::journal;
use crate::control::journal::JournalQuery;
use crate::journal::{Entry, Side};
use crate::nouns::run_log::model::{Exchange, RunDetails, RunLog};
use crate::pages::blocks::{Action, Body, Cell, Page, Pair, Row, Section};
use crate::pages::make::{
    action, badge, clock_time, code, go, in_path, inner, json, lines, link, none, note, notice, number, pair, query,
    row, section, sentence, status, text,
};
use crate::store::logs;

/// What stands between a request and what it came to, in words; `message` is that of the answer, where it is known.
pub(in crate::control::dashboard) fn why_of(place: &Place, entry: &Entry, message: &str) -> Vec<Vec<Cell>> {
    let mut list = Vec::new();
    if !message.is_empty() {
        list.push(vec![text(sentence(message))]);
    }
    for name in &entry.faults {
        list.push(vec![text("The fault"), link(name, format!("{}/faults", place.base)), text("broke it.")]);
    }
    if let Some(refused) = &entry.refused {
        list.push(vec![text(format!("It was not sent: {refused}"))]);
    }
    if let Some(near) = &entry.unmatched {
        let app = entry.route.as_deref().unwrap_or("the app");
        if near.is_null() {
            list.push(vec![text(format!("No stub of {app} answers it."))]);
        } else {
            let part = |name| member(near, name).as_str().unwrap_or_default();
            let stub = format!("{} {}", part("method"), part("path"));
            list.push(vec![text(format!("No stub of {app} answers it. The nearest is")), code(stub)]);
        }
        for each in near.get("differs").and_then(Value::as_array).into_iter().flatten() {
            let value = |name: &str| match each.get(name) {
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
                None => String::new(),
            };
            let is = text(format!("Its {} is", member(each, "field").as_str().unwrap_or_default()));
            list.push(vec![is, code(value("expected")), text("and was"), code(value("actual"))]);
        }
    }
    list.extend(entry.warnings.iter().map(|warning| vec![text(sentence(warning))]));
    list
}

/// The address of the form for a stub, filled in with a request.
pub(in crate::control::dashboard) fn stub_href(base: &str, entry: &Entry) -> String {
    let (path, search) = entry.path.split_once('?').unwrap_or((&entry.path, ""));
    let asked: serde_json::Map<String, Value> =
        url::form_urlencoded::parse(search.as_bytes()).map(|(name, value)| (name.into_owned(), value.into())).collect();
    let asked = if asked.is_empty() { String::new() } else { Value::Object(asked).to_string() };
    let mut fields = vec![("method", entry.method.as_str()), ("path", path)];
    if !asked.is_empty() {
        fields.push(("query", &asked));
    }
    let app = in_path(entry.route.as_deref().unwrap_or_default());
    format!("{base}/upstreams/{app}?{}#new-stub", query(fields))
}

/// Whether a call came to something bad.
fn is_bad(entry: &Entry) -> bool {
    entry.status >= 400 || !entry.faults.is_empty()
}

/// What a call was about: the last name of the most special thing.
fn about(entry: &Entry) -> Option<&String> {
    [&entry.connection, &entry.flow, &entry.action, &entry.integration].into_iter().find_map(|names| names.last())
}

fn message_of(entry: &Entry) -> &str {
    entry.error.as_ref().map(|error| error.message.as_str()).unwrap_or_default()
}

/// A call as a line.
fn call_row(place: &Place, entry: &Entry) -> Row {
    let why = why_of(place, entry, message_of(entry));
    let (seq, base) = (entry.seq, &place.base);
    let to = match entry.side {
        Side::Api => badge("fake", ""),
        Side::Upstream => badge(entry.route.as_deref().unwrap_or("app"), "info"),
    };
    let mut what = vec![code(&entry.method), code(&entry.path)];
    what.extend(entry.faults.iter().map(|name| badge(name, "warn")));
    what.extend(entry.unmatched.as_ref().map(|_| badge("no stub", "warn")));
    let caller = match entry.caller.as_deref() {
        Some("unauthenticated") => "no token",
        Some("manager") => "manager",
        Some("workspace") => "workspace",
        _ => "–",
    };
    let tenant = entry.tenant.as_ref().map_or_else(|| note(caller), code);
    let cells = vec![
        vec![clock_time(entry.at, place.now)],
        vec![to],
        what,
        vec![status(entry.status)],
        vec![tenant],
        about(entry).map_or_else(none, |name| vec![code(name)]),
    ];
    let mut actions = vec![go("Open call", format!("{base}/journal/{seq}"))];
    actions.extend(entry.action_run_id.as_ref().map(|run| go("Open run", format!("{base}/runs/{}", in_path(run)))));
    actions.extend(entry.unmatched.as_ref().map(|_| go("Make a stub of this", stub_href(base, entry))));
    let mut details = Vec::new();
    if !why.is_empty() {
        let tone = if is_bad(entry) { "bad" } else { "info" };
        details.push(inner(format!("call-{seq}-why"), "", notice(tone, "", why, Vec::new())));
    }
    details.push(inner(format!("call-{seq}-what"), "", Body::Pairs(facts(place, entry))).look("inner facts"));
    details.extend(
        entry.body.as_ref().map(|body| inner(format!("call-{seq}-body"), "Request", json(body, "the request"))),
    );
    let answer = entry.error.as_ref().map(|error| json(error, "the answer"));
    details.extend(answer.map(|answer| inner(format!("call-{seq}-answer"), "Answer", answer)));
    row(format!("call-{seq}"), cells).tone(if is_bad(entry) { "bad" } else { "" }).actions(actions).details(details)
}

const COLUMNS: [(&str, &str); 6] =
    [("Time", "s"), ("To", "m"), ("Call", "fill"), ("Status", "xs"), ("Tenant", "s"), ("About", "m")];

/// What is said where there are no calls.
pub(in crate::control::dashboard) const NO_CALLS: &str =
    "No calls yet. Run your app, or open a tenant under Connections and make one.";

/// Calls as lines that open.
pub(in crate::control::dashboard) fn call_lines<'e>(
    place: &Place,
    entries: impl IntoIterator<Item = &'e Arc<Entry>>,
    empty: &str,
) -> Body {
    lines(&COLUMNS, entries.into_iter().map(|entry| call_row(place, entry)).collect(), empty)
}

fn facts(place: &Place, entry: &Entry) -> Vec<Pair> {
    let base = &place.base;
    let mut pairs = vec![pair("Number", vec![number(entry.seq)])];
    pairs.extend(entry.route.as_ref().map(|route| match entry.side {
        Side::Api => pair("Route", vec![code(route)]),
        Side::Upstream => pair("App", vec![link(route, format!("{base}/upstreams/{}", in_path(route)))]),
    }));
    pairs.extend(entry.operation.map(|operation| pair("Operation", vec![code(operation.name())])));
    pairs.extend(entry.caller.as_ref().map(|caller| pair("Caller", vec![code(caller)])));
    if let (Some(id), Some(name)) = (entry.connection.first(), entry.connection.last()) {
        pairs.push(pair("Connection", vec![link(name, format!("{base}/connections/{}", in_path(id)))]));
    }
    pairs.extend(entry.action.first().map(|name| pair("Action", vec![code(name)])));
    pairs.extend(entry.flow.first().map(|name| pair("Flow", vec![code(name)])));
    pairs.push(pair("Took", vec![number(format!("{} ms", entry.duration_ms))]));
    pairs
}

/// The journal's entry of each exchange of a run: the last one before the call that fits.
pub(in crate::control::dashboard) fn sent_of<'e>(
    all: &'e [Arc<Entry>],
    until: Option<u64>,
    exchanges: &[Exchange],
) -> Vec<Option<&'e Entry>> {
    let is_earlier = |entry: &&Arc<Entry>| entry.side == Side::Upstream && until.is_none_or(|seq| entry.seq < seq);
    let found = exchanges.iter().map(|exchange| {
        let path = url::Url::parse(&exchange.request.url).map(|url| url.path().to_owned()).unwrap_or_default();
        let fits = |entry: &&Arc<Entry>| {
            let own = entry.path.split('?').next().unwrap_or_default();
            entry.method == exchange.request.method && path.ends_with(own)
        };
        all.iter().rev().filter(is_earlier).find(fits).map(|entry| &**entry)
    });
    found.collect()
}

/// The exchanges with apps that a run had, each as a line; `sent` are their entries of the journal.
pub(in crate::control::dashboard) fn exchange_lines(
    base: &str,
    exchanges: &[Exchange],
    sent: &[Option<&Entry>],
    empty: &str,
) -> Body {
    let columns = [("Sent", "fill"), ("Status", "xs"), ("Took", "s")];
    let rows = exchanges
        .iter()
        .zip(sent)
        .enumerate()
        .map(|(index, (each, entry))| exchange_row(base, index + 1, each, *entry));
    lines(&columns, rows.collect(), empty)
}

fn exchange_row(base: &str, place: usize, each: &Exchange, entry: Option<&Entry>) -> Row {
    let id = |what: &str| format!("exchange-{place}{what}");
    let mut what = vec![code(&each.request.method), code(&each.request.url)];
    let mut actions = Vec::new();
    if let Some(entry) = entry {
        what.extend(entry.faults.iter().map(|name| badge(name, "warn")));
        actions.push(go("Open request", format!("{base}/journal/{}", entry.seq)));
        if entry.unmatched.is_some() {
            what.push(badge("no stub", "warn"));
            actions.push(go("Make a stub of this", stub_href(base, entry)));
        }
    }
    let answered = each.response.as_ref().map_or_else(|| badge("none", "bad"), |response| status(response.status));
    let request = serde_json::json!({ "headers": each.request.headers, "body": each.request.body });
    let answer = match (&each.response, &each.error) {
        (Some(response), _) => json(response, "the answer of the app"),
        (None, error) => json(error, "the answer of the app"),
    };
    let both = vec![
        inner(id("-request"), "Request", json(&request, "the request")),
        inner(id("-response"), "Answer of the app", answer),
    ];
    let to = vec![pair("Sent to", vec![code(&each.request.sent_to)])];
    let details = vec![inner(id("-to"), "", Body::Pairs(to)), inner(id("-both"), "", Body::Group(both)).look("split")];
    let cells = vec![what, vec![answered], vec![number(format!("{} ms", each.time_ms))]];
    row(id(""), cells).actions(actions).details(details)
}

/// The lines that a run's snippet logged.
pub(in crate::control::dashboard) fn logs_section(details: &RunDetails) -> Section {
    let line = |line: &Value| {
        let message = line.get("message").and_then(Value::as_str).map_or_else(|| line.to_string(), str::to_owned);
        format!("{}  {message}", line.get("level").and_then(Value::as_str).unwrap_or("log"))
    };
    let body = if details.logs.is_empty() {
        notice("", "It wrote no logs.", Vec::new(), Vec::new())
    } else {
        json(&details.logs.iter().map(line).collect::<Vec<_>>().join("\n"), "the logs")
    };
    section("logs", "Logs", body)
}

/// The log of the run that a call made, where it made one and the log is still there.
pub(in crate::control::dashboard) async fn run_of(
    place: &Place,
    id: Option<&String>,
) -> Result<Option<(RunLog, RunDetails)>, ApiError> {
    let Some(id) = id else { return Ok(None) };
    let (db, base) = (place.space.data.db(), place.call.engine.base());
    Ok(logs::run(db, &place.space.key, id, base).await?)
}

/// What one can do about a call that came to nothing.
fn remedies(place: &Place, entry: &Entry, broken: &[&Entry], run: Option<&RunLog>) -> Vec<Action> {
    let base = &place.base;
    let unmatched = broken.iter().filter(|each| each.unmatched.is_some());
    let mut todo: Vec<Action> =
        unmatched.map(|each| go("Make a stub of this", stub_href(base, each)).look("main")).collect();
    let mut faults: Vec<&String> = broken.iter().flat_map(|each| &each.faults).collect();
    faults.dedup();
    todo.extend(faults.into_iter().map(|name| {
        action(format!("Remove the fault {name}"), format!("DELETE {base}/faults/{}", in_path(name)))
            .says("The fault is removed.")
    }));
    let error = run.and_then(|run| run.error.as_ref());
    let is_lost = error.is_some_and(|error| {
        error.code == Some(ErrorCode::ConnectionDisconnected) || error.kind == ErrorType::Connection
    });
    if let (true, Some(id)) = (is_lost, entry.connection.first()) {
        todo.push(go("See the connection", format!("{base}/connections/{}", in_path(id))).look("main"));
    }
    todo
}

/// The page of one call.
pub(in crate::control::dashboard) async fn page(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let Json(entry) = journal::get(place.call.clone()).await?;
    let Json(past) = journal::list(place.call.clone(), QueryOf(JournalQuery::default())).await?;
    let run = run_of(&place, entry.action_run_id.as_ref()).await?;
    let (log, details) = run.map_or((None, RunDetails::default()), |(log, details)| (Some(log), details));
    let sent = sent_of(&past.items, Some(entry.seq), &details.exchanges);
    // What broke a request to the app is why the call came to nothing.
    let is_to_blame = |each: &&Entry| entry.status >= 400 && (!each.faults.is_empty() || each.unmatched.is_some());
    let blamed: Vec<&Entry> = sent.iter().flatten().copied().filter(is_to_blame).collect();
    let mut why = why_of(&place, &entry, message_of(&entry));
    why.extend(blamed.iter().flat_map(|each| why_of(&place, each, "")));
    let broken: Vec<&Entry> = std::iter::once(&*entry).chain(blamed).collect();
    let todo = remedies(&place, &entry, &broken, log.as_ref());
    let mut sections = Vec::new();
    if !why.is_empty() {
        let (tone, title) = if is_bad(&entry) {
            ("bad", format!("Why it is {}", entry.status))
        } else {
            ("info", "Look at".to_owned())
        };
        sections.push(section("why", "", notice(tone, title, why, todo)).look("bare"));
    }
    sections.push(section("what", "", Body::Pairs(facts(&place, &entry))).look("facts"));
    let both = vec![
        section("request", "Request", request_of(&entry)),
        section("answer", "Answer", answer_of(&entry, log.as_ref())),
    ];
    sections.push(section("both", "", Body::Group(both)).look("split"));
    if entry.side == Side::Api {
        let empty = "Nothing was sent to an app.";
        let shown = exchange_lines(&place.base, &details.exchanges, &sent, empty);
        sections.push(section("exchanges", "Sent to the app", shown));
    }
    if log.is_some() {
        sections.push(logs_section(&details));
    }
    let near = |seq: Option<u64>| seq.filter(|seq| past.items.iter().any(|each| each.seq == *seq));
    let to = |label: &str, seq: u64| go(label, format!("{}/journal/{seq}", place.base));
    let mut actions = Vec::new();
    actions.extend(log.map(|log| go("Open run", format!("{}/runs/{}", place.base, in_path(log.id.as_str())))));
    actions.extend(near(entry.seq.checked_sub(1)).map(|seq| to("Earlier", seq)));
    actions.extend(near(entry.seq.checked_add(1)).map(|seq| to("Later", seq)));
    let title = format!("{} {}", entry.method, entry.path);
    Ok(Page {
        crumbs: place.crumb("Journal", "/journal"),
        badges: vec![status(entry.status), clock_time(entry.at, place.now)],
        actions,
        live: false,
        ..place.page("/journal", title, "", sections).await?
    })
}

fn request_of(entry: &Entry) -> Body {
    let none = "It had no body, or one that the journal does not keep.";
    entry.body.as_ref().map_or_else(|| notice("", none, Vec::new(), Vec::new()), |body| json(body, "the request"))
}

fn answer_of(entry: &Entry, log: Option<&RunLog>) -> Body {
    match (&entry.error, log) {
        (_, Some(RunLog { error: Some(error), .. })) => json(error, "the answer"),
        (Some(error), _) => json(error, "the answer"),
        (None, Some(log)) => json(&serde_json::json!({ "output": log.output }), "the answer"),
        (None, None) => {
            let says = format!("{}. The journal keeps answers of runs and errors only.", entry.status);
            notice("", says, Vec::new(), Vec::new())
        }
    }
}
