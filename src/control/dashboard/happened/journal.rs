//! `…/journal` where a browser asks: the calls that match, newest first, in pages.

use crate::base::error::ApiError;
use crate::base::operation::{Operation, Side};
use crate::call::Call;
use crate::call::contract::{Json, QueryOf};
use crate::control::dashboard::happened::calls::{NO_CALLS, call_lines};
use crate::control::dashboard::place::Place;
use crate::control::journal;
use crate::control::journal::{JournalQuery, JournalView};
use crate::pages::blocks::{Body, Link, Page, Section};
use crate::pages::make::{action, badge, choice, field, filter, link, notice, query, section, sentence, text, way};

/// So many calls are on a page.
const PER_PAGE: usize = 100;

/// The fields that go on to the next page.
const FILTERS: [&str; 13] = [
    "failed",
    "side",
    "status",
    "operation",
    "method",
    "path",
    "connector",
    "tenant",
    "integration",
    "connection",
    "action",
    "flow",
    "fault",
];

/// Makes the page that a browser is answered at this address.
pub(in crate::control::dashboard) async fn page(call: Call) -> Result<Page, ApiError> {
    let place = Place::of(call).await?;
    let given: Vec<(&str, String)> = FILTERS.iter().map(|name| (*name, place.asked(name))).collect();
    let given: Vec<(&str, &str)> =
        given.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (*name, value.as_str())).collect();
    let Json(shown) = journal::list(place.call.clone(), QueryOf(asked(&place)?)).await?;
    let before = place.asked("before").parse().unwrap_or(u64::MAX);
    let older: Vec<_> = shown.items.iter().rev().filter(|entry| entry.seq < before).collect();
    let items = older.get(..PER_PAGE).unwrap_or(&older);
    let to = |label: &str, fields: Vec<(&str, &str)>| way(label, format!("{}/journal?{}", place.base, query(fields)));
    let mut pages = Vec::new();
    if before != u64::MAX {
        pages.push(to("Newest", given.clone()));
    }
    if let Some(last) = items.last().filter(|_| older.len() > PER_PAGE) {
        let seq = last.seq.to_string();
        pages.push(to("Older", given.iter().copied().chain([("before", seq.as_str())]).collect()));
    }
    let is_filtered = !given.is_empty();
    let mut sections = vec![filters(&place, is_filtered)];
    sections.extend(findings(&place, &shown));
    let empty = if is_filtered { "No call fits. Change the filter, or show all." } else { NO_CALLS };
    let title = if is_filtered { format!("{} of the calls", shown.items.len()) } else { "Calls".to_owned() };
    let told = match shown.forgotten {
        0 => "Newest first.".to_owned(),
        dropped => format!("Newest first; {dropped} older ones were dropped."),
    };
    let clear = action("Clear", format!("DELETE {}/journal", place.base))
        .confirm("Forget all calls so far?")
        .says("The journal is empty.");
    let calls = call_lines(&place, items.iter().copied(), empty).pages(pages);
    sections.push(section("calls", title, calls).told(told).actions(vec![clear]));
    let lead = "Every call of your app to the fake, and of the fake to apps.";
    Ok(Page { live: before == u64::MAX, ..place.page("/journal", "Journal", lead, sections).await? })
}

/// Reads the filter of the address; a value that makes no sense is refused with the words of the API.
fn asked(place: &Place) -> Result<JournalQuery, ApiError> {
    let text = |name: &str| Some(place.asked(name)).filter(|value| !value.is_empty());
    let wrong = |name: &str, value: &str, wanted: &str| {
        ApiError::bad_request(format!("the query field `{name}` is `{value}`: it is {wanted}"))
    };
    let side = match text("side").as_deref() {
        None => None,
        Some("api") => Some(Side::Api),
        Some("upstream") => Some(Side::Upstream),
        Some(other) => return Err(wrong("side", other, "api or upstream")),
    };
    let status = text("status").map(|value| value.parse().map_err(|_| wrong("status", &value, "a whole number")));
    let operation = text("operation").map(|value| value.parse::<Operation>().map_err(ApiError::bad_request));
    Ok(JournalQuery {
        side,
        status: status.transpose()?,
        operation: operation.transpose()?,
        method: text("method"),
        path: text("path"),
        route: None,
        connector: text("connector"),
        tenant: text("tenant"),
        integration: text("integration"),
        connection: text("connection"),
        action: text("action"),
        flow: text("flow"),
        fault: text("fault"),
        failed: text("failed").map(|value| value != "false" && value != "0"),
        before: None,
        limit: None,
    })
}

fn filters(place: &Place, is_filtered: bool) -> Section {
    let outcomes = [choice("", "Any"), choice("1", "Failed")];
    let sides = [choice("", "Any"), choice("api", "The fake"), choice("upstream", "Apps")];
    let operations = std::iter::once("").chain(Operation::ALL.map(Operation::name));
    let plain = |name: &str, label: &str| field(name, label).value(place.asked(name));
    let fields = vec![
        plain("failed", "Outcome").kind("select").named_choices(outcomes),
        plain("side", "To").kind("select").named_choices(sides),
        plain("operation", "Operation").kind("select").choices(operations),
        plain("path", "Path").example("/act, /crm/*"),
        plain("tenant", "Tenant"),
        plain("connection", "Connection"),
        plain("status", "Status"),
        plain("fault", "Fault"),
    ];
    let address = format!("{}/journal", place.base);
    let all: Vec<Link> = is_filtered.then(|| way("Show all", &address)).into_iter().collect();
    section("filter", "", Body::Form(filter(address, "Filter", fields).links(all))).look("bare")
}

/// What a tester should look at; none where there is nothing.
fn findings(place: &Place, shown: &JournalView) -> Option<Section> {
    let lines: Vec<_> = shown
        .findings
        .iter()
        .map(|each| {
            let first = link("First call", format!("{}/journal/{}", place.base, each.first_seq));
            vec![text(sentence(&each.what)), badge(format!("{} ×", each.count), ""), first]
        })
        .collect();
    (!lines.is_empty()).then(|| section("findings", "Look at", notice("warn", "", lines, Vec::new())).look("bare"))
}
