//! `…/upstreams`: the apps behind connections, and what no stub answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::base::error::ApiError;
use crate::base::operation::Side;
use crate::call::Call;
use crate::call::contract::{Json, QueryOf};
use crate::control::dashboard::happened::calls::stub_href;
use crate::control::dashboard::place::Place;
use crate::control::journal;
use crate::control::journal::JournalQuery;
use crate::journal::Entry;
use crate::nouns::connector::model::Connector;
use crate::pages::blocks::{Body, Page, Row};
use crate::pages::make::{
    badge, clock_time, code, go, in_path, link, logo, none, note, number, row, section, table, text,
};

/// How near the nearest stub comes to a request that none answered.
fn nearest(entry: &Entry) -> String {
    let word = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    match entry.unmatched.as_ref().filter(|near| !near.is_null()) {
        None => format!("No stub of {} comes near.", entry.route.as_deref().unwrap_or("the app")),
        Some(near) => {
            let differs = near.get("differs").and_then(Value::as_array).into_iter().flatten();
            let fields: Vec<String> = differs.map(|each| word(each, "field")).collect();
            let fields = if fields.is_empty() { "its times".to_owned() } else { fields.join(", ") };
            format!("The nearest stub is {} {}; {fields} differs.", word(near, "method"), word(near, "path"))
        }
    }
}

/// Requests that no stub answered, newest first.
pub(in crate::control::dashboard) fn unmatched_table<'e>(
    place: &Place,
    entries: impl DoubleEndedIterator<Item = &'e Entry>,
    empty: &str,
) -> Body {
    let rows = entries.rev().filter(|entry| entry.unmatched.is_some()).map(|entry| {
        let actions = vec![
            go("Make a stub of this", stub_href(&place.base, entry)).look("main"),
            go("Open call", format!("{}/journal/{}", place.base, entry.seq)),
        ];
        let cells = vec![
            vec![clock_time(entry.at, place.now)],
            vec![code(&entry.method), code(&entry.path), note(nearest(entry))],
            entry.tenant.as_ref().map_or_else(none, |tenant| vec![code(tenant)]),
        ];
        row(format!("unmatched-{}", entry.seq), cells).actions(actions)
    });
    table(&[("Time", "s"), ("Request", "fill"), ("Tenant", "s")], rows.collect(), empty)
}

/// How many requests an app got, and how many of them no stub answered.
type Counts<'e> = BTreeMap<&'e str, (usize, usize)>;

fn app(place: &Place, each: &Connector, counts: &Counts<'_>) -> Row {
    let (all, unmatched) = counts.get(each.key()).copied().unwrap_or_default();
    let world = place.space.world();
    let own = world.stubs.with_key(each.key()).count();
    let to = place.workspace.mock.upstreams.get(each.key()).map_or_else(|| text("stubs"), code);
    let cells = vec![
        vec![
            logo(each.key()),
            link(&each.meta.name, format!("{}/upstreams/{}", place.base, in_path(each.key()))),
            note(&each.base_uri),
        ],
        vec![number(all)],
        vec![if unmatched > 0 { badge(unmatched.to_string(), "warn") } else { number(0) }],
        vec![number(own)],
        vec![to],
    ];
    row(format!("app-{}", each.key()), cells)
}

/// Makes the page that a browser is answered at this address.
pub(in crate::control::dashboard) async fn page(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let query = JournalQuery { side: Some(Side::Upstream), ..JournalQuery::default() };
    let Json(past) = journal::list(place.call.clone(), QueryOf(query)).await?;
    let mut counts = Counts::new();
    for entry in &past.items {
        let (all, unmatched) = counts.entry(entry.route.as_deref().unwrap_or_default()).or_default();
        *all += 1;
        *unmatched += usize::from(entry.unmatched.is_some());
    }
    let connectors: Vec<Arc<Connector>> = place.connectors();
    let rows = connectors.iter().map(|each| app(&place, each, &counts)).collect();
    let columns =
        [("App", "fill"), ("Requests", "number"), ("No stub", "number"), ("Own stubs", "number"), ("Goes to", "m")];
    let empty = "None. A request that no stub answers is listed here, and can be made a stub.";
    let unmatched = unmatched_table(&place, past.items.iter().map(|entry| &**entry), empty);
    let sections = vec![
        section("unmatched", "Requests without a stub", unmatched),
        section("apps", "Apps", table(&columns, rows, "No apps.")),
    ];
    let lead = "What stands behind connections: a stub server in the place of each app.";
    place.page("/upstreams", "Apps", lead, sections).await
}
