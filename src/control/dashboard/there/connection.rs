//! `…/connections/{selector}` where a browser asks: how a connection stands, what it takes, and what went through it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::base::clock::{Timestamp, real_now};
use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::Json;
use crate::control::dashboard::place::Place;
use crate::control::dashboard::there::connections::{attempt, connector_key, name_of, poke, where_is, words_of};
use crate::control::dashboard::there::tenant::{act_form, action_keys, latest};
use crate::control::elements::{OfTenant, Poke, named};
use crate::control::journal::JournalQuery;
use crate::control::upstreams;
use crate::control::upstreams::GrantView;
use crate::engine::tokens::mint;
use crate::engine::view::{Secrets, ViewContext};
use crate::nouns::connection::model::{Connection, ConnectionState};
use crate::pages::blocks::{Body, Cell, Page, Row, Section};
use crate::pages::make::{
    action, badge, code, copied, headless, in_path, link, logo, note, notice, outside, pair, row, section, sentence,
    state, strong, table, text, time, word,
};

/// What a vendor does to a connection, and what it comes to.
const BREAKS: [(&str, &str, &str); 4] = [
    ("expireCredentials", "Expire access token", "The next call refreshes it"),
    ("failRefresh", "Refuse next refresh", "The next refresh is refused"),
    ("disconnect", "Take grant back", "The vendor has revoked it; the next call is refused"),
    ("markDefunct", "Make defunct", "It never works again, unless its user reconnects it"),
];

/// Makes the page that a browser is answered at this address.
pub(in crate::control::dashboard) async fn page(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let (cx, each) = named(&place.call, &OfTenant::default())?;
    let connector = connector_key(&place, &each);
    let grants = if connector.is_empty() {
        Vec::new()
    } else {
        let Json(grants) = upstreams::tokens(place.call_of("connector", &connector)).await?;
        grants.items
    };
    let mut sections = Vec::new();
    sections.extend(why(&each));
    {
        let world = cx.world();
        let lens = ViewContext { directory: cx.directory(&world), base: cx.engine.base(), caller: &cx.caller };
        let view = lens.connection(&each, Secrets::Hidden);
        if let Some(waits) = view.client_action {
            let mut line = vec![text(waits.description)];
            line.extend(waits.ui_url.map(|address| outside("Open the page", address)));
            let buttons = attempt(&place.base, &each);
            sections
                .push(section("waits", "", notice("warn", "It waits for its user.", vec![line], buttons)).look("bare"));
        }
    }
    sections.push(about(&place, &each, &connector));
    let both = vec![moves(&place.base, &each), breaks(&place.base, &each)];
    sections.push(section("pokes", "", Body::Group(both)).look("split"));
    let (key, told) = (name_of(&each), "As your app does it: POST /act with the tenant’s token.");
    let form = act_form(&token_of(&place, &each)?, &[key], &action_keys(&place, Some(&each)), key);
    sections.push(section("act", "Make a call", Body::Form(form)).told(told));
    sections.push(history(&each, place.now));
    let title = format!("What {} granted", each.meta.name);
    let tokens = token_table(&place.base, &connector, &grants, place.now);
    sections.push(section("tokens", title, tokens).told("At the stub vendor, to all connections of this app."));
    let query = JournalQuery { connection: Some(each.id.to_string()), ..JournalQuery::default() };
    sections
        .push(latest(&place, query, format!("{}/journal?connection={}", place.base, in_path(each.id.as_str()))).await?);
    let mut badges = vec![state(&each.state)];
    badges.extend(each.is_defunct().then(|| badge("defunct", "bad")));
    Ok(Page {
        crumbs: place.crumb("Connections", "/connections"),
        badges,
        ..place.page("/connections", key, "", sections).await?
    })
}

/// A token of the tenant that has the connection, for a day.
fn token_of(place: &Place, each: &Connection) -> Result<String, ApiError> {
    let of = &place.workspace;
    let expires = real_now().plus(Duration::from_hours(24));
    mint(&of.key, &of.secret, Some(&place.tenant_key(each.tenant.as_str())), false, expires)
}

/// Why the connection does not work, where something is known.
fn why(each: &Connection) -> Option<Section> {
    let error = each.error.as_ref().or_else(|| each.errors.first())?;
    let todo = match each.state {
        ConnectionState::Disconnected => "Reconnect it below, or POST /connect with its connectionId.",
        _ => "Reconnect or rebuild it below.",
    };
    let lines = vec![vec![text(todo)]];
    Some(section("why", "", notice("bad", sentence(&error.message), lines, Vec::new())).look("bare"))
}

