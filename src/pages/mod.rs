//! Hosted pages: templates that are compiled in, with nothing loaded from elsewhere.
//!
//! Invariant: every value is escaped by the template library, and JSON for a page's script by [`result`]; no page carries
//! a token.

use askama::Template;
use serde_json::Value;

use crate::base::error::ApiError;
use crate::nouns::connection::model::attempt::Theme;

/// A page's text.
pub fn html(page: &impl Template) -> Result<String, ApiError> {
    page.render().map_err(ApiError::internal)
}

/// A field of a connector's form.
#[derive(Debug, Clone)]
pub struct Field {
    /// The credential's name.
    pub name: String,
    /// For people.
    pub label: String,
    /// For people.
    pub hint: String,
    /// Must be filled in.
    pub required: bool,
    /// Not shown while typing.
    pub secret: bool,
    /// What stands in it.
    pub value: String,
    /// The values to choose from; any when empty.
    pub choices: Vec<String>,
}

/// The page on which a user connects.
#[derive(Debug, Template)]
#[template(path = "connect.html", config = "src/pages/askama.toml")]
pub struct ConnectPage<'a> {
    /// What it looks like.
    pub theme: Theme,
    /// Where its buttons lead.
    pub action: String,
    /// The app's name.
    pub app: &'a str,
    /// Its picture.
    pub logo: String,
    /// The workspace's name.
    pub workspace: &'a str,
    /// The tenant's name.
    pub tenant: &'a str,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// Whether the user consents, rather than typing keys.
    pub is_oauth: bool,
    /// Whether it was connected before.
    pub again: bool,
    /// The form.
    pub fields: Vec<Field>,
    /// What was wrong with the last try.
    pub problem: Option<&'a str>,
}

/// Something to choose.
#[derive(Debug, Clone)]
pub struct Offered {
    /// What the choice means.
    pub value: String,
    /// For people.
    pub name: String,
    /// Its picture.
    pub logo: String,
}

/// The page on which a user chooses what to connect to.
#[derive(Debug, Template)]
#[template(path = "choose.html", config = "src/pages/askama.toml")]
pub struct ChoosePage<'a> {
    /// What it looks like.
    pub theme: Theme,
    /// The workspace's name.
    pub workspace: &'a str,
    /// The visit's name.
    pub visit: &'a str,
    /// What there is.
    pub offered: Vec<Offered>,
}

/// The page of a connection that exists.
#[derive(Debug, Template)]
#[template(path = "connection.html", config = "src/pages/askama.toml")]
pub struct ConnectionPage<'a> {
    /// What it looks like.
    pub theme: Theme,
    /// Its name.
    pub name: &'a str,
    /// Its app's picture.
    pub logo: String,
    /// Whose it is.
    pub tenant: &'a str,
    /// Who consented at the vendor.
    pub account: Option<&'a str>,
    /// Whether it works.
    pub connected: bool,
    /// Why it does not.
    pub problem: Option<&'a str>,
    /// The visit's name.
    pub visit: &'a str,
}

/// An integration in a list.
#[derive(Debug, Clone)]
pub struct IntegrationRow {
    /// For people.
    pub name: String,
    /// For people.
    pub description: String,
    /// Its picture.
    pub logo: String,
    /// Whether the tenant's connection works; none when there is none.
    pub connected: Option<bool>,
    /// The visit behind its button.
    pub visit: String,
}

/// The page of integrations, or of one.
#[derive(Debug, Template)]
#[template(path = "integrations.html", config = "src/pages/askama.toml")]
pub struct IntegrationsPage<'a> {
    /// What it looks like.
    pub theme: Theme,
    /// For people.
    pub title: &'a str,
    /// The workspace's name.
    pub workspace: &'a str,
    /// What there is.
    pub rows: Vec<IntegrationRow>,
}

