//! `…/upstreams/{connector}`: the stubs, requests and tokens of one app.

use std::sync::Arc;

use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::Json;
use crate::control::dashboard::happened::calls::call_lines;
use crate::control::dashboard::place::Place;
use crate::control::dashboard::there::connection::token_table;
use crate::control::dashboard::there::upstreams::unmatched_table;
use crate::control::upstreams::{StubOf, StubView, requests, stubs, tokens};
use crate::engine::directory::Directory;
use crate::pages::blocks::{Body, Page, Row, Section};
use crate::pages::make::{
    action, badge, code, field, form, group, in_path, inner, json, lines, row, section, status, text,
};

/// So many requests are shown.
const LATEST: usize = 50;

/// Makes the page that a browser is answered at this address.
pub(in crate::control::dashboard) async fn page(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let named = place.call.param("connector")?.to_owned();
    let connector = Directory::new(&place.space.world(), &place.call.engine.catalog).find_connector(&named)?;
    let here = format!("{}/upstreams/{}", place.base, in_path(connector.key()));
    let Json(stubs) = stubs(place.call.clone()).await?;
    let Json(past) = requests(place.call.clone()).await?;
    let Json(grants) = tokens(place.call.clone()).await?;
    let unmatched = unmatched_table(&place, past.items.iter(), "None: all requests were answered by a stub.");
    let latest: Vec<Arc<_>> = past.items.iter().rev().take(LATEST).cloned().map(Arc::new).collect();
    let calls = call_lines(&place, &latest, "None yet. A call through a connection makes one.");
    let tokens = token_table(&place.base, connector.key(), &grants.items, place.now);
    let sections = vec![
        section("unmatched", "Requests without a stub", unmatched),
        new_stub(&place, &here),
        list(&here, &stubs.items),
        section("tokens", "What it granted", tokens)
            .told("Tokens of the stub vendor. What happens to one is met by the next call."),
        address(&place, &here, connector.key()),
        section("requests", "Requests", calls),
    ];
    let lead =
        if connector.base_uri.is_empty() { String::new() } else { format!("In the place of {}.", connector.base_uri) };
    Ok(Page {
        crumbs: place.crumb("Apps", "/upstreams"),
        badges: vec![code(connector.key())],
        ..place.page("/upstreams", &connector.meta.name, lead, sections).await?
    })
}

/// The form of a stub, which the address may fill in.
fn new_stub(place: &Place, here: &str) -> Section {
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "ANY"];
    let method = Some(place.asked("method")).filter(|method| !method.is_empty()).unwrap_or_else(|| "GET".to_owned());
    let which = vec![
        field("request.method", "Method").value(method).choices(methods).required(),
        field("request.path", "Path")
            .value(place.asked("path"))
            .example("/orgs/{org}/teams")
            .required()
            .hint("{name} is one segment."),
        field("request.query", "Query")
            .kind("json")
            .value(place.asked("query"))
            .rows(2)
            .width("half")
            .hint("Parameters that it must have, as {\"page\": \"2\"}."),
        field("request.body", "Body contains").kind("json").rows(2).width("half"),
    ];
    let what = vec![
        field("respond.status", "Status").kind("number").value("200"),
        field("times", "At most").kind("number").hint("So many times; always when empty."),
        field("name", "Name"),
        field("respond.json", "JSON").kind("json").value("{}").rows(6),
    ];
    let form = form("stub-form", format!("POST {here}/stubs"), "Make stub", Vec::new())
        .groups(vec![group("Which requests", which), group("What it answers", what)])
        .says("The stub is made. Call again.")
        .then(format!("{here}#stubs"));
    section("new-stub", "New stub", Body::Form(form)).told("It wins over the catalog’s.")
}

fn list(here: &str, all: &[StubView]) -> Section {
    let has_own = all.iter().any(|each| each.from == Some(StubOf::Workspace));
    let clear = action("Remove own", format!("DELETE {here}/stubs"))
        .confirm("Remove the workspace’s own stubs of this app?")
        .says("The own stubs are removed.");
    let columns = [("Request", "fill"), ("Name", "l"), ("Answers", "s"), ("Whose", "s")];
    let rows = all.iter().map(|each| stub(here, each)).collect();
    section("stubs", "Stubs", lines(&columns, rows, "No stubs. Make one above."))
        .told("In the order in which they are tried.")
        .actions(if has_own { vec![clear] } else { Vec::new() })
}

fn stub(here: &str, each: &StubView) -> Row {
    let (request, respond) = (&each.spec.request, &each.spec.respond);
    let is_own = each.from == Some(StubOf::Workspace);
    let remove = action("Remove", format!("DELETE {here}/stubs/{}", in_path(&each.id)))
        .look("danger")
        .says("The stub is removed.")
        .of(format!("{} {}", request.method, request.path));
    let cells = vec![
        vec![code(&request.method), code(&request.path)],
        vec![text(each.spec.name.as_deref().unwrap_or("–"))],
        vec![status(respond.status)],
        vec![if is_own { badge("own", "info") } else { badge("catalog", "") }],
    ];
    let details = vec![
        inner(format!("stub-{}-request", each.id), "Request", json(request, "the request")),
        inner(format!("stub-{}-answer", each.id), "Answer", json(respond, "the answer")),
    ];
    row(format!("stub-{}", each.id), cells).actions(if is_own { vec![remove] } else { Vec::new() }).details(details)
}

/// The form that sends the app's requests elsewhere.
fn address(place: &Place, here: &str, connector: &str) -> Section {
    let url = place.workspace.mock.upstreams.get(connector).cloned().unwrap_or_default();
    let url = field("url", "Address")
        .value(url)
        .example("http://127.0.0.1:9000")
        .hint("Your own fake of the app; empty for the stub server.");
    let form = form("address-form", format!("PUT {here}"), "Save", vec![url]).says("Saved.").keeps().plain();
    section("address", "Where its requests go", Body::Form(form))
}
