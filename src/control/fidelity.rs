//! This module serves the ledger: which routes and behaviours are documented, observed, assumed or not faked, and how
//! much a workspace relies on each.

use serde::Serialize;
use serde_json::json;

use crate::base::error::ApiError;
use crate::call::router::Route;
use crate::call::{Call, Reply};
use crate::control::behaviours::{self, Behaviour};
use crate::world::spaces::no_workspace;

/// The level says how well a behaviour is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The platform's own documents describe it.
    Documented,
    /// The official client, or a public app, relies on it.
    Observed,
    /// No source describes it, so the fake does what users would expect.
    Assumed,
    /// The fake answers 501.
    NotFaked,
}

/// Returns the level of a source, or nothing for a source that the ledger does not know.
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

/// Returns the level of a route, or nothing when its source is unknown.
pub fn level(route: &Route) -> Option<Level> {
    if route.is_faked() { level_of(route.source) } else { Some(Level::NotFaked) }
}

/// Returns the ledger in words: each route and each behaviour, as what it is and what is known of it.
pub(crate) fn in_words() -> Vec<(String, String)> {
    let word = |level: Option<Level>| json!(level).as_str().unwrap_or("unknown").to_owned();
    let behaviours = behaviours::all().map(|Behaviour { what, source, decided, .. }| {
        ((*what).to_owned(), format!("{what} ({}, by {source}) {decided}", word(level_of(source))))
    });
    let routes = crate::edge::known_routes().iter().map(|route| {
        let name = format!("{} {}", route.method.as_ref().map_or("ANY", http::Method::as_str), route.path);
        let text = format!("{name}: {}, by {}", word(level(route)), route.source);
        (name, text)
    });
    behaviours.chain(routes).collect()
}

/// Returns the ledger. With `?workspace=KEY` it also counts how often that workspace used each route, and each
/// behaviour as far back as its journal goes.
pub(super) async fn ledger(call: Call) -> Result<Reply, ApiError> {
    let space = match call.query().text("workspace") {
        Some(key) => Some(call.engine.space(&key).ok_or_else(|| no_workspace(&call.engine, &key))?),
        None => None,
    };
    let mut counts = serde_json::Map::new();
    let routes: Vec<_> = crate::edge::known_routes()
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
    let past = space.as_ref().map(|space| (space.journal.shared(), space.world()));
    let behaviours: Vec<_> = behaviours::all()
        .map(|Behaviour { what, source, decided, leans }| {
            let uses = past.as_ref().map(|(entries, world)| {
                leans.count(entries.iter().map(|entry| &**entry), world.deliveries.iter().map(|sent| &**sent))
            });
            let level = level_of(source);
            json!({ "behaviour": what, "level": level, "source": source, "decided": decided, "uses": uses })
        })
        .collect();
    Reply::json(&json!({ "summary": counts, "routes": routes, "behaviours": behaviours }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_knows_every_route_and_behaviour() {
        for route in crate::edge::routes() {
            assert!(level(&route).is_some(), "{route:?}: `{}` is no source that the ledger knows", route.source);
        }
        for Behaviour { what, source, .. } in behaviours::all() {
            assert!(level_of(source).is_some(), "{what}: {source}");
        }
    }

    #[test]
    fn what_settles_a_behaviour_is_a_rule_that_is_written_down() {
        let rules = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/behaviour.md")).unwrap();
        for Behaviour { what, decided, .. } in behaviours::all() {
            // They stand after `#`, apart by commas.
            let anchors: Vec<&str> = decided.split('#').skip(1).filter_map(|rest| rest.split(',').next()).collect();
            let known = |anchor: &&str| rules.contains(&format!("<a id=\"{anchor}\"></a>"));
            assert!(!anchors.is_empty() && anchors.iter().all(known), "{what}: {decided}");
        }
    }
}
