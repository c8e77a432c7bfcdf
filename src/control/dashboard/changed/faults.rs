//! `…/faults` where a browser asks: the rules, a form for another one, and what fired.

use serde_json::json as value;

use crate::base::error::ApiError;
use crate::base::operation::{Operation, Side};
use crate::call::Call;
use crate::call::contract::Json;
use crate::control::dashboard::place::Place;
use crate::control::elements::{ConnectionsQuery, matching, tenants};
use crate::control::faults::{Story, list, story};
use crate::fault::{Effect, Rule, Standing, When};
use crate::pages::blocks::{Body, Field, Group, Page, Row, Section};
use crate::pages::make::{
    action, badge, choice, clock_time, code, count, field, form, go, group, in_path, inner, json, lines, link, number,
    row, section, table, text, word,
};

/// Says which calls a rule is about.
fn calls_of(on: &When) -> String {
    let to_app = on.connector.is_some() || on.side == Some(Side::Upstream);
    let what = match (on.operation, &on.route) {
        (Some(Operation::Webhook), _) => "webhooks".to_owned(),
        _ if to_app => format!("requests to {}", on.connector.as_deref().unwrap_or("apps")),
        (Some(operation), _) => format!("{} calls", operation.name()),
        (None, Some(route)) => route.clone(),
        (None, None) => "calls of the API".to_owned(),
    };
    let more = [
        ("method", &on.method),
        ("path", &on.path),
        ("tenant", &on.tenant),
        ("integration", &on.integration),
        ("connection", &on.connection),
        ("action", &on.action),
        ("flow", &on.flow),
    ];
    let more: Vec<String> =
        more.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?))).collect();
    if more.is_empty() { what } else { format!("{what}: {}", more.join(", ")) }
}

/// Says what happens to the calls.
fn effect_of(effect: &Effect) -> String {
    match effect {
        Effect::Error(error) => {
            format!("answer the error {}", error.key.map_or_else(|| word(&error.kind), |key| word(&key)))
        }
        Effect::Respond(answer) => format!("answer {}", answer.status),
        Effect::Latency(latency) => match latency.to {
            Some(to) => format!("take {} to {to} ms longer", latency.from),
            None => format!("take {} ms longer", latency.from),
        },
        Effect::RateLimit(limit) => {
            format!("answer 429 beyond {} in {} ms, by {}", count(limit.limit, "call"), limit.per_ms, word(&limit.by))
        }
        Effect::Reset => "reset the socket".to_owned(),
        Effect::Close => "close the socket".to_owned(),
        Effect::Truncate => "cut the answer short".to_owned(),
        Effect::Stall => "never send the body".to_owned(),
        Effect::Dribble(_) => "send the body slowly".to_owned(),
        Effect::MalformedJson => "answer broken JSON".to_owned(),
        Effect::Disconnect => "take the grant back".to_owned(),
        Effect::ExpireCredentials => "expire the access token".to_owned(),
        Effect::FailRefresh => "refuse the next refresh".to_owned(),
        Effect::MarkDefunct => "make the connection defunct".to_owned(),
    }
}

/// Says how often a rule fires.
fn often_of(rule: &Rule) -> String {
    let list = [
        rule.nth.map(|nth| format!("only call {nth}")),
        rule.after.map(|after| format!("not the first {after}")),
        rule.times.map(|times| format!("at most {times} ×")),
        rule.probability.map(|chance| format!("{:.0} % of them", chance * 100.0)),
        rule.until.map(|until| format!("until {until}")),
    ];
    let list: Vec<String> = list.into_iter().flatten().collect();
    if list.is_empty() { "always".to_owned() } else { list.join(", ") }
}

