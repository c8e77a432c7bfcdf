//! `…/connections` where a browser asks: who is connected to what, and the tenants.

use std::sync::Arc;

use serde_json::json;

use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::Json;
use crate::control::dashboard::place::Place;
use crate::control::elements::{ConnectionsQuery, Poke, matching, tenants};
use crate::engine::directory::Directory;
use crate::nouns::connection::model::{Connection, ConnectionState};
use crate::pages::blocks::{Action, Body, Page, Row};
use crate::pages::make::{
    action, badge, field, filter, form, go, in_path, link, logo, none, note, number, row, secret, section, state,
    table, time, word,
};

/// What a poke is called, and what it does.
pub(in crate::control::dashboard) fn words_of(poke: Poke) -> (&'static str, &'static str) {
    match poke {
        Poke::Authorize => ("Authorize", "The user has authorized; it becomes READY"),
        Poke::Cancel => ("Cancel", "The user gives up"),
        Poke::LoseCredentials => ("Lose credentials", "The credentials stop working; it becomes DISCONNECTED"),
        Poke::FinishBuilding => ("Finish building", "BUILDING ends well"),
        Poke::FailConfiguration => ("Fail configuration", "The integration’s parameters are wrong"),
        Poke::FailSetup => ("Fail setup", "The connector cannot be built"),
        Poke::Fail => ("Fail", "It fails for another reason; it becomes ERROR"),
        Poke::Reconnect => ("Reconnect", "It starts again, and the user has to act"),
        Poke::Rebuild => ("Rebuild", "It starts again, and its connector is built first"),
        Poke::Finalize => ("Finalize", "The user authorized, and the connector is finalised"),
        Poke::Disconnect => ("Disconnect", "The app begins to revoke the credentials"),
        Poke::Disconnected => ("Finish disconnecting", "The credentials are revoked and erased"),
    }
}

/// The states, in the order in which a connection may come to them.
const STATES: [ConnectionState; 8] = [
    ConnectionState::Building,
    ConnectionState::ClientActionRequired,
    ConnectionState::Ready,
    ConnectionState::Disconnecting,
    ConnectionState::Disconnected,
    ConnectionState::Error,
    ConnectionState::ConfigurationError,
    ConnectionState::SetupFailed,
];

/// How a connection is called: by its key, or by its id where it has none.
pub(in crate::control::dashboard) fn name_of(each: &Connection) -> &str {
    each.meta.key.as_deref().filter(|key| !key.is_empty()).unwrap_or(each.id.as_str())
}

/// The address of a connection's page, below which its calls are.
pub(in crate::control::dashboard) fn where_is(base: &str, each: &Connection) -> String {
    format!("{base}/connections/{}", in_path(each.id.as_str()))
}

/// The button that moves a connection by an event.
pub(in crate::control::dashboard) fn poke(base: &str, each: &Connection, event: Poke) -> Action {
    let (label, hint) = words_of(event);
    action(label, format!("POST {}/poke", where_is(base, each)))
        .body(&json!({ "event": event }))
        .says(format!("Done: {}.", word(&event)))
        .hint(hint)
}

/// What the user or the vendor does while an attempt waits.
pub(in crate::control::dashboard) fn attempt(base: &str, each: &Connection) -> Vec<Action> {
    if each.state != ConnectionState::ClientActionRequired {
        return Vec::new();
    }
    let to = |label: &str, below: &str, says: &str, hint: &str| {
        action(label, format!("POST {}/{below}", where_is(base, each)))
            .body(&json!({}))
            .says(says)
            .hint(hint)
            .of(name_of(each))
    };
    let denied = "The vendor sends the user back with access_denied";
    vec![
        to("Complete", "complete", "The user connected.", "The user goes the whole way of the pages").look("main"),
        to("Cancel", "cancel", "The user gave up.", "The user gives up"),
        to("Deny", "fail", "The vendor sent the user back with access_denied.", denied),
    ]
}

/// What is most often wanted next.
fn next(base: &str, each: &Connection) -> Vec<Action> {
    let event = match each.state {
        ConnectionState::ClientActionRequired => return attempt(base, each).into_iter().take(2).collect(),
        ConnectionState::Building => Some(Poke::FinishBuilding),
        ConnectionState::Ready => Some(Poke::LoseCredentials),
        ConnectionState::Disconnecting
        | ConnectionState::Disconnected
        | ConnectionState::Error
        | ConnectionState::ConfigurationError
        | ConnectionState::SetupFailed => Poke::allowed(each).into_iter().next(),
    };
    event.map(|event| poke(base, each, event).of(name_of(each))).into_iter().collect()
}