/// The page of an agent session.
#[derive(Debug, Template)]
#[template(path = "session.html", config = "src/pages/askama.toml")]
pub struct SessionPage<'a> {
    /// What it looks like.
    pub theme: Theme,
    /// For people.
    pub title: &'a str,
    /// Where it stands.
    pub status: &'a str,
    /// Why it failed.
    pub problem: Option<&'a str>,
    /// Who said what.
    pub lines: Vec<(&'static str, &'a str)>,
}

/// The page of something that has nothing to configure.
#[derive(Debug, Template)]
#[template(path = "plain.html", config = "src/pages/askama.toml")]
pub struct PlainPage<'a> {
    /// What it looks like.
    pub theme: Theme,
    /// Which element's page was asked for, as in the address.
    pub what: &'a str,
}

#[derive(Template)]
#[template(path = "waiting.html", config = "src/pages/askama.toml")]
struct WaitingPage<'a> {
    theme: Theme,
    title: &'a str,
    text: &'a str,
    next: Option<&'a str>,
}

/// A page that says something is under way, and goes on by itself to `next`.
pub fn waiting(theme: Theme, title: &str, text: &str, next: Option<&str>) -> Result<String, ApiError> {
    html(&WaitingPage { theme, title, text, next })
}

/// The vendor's page on which a user allows an app to act.
#[derive(Debug, Template)]
#[template(path = "vendor.html", config = "src/pages/askama.toml")]
pub struct VendorPage<'a> {
    /// What it looks like.
    pub theme: Theme,
    /// The app's name.
    pub app: &'a str,
    /// Its picture.
    pub logo: String,
    /// Who is signed in when nobody else is named.
    pub account: &'a str,
    /// What is asked for.
    pub scopes: &'a [String],
}

/// The page at the end of an attempt: says how it went, to the person and to the page that waits.
#[derive(Debug, Template)]
#[template(path = "result.html", config = "src/pages/askama.toml")]
struct ResultPage<'a> {
    theme: Theme,
    title: &'a str,
    text: &'a str,
    failed: bool,
    cancelled: bool,
    message: String,
}

/// How an attempt ended. `message` goes to the window that opened the page, as the client expects it.
pub fn result(theme: Theme, title: &str, text: &str, failed: bool, message: &Value) -> Result<String, ApiError> {
    let cancelled = message["cancelled"] == Value::Bool(true);
    // Inside a script element only its end tag means something to the page.
    let message = message.to_string().replace('<', "\\u003c");
    html(&ResultPage { theme, title, text, failed, cancelled, message })
}

#[derive(Template)]
#[template(path = "message.html", config = "src/pages/askama.toml")]
struct MessagePage<'a> {
    theme: Theme,
    title: &'a str,
    text: &'a str,
}

/// A page that only says something.
pub fn message(theme: Theme, title: &str, text: &str) -> Result<String, ApiError> {
    html(&MessagePage { theme, title, text })
}

#[derive(Template)]
#[template(path = "problem.html", config = "src/pages/askama.toml")]
struct ProblemPage<'a> {
    theme: Theme,
    title: &'a str,
    text: &'a str,
}

/// A page that says what went wrong, also within the client's frame.
pub fn problem(theme: Theme, title: &str, text: &str) -> Result<String, ApiError> {
    html(&ProblemPage { theme, title, text })
}

#[derive(Template)]
#[template(path = "welcome.html", config = "src/pages/askama.toml")]
struct WelcomePage<'a> {
    theme: Theme,
    base: &'a str,
}

/// What the server is.
pub fn welcome(base: &str) -> Result<String, ApiError> {
    html(&WelcomePage { theme: Theme::Auto, base })
}

#[derive(Template)]
#[template(path = "logo.svg", config = "src/pages/askama.toml")]
struct Logo<'a> {
    letter: &'a str,
    hue: u32,
}

/// A monogram.
pub fn logo(letter: &str, hue: u32) -> Result<String, ApiError> {
    html(&Logo { letter, hue })
}