fn rule_row(base: &str, each: &Standing) -> Row {
    let name = each.rule.name.as_deref().unwrap_or(&each.id);
    let fired = if each.fired > 0 { badge(each.fired.to_string(), "warn") } else { number(0) };
    let remove = action("Remove", format!("DELETE {base}/faults/{}", in_path(&each.id)))
        .look("danger")
        .says("The fault is removed.")
        .of(name);
    let broke = go("Calls that it broke", format!("{base}/journal?fault={}", in_path(name)));
    let cells = vec![
        vec![text(name)],
        vec![text(calls_of(&each.rule.on))],
        vec![text(effect_of(&each.rule.fault))],
        vec![text(often_of(&each.rule))],
        vec![number(each.matched)],
        vec![fired],
    ];
    let details = vec![inner(format!("{}-rule", each.id), "Rule", json(&each.rule, "the rule"))];
    row(&each.id, cells).actions(vec![remove, broke]).details(details)
}

/// Makes the page that a browser is answered at this address.
pub(in crate::control::dashboard) async fn page(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let base = &place.base;
    let Json(rules) = list(place.call.clone()).await?;
    let Json(story) = story(place.call.clone()).await?;
    let columns =
        [("Name", "m"), ("Breaks", "fill"), ("How", "l"), ("Often", "m"), ("Met", "number"), ("Fired", "number")];
    let rows: Vec<Row> = rules.items.iter().map(|each| rule_row(base, each)).collect();
    let remove = action("Remove all", format!("DELETE {base}/faults"))
        .confirm("Remove all faults?")
        .says("All faults are removed.");
    let actions = if rows.is_empty() { Vec::new() } else { vec![remove] };
    let empty = "No faults. Make one below, or POST …/faults.";
    let told = "They are tried from top to bottom; the first that answers a call is the last.";
    let new = form("fault-form", format!("POST {base}/faults"), "Make fault", Vec::new())
        .groups(vec![which(&place).await?, what(), often()])
        .says("The fault is made. The next call that fits meets it.");
    let sections = vec![
        section("rules", "Rules", lines(&columns, rows, empty)).told(told).actions(actions),
        section("new", "New fault", Body::Form(new)),
        fired(&place, &story),
    ];
    let lead = "A fault is a rule: which calls, how often, what happens to them.";
    place.page("/faults", "Faults", lead, sections).await
}

/// The fields for which calls a new rule is about; the address may fill them in.
async fn which(place: &Place) -> Result<Group, ApiError> {
    let (_, connections) = matching(&place.call, &ConnectionsQuery::default())?;
    let Json(tenants) = tenants(place.call.clone()).await?;
    let connectors = place.connectors();
    let apps = std::iter::once(choice("", "None: calls to the fake"))
        .chain(connectors.iter().map(|each| choice(each.key(), &each.meta.name)));
    let on = |name: &str, label: &str| field(format!("on.{name}"), label).value(place.asked(name));
    let operations = std::iter::once("").chain(Operation::ALL.map(Operation::name));
    let fields = vec![
        on("connector", "To the app").kind("select").named_choices(apps).hint("Requests that the fake sends to it."),
        on("operation", "Operation").kind("select").choices(operations),
        on("connection", "Connection").choices(connections.iter().filter_map(|it| it.meta.key.as_deref())),
        on("tenant", "Tenant").choices(tenants.items.iter().map(|each| each.key.as_str())),
        on("method", "Method").choices(["GET", "POST", "PUT", "PATCH", "DELETE"]),
        on("path", "Path").example("/crm/*").hint("* is anything."),
    ];
    Ok(group("Which calls", fields))
}

/// What can happen, by the name in a rule.
const EFFECTS: [(&str, &str); 14] = [
    ("respond", "Answer a status"),
    ("error", "Answer an error of the engine"),
    ("rateLimit", "Limit the rate (429)"),
    ("latency", "Take longer"),
    ("disconnect", "Take the grant back"),
    ("expireCredentials", "Expire the access token"),
    ("failRefresh", "Refuse the next refresh"),
    ("markDefunct", "Make the connection defunct"),
    ("reset", "Reset the socket"),
    ("close", "Close the socket"),
    ("truncate", "Cut the answer short"),
    ("stall", "Never send the body"),
    ("dribble", "Send the body slowly"),
    ("malformedJson", "Answer broken JSON"),
];

