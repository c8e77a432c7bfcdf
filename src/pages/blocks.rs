//! The blocks of which the pages of the dashboard are made: a page is sections, and a section is a table, lines that open,
//! pairs, tiles, a form, code, a notice, or sections again.
//!
//! Invariant: absent text is `""` and absent lists are empty, so no template unwraps anything; every text is escaped by the
//! template library, and what is inserted unescaped is a section that was rendered before.

use askama::Template;

/// One page of the dashboard.
#[derive(Debug, Default, Template)]
#[template(path = "dashboard/page.html", config = "src/pages/askama.toml")]
pub struct Page {
    pub title: String,
    /// A sentence beneath the title.
    pub lead: String,
    /// The workspace's name in the bar and in the window's title; empty outside of workspaces.
    pub place: String,
    /// The address of the workspace's overview.
    pub home: String,
    pub crumbs: Vec<Link>,
    /// Empty: the page has no navigation, and its content is centred.
    pub nav: Vec<NavGroup>,
    /// Chips in the bar, such as the clock.
    pub facts: Vec<Vec<Cell>>,
    /// What stands beside the title.
    pub badges: Vec<Cell>,
    pub actions: Vec<Action>,
    /// The page fetches itself every two seconds, and has the button that pauses this.
    pub live: bool,
    /// The text goes into the addresses of the style sheet and the script, so that another version is not taken from a cache.
    pub version: String,
    pub sections: Vec<Section>,
}

/// Pages of a workspace that belong together.
#[derive(Debug)]
pub struct NavGroup {
    pub label: &'static str,
    pub items: Vec<NavItem>,
}

/// The way to one page of a workspace.
#[derive(Debug)]
pub struct NavItem {
    pub label: &'static str,
    pub href: String,
    pub current: bool,
    /// How many there are; empty where there is none.
    pub count: String,
    /// `""` or `"bad"`.
    pub tone: &'static str,
}

/// A part of a page with a title of its own.
#[derive(Debug, Template)]
#[template(path = "dashboard/section.html", config = "src/pages/askama.toml")]
pub struct Section {
    /// Unique in the page: the anchor, and how the script knows it again.
    pub id: String,
    pub title: String,
    /// A sentence beneath the title.
    pub text: String,
    pub actions: Vec<Action>,
    /// `""` a card, `"bare"` no card, `"facts"` pairs side by side, `"split"` a group side by side, `"inner"` or
    /// `"inner facts"` within a card or a line.
    pub look: &'static str,
    /// 2, or 3 within a line.
    pub level: u8,
    pub body: Body,
}

/// What a section shows.
#[derive(Debug)]
pub enum Body {
    Table(Table),
    /// Lines that open; their cells have no links, since a line is a button.
    Lines(Table),
    Pairs(Vec<Pair>),
    Tiles(Vec<Tile>),
    Form(Form),
    Code(Code),
    Notice(Notice),
    Group(Vec<Section>),
}

/// Rows under heads.
#[derive(Debug)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    /// A row has actions, so there is a column for them; lines have them inside.
    pub acts: bool,
    /// The heads are for screen readers only.
    pub headless: bool,
    /// The sentence is shown when there are no rows: what is not there, and what to do next.
    pub empty: String,
    /// The ways to newer and older rows.
    pub pages: Vec<Link>,
}

/// One column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub label: &'static str,
    /// `""`, `"xs"`, `"s"`, `"m"`, `"l"`, `"fill"`, `"number"`. One column is `fill`.
    pub width: &'static str,
}

/// One row of a table, or one line.
#[derive(Debug, Default)]
pub struct Row {
    /// The anchor, such as `call-17`.
    pub id: String,
    pub cells: Vec<RowCell>,
    /// `""`, `"bad"`, `"warn"`.
    pub tone: &'static str,
    pub actions: Vec<Action>,
    /// What a line shows when it is open.
    pub details: Vec<Section>,
}

/// A cell of a row has its column's label and width, which a narrow window shows.
#[derive(Debug)]
pub struct RowCell {
    pub label: &'static str,
    pub width: &'static str,
    pub parts: Vec<Cell>,
}

/// A piece of text and how it looks.
#[derive(Debug)]
pub enum Cell {
    Text(String),
    Strong(String),
    /// Small and soft; in a table and in pairs on a line of its own.
    Note(String),
    Code(String),
    Number(String),
    Badge(Badge),
    Time(Time),
    Link(Link),
    /// The address of a logo.
    Image(String),
    Copy(Copied),
}

