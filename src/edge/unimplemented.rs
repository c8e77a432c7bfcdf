//! This module has the routes that the platform has and this fake does not. Each answers a 501 that names what
//! is missing, after rights were checked.

use std::sync::Arc;

use http::Method;

use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::router::{Access, Route, route};
use crate::elements::Holders;
use crate::nouns::integration::routes as integrations;
use crate::world::seed::{EachKind, Seeded, each_kind, folders_of_kinds};

/// These kinds have a list and elements, under a plural and a singular name.
const KINDS: [(&str, &str, &str); 14] = [
    ("data-sources", "data-source", "data sources"),
    ("data-source-instances", "data-source-instance", "data source instances"),
    ("field-mappings", "field-mapping", "field mappings"),
    ("field-mapping-instances", "field-mapping-instance", "field mapping instances"),
    ("data-link-tables", "data-link-table", "data link tables"),
    ("data-link-table-instances", "data-link-table-instance", "data link table instances"),
    ("app-event-types", "app-event-type", "app event types"),
    ("app-event-subscriptions", "app-event-subscription", "app event subscriptions"),
    ("app-data-schemas", "app-data-schema", "app data schemas"),
    ("app-data-schema-instances", "app-data-schema-instance", "app data schema instances"),
    ("external-event-subscriptions", "external-event-subscription", "external event subscriptions"),
    ("external-event-types", "external-event-type", "external event types"),
    ("packages", "package", "packages"),
    ("screens", "screen", "screens"),
];

/// Any token may call these paths.
const PATHS: [(&str, &str); 31] = [
    ("/account", "the console's account"),
    ("/connections/{connection}/operations", "connector operations"),
    ("/connectors/{selector}/versions", "connector versions"),
    ("/connections/{connection}/operations/{*rest}", "connector operations"),
    ("/connections/{connection}/data", "data collections"),
    ("/connections/{connection}/data/{*rest}", "data collections"),
    ("/connections/{connection}/logs", "connection logs"),
    ("/connections/{connection}/dependencies", "connection dependencies"),
    ("/connections/{connection}/export", "exports"),
    ("/integrations/{selector}/operations", "connector operations"),
    ("/integrations/{selector}/operations/{*rest}", "connector operations"),
    ("/integrations/{selector}/data", "data collections"),
    ("/integrations/{selector}/data/{*rest}", "data collections"),
    ("/search", "search"),
    ("/semantic-search", "semantic search"),
    ("/agent/{*rest}", "agent sessions"),
    ("/universe/{*rest}", "the universe's listing; use /external-apps and /connectors"),
    ("/v2/universe/{*rest}", "the universe's listing; use /external-apps and /connectors"),
    ("/data-links", "data links"),
    ("/data-links/{*rest}", "data links"),
    ("/external-event-log-records", "external event logs"),
    ("/external-event-log-records/{*rest}", "external event logs"),
    ("/external-event-pulls", "external event pulls"),
    ("/external-event-pulls/{*rest}", "external event pulls"),
    ("/app-events", "app events"),
    ("/app-events/{*rest}", "app events"),
    ("/files", "files"),
    ("/scenarios", "packages"),
    ("/scenarios/{*rest}", "packages"),
    ("/scenario", "packages"),
    ("/scenario/{*rest}", "packages"),
];

/// Only managers may call these paths.
const MANAGER_PATHS: [(&str, &str); 22] = [
    ("/workspaces/{selector}/limits", "limits of workspaces"),
    ("/connectors/{selector}/versions/{*rest}", "connector versions"),
    ("/connectors/{selector}/directories/{*rest}", "connector files"),
    ("/connectors/{selector}/clone", "cloning connectors"),
    ("/connectors/{selector}/import", "connector imports"),
    ("/connectors/{selector}/upload", "connector uploads"),
    ("/connectors/{selector}/download", "connector downloads"),
    ("/connectors/{selector}/export-files", "connector exports"),
    ("/connectors/{selector}/export-json", "connector exports"),
    ("/connectors/{selector}/files", "connector files"),
    ("/connectors/{selector}/files/{*rest}", "connector files"),
    ("/connectors/{selector}/publish-version", "connector versions"),
    ("/checkpoints", "checkpoints"),
    ("/checkpoints/{*rest}", "checkpoints"),
    ("/connected-products", "connected products"),
    ("/connected-products/{*rest}", "connected products"),
    ("/org-workspaces", "org workspaces"),
    ("/org-workspaces/{*rest}", "org workspaces"),
    ("/integrations/{selector}/export", "exports"),
    ("/integrations/{selector}/global-webhooks", "global webhooks"),
    ("/integrations/{selector}/upload-connector", "connector uploads"),
    ("/integrations/{selector}/switch-connector-version", "connector versions"),
];

