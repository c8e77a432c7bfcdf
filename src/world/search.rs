//! Searching everything that has a name. Invariant: what is found is what the caller's own lists show, in their form, so
//! that nobody finds what they may not list.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::base::error::{ApiError, nearest};
use crate::base::json::member;
use crate::base::page::PageRequest;
use crate::base::rank;
use crate::call::router::ReplyFuture;
use crate::call::{Call, Reply};
use crate::elements::{self, ElementFilter};
use crate::engine::Cx;
use crate::nouns::connection::routes as connections;
use crate::nouns::connector::routes as connectors;
use crate::nouns::integration::routes as integrations;
use crate::nouns::tenant::routes as tenants;
use crate::world::seed::{EachKind, Seeded, each_kind};

/// The most characters of a query. Source: OAS.
const LONGEST_QUERY: usize = 200;

/// The most items of a page. Source: OAS.
const MOST_ITEMS: usize = 100;

/// The types of elements that the platform has and that are not searched here. Source: SDK `WorkspaceElementType`.
const OTHER_TYPES: &[&str] = &[
    "flow-run",
    "app-event-log-record",
    "external-event-subscription",
    "external-event-log-record",
    "external-event-pull",
    "action-run-log-record",
    "external-api-log-record",
    "incoming-webhook-log-record",
];

/// One element that was found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Hit {
    /// The type of the element, such as `action`.
    element_type: String,
    /// The element as its list shows it.
    element: Value,
}

/// A list of the API, by its handler.
type List = fn(Call) -> ReplyFuture;

/// The lists that are no kinds of elements, each with its type. Source: SDK `WorkspaceElementType`, which calls external
/// apps `app` and tenants `customer`.
const LISTS: [(&str, List); 5] = [
    ("integration", |call| Box::pin(integrations::list(call))),
    ("connector", |call| Box::pin(connectors::list(call))),
    ("app", |call| Box::pin(connectors::list_apps(call))),
    ("connection", |call| Box::pin(connections::list(call))),
    ("customer", |call| Box::pin(tenants::list(call))),
];

/// The type that a name of it stands for.
fn type_of(name: &str) -> &str {
    match name {
        "external-app" => "app",
        "tenant" | "user" => "customer",
        name => name,
    }
}

/// `GET /search`, any token: answers a page of what `q` finds, the best first. 400 without `q`, and for an `elementType`
/// that there is not. Source: OAS; the ranking is our choice (it works with no network).
pub(crate) async fn search(call: Call) -> Result<Reply, ApiError> {
    let page = call.page()?;
    let ranked = ranked(&call).await?;
    // The place in the ranking is the cursor: it stays as it is while nothing is changed.
    let limit = page.limit.min(MOST_ITEMS);
    let numbered = (1..).zip(ranked);
    Reply::json(&PageRequest { limit, ..page }.take(numbered))
}

/// `GET /semantic-search`, any token: answers the same as a bare array. Source: OAS.
pub(crate) async fn semantic(call: Call) -> Result<Reply, ApiError> {
    let limit = call.page()?.limit.min(MOST_ITEMS);
    let mut ranked = ranked(&call).await?;
    ranked.truncate(limit);
    Reply::json(&ranked)
}

/// Everything that the query of a call finds, the best first; what is equally good comes in the order of types and lists.
async fn ranked(call: &Call) -> Result<Vec<Hit>, ApiError> {
    let query = call.query();
    let wanted = query.text("q").filter(|text| !text.trim().is_empty());
    let wanted = wanted.ok_or_else(|| {
        ApiError::bad_request("`q` is missing: what to search for, in 1 to 200 characters")
            .with_data(serde_json::json!({ "field": "q" }))
    })?;
    if wanted.chars().count() > LONGEST_QUERY {
        return Err(ApiError::bad_request(format!("`q` has at most {LONGEST_QUERY} characters")));
    }
    if query.text("limit").and_then(|limit| limit.parse().ok()).is_some_and(|limit: usize| limit > MOST_ITEMS) {
        return Err(ApiError::bad_request(format!("`limit` is a number from 1 to {MOST_ITEMS}")));
    }
    // Some of the platform's documents write types with a capital.
    let only = query.text("elementType").map(|name| name.to_lowercase());
    let only = only.as_deref().map(type_of);
    let cx = call.cx()?;
    let mut found = Found { cx: &cx, only, types: Vec::new(), hits: Vec::new() };
    for (name, list) in LISTS {
        // Lists of tenants are for managers alone.
        let is_allowed = name != "customer" || cx.caller.is_manager();
        if found.wants(name) && !is_allowed && only == Some(name) {
            return Err(elements::manager_only("search for tenants"));
        }
        if only.is_none_or(|only| only == name) && is_allowed {
            let items = whole(call, list).await?;
            found.hits.extend(items.into_iter().map(|element| Hit { element_type: name.to_owned(), element }));
        }
    }
    each_kind(&mut found)?;
    if let Some(only) = only {
        check_type(only, &found.types)?;
    }
    let mut scored: Vec<(f64, Hit)> = found
        .hits
        .into_iter()
        .map(|hit| (score(&wanted, &hit.element), hit))
        .filter(|(score, _)| *score > 0.0)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    Ok(scored.into_iter().map(|(_, hit)| hit).collect())
}

