//! The ledger: what is documented, observed, assumed, or not faked, and how much a workspace leans on it (product.md §11).

use serde::Serialize;
use serde_json::json;

use crate::api::call::{Call, Reply};
use crate::api::router::Route;
use crate::error::ApiError;
use crate::service::spaces::no_workspace;

/// How well something is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The platform's own documents say so.
    Documented,
    /// The official client, or an app in the wild, relies on it.
    Observed,
    /// Nobody says; what users would expect.
    Assumed,
    /// Answers 501.
    NotFaked,
}

/// How well a source is to be believed. None for a source that the ledger does not know.
pub fn level_of(source: &str) -> Option<Level> {
    let first = source.split([';', ':', ' ']).next().unwrap_or_default();
    match first {
        "SEED" | "OAS" | "DOC" | "RFC" | "IAPP" => Some(Level::Documented),
        "SDK" | "PG" | "SKILLS" | "real-use" => Some(Level::Observed),
        "our" | "assumed" => Some(Level::Assumed),
        "not" => Some(Level::NotFaked),
        _ => None,
    }
}

/// A route's level.
pub fn level(route: &Route) -> Option<Level> {
    if route.faked { level_of(route.source) } else { Some(Level::NotFaked) }
}

/// Behaviours that a client may lean on and that no route's source tells: what it is, where it comes from, and what was
/// decided where sources disagree or are silent.
const BEHAVIOURS: [(&str, &str, &str); 74] = [
    (
        "A lost connection reads DISCONNECTED; with `connectionStates: engine` it stays READY with `disconnected: true`",
        "SEED",
        "gaps 1",
    ),
    ("A call through it is 400 `connection` with `code: CONNECTION_DISCONNECTED`; 401 by setting", "SEED", "gaps 2"),
    ("`code` and `actionRunId` stand at the top level, `actionRunId` in `data` too", "SEED", "gaps 3"),
    ("`/act` is closed to unknown fields; every `/run` spelling works beside it", "SEED", "gaps 4"),
    ("Integration parameters: PATCH merges, PUT replaces; read as descriptors with `value`", "OAS", "gaps 6, 7"),
    ("Both refresh paths renew the credentials", "SDK", "gaps 8"),
    ("Both claim vocabularies are read, mixed too; contradicting ones are 401", "SEED", "gaps 11"),
    ("`isAdmin` may be true, 1, \"1\" or \"true\", and stand beside a tenant", "PG", "gaps 12"),
    ("The logged `action` can be sent back to `/act` as it is", "OAS", "gaps 14"),
    ("Log details are the whole record with a `details` member", "SEED", "gaps 15"),
    ("Webhooks carry both payload vocabularies at once", "DOC", "gaps 20"),
    ("`connection.deleted` is told on archive", "DOC", "gaps 21"),
    ("Creates answer 200", "OAS", "gaps 24"),
    ("Snippets get both generations of arguments", "SEED", "gaps 25, 26"),
    ("`/connect` answers JSON with JSON and a form with pages", "SDK", "gaps 27"),
    ("DELETE answers the archived element", "assumed", "gaps B1"),
    ("Lists hold 100 unless asked, oldest first, logs newest first", "assumed", "gaps B2"),
    ("An input that does not fit its schema, and a refusing app, are 400", "assumed", "gaps B3"),
    ("Of several connections the latest READY one is the default", "assumed", "gaps B4"),
    ("A known `connectionKey` means reconnect", "assumed", "gaps B6"),
    ("Another tenant's elements are 404, not 403", "assumed", "gaps B13"),
    ("429 says when to come back only when the rule says so", "assumed", "gaps B14"),
    ("`/act` with `api` answers the app's body alone", "SEED", "gaps B17"),
    ("Intents are matched by words, nothing is thought", "our choice", "decisions 5, 12"),
    ("Agent sessions are scripted", "our choice", "docs-behaviour 14"),
    (
        "Tenants may not POST `/actions` or change workspace-level ones: 403; their connections' versions they may",
        "SEED",
        "gaps 9, 10",
    ),
    ("Archived integrations, connections and actions are found by id; by key only to be restored", "SEED", "gaps 35"),
    (
        "A new connection replaces the integration's others once READY, unless keyed or `allowMultipleConnections`",
        "IAPP",
        "gaps B7",
    ),
    (
        "A vendor that does not answer a refresh is asked again after 5, 10, 20, 40 s, then the connection is lost",
        "assumed",
        "gaps B9",
    ),
    (
        "Webhooks are tried eight times, again after 1, 2, 4 … 64 s; signed only with `webhookSecret`",
        "assumed",
        "gaps B16",
    ),
    (
        "A failed build is CONFIGURATION_ERROR or SETUP_FAILED; ERROR comes of a poke, `progress` or `markDefunct`",
        "SEED",
        "gaps 1",
    ),
    ("`/act` takes exactly one of `id`, `key`, `api` and `code`, else it is 400", "SEED", "gaps 5"),
    ("Tokens may be signed with HS256, HS384 or HS512, or with a registered ES, RS, PS or EdDSA key", "DOC", "gaps 13"),
    ("Actions carry `layer`, and `integrationKey` where there is an integration", "SEED", "gaps 16"),
    ("Catalog actions have an empty `key`", "SEED", "gaps 17"),
    ("An action that could not be built is ERROR", "SEED", "gaps 18"),
    ("Types of elements are read in any case and answered in kebab case", "assumed", "gaps 19"),
    ("Connections and logs name their tenant as `userId` and `tenantId`", "SDK", "gaps 22"),
    ("Webhooks and external API logs name it as `customerId` too", "SDK", "gaps 22"),
    ("`tenantId` and `userId` filter connections, actions and logs by a tenant's id or key", "PG", "gaps 22"),
    ("`API-Version` and `membrane-api-version` are accepted and change nothing", "assumed", "gaps 23"),
    (
        "In snippets `membrane.proxy` answers `{status, headers, data}`, `membrane.connection(…).proxy` the body",
        "DOC",
        "gaps 25",
    ),
    (
        "`/connect`, `/connections`, `/connections/ensure` and `/connection-requests` lead through the same states",
        "SDK",
        "gaps 28",
    ),
    ("`/customers`, `/tenants` and `/users` are one kind", "OAS", "gaps 29"),
    ("Each connection has `connected` and its opposite `disconnected`; both filter the list", "OAS", "gaps 1, 33"),
    ("Ids are 24 hexadecimal digits; a seed's derive from its keys", "SEED", "gaps 34"),
    ("An archived element takes no PATCH or PUT: 400", "OAS", "gaps 35"),
    ("`/act` knows no archived action and no archived connection: 404", "SEED", "gaps 35"),
    ("DELETE of a workspace's own connector or external app is for good", "OAS", "gaps B1, docs-behaviour 4"),
    (
        "A cursor is a decimal number that stands for the last item shown; 0 is the start",
        "assumed",
        "gaps B2, decisions 15",
    ),
    (
        "Without a scope, a key of several actions, none of them universal, is 400 with the candidates",
        "assumed",
        "gaps B5, decisions 11",
    ),
    ("Tenants may share a connection key; a manager without a tenant who uses it gets 400", "assumed", "gaps B6"),
    ("POST `/connections` replaces nothing; a key that is taken is 400 `already_exists`", "assumed", "gaps B6, B7"),
    ("A restored connection stands where it stood", "assumed", "gaps B8, decisions 1"),
    ("`isDefunct` is true after the fault `markDefunct`, until the connection is READY again", "assumed", "gaps B9"),
    ("A run through a disconnected connection leaves a run log and no external API log", "assumed", "gaps B10"),
    (
        "A tenant sees its own logs, a manager all; one with a tenant lists that tenant's unless told another",
        "assumed",
        "gaps B11",
    ),
    (
        "PATCH merges workspace `settings`, integration `parameters` and tenant `fields` one level deep, nothing else",
        "assumed",
        "gaps B12",
    ),
    (
        "`/workspaces/{id}` takes id or key of the caller's own workspace and never shows the secret",
        "assumed",
        "gaps B15",
    ),
    ("Everyone reads what is the workspace's, managers edit it", "assumed", "gaps B18"),
    ("`/workspaces` and `/customers`, under all its names, are for managers alone", "assumed", "gaps B18"),
    ("There is no `/functions`: 404", "assumed", "gaps B20"),
    ("Packages are 501, under their older name `/scenarios` too", "not faked: SDK", "gaps 30"),
    ("Data sources and flows are 501, so full syncs have no least interval", "not faked: DOC", "gaps 31"),
    ("Event subscriptions are 501, and with them either meaning of their `webhookUri`", "not faked: OAS", "gaps 32"),
    (
        "Actions on connector operations, data records or your app can be made; running one is 501",
        "not faked: SDK",
        "gaps B19, decisions 12",
    ),
    ("A token without `exp` never expires; there is no leeway", "assumed", "decisions 7"),
    (
        "A token with neither tenant nor `isAdmin` reads the workspace's own; lists of connections and logs are 400",
        "assumed",
        "decisions 8",
    ),
    ("`GET /actions` that names nothing lists universal actions alone", "SEED", "decisions 10"),
    ("Every `/act` and `/run` that could be read writes a run log, also one that is refused", "SEED", "decisions 16"),
    ("Logs of calls show the app's real address, and in `sentTo` where they went", "our choice", "decisions 18"),
    (
        "A catalog action repeats a call that got 429 or 503 as often as `upstreamRetries` says, by default never",
        "our choice",
        "decisions 19",
    ),
    (
        "Catalog connectors come with an OAuth client; half of an own one leads to CONFIGURATION_ERROR",
        "our choice",
        "decisions 5",
    ),
    ("Keys are not fetched from a `jwksUri`: 501", "not faked: SDK", "docs-behaviour 1"),
];

