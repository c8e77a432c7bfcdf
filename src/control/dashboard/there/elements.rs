//! `…/elements`: what the workspace is made of, as the faked API lists it to a manager.

use serde::Deserialize;
use serde_json::{Value, json as value};

use crate::base::error::ApiError;
use crate::call::Call;
use crate::control::dashboard::place::Place;
use crate::pages::blocks::{Body, Page, Row};
use crate::pages::make::{
    action, choice, code, field, filter, in_path, inner, json, lines, none, note, query, row, section, sentence, state,
    text, way,
};
use crate::world::seed::{EachKind, Seeded, each_kind};

/// The lists, each by its path and what it is called: three that are no kinds of elements, and those of each kind.
fn lists() -> Vec<(&'static str, String)> {
    struct Listing(Vec<&'static str>);
    impl EachKind for Listing {
        type Error = std::convert::Infallible;

        fn kind<K: Seeded>(&mut self) -> Result<(), Self::Error> {
            self.0.push(K::PLURAL);
            Ok(())
        }
    }
    let mut listing = Listing(vec!["integrations", "connectors", "external-apps"]);
    let Ok(()) = each_kind(&mut listing);
    listing.0.into_iter().map(|path| (path, sentence(&path.replace('-', " ")))).collect()
}

/// So many elements are on a page.
const PER_PAGE: usize = 100;

/// A page of a list.
#[derive(Debug, Deserialize)]
struct Elements {
    items: Vec<Value>,
    cursor: Option<String>,
}

/// Makes the page that a browser is answered at this address.
pub(in crate::control::dashboard) async fn page(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let asked = place.asked("kind");
    let lists = lists();
    let known = lists.iter().find(|(kind, _)| *kind == asked);
    if known.is_none() && !asked.is_empty() {
        return Err(ApiError::not_found(format!("there is no kind of element `{asked}`")));
    }
    let (kind, name) = known.or(lists.first()).map_or(("integrations", ""), |(kind, name)| (*kind, name.as_str()));
    let (cursor, search) = (place.asked("cursor"), place.asked("search"));
    let limit = PER_PAGE.to_string();
    let fields = [("limit", limit.as_str()), ("cursor", &cursor), ("search", &search)];
    let found: Elements =
        place.read(&format!("/{kind}"), query(fields.into_iter().filter(|(_, value)| !value.is_empty()))).await?;
    let next = found.cursor.filter(|_| found.items.len() == PER_PAGE).map(|next| {
        let fields = [("kind", kind), ("search", &search), ("cursor", &next)];
        let fields = fields.into_iter().filter(|(_, value)| !value.is_empty());
        way("More", format!("{}/elements?{}", place.base, query(fields)))
    });
    let fields = vec![
        field("kind", "Kind")
            .kind("select")
            .value(kind)
            .named_choices(lists.iter().map(|(kind, name)| choice(*kind, name.as_str()))),
        field("search", "Search").kind("search").value(&search),
    ];
    let empty = match search.as_str() {
        "" => "None in this workspace. A seed or the API makes them.".to_owned(),
        search => format!("Nothing fits “{search}”."),
    };
    let columns = [("Name", "fill"), ("Key", "l"), ("Of", "m"), ("State", "m")];
    let rows = found.items.iter().map(|each| element(&place, kind, each)).collect();
    let list = lines(&columns, rows, &empty).pages(next.into_iter().collect());
    let sections = vec![
        section("filter", "", Body::Form(filter(format!("{}/elements", place.base), "Show", fields))).look("bare"),
        section("elements", name, list).told(format!("As GET /{kind} answers them to a manager.")),
    ];
    let page = place.page("/elements", "Elements", "What the workspace is made of.", sections).await?;
    Ok(Page { live: false, ..page })
}

fn element(place: &Place, kind: &str, each: &Value) -> Row {
    let member = |name: &str| each.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let id = member("id").unwrap_or_default();
    let key = member("key").unwrap_or(id);
    let of = match (member("integrationKey"), member("type")) {
        (Some(integration), _) => vec![code(integration)],
        (None, Some(of)) => vec![note(of)],
        (None, None) => none(),
    };
    let standing = member("state");
    let pokes = [("finishBuilding", "Finish building"), ("fail", "Fail")];
    let takes = kind == "actions" && standing == Some("BUILDING");
    let actions = pokes.into_iter().filter(|_| takes).map(|(event, label)| {
        action(label, format!("POST {}/actions/{}/poke", place.base, in_path(id)))
            .body(&value!({ "event": event }))
            .says(format!("Done: {event}."))
            .of(key)
    });
    let cells = vec![
        vec![text(member("name").unwrap_or(key))],
        vec![code(key)],
        of,
        standing.map_or_else(none, |standing| vec![state(&standing)]),
    ];
    let details = vec![inner(format!("element-{id}-json"), "", json(each, "the element"))];
    row(format!("element-{id}"), cells).actions(actions.collect()).details(details)
}