/// Refuses a type that is not searched: with 501 when the platform has it, with 400 when not even that.
fn check_type(only: &str, searched: &[String]) -> Result<(), ApiError> {
    if searched.iter().any(|name| name == only) {
        return Ok(());
    }
    if OTHER_TYPES.contains(&only) {
        return Err(ApiError::not_faked(format!("searching for `{only}`")));
    }
    let known = searched.iter().map(String::as_str).chain(OTHER_TYPES.iter().copied());
    let near = nearest(only, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Err(ApiError::bad_request(format!("`elementType` is `{only}`, which is no type of element{near}"))
        .with_data(serde_json::json!({ "field": "elementType", "types": searched })))
}

/// All items of a list, as its handler shows them to the caller.
async fn whole(call: &Call, list: List) -> Result<Vec<Value>, ApiError> {
    let mut items = Vec::new();
    let mut cursor = "0".to_owned();
    loop {
        let of_page = Call {
            raw_query: format!("limit=1000&cursor={cursor}"),
            body: bytes::Bytes::new(),
            read: Arc::default(),
            ..call.clone()
        };
        let reply = list(of_page).await?;
        let mut page: Value = serde_json::from_slice(&reply.body).map_err(ApiError::internal)?;
        if let Some(Value::Array(more)) = page.get_mut("items").map(Value::take) {
            items.extend(more);
        }
        match member(&page, "cursor").as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return Ok(items),
        }
    }
}

/// What is gathered for a caller.
struct Found<'a> {
    cx: &'a Cx,
    /// The only type that is wanted; all when absent.
    only: Option<&'a str>,
    /// The types that are searched, wanted or not.
    types: Vec<String>,
    hits: Vec<Hit>,
}

impl Found<'_> {
    /// Notes a type, and returns whether it is wanted.
    fn wants(&mut self, name: &str) -> bool {
        self.types.push(name.to_owned());
        self.only.is_none_or(|only| only == name)
    }
}

impl EachKind for Found<'_> {
    type Error = ApiError;

    fn kind<K: Seeded>(&mut self) -> Result<(), ApiError> {
        let (wants, wants_instances) = (self.wants(K::SINGULAR), self.wants(K::INSTANCE));
        if !wants && !wants_instances {
            return Ok(());
        }
        let filter = ElementFilter { everywhere: true, ..ElementFilter::default() };
        let all = PageRequest { limit: usize::MAX, after: 0 };
        let world = self.cx.world();
        let lens = self.cx.view(&world);
        let listed = elements::list::<K>(self.cx, &filter, |_| true, all)?.items;
        for (element_type, is_wanted, instances) in [(K::SINGULAR, wants, false), (K::INSTANCE, wants_instances, true)]
        {
            let fits = |element: &K| is_wanted && element.place().is_instance() == instances;
            for (element, at) in listed.iter().filter(|(element, _)| fits(element)) {
                let element =
                    serde_json::to_value(K::view(&lens, element, at.as_deref())).map_err(ApiError::internal)?;
                self.hits.push(Hit { element_type: element_type.to_owned(), element });
            }
        }
        Ok(())
    }
}

/// How well an element answers a query: names count twice as much as descriptions, and most who has exactly that name.
fn score(query: &str, element: &Value) -> f64 {
    let text = |name: &str| member(element, name).as_str().unwrap_or_default();
    let names = ["name", "key", "internalId"].map(text);
    let is_exact = names.iter().any(|name| name.eq_ignore_ascii_case(query.trim()));
    let by_name = rank::score(query, &names.join(" ").replace('-', " "));
    let by_description = rank::score(query, text("description"));
    f64::from(u8::from(is_exact)) + by_name + by_description / 2.0
}