/// The ledger; with `?workspace=KEY` how often that workspace used each route.
pub(super) async fn ledger(call: Call) -> Result<Reply, ApiError> {
    let space = match call.query().text("workspace") {
        Some(key) => Some(call.engine.space(&key).ok_or_else(|| no_workspace(&call.engine, &key))?),
        None => None,
    };
    let mut counts = serde_json::Map::new();
    let routes: Vec<_> = crate::api::known_routes()
        .iter()
        .map(|route| {
            let level = json!(level(route));
            let name = level.as_str().unwrap_or("unknown").to_owned();
            let count = counts.get(&name).and_then(serde_json::Value::as_u64).unwrap_or(0);
            counts.insert(name, json!(count + 1));
            let method = route.method.as_ref().map_or("ANY", http::Method::as_str);
            let uses = space.as_ref().map(|space| space.uses_of(method, &route.path));
            json!({ "method": method, "path": route.path, "level": level, "source": route.source, "uses": uses })
        })
        .collect();
    let behaviours: Vec<_> = BEHAVIOURS
        .iter()
        .map(|(what, source, decided)| {
            json!({ "behaviour": what, "level": level_of(source), "source": source, "decided": decided })
        })
        .collect();
    Reply::json(&json!({ "summary": counts, "routes": routes, "behaviours": behaviours }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_knows_every_route_and_behaviour() {
        for route in crate::api::routes() {
            assert!(level(&route).is_some(), "{route:?}: `{}` is no source that the ledger knows", route.source);
        }
        for (what, source, _) in BEHAVIOURS {
            assert!(level_of(source).is_some(), "{what}: {source}");
        }
    }

    #[test]
    fn every_gap_of_the_sources_is_in_the_ledger() {
        let decided: Vec<&str> = BEHAVIOURS.iter().flat_map(|(_, _, decided)| decided.split(", ")).collect();
        let gaps = (1..=36).map(|n| n.to_string()).chain((1..=20).map(|n| format!("B{n}")));
        // 36 is about how the sources are read.
        for gap in gaps.filter(|gap| gap != "36") {
            let known = decided.iter().any(|text| text.trim_start_matches("gaps ") == gap);
            assert!(known, "docs-gaps {gap} is in no behaviour");
        }
    }
}