/// The key of the connector behind a connection; empty where there is none.
pub(in crate::control::dashboard) fn connector_key(place: &Place, each: &Connection) -> String {
    let world = place.space.world();
    let behind = Directory::new(&world, &place.call.engine.catalog).connector_behind(each);
    behind.map(|connector| connector.key().to_owned()).unwrap_or_default()
}

/// Connections as a table.
pub(in crate::control::dashboard) fn connection_table(place: &Place, items: &[Arc<Connection>], empty: &str) -> Body {
    let columns = [("Connection", "fill"), ("State", "l"), ("Tenant", "s"), ("Refresh due", "m")];
    table(&columns, items.iter().map(|each| connection_row(place, each)).collect(), empty)
}

fn connection_row(place: &Place, each: &Connection) -> Row {
    let base = &place.base;
    let tenant = place.tenant_key(each.tenant.as_str());
    let mut standing = vec![state(&each.state)];
    standing.extend(each.is_defunct().then(|| badge("defunct", "bad")));
    let cells = vec![
        vec![logo(&connector_key(place, each)), link(name_of(each), where_is(base, each)), note(&each.meta.name)],
        standing,
        vec![link(&tenant, format!("{base}/tenants/{}", in_path(&tenant)))],
        each.next_credentials_refresh_at.map_or_else(none, |at| vec![time(at, place.now)]),
    ];
    row(format!("connection-{}", each.id), cells).actions(next(base, each))
}

/// Makes the page that a browser is answered at this address.
pub(in crate::control::dashboard) async fn page(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let base = &place.base;
    let given = |name: &str| Some(place.asked(name)).filter(|value| !value.is_empty());
    let wanted = place.asked("state");
    let known = STATES.into_iter().find(|state| word(state) == wanted);
    if known.is_none() && !wanted.is_empty() {
        return Err(ApiError::bad_request(format!("the query field `state` is `{wanted}`, which is no state")));
    }
    let query =
        ConnectionsQuery { tenant: given("tenant"), integration: given("integration"), connector: None, state: known };
    let (_, items) = matching(&place.call, &query)?;
    let Json(tenants) = tenants(place.call.clone()).await?;
    let states = STATES.map(|state| word(&state));
    let integrations = place.integrations();
    let any = || std::iter::once("");
    let select = |name: &str, label: &str| field(name, label).kind("select").value(place.asked(name));
    let fields = vec![
        select("tenant", "Tenant").choices(any().chain(tenants.items.iter().map(|each| each.key.as_str()))),
        select("state", "State").choices(any().chain(states.iter().map(String::as_str))),
        select("integration", "Integration")
            .choices(any().chain(integrations.iter().filter_map(|each| each.meta.key.as_deref()))),
    ];
    let rows = tenants.items.iter().map(|each| {
        let address = format!("{base}/tenants/{}", in_path(&each.key));
        let cells = vec![
            vec![link(&each.key, &address), note(&each.name)],
            vec![number(each.connections)],
            vec![secret(&each.token, format!("the token of {}", each.key))],
        ];
        row(format!("tenant-{}", each.id), cells).actions(vec![go("Connect an app", format!("{address}#connect"))])
    });
    let columns = [("Tenant", "fill"), ("Connections", "number"), ("Token", "l")];
    let none = "No tenants. Add one below; any token with a new tenant key makes one too.";
    let new = vec![
        field("internalId", "Key").required().hint("How your app calls its customer."),
        field("name", "Name").required(),
    ];
    let new = form("tenant-form", "POST /tenants", "Add tenant", new)
        .token(&place.workspace.manager_token)
        .says("The tenant is there.")
        .plain();
    let empty = "No connections. Open a tenant below and connect an app, or POST /connect.";
    let sections = vec![
        section("filter", "", Body::Form(filter(format!("{base}/connections"), "Filter", fields))).look("bare"),
        section("connections", "Connections", connection_table(&place, &items, empty)),
        section("tenants", "Tenants", table(&columns, rows.collect(), none)),
        section("new-tenant", "New tenant", Body::Form(new)),
    ];
    let lead = "Who is connected to what. A button does what a user or a vendor would do.";
    place.page("/connections", "Connections", lead, sections).await
}
