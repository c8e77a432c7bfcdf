//! `…/clock` where a browser asks: what time it is, how to move it, and when things move by themselves.

use serde_json::{Value, json as value};

use crate::base::clock::ClockMode;
use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::Json;
use crate::control::dashboard::place::Place;
use crate::control::time::{ClockView, get};
use crate::control::workspaces::progress;
use crate::pages::blocks::{Body, Page, Section};
use crate::pages::make::{action, badge, code, field, form, note, pair, row, section, strong, table, text, time};

const STEPS: [(&str, u64); 4] =
    [("+1 min", 60_000), ("+1 h", 3_600_000), ("+1 day", 86_400_000), ("+30 days", 2_592_000_000)];

/// What moves by itself, by its name in the settings.
const KINDS: [(&str, &str); 7] = [
    ("connection.building", "A connection is built"),
    ("connection.clientAction", "The user acts"),
    ("action.building", "An action is built"),
    ("agentSession", "An agent session goes on"),
    ("flowRun", "A flow run goes on"),
    ("export", "An export goes on"),
    ("import", "An import goes on"),
];

/// Makes the page that a browser is answered at this address.
pub(in crate::control::dashboard) async fn page(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let Json(clock) = get(place.call.clone()).await?;
    let Json(settings) = progress(place.call.clone()).await?;
    let settings = serde_json::to_value(&settings).map_err(ApiError::internal)?;
    let sections =
        vec![now(&place.base, &clock), moving(&place.base), waiting(&clock), by_itself(&place.base, &settings)];
    let lead = "The time of this workspace alone. Tokens expire by it, retries wait for it.";
    place.page("/clock", "Clock", lead, sections).await
}

fn now(base: &str, clock: &ClockView) -> Section {
    let (is_still, advanced) = match clock.mode {
        ClockMode::System { advanced_ms } => (false, advanced_ms),
        ClockMode::Manual { advanced_ms, .. } => (true, advanced_ms),
    };
    let iso = clock.now.to_string();
    let shown = iso.get(..19).unwrap_or(&iso).replace('T', " ");
    let mut mode = vec![if is_still { badge("stands still", "info") } else { badge("runs with the system", "") }];
    if advanced != 0 {
        mode.push(note(format!("moved by {} s in all", advanced / 1000)));
    }
    let pairs = vec![pair("Time", vec![strong(shown), note("UTC")]), pair("Mode", mode)];
    let mut actions: Vec<_> = STEPS
        .into_iter()
        .map(|(label, ms)| {
            action(label, format!("POST {base}/clock/advance"))
                .body(&value!({ "ms": ms }))
                .look(if label == "+1 h" { "main" } else { "" })
                .says(format!("The clock moved {label}; what fell due has run."))
        })
        .collect();
    let set = |label: &str, mode: &str| action(label, format!("PUT {base}/clock")).body(&value!({ "mode": mode }));
    actions.push(if is_still {
        set("Let it run", "system").says("The clock runs with the system.")
    } else {
        set("Freeze", &iso).says("The clock stands still.")
    });
    let settle = action("Settle", format!("POST {base}/clock/settle")).body(&value!({}));
    actions.push(settle.says("What was due has run.").hint("Runs what is due now"));
    section("now", "Now", Body::Pairs(pairs)).actions(actions)
}

fn moving(base: &str) -> Section {
    let until =
        field("to", "Until").example("2026-12-24T18:00:00Z").required().hint("What falls due on the way happens.");
    let forward = form("advance-form", format!("POST {base}/clock/advance"), "Advance", vec![until])
        .says("The clock moved; what fell due has run.")
        .plain();
    let mode = field("mode", "Stand still at").example("2026-01-01").required().hint("Or system, to run again.");
    let still = form("still-form", format!("PUT {base}/clock"), "Set", vec![mode]).says("The clock is set.").plain();
    let both =
        vec![section("move-to", "Go forward", Body::Form(forward)), section("move-still", "Set it", Body::Form(still))];
    section("move", "", Body::Group(both)).look("split")
}

fn waiting(clock: &ClockView) -> Section {
    let rows = clock.pending.iter().enumerate().map(|(index, each)| {
        let what = each.call.as_ref().map_or_else(|| text("The fake’s own work"), code);
        row(format!("waits-{}", index + 1), vec![vec![what], vec![time(each.until, clock.now)]])
    });
    let empty = "Nothing waits. A call that a fault makes slower waits here while the clock stands still.";
    let columns = [("Call", "fill"), ("Until", "m")];
    section("pending", "Waiting for the clock", table(&columns, rows.collect(), empty))
}

fn by_itself(base: &str, settings: &Value) -> Section {
    let fields = KINDS.map(|(kind, label)| {
        let value = settings.get(kind).map(ToString::to_string).unwrap_or_default();
        field(format!("[\"{kind}\"]"), label).kind("json").rows(1).width("one").value(value).hint(kind)
    });
    let form =
        form("progress-form", format!("PUT {base}/progress"), "Save", fields.into()).says("Saved.").keeps().plain();
    section("progress", "When things move by themselves", Body::Form(form))
        .told("\"immediate\", \"hold\", {\"after\": 1000} in ms, {\"reads\": 2}, or {\"fail\": {\"error\": \"…\"}}.")
}
