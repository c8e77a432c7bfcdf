//! `…/tenants/{tenant}` where a browser asks: a tenant, its connections, and calls as its app makes them.

use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::{Json, QueryOf};
use crate::control::dashboard::happened::calls::{NO_CALLS, call_lines};
use crate::control::dashboard::place::Place;
use crate::control::dashboard::there::connections::{connection_table, name_of};
use crate::control::elements::{ConnectionsQuery, matching, tenants};
use crate::control::journal;
use crate::control::journal::JournalQuery;
use crate::nouns::connection::model::Connection;
use crate::pages::blocks::{Body, Form, Page, Section};
use crate::pages::make::{badge, choice, code, copied, field, form, go, in_path, pair, secret, section, way};

/// So many calls are shown on the page of a tenant or of a connection.
const LATEST: usize = 20;

/// The form of a call with the tenant's token, as an app makes it.
pub(in crate::control::dashboard) fn act_form(
    token: &str,
    connections: &[&str],
    actions: &[String],
    chosen: &str,
) -> Form {
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    let fields = vec![
        field("connectionKey", "Connection")
            .kind("select")
            .value(chosen)
            .choices(connections.iter().copied())
            .required(),
        field("key", "Action")
            .choices(actions.iter().map(String::as_str))
            .hint("Its key; leave it empty to ask the app itself."),
        field("api.method", "Method").hint("Without an action: what to ask the app.").choices(methods),
        field("api.path", "Path").example("/user/repos"),
        field("input", "Input").kind("json").rows(2).hint("What the action is given, as JSON.").width("wide"),
    ];
    form("act-form", "POST /act", "Send", fields)
        .token(token)
        .shows()
        .keeps()
        .says("The call succeeded.")
        .links(vec![way("See the calls", "#calls")])
}

/// The keys of actions, of those alone that a connection can run where one is given.
pub(in crate::control::dashboard) fn action_keys(place: &Place, of: Option<&Connection>) -> Vec<String> {
    let world = place.space.world();
    let fits = |place: Option<&_>| match (of, place) {
        (Some(connection), Some(integration)) => connection.integration.as_ref() == Some(integration),
        _ => true,
    };
    let all = world
        .actions
        .iter()
        .filter(|it| !it.meta.is_archived() && !it.is_public && fits(it.place.integration.as_ref()));
    let mut keys: Vec<String> = all.filter_map(|it| it.meta.key.clone()).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// The latest calls that match, and the way to all.
pub(in crate::control::dashboard) async fn latest(
    place: &Place,
    query: JournalQuery,
    all: String,
) -> Result<Section, ApiError> {
    let query = JournalQuery { limit: Some(LATEST), ..query };
    let Json(past) = journal::list(place.call.clone(), QueryOf(query)).await?;
    let calls = call_lines(place, past.items.iter().rev(), NO_CALLS);
    Ok(section("calls", "Calls", calls).actions(vec![go("All calls", all)]))
}

/// Makes the page that a browser is answered at this address.
pub(in crate::control::dashboard) async fn page(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let named = place.call.param("tenant")?.to_owned();
    let (_, items) =
        matching(&place.call, &ConnectionsQuery { tenant: Some(named.clone()), ..ConnectionsQuery::default() })?;
    let Json(all) = tenants(place.call.clone()).await?;
    let found =
        all.items.iter().find(|each| each.key == named).or_else(|| all.items.iter().find(|each| each.id == named));
    let tenant = found.ok_or_else(|| ApiError::not_found(format!("tenant not found: `{named}`")))?;
    let mut about = vec![
        pair("Key", vec![copied(&tenant.key, "the tenant key")]),
        pair("Id", vec![code(&tenant.id)]),
        pair("Token", vec![secret(&tenant.token, "the token")]),
    ];
    if tenant.archived {
        about.push(pair("State", vec![badge("archived", "warn")]));
    }
    let integrations = place.integrations();
    let apps = integrations.iter().filter_map(|each| Some(choice(each.meta.key.as_deref()?, &each.meta.name)));
    let fields = vec![
        field("integrationKey", "App").kind("select").named_choices(apps).required(),
        field("connectionKey", "Connection key").hint("The integration’s key when this is empty."),
    ];
    let connect = form("connect-form", "POST /connect", "Connect", fields)
        .token(&tenant.token)
        .says("The connection waits for its user: press Complete, or open its page.");
    let empty = "No connections. Connect an app below, or POST /connect.";
    let mut sections = vec![
        section("tenant", "", Body::Pairs(about)).look("facts"),
        section("connections", "Connections", connection_table(&place, &items, empty)),
        section("connect", "Connect an app", Body::Form(connect)).told("As your app does it, with the tenant’s token."),
    ];
    if !items.is_empty() {
        let keys: Vec<&str> = items.iter().map(|it| name_of(it)).collect();
        let form = act_form(&tenant.token, &keys, &action_keys(&place, None), "");
        let told = "As your app does it: POST /act with the tenant’s token.";
        sections.push(section("act", "Make a call", Body::Form(form)).told(told));
    }
    let query = JournalQuery { tenant: Some(tenant.key.clone()), ..JournalQuery::default() };
    sections.push(latest(&place, query, format!("{}/journal?tenant={}", place.base, in_path(&tenant.key))).await?);
    let title = if tenant.name.is_empty() { &tenant.key } else { &tenant.name };
    Ok(Page {
        crumbs: place.crumb("Connections", "/connections"),
        badges: vec![badge("tenant", "")],
        ..place.page("/connections", title, "", sections).await?
    })
}
