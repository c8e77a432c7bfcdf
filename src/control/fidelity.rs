//! This module serves the ledger: which routes and behaviours are documented, observed, assumed or not faked, and how
//! much a workspace relies on each.

use std::collections::BTreeMap;

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::{Json, QueryOf};
use crate::call::router::Route;
use crate::control::behaviours::{self, Behaviour};
use crate::control::control;
use crate::world::spaces::no_workspace;

/// The control routes of what is faked and what is not.
pub(super) fn routes() -> Vec<Route> {
    vec![control(
        "getFidelity",
        Method::GET,
        "/fidelity",
        "Lists the routes and behaviours with how well each is known, and how much a workspace relies on it.",
        ledger,
    )]
}

/// The level says how well a behaviour is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
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

impl Level {
    /// The name, as JSON spells it.
    fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Assumed => "assumed",
            Self::NotFaked => "not-faked",
        }
    }
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
#[cfg(feature = "cli")]
pub(crate) fn in_words() -> Vec<(String, String)> {
    let word = |level: Option<Level>| level.map_or("unknown", Level::name);
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

/// Whose use is counted.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct LedgerQuery {
    /// The key of the workspace; nobody's use is counted when absent.
    pub(super) workspace: Option<String>,
}

/// A route, and how well it is known.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct KnownRoute {
    /// The method, or `ANY`.
    pub(super) method: String,
    /// The path, with names in braces.
    pub(super) path: String,
    /// How well it is known.
    pub(super) level: Option<Level>,
    /// What describes it.
    pub(super) source: &'static str,
    /// How often the workspace used it; null without one.
    pub(super) uses: Option<u64>,
}

/// A behaviour, and how well it is known.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct KnownBehaviour {
    /// What happens.
    pub(super) behaviour: &'static str,
    /// How well it is known.
    pub(super) level: Option<Level>,
    /// What describes it.
    pub(super) source: &'static str,
    /// What settles it.
    pub(super) decided: &'static str,
    /// How often the workspace relied on it, as far back as its journal goes; null without one.
    pub(super) uses: Option<usize>,
}

/// What is known of the platform, and how well.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Ledger {
    /// How many routes are known how well.
    pub(super) summary: BTreeMap<&'static str, u64>,
    /// The routes.
    pub(super) routes: Vec<KnownRoute>,
    /// The behaviours.
    pub(super) behaviours: Vec<KnownBehaviour>,
}

/// Returns the ledger. With `?workspace=KEY` it also counts how often that workspace used each route, and each
/// behaviour as far back as its journal goes.
pub(super) async fn ledger(call: Call, QueryOf(query): QueryOf<LedgerQuery>) -> Result<Json<Ledger>, ApiError> {
    let space = match query.workspace {
        Some(key) => Some(call.engine.space(&key).ok_or_else(|| no_workspace(&call.engine, &key))?),
        None => None,
    };
    let mut summary = BTreeMap::new();
    let routes = crate::edge::known_routes().iter().map(|route| {
        let level = level(route);
        *summary.entry(level.map_or("unknown", Level::name)).or_default() += 1;
        let method = route.method.as_ref().map_or("ANY", http::Method::as_str);
        let uses = space.as_ref().map(|space| space.uses_of(method, &route.path));
        KnownRoute { method: method.to_owned(), path: route.path.clone(), level, source: route.source, uses }
    });
    let routes = routes.collect();
    let past = space.as_ref().map(|space| (space.journal.shared(), space.world()));
    let behaviours = behaviours::all().map(|Behaviour { what, source, decided, leans }| {
        let uses = past.as_ref().map(|(entries, world)| {
            leans.count(entries.iter().map(|entry| &**entry), world.deliveries.iter().map(|sent| &**sent))
        });
        KnownBehaviour { behaviour: what, level: level_of(source), source, decided, uses }
    });
    Ok(Json(Ledger { summary, routes, behaviours: behaviours.collect() }))
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