/// `tone` is `""`, `"good"`, `"bad"`, `"warn"` or `"info"`.
#[derive(Debug)]
pub struct Badge {
    pub text: String,
    pub tone: &'static str,
}

/// `text` is the moment for people, `ago` how long ago or hence, or empty.
#[derive(Debug)]
pub struct Time {
    pub iso: String,
    pub text: String,
    pub ago: String,
}

/// A link; `outside` opens a tab of its own, as for hosted pages.
#[derive(Debug)]
pub struct Link {
    pub text: String,
    pub href: String,
    pub outside: bool,
}

/// A value with a button that copies it; `label` follows “Copy”. A secret is cut at the end when it is long.
#[derive(Debug)]
pub struct Copied {
    pub text: String,
    pub label: String,
    pub secret: bool,
}

/// A button that makes a call, or, without a call, a link to `then` that looks like one.
#[derive(Debug, Default)]
pub struct Action {
    pub label: String,
    /// The method and the path, such as `POST /__mock/reset`.
    pub call: String,
    /// JSON; empty for none.
    pub body: String,
    /// `""`, `"main"`, `"danger"`.
    pub look: &'static str,
    /// The question that is asked before.
    pub confirm: String,
    /// Where to go after; `{name}` is a member of the answer. Empty: the page is refreshed.
    pub then: String,
    /// What is told after.
    pub says: String,
    /// The tooltip.
    pub hint: String,
    /// Follows the label for screen readers, where several buttons have the same.
    pub of: String,
    /// A bearer token for the call, which then is one of the engine.
    pub token: String,
}

/// A label and what it stands for.
#[derive(Debug)]
pub struct Pair {
    pub label: String,
    pub cells: Vec<Cell>,
}

/// A number with the way to what it counts.
#[derive(Debug)]
pub struct Tile {
    pub label: String,
    pub value: String,
    pub note: String,
    pub href: String,
    pub tone: &'static str,
}

/// `label` names it for screen readers, such as `the request`.
#[derive(Debug)]
pub struct Code {
    pub text: String,
    pub label: &'static str,
}

/// `tone` is `""`, `"bad"`, `"warn"` or `"info"`; the first sentence is `title`, which may be empty.
#[derive(Debug)]
pub struct Notice {
    pub tone: &'static str,
    pub title: String,
    pub lines: Vec<Vec<Cell>>,
    pub actions: Vec<Action>,
}

/// A form that makes a call, or is sent by the browser itself.
#[derive(Debug, Default)]
pub struct Form {
    pub id: String,
    /// The method and the path when it is sent by the script, else the address.
    pub call: String,
    pub button: String,
    pub groups: Vec<Group>,
    /// `"call"`, `"get"`, `"post"`.
    pub send: &'static str,
    pub says: String,
    pub then: String,
    pub token: String,
    /// Shows the answer beneath the form.
    pub shows: bool,
    /// Keeps what was typed after it was sent.
    pub keeps: bool,
    /// `""` or `"filter"`.
    pub look: &'static str,
    /// `"main"` or `""`.
    pub button_look: &'static str,
    /// The links beside the button.
    pub links: Vec<Link>,
}

/// Fields that belong together.
#[derive(Debug)]
pub struct Group {
    pub legend: &'static str,
    pub fields: Vec<Field>,
}

/// One input.
#[derive(Debug, Default)]
pub struct Field {
    /// The path into the body: `on.connector`, `["connection.building"]`; empty: the field is the whole body.
    pub name: String,
    pub label: String,
    /// `"text"`, `"number"`, `"json"`, `"select"`, `"check"`, `"password"`, `"search"`, `"nullable"` (text; null when empty).
    pub kind: &'static str,
    pub value: String,
    /// Of a select its options, of a text what is offered.
    pub choices: Vec<Choice>,
    pub hint: String,
    /// The placeholder.
    pub example: String,
    pub required: bool,
    /// `fault=respond`: the field is there when the field `fault` has this value.
    pub when: String,
    /// `""`, `"wide"`, `"half"`.
    pub width: &'static str,
    /// How many rows a field for JSON has.
    pub rows: u8,
}

/// One value that can be chosen.
#[derive(Debug)]
pub struct Choice {
    pub value: String,
    pub label: String,
}
