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
        _ => None,
    }
}

/// A route's level.
pub fn level(route: &Route) -> Option<Level> {
    if route.faked { level_of(route.source) } else { Some(Level::NotFaked) }
}

/// Behaviours that a client may lean on and that no route's source tells: what it is, where it comes from, and what was
/// decided where sources disagree or are silent.
const BEHAVIOURS: [(&str, &str, &str); 30] = [
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
    ("Tenants may not make, change or delete actions: 403", "SEED", "gaps 9, 10"),
    ("Both claim vocabularies are read, mixed too; contradicting ones are 401", "SEED", "gaps 11"),
    ("`isAdmin` may be true, 1, \"1\" or \"true\", and stand beside a tenant", "PG", "gaps 12"),
    ("The logged `action` can be sent back to `/act` as it is", "OAS", "gaps 14"),
    ("Log details are the whole record with a `details` member", "SEED", "gaps 15"),
    ("Webhooks carry both payload vocabularies at once", "DOC", "gaps 20"),
    ("`connection.deleted` is told on archive", "DOC", "gaps 21"),
    ("Creates answer 200", "OAS", "gaps 24"),
    ("Snippets get both generations of arguments", "SEED", "gaps 25, 26"),
    ("`/connect` answers JSON with JSON and a form with pages", "SDK", "gaps 27"),
    ("Archived elements are found by id, not by key", "SEED", "gaps 35"),
    ("DELETE answers the archived element", "assumed", "gaps B1"),
    ("Lists hold 100 unless asked, oldest first, logs newest first", "assumed", "gaps B2"),
    ("An input that does not fit its schema, and a refusing app, are 400", "assumed", "gaps B3"),
    ("Of several connections the latest READY one is the default", "assumed", "gaps B4"),
    ("A known `connectionKey` means reconnect", "assumed", "gaps B6"),
    ("A new connection replaces the integration's old one once it is READY, unless a key is given", "IAPP", "gaps B7"),
    ("A vendor that does not answer a refresh is asked again after 5, 10, 20, 40 s", "assumed", "gaps B9"),
    ("Another tenant's elements are 404, not 403", "assumed", "gaps B13"),
    ("429 says when to come back only when the rule says so", "assumed", "gaps B14"),
    ("Webhooks are retried after 1, 2, 4 … s, eight times; signed only with `webhookSecret`", "assumed", "gaps B16"),
    ("`/act` with `api` answers the app's body alone", "SEED", "gaps B17"),
    ("Intents are matched by words, nothing is thought", "our choice", "decisions 5, 12"),
    ("Agent sessions are scripted", "our choice", "docs-behaviour 14"),
];

/// The ledger; with `?workspace=KEY` how often that workspace used each route.
pub(super) async fn ledger(call: Call) -> Result<Reply, ApiError> {
    let space = match call.query().text("workspace") {
        Some(key) => Some(call.engine.space(&key).ok_or_else(|| no_workspace(&call.engine, &key))?),
        None => None,
    };
    let mut counts = serde_json::Map::new();
    let routes: Vec<_> = crate::api::routes()
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
}