const TYPES: [&str; 9] = [
    "bad_request",
    "connection",
    "configuration",
    "action_run",
    "flow_run",
    "concurrency",
    "internal",
    "custom_code",
    "insufficient_credit",
];

const KEYS: [&str; 8] = [
    "not_found",
    "not_authenticated",
    "access_denied",
    "already_exists",
    "rate_limit_exceeded",
    "connection_is_defunct",
    "access_token_expired",
    "lock_timeout",
];

fn what() -> Group {
    let of = |effect: &str, name: &str, label: &str| -> Field {
        field(format!("fault.{effect}.{name}"), label).when(format!("fault={effect}"))
    };
    let keys = std::iter::once(choice("", "None")).chain(KEYS.map(|key| choice(key, key)));
    let fields = vec![
        field("fault", "Fault")
            .kind("select")
            .value("respond")
            .named_choices(EFFECTS.map(|(name, label)| choice(name, label))),
        of("respond", "status", "Status").kind("number").value("503").required(),
        of("respond", "body", "Body").kind("json").rows(3).value("{\"message\": \"try later\"}"),
        of("error", "type", "Type").kind("select").value("bad_request").choices(TYPES),
        of("error", "key", "Key").kind("select").named_choices(keys),
        of("error", "message", "Message"),
        of("rateLimit", "limit", "Calls").kind("number").value("2").required(),
        of("rateLimit", "perMs", "In ms").kind("number").value("60000"),
        of("rateLimit", "by", "Counted by").kind("select").value("workspace").choices([
            "workspace",
            "tenant",
            "connection",
        ]),
        of("rateLimit", "retryAfter", "Send Retry-After").kind("check").value("true"),
        of("latency", "ms", "By ms").kind("number").value("500").required().hint("On the workspace’s clock."),
        of("latency", "to", "Up to ms").kind("number"),
        of("dribble", "everyMs", "Pause in ms").kind("number").value("100").required(),
        of("dribble", "bytes", "Bytes in a piece").kind("number"),
    ];
    group("What happens", fields)
}

fn often() -> Group {
    let fields = vec![
        field("times", "At most").kind("number").hint("Always when all of these are empty."),
        field("nth", "Only the n-th").kind("number"),
        field("after", "Not the first").kind("number"),
        field("probability", "By chance").kind("number").example("0.5"),
        field("until", "Until").example("2026-01-01T00:00:00Z").hint("On the workspace’s clock."),
        field("name", "Name").hint("What the journal calls it."),
    ];
    group("How often", fields)
}

fn fired(place: &Place, story: &Story) -> Section {
    let base = &place.base;
    let rows = story.fired.iter().enumerate().map(|(index, each)| {
        let cells = vec![
            vec![clock_time(each.at, place.now)],
            vec![link(&each.rule, format!("{base}/journal?fault={}", in_path(&each.rule)))],
            vec![code(&each.call)],
            vec![number(format!("match {}", each.n))],
        ];
        row(format!("fired-{}", index + 1), cells)
    });
    let same: Vec<_> = story.fired.iter().map(|each| value!({ "rule": each.rule, "n": each.n })).collect();
    let again = action("Play again", format!("PUT {base}/faults/story"))
        .body(&value!({ "seed": story.seed, "fired": same }))
        .says("The same will fire at the same calls.")
        .hint("From now on the same faults fire at the same calls");
    let columns = [("Time", "s"), ("Fault", "m"), ("Call", "fill"), ("At its", "s")];
    section("story", "What fired", table(&columns, rows.collect(), "Nothing fired yet."))
        .told(format!("All chance derives from the seed {}.", story.seed))
        .actions(if story.fired.is_empty() { Vec::new() } else { vec![again] })
}
