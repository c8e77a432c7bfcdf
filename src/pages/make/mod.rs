//! Makes the blocks of the dashboard's pages, so that a page reads as what it shows.

mod form;

pub(crate) use form::{choice, field, filter, form, group};

use serde::Serialize;
use serde_json::Value;

use crate::base::clock::Timestamp;
pub(crate) use crate::base::text::in_path;
use crate::pages::blocks::{
    Action, Badge, Body, Cell, Code, Column, Copied, Link, Notice, Pair, Row, RowCell, Section, Table, Tile, Time,
};

pub(crate) fn text(value: impl Into<String>) -> Cell {
    Cell::Text(value.into())
}

pub(crate) fn strong(value: impl Into<String>) -> Cell {
    Cell::Strong(value.into())
}

pub(crate) fn note(value: impl Into<String>) -> Cell {
    Cell::Note(value.into())
}

pub(crate) fn code(value: impl Into<String>) -> Cell {
    Cell::Code(value.into())
}

#[expect(clippy::needless_pass_by_value, reason = "a number is no heavier than its address")]
pub(crate) fn number(value: impl ToString) -> Cell {
    Cell::Number(value.to_string())
}

pub(crate) fn badge(words: impl Into<String>, tone: &'static str) -> Cell {
    Cell::Badge(Badge { text: words.into(), tone })
}

pub(crate) fn way(words: impl Into<String>, href: impl Into<String>) -> Link {
    Link { text: words.into(), href: href.into(), outside: false }
}

pub(crate) fn link(words: impl Into<String>, href: impl Into<String>) -> Cell {
    Cell::Link(way(words, href))
}

/// A link that opens a tab of its own.
pub(crate) fn outside(words: impl Into<String>, href: impl Into<String>) -> Cell {
    Cell::Link(Link { outside: true, ..way(words, href) })
}

/// The drawn logo of a connector.
pub(crate) fn logo(connector: &str) -> Cell {
    Cell::Image(format!("/logos/{}.svg", in_path(connector)))
}

pub(crate) fn copied(value: impl Into<String>, label: impl Into<String>) -> Cell {
    Cell::Copy(Copied { text: value.into(), label: label.into(), secret: false })
}

pub(crate) fn secret(value: impl Into<String>, label: impl Into<String>) -> Cell {
    Cell::Copy(Copied { text: value.into(), label: label.into(), secret: true })
}

/// Stands for what is not there.
pub(crate) fn none() -> Vec<Cell> {
    vec![note("–")]
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Takes a moment apart: year, day with month, time to the second.
fn parts(at: Timestamp) -> (String, String, String) {
    let iso = at.to_string();
    let (date, time) = iso.split_once('T').unwrap_or_default();
    let mut words = date.rsplitn(3, '-');
    let (day, month, year) = (words.next(), words.next(), words.next());
    let month = month.and_then(|month| MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?));
    let day = format!("{} {}", day.unwrap_or_default().trim_start_matches('0'), month.unwrap_or(&""));
    (year.unwrap_or_default().to_owned(), day, time.get(..8).unwrap_or_default().to_owned())
}

/// Writes `12:00:00` today, `30 Nov, 12:00` this year, `30 Nov 2025` else; `now` is the workspace's clock.
fn absolute(at: Timestamp, now: Timestamp) -> String {
    let ((year, day, time), (this_year, today, _)) = (parts(at), parts(now));
    match (year == this_year, day == today) {
        (true, true) => time,
        (true, false) => format!("{day}, {}", time.get(..5).unwrap_or_default()),
        (false, _) => format!("{day} {year}"),
    }
}

/// Writes `3 min ago`, `in 7 h` or `now`.
fn relative(at: Timestamp, now: Timestamp) -> String {
    let (past, hence) = (now.since(at), at.since(now));
    let seconds = (past.max(hence) + 500) / 1000;
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    match units.into_iter().find(|(size, _)| seconds >= *size) {
        None => "now".to_owned(),
        Some((size, unit)) if past > hence => format!("{} {unit} ago", seconds / size),
        Some((size, unit)) => format!("in {} {unit}", seconds / size),
    }
}

