//! `…/webhooks` where a browser asks: what the app was told, and where it listens.

use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::Json;
use crate::control::dashboard::place::Place;
use crate::control::workspaces::webhooks;
use crate::nouns::webhook::model::{DeliveryState, WebhookDelivery};
use crate::pages::blocks::{Body, Page, Row};
use crate::pages::make::{
    badge, clock_time, code, field, form, in_path, inner, json, lines, none, number, pair, row, section, state, status,
    table, text, time,
};

fn delivery(place: &Place, each: &WebhookDelivery) -> Row {
    let id = |what: &str| format!("webhook-{}{what}", each.id);
    let attempts = each.attempts.iter().enumerate().map(|(index, one)| {
        let answer = match one.status {
            Some(answered) => vec![status(answered)],
            None => vec![badge("none", "bad"), text(one.error.as_deref().unwrap_or_default())],
        };
        row(id(&format!("-{}", index + 1)), vec![vec![time(one.at, place.now)], answer])
    });
    let attempts = table(&[("Time", "m"), ("Answer", "fill")], attempts.collect(), "None yet; it is due now.");
    let details = vec![
        inner(id("-to"), "", Body::Pairs(vec![pair("Receiver", vec![code(&each.url)])])),
        inner(id("-attempts"), "Attempts", attempts),
        inner(id("-payload"), "Payload", json(&each.payload, "the payload")),
    ];
    let cells = vec![
        vec![clock_time(each.created_at, place.now)],
        vec![code(each.event_type.name())],
        vec![state(&each.state)],
        vec![number(each.attempts.len())],
        each.next_attempt_at.map_or_else(none, |at| vec![time(at, place.now)]),
    ];
    row(id(""), cells).tone(if each.state == DeliveryState::Failed { "bad" } else { "" }).details(details)
}

/// Makes the page that a browser is answered at this address.
pub(in crate::control::dashboard) async fn page(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let Json(all) = webhooks(place.call.clone()).await?;
    let world = place.space.world();
    let receiver = world.workspace.webhook_uri().unwrap_or_default();
    let rows = all.items.iter().rev().map(|each| delivery(&place, each)).collect();
    let columns = [("Time", "s"), ("Event", "fill"), ("State", "s"), ("Attempts", "number"), ("Next", "m")];
    let empty = if receiver.is_empty() {
        "No webhooks. Say below where your app listens."
    } else {
        "No webhooks yet. Connect, disconnect or run a flow."
    };
    let address = field("webhookUri", "Address")
        .kind("nullable")
        .value(receiver)
        .example("http://127.0.0.1:3000/webhooks")
        .hint("On loopback.");
    let call = format!("PATCH /workspaces/{}", in_path(&place.workspace.key));
    let listen = form("receiver-form", call, "Save", vec![address])
        .token(&place.workspace.manager_token)
        .says("Saved. The next event is sent there.")
        .keeps()
        .plain();
    let told = "What is not answered 2xx is sent again after 1, 2, 4 … 64 seconds of the workspace’s clock.";
    let sections = vec![
        section("webhooks", "Sent to your app", lines(&columns, rows, empty)).told(told),
        section("receiver", "Where your app listens", Body::Form(listen)),
    ];
    place.page("/webhooks", "Webhooks", "What your app was told of its connections and flow runs.", sections).await
}
