//! `/` where a browser asks: what an app has to be told, and a first call.

use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::Json;
use crate::control::dashboard::place::at;
use crate::control::workspaces::WorkspaceView;
use crate::control::{space_named, workspaces};
use crate::nouns::connection::model::ConnectionState;
use crate::pages::blocks::{Body, Page, Section};
use crate::pages::make::{copied, go, json, pair, secret, section, tile};

/// Makes the page that a browser is answered at this address.
pub(super) async fn page(call: Call) -> Result<Page, ApiError> {
    let Json(all) = workspaces::list(call.clone()).await?;
    let first = all.items.first();
    let dashboard = match (first, all.items.len()) {
        (Some(first), 1) => format!("{}/", at(&first.key)),
        _ => "/__mock/".to_owned(),
    };
    let mut sections = Vec::new();
    if let Some(first) = first {
        sections.push(credentials(first));
        sections.push(first_call(&call, first)?);
    }
    let tiles = vec![
        tile("Dashboard", "See and change", "Workspaces, calls, faults, clock", "/__mock/", ""),
        tile("Control API", "OpenAPI", "What tests do to the fake", "/__mock/openapi.json?api=control", ""),
        tile("Faked API", "OpenAPI", "What your app calls", "/docs-json", ""),
        tile("For agents", "llms.txt", "How to begin, in 8 kB", "/llms.txt", ""),
    ];
    sections.push(section("where", "Where things are", Body::Tiles(tiles)).look("bare"));
    Ok(Page {
        title: "membrane-mock is ready".to_owned(),
        lead: "A fake of the Membrane engine for tests and offline development. No real account is touched.".to_owned(),
        actions: vec![go("Open the dashboard", dashboard).look("main")],
        sections,
        ..Page::default()
    })
}

fn credentials(of: &WorkspaceView) -> Section {
    let mut pairs = vec![
        pair("Address", vec![copied(&of.api_uri, "the address")]),
        pair("Workspace key", vec![copied(&of.key, "the workspace key")]),
        pair("Workspace secret", vec![secret(&of.secret, "the workspace secret")]),
    ];
    if !of.tenant_key.is_empty() {
        pairs.push(pair("Tenant key", vec![copied(&of.tenant_key, "the tenant key")]));
        pairs.push(pair("Token", vec![secret(&of.tenant_token, "the token")]));
    }
    section("credentials", "Tell your app", Body::Pairs(pairs)).told(
        "Give clients the address as apiUri. The token is the tenant’s, for a day; your app signs its own with key and secret.",
    )
}

/// A call that succeeds: through the demo's connection where it works, else one that lists something.
fn first_call(call: &Call, of: &WorkspaceView) -> Result<Section, ApiError> {
    let world = space_named(call, &of.key)?.world();
    let mut demo = world.connections.with_key("github-dev");
    let can_act = demo.any(|it| !it.is_archived() && it.state == ConnectionState::Ready);
    let (uri, authorization) = (&of.api_uri, format!("-H 'Authorization: Bearer {}'", of.tenant_token));
    let curl = if can_act {
        format!(
            "curl {uri}/act \\\n  {authorization} \\\n  -H 'Content-Type: application/json' \\\n  -d '{{\"connectionKey\": \
             \"github-dev\", \"api\": {{\"method\": \"GET\", \"path\": \"/user/repos\"}}}}'"
        )
    } else {
        format!("curl {uri}/integrations \\\n  {authorization}")
    };
    Ok(section("first-call", "A first call", json(&curl, "the first call"))
        .told("Then open the journal to see it.")
        .actions(vec![go("Open the journal", format!("{}/journal", at(&of.key)))]))
}