/// A moment, and how long ago it is.
pub(crate) fn time(at: Timestamp, now: Timestamp) -> Cell {
    Cell::Time(Time { iso: at.to_string(), text: absolute(at, now), ago: relative(at, now) })
}

/// The date and the time in full, for a clock itself.
pub(crate) fn moment(at: Timestamp) -> Cell {
    let (year, day, time) = parts(at);
    Cell::Time(Time { iso: at.to_string(), text: format!("{day} {year}, {time}"), ago: String::new() })
}

/// A moment without how long ago it is: where many stand beneath each other.
pub(crate) fn clock_time(at: Timestamp, now: Timestamp) -> Cell {
    Cell::Time(Time { iso: at.to_string(), text: absolute(at, now), ago: String::new() })
}

/// A state as the API spells it, in its colour.
pub(crate) fn state(of: &impl Serialize) -> Cell {
    let name = word(of);
    let tone = match name.as_str() {
        "READY" | "success" | "completed" | "done" | "delivered" | "documented" => "good",
        "BUILDING" | "running" | "queued" | "starting" | "pending" | "observed" => "info",
        "CLIENT_ACTION_REQUIRED" | "DISCONNECTING" | "assumed" => "warn",
        "DISCONNECTED" | "CONFIGURATION_ERROR" | "SETUP_FAILED" | "ERROR" | "error" | "failed" | "not-faked" => "bad",
        _ => "",
    };
    badge(name, tone)
}

/// The text of a value that is one word of JSON.
pub(crate) fn word(of: &impl Serialize) -> String {
    serde_json::to_value(of).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The status of an answer, in its colour.
pub(crate) fn status(status: u16) -> Cell {
    let tone = match status {
        400.. => "bad",
        300..=399 => "info",
        _ => "good",
    };
    badge(status.to_string(), tone)
}

/// A message of the API as a sentence: it begins with a capital.
pub(crate) fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    first + letters.as_str()
}

/// The text of a count: `1 call`, `2 calls`.
pub(crate) fn count(many: u64, noun: &str) -> String {
    let ending = if many == 1 { "" } else { "s" };
    format!("{many} {noun}{ending}")
}

/// Fields of a query, each with a value, as text behind `?`.
pub(crate) fn query<'v>(fields: impl IntoIterator<Item = (&'v str, &'v str)>) -> String {
    let fields = fields.into_iter().map(|(name, value)| format!("{}={}", in_path(name), in_path(value)));
    fields.collect::<Vec<_>>().join("&")
}

/// A button that makes a call.
pub(crate) fn action(label: impl Into<String>, call: impl Into<String>) -> Action {
    Action { label: label.into(), call: call.into(), ..Action::default() }
}

/// A link that looks like a button.
pub(crate) fn go(label: impl Into<String>, href: impl Into<String>) -> Action {
    Action { label: label.into(), then: href.into(), ..Action::default() }
}

impl Action {
    pub(crate) fn body(self, body: &Value) -> Self {
        Self { body: body.to_string(), ..self }
    }

    pub(crate) fn look(self, look: &'static str) -> Self {
        Self { look, ..self }
    }

    pub(crate) fn confirm(self, question: impl Into<String>) -> Self {
        Self { confirm: question.into(), ..self }
    }

    pub(crate) fn then(self, address: impl Into<String>) -> Self {
        Self { then: address.into(), ..self }
    }

    pub(crate) fn says(self, words: impl Into<String>) -> Self {
        Self { says: words.into(), ..self }
    }

    pub(crate) fn hint(self, words: impl Into<String>) -> Self {
        Self { hint: words.into(), ..self }
    }

    pub(crate) fn of(self, what: impl Into<String>) -> Self {
        Self { of: what.into(), ..self }
    }
}

/// Makes a row; its cells get the labels and widths of the table's columns.
pub(crate) fn row(id: impl Into<String>, cells: Vec<Vec<Cell>>) -> Row {
    let cells = cells.into_iter().map(|parts| RowCell { label: "", width: "", parts }).collect();
    Row { id: id.into(), cells, ..Row::default() }
}