/// These single calls are missing on paths that are faked otherwise.
const CALLS: [(Method, &str, Access, &str); 2] = [
    (Method::POST, "/workspaces", Access::Anyone, "making workspaces; use POST /__mock/workspaces"),
    (
        Method::POST,
        "/connections/{connection}/actions",
        Access::Manager,
        "actions made for one connection; use POST /actions with `connectionId`",
    ),
];

/// These pages and streams carry their token elsewhere, so no token is asked for.
const PAGES: [(&str, &str); 2] = [("/webhooks/{*rest}", "incoming events"), ("/screens/{*rest}", "this hosted page")];

/// Returns every route that answers 501.
pub(crate) fn routes() -> Vec<Route> {
    let mut all = Vec::new();
    let faked = folders_of_kinds();
    let is_faked = |plural: &str| {
        faked.iter().any(|kind| {
            *kind == plural || plural.strip_suffix("-instances").is_some_and(|of| *kind == format!("{of}s"))
        })
    };
    for (plural, singular, what) in KINDS.into_iter().filter(|(plural, ..)| !is_faked(plural)) {
        for path in [
            format!("/{plural}"),
            format!("/{plural}/{{*rest}}"),
            format!("/{singular}"),
            format!("/{singular}/{{*rest}}"),
        ] {
            // `/screens/…` are pages; the element type has only its list and singular addresses here.
            if plural != "screens" || !path.starts_with("/screens/") {
                all.push(refusal(&path, Access::Anyone, what));
            }
        }
    }
    let below_owners = [("data-sources", "data sources"), ("field-mappings", "field mappings")];
    for (below, what) in below_owners.into_iter().filter(|(below, _)| !is_faked(below)) {
        for owner in ["/connections/{connection}", "/integrations/{integration}"] {
            all.push(refusal(&format!("{owner}/{below}"), Access::Anyone, what));
            all.push(refusal(&format!("{owner}/{below}/{{*rest}}"), Access::Anyone, what));
        }
    }
    let mut of_kinds = LackedByKinds(Vec::new());
    let Ok(()) = each_kind(&mut of_kinds);
    all.extend(of_kinds.0);
    all.extend(PATHS.map(|(path, what)| refusal(path, Access::Anyone, what)));
    all.extend(MANAGER_PATHS.map(|(path, what)| refusal(path, Access::Manager, what)));
    all.extend(CALLS.map(|(method, path, access, what)| refusal_of(Some(method), path, access, what)));
    all.extend(PAGES.map(|(path, what)| refusal(path, Access::Public, what)));
    all
}

/// What no kind of element has yet.
struct LackedByKinds(Vec<Route>);

impl EachKind for LackedByKinds {
    type Error = std::convert::Infallible;

    fn kind<K: Seeded>(&mut self) -> Result<(), Self::Error> {
        let one = format!("/{}/{{selector}}", K::PLURAL);
        self.0.extend([
            refusal(&format!("{one}/dependencies"), Access::Anyone, "dependencies"),
            refusal(&format!("{one}/export"), Access::Anyone, "exports"),
            refusal(&format!("{one}/refresh"), Access::Manager, format!("refreshing {}", K::PLURAL.replace('-', " "))),
        ]);
        // The legacy client's way to make integrations' versions of a universal element.
        let applied = [format!("{one}/apply"), format!("/{}/apply", K::SINGULAR)];
        self.0.extend(applied.map(|path| refusal(&path, Access::Manager, "applying elements to integrations")));
        if K::HOLDERS == Holders::Connections {
            let of_integration = format!("/integrations/{{integration}}/{}/{{key}}/clone", K::PLURAL);
            self.0.extend(
                [&format!("{one}/clone"), &of_integration].map(|path| refusal(path, Access::Manager, "cloning")),
            );
        }
        Ok(())
    }
}

fn refusal(path: &str, access: Access, what: impl Into<Arc<str>>) -> Route {
    refusal_of(None, path, access, what)
}

fn refusal_of(method: Option<Method>, path: &str, access: Access, what: impl Into<Arc<str>>) -> Route {
    let what = what.into();
    let mut route = route(method, path, access, "OAS", move |_: Call| {
        let what = Arc::clone(&what);
        async move { Err(ApiError::not_faked(&what)) }
    });
    route.faked = false;
    // As of the routes that are faked, the path selects the integration that a call is about.
    if path.starts_with("/integrations/{selector}") { route.about(integrations::about) } else { route }
}
