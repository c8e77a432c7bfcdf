//! `…/fidelity`: what is known of the platform, and how much the workspace's calls rely on it.

use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::{Json, QueryOf};
use crate::control::dashboard::place::Place;
use crate::control::fidelity::{KnownBehaviour, KnownRoute, Ledger, LedgerQuery, Level, ledger};
use crate::pages::blocks::{Body, Cell, Page, Section};
use crate::pages::make::{
    choice, code, field, filter, none, note, number, row, section, sentence, state, table, text, tile, word,
};

/// The levels, and what each says.
const LEVELS: [(Level, &str); 4] = [
    (Level::Documented, "The platform’s documents describe it"),
    (Level::Observed, "The official client relies on it"),
    (Level::Assumed, "No source describes it"),
    (Level::NotFaked, "The fake answers 501"),
];

/// What is asked for.
struct Wanted {
    level: String,
    /// Only what the workspace has used.
    is_used: bool,
    /// A part of the words, in lower case.
    search: String,
}

impl Wanted {
    fn fits(&self, level: Option<Level>, is_used: bool, words: &str) -> bool {
        (self.level.is_empty() || level.is_some_and(|level| word(&level) == self.level))
            && (!self.is_used || is_used)
            && words.to_lowercase().contains(&self.search)
    }
}

/// Makes the page that a browser is answered at this address.
pub(super) async fn page(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let query = LedgerQuery { workspace: Some(place.space.key.clone()) };
    let Json(known) = ledger(place.call.clone(), QueryOf(query)).await?;
    // An empty field is another thing than none: it asks for all.
    let is_used = !place.call.query().is("used") || !place.asked("used").is_empty();
    let wanted = Wanted { level: place.asked("level"), is_used, search: place.asked("search").to_lowercase() };
    let sections =
        vec![levels(&place, &known), filters(&place, &wanted), behaviours(&known, &wanted), routes(&known, &wanted)];
    let lead = "What this fake knows of the platform, and how much your calls rely on it.";
    Ok(Page { live: false, ..place.page("/fidelity", "Fidelity", lead, sections).await? })
}

fn levels(place: &Place, known: &Ledger) -> Section {
    let tiles = LEVELS.map(|(level, told)| {
        let of: Vec<&KnownRoute> = known.routes.iter().filter(|each| each.level == Some(level)).collect();
        let used = of.iter().filter(|each| each.uses.unwrap_or(0) > 0).count();
        let name = word(&level);
        let address = format!("{}/fidelity?used=&level={name}", place.base);
        tile(sentence(&name.replace('-', " ")), format!("{used} of {}", of.len()), told, address, "")
    });
    section("levels", "", Body::Tiles(tiles.into())).look("bare")
}

fn filters(place: &Place, wanted: &Wanted) -> Section {
    let names = LEVELS.map(|(level, _)| word(&level));
    let which = [choice("1", "Used by this workspace"), choice("", "All")];
    let fields = vec![
        field("used", "Which").kind("select").value(if wanted.is_used { "1" } else { "" }).named_choices(which),
        field("level", "Level")
            .kind("select")
            .value(&wanted.level)
            .choices(std::iter::once("").chain(names.iter().map(String::as_str))),
        field("search", "Search").kind("search").value(place.asked("search")),
    ];
    section("filter", "", Body::Form(filter(format!("{}/fidelity", place.base), "Filter", fields))).look("bare")
}

fn level_cell(level: Option<Level>) -> Vec<Cell> {
    level.map_or_else(none, |level| vec![state(&level)])
}

fn behaviours(known: &Ledger, wanted: &Wanted) -> Section {
    let fits = |each: &&KnownBehaviour| wanted.fits(each.level, each.uses.unwrap_or(0) > 0, each.behaviour);
    let rows = known.behaviours.iter().filter(fits).enumerate().map(|(index, each)| {
        let uses = each.uses.unwrap_or(0);
        let is_risky = each.level == Some(Level::Assumed) && uses > 0;
        let cells = vec![
            vec![text(each.behaviour), note(each.decided)],
            level_cell(each.level),
            vec![code(each.source)],
            vec![number(uses)],
        ];
        row(format!("behaviour-{}", index + 1), cells).tone(if is_risky { "warn" } else { "" })
    });
    let columns = [("Behaviour", "fill"), ("Level", "s"), ("Source", "s"), ("Uses", "number")];
    let empty = "No behaviour fits. Show all, or run your app.";
    section("behaviours", "Behaviours", table(&columns, rows.collect(), empty))
        .told("How many calls in the journal may lean on each.")
}

fn routes(known: &Ledger, wanted: &Wanted) -> Section {
    let is_used = |each: &KnownRoute| each.uses.unwrap_or(0) > 0;
    let fits = |each: &&KnownRoute| wanted.fits(each.level, is_used(each), &format!("{} {}", each.method, each.path));
    let rows = known.routes.iter().filter(fits).enumerate().map(|(index, each)| {
        let cells = vec![
            vec![code(&each.method), code(&each.path)],
            level_cell(each.level),
            vec![code(each.source)],
            vec![number(each.uses.unwrap_or(0))],
        ];
        row(format!("route-{}", index + 1), cells)
    });
    let columns = [("Route", "fill"), ("Level", "s"), ("Source", "s"), ("Calls", "number")];
    let used = known.routes.iter().filter(|each| is_used(each)).count();
    section("routes", "Routes", table(&columns, rows.collect(), "No route fits. Show all, or run your app."))
        .told(format!("Your app called {used} of {} routes.", known.routes.len()))
}