impl Row {
    pub(crate) fn tone(self, tone: &'static str) -> Self {
        Self { tone, ..self }
    }

    pub(crate) fn actions(self, actions: Vec<Action>) -> Self {
        Self { actions, ..self }
    }

    pub(crate) fn details(self, details: Vec<Section>) -> Self {
        Self { details, ..self }
    }
}

fn rows_of(columns: &[(&'static str, &'static str)], mut rows: Vec<Row>, empty: &str) -> Table {
    for row in &mut rows {
        for (cell, (label, width)) in row.cells.iter_mut().zip(columns) {
            (cell.label, cell.width) = (label, width);
        }
    }
    Table {
        columns: columns.iter().map(|(label, width)| Column { label, width }).collect(),
        acts: rows.iter().any(|row| !row.actions.is_empty()),
        rows,
        headless: false,
        empty: empty.to_owned(),
        pages: Vec::new(),
    }
}

/// A table; each column is its label and its width.
pub(crate) fn table(columns: &[(&'static str, &'static str)], rows: Vec<Row>, empty: &str) -> Body {
    Body::Table(rows_of(columns, rows, empty))
}

/// A table whose heads are only for screen readers.
pub(crate) fn headless(columns: &[(&'static str, &'static str)], rows: Vec<Row>, empty: &str) -> Body {
    Body::Table(Table { headless: true, ..rows_of(columns, rows, empty) })
}

/// Lines that open: each row's actions and details lie inside, and its cells hold no links.
pub(crate) fn lines(columns: &[(&'static str, &'static str)], rows: Vec<Row>, empty: &str) -> Body {
    Body::Lines(rows_of(columns, rows, empty))
}

impl Body {
    /// The same with ways to newer and older rows.
    pub(crate) fn pages(mut self, pages: Vec<Link>) -> Self {
        if let Self::Table(table) | Self::Lines(table) = &mut self {
            table.pages = pages;
        }
        self
    }
}

pub(crate) fn pair(label: impl Into<String>, cells: Vec<Cell>) -> Pair {
    Pair { label: label.into(), cells }
}

#[expect(clippy::needless_pass_by_value, reason = "a number is no heavier than its address")]
pub(crate) fn tile(
    label: impl Into<String>,
    value: impl ToString,
    note: impl Into<String>,
    href: impl Into<String>,
    tone: &'static str,
) -> Tile {
    Tile { label: label.into(), value: value.to_string(), note: note.into(), href: href.into(), tone }
}

/// A value as JSON with its members beneath each other; a text stands as it is.
pub(crate) fn json(value: &impl Serialize, label: &'static str) -> Body {
    let text = match serde_json::to_value(value) {
        Ok(Value::String(text)) => text,
        Ok(value) => serde_json::to_string_pretty(&value).unwrap_or_default(),
        Err(error) => error.to_string(),
    };
    Body::Code(Code { text, label })
}

pub(crate) fn notice(
    tone: &'static str,
    title: impl Into<String>,
    lines: Vec<Vec<Cell>>,
    actions: Vec<Action>,
) -> Body {
    Body::Notice(Notice { tone, title: title.into(), lines, actions })
}

pub(crate) fn section(id: impl Into<String>, title: impl Into<String>, body: Body) -> Section {
    Section { id: id.into(), title: title.into(), text: String::new(), actions: Vec::new(), look: "", level: 2, body }
}

/// A section inside a line.
pub(crate) fn inner(id: impl Into<String>, title: impl Into<String>, body: Body) -> Section {
    Section { level: 3, look: "inner", ..section(id, title, body) }
}

impl Section {
    pub(crate) fn told(self, words: impl Into<String>) -> Self {
        Self { text: words.into(), ..self }
    }

    pub(crate) fn actions(self, actions: Vec<Action>) -> Self {
        Self { actions, ..self }
    }

    pub(crate) fn look(self, look: &'static str) -> Self {
        Self { look, ..self }
    }
}