fn about(place: &Place, each: &Arc<Connection>, connector: &str) -> Section {
    let tenant = place.tenant_key(each.tenant.as_str());
    let mut pairs = vec![
        pair("App", vec![logo(connector), text(&each.meta.name), note(connector)]),
        pair("Tenant", vec![link(&tenant, format!("{}/tenants/{}", place.base, in_path(&tenant)))]),
        pair("Id", vec![copied(each.id.as_str(), "the id")]),
        pair("Created", vec![time(each.meta.created_at, place.now)]),
    ];
    pairs.extend(each.last_active_at.map(|at| pair("Last used", vec![time(at, place.now)])));
    pairs.extend(each.next_credentials_refresh_at.map(|at| pair("Credentials refreshed", vec![time(at, place.now)])));
    section("connection", "", Body::Pairs(pairs)).look("facts")
}

fn moves(base: &str, each: &Connection) -> Section {
    let rows = Poke::allowed(each).into_iter().map(|event| {
        let (name, told) = words_of(event);
        let mut button = poke(base, each, event).of(name);
        "Do it".clone_into(&mut button.label);
        row(format!("poke-{}", word(&event)), vec![vec![strong(name), note(told)]]).actions(vec![button])
    });
    let told = format!("What a connection that is {} takes. Each is POST …/poke.", word(&each.state));
    let body = headless(&[("What happens", "fill")], rows.collect(), "Its state takes no event.");
    section("move", "Move it", body).told(told)
}

fn breaks(base: &str, each: &Connection) -> Section {
    let rows = BREAKS.map(|(by, name, told)| {
        let button = action("Do it", format!("POST {}/break", where_is(base, each)))
            .body(&json!({ "by": by }))
            .says(format!("Done: {by}."))
            .of(name);
        row(format!("break-{by}"), vec![vec![strong(name), note(told)]]).actions(vec![button])
    });
    let body = headless(&[("What the vendor does", "fill")], rows.into(), "");
    section("break", "Break it as its vendor does", body).told("The next call that needs the credentials meets it.")
}

fn history(each: &Connection, now: Timestamp) -> Section {
    let columns = [("Time", "m"), ("From", "l"), ("To", "l"), ("Because", "fill")];
    let rows = each.history.iter().enumerate().map(|(index, step)| {
        let cells = vec![
            vec![time(step.at, now)],
            vec![state(&step.from)],
            vec![state(&step.to)],
            vec![code(word(&step.cause))],
        ];
        row(format!("step-{}", index + 1), cells)
    });
    section("history", "History", table(&columns, rows.collect(), "It has not changed its state since it was made."))
}

/// What a stub vendor granted, and what can happen to it.
pub(in crate::control::dashboard) fn token_table(
    base: &str,
    connector: &str,
    items: &[GrantView],
    now: Timestamp,
) -> Body {
    let columns = [("Account", "fill"), ("Access token", "s"), ("Expires", "m"), ("State", "m")];
    let rows = items.iter().map(|each| token_row(base, connector, each, now)).collect();
    table(&columns, rows, "Nothing was granted. A token is made when a user connects.")
}

fn token_row(base: &str, connector: &str, each: &GrantView, now: Timestamp) -> Row {
    let standing: Cell = match each.expires_at {
        _ if each.revoked => badge("revoked", "bad"),
        _ if each.refuse_refresh => badge("refresh refused next", "warn"),
        Some(at) if at <= now => badge("expired", "warn"),
        Some(_) | None => badge("valid", "good"),
    };
    let events = [("expire", "Expire"), ("revoke", "Revoke"), ("refuse-refresh", "Refuse refresh")];
    let token = format!("{base}/upstreams/{}/tokens/{}", in_path(connector), in_path(&each.id));
    let actions = events.into_iter().filter(|_| !each.revoked).map(|(event, label)| {
        action(label, format!("POST {token}/{event}"))
            .body(&json!({}))
            .says(format!("Done: {event}."))
            .of(format!("the token of {}", each.account))
    });
    let cells = vec![
        vec![text(&each.account), note(each.scopes.join(" "))],
        vec![code(format!("…{}", each.access_token_ends_with))],
        vec![each.expires_at.map_or_else(|| note("never"), |at| time(at, now))],
        vec![standing],
    ];
    row(format!("token-{}", each.id), cells).actions(actions.collect())
}
