//! This module renders the hosted pages, and those of the dashboard ([`blocks`]), from templates that are compiled in; pages
//! load nothing from elsewhere. The browser-facing routes fill them.
//!
//! Invariant: every value is escaped by the template library, and JSON for a page's script by
//! [`result`]. No hosted page carries a token; pages of the dashboard do, because the control API hands tokens out to whoever
//! may see them.

pub mod assets;
pub mod blocks;
pub(crate) mod make;

use askama::Template;
use serde_json::Value;

use crate::base::error::ApiError;
use crate::base::json::member;
use crate::base::json::schema::Choice;
use crate::base::text::in_path;
use crate::nouns::connection::model::attempt::Theme;

/// The way from a hosted page to what the dashboard has of the same; none where the address is empty.
#[derive(Debug, Clone, Default)]
pub struct Trail {
    pub address: String,
    pub text: &'static str,
}

impl Trail {
    fn to(workspace: &str, below: &str, text: &'static str) -> Self {
        Self { address: format!("/__mock/workspaces/{}/{below}", in_path(workspace)), text }
    }

    /// To a connection, with what happened to it.
    pub fn connection(workspace: &str, id: &str) -> Self {
        Self::to(workspace, &format!("connections/{}", in_path(id)), "See this connection in the dashboard")
    }

    /// To a run of an action, a flow or an agent.
    pub fn run(workspace: &str, id: &str) -> Self {
        Self::to(workspace, &format!("runs/{}", in_path(id)), "See this run in the dashboard")
    }

    /// To all runs.
    pub fn runs(workspace: &str) -> Self {
        Self::to(workspace, "runs", "See the runs in the dashboard")
    }

    /// To all connections.
    pub fn connections(workspace: &str) -> Self {
        Self::to(workspace, "connections", "See the connections in the dashboard")
    }

    /// To the app behind a connector.
    pub fn upstream(workspace: &str, connector: &str) -> Self {
        Self::to(workspace, &format!("upstreams/{}", in_path(connector)), "See this app in the dashboard")
    }

    /// To the calls that failed.
    pub fn failures(workspace: &str) -> Self {
        Self::to(workspace, "journal?failed=1", "See what failed in the dashboard")
    }
}

/// A message of the API as a sentence of a page.
pub(crate) fn in_full(message: &str) -> String {
    let ends = message.ends_with(['.', '!', '?', '…', ':']) || message.is_empty();
    make::sentence(message) + if ends { "" } else { "." }
}

/// Renders a page, or fails with a 500 when its template does.
pub fn html(page: &impl Template) -> Result<String, ApiError> {
    page.render().map_err(ApiError::internal)
}

/// A field is one input of a connector's form.
#[derive(Debug, Clone)]
pub struct Field {
    /// The form sends the value under this name, which is the credential's.
    pub name: String,
    pub label: String,
    pub hint: String,
    /// The form cannot be sent while the field is empty.
    pub required: bool,
    /// The browser hides what the user types.
    pub secret: bool,
    /// The field holds this text when the page opens.
    pub value: String,
    /// The user picks one of these values; when the list is empty, the user types any text.
    pub choices: Vec<Choice>,
    /// What the field asks for, as JSON for the page's script.
    pub rules: String,
    /// What is wrong with what was typed.
    pub problem: Option<String>,
    /// What was typed is secret and not shown again, so it has to be typed anew.
    pub again: bool,
}

/// The page on which a user connects to an app.
#[derive(Debug, Template)]
#[template(path = "connect.html", config = "src/pages/askama.toml")]
pub struct ConnectPage<'a> {
    pub theme: Theme,
    /// The form and the buttons send to this address.
    pub action: String,
    pub app: &'a str,
    /// The address of the app's logo.
    pub logo: String,
    pub workspace: &'a str,
    pub tenant: &'a str,
    /// The page lists these permissions, which the app asks for.
    pub scopes: Vec<String>,
    /// When set, the page asks for consent instead of showing a form for keys.
    pub is_oauth: bool,
    pub trail: Trail,
    /// When set, the page speaks of reconnecting.
    pub again: bool,
    pub fields: Vec<Field>,
    /// The page shows this text when the last attempt failed.
    pub problem: Option<String>,
}

/// An offer is one line of the page on which a user chooses an app.
#[derive(Debug, Clone)]
pub struct Offered {
    /// The form sends this value when the user picks the line.
    pub value: String,
    pub name: String,
    /// The address of the app's logo.
    pub logo: String,
}

/// The page on which a user chooses which app to connect to.
#[derive(Debug, Template)]
#[template(path = "choose.html", config = "src/pages/askama.toml")]
pub struct ChoosePage<'a> {
    pub theme: Theme,
    pub workspace: &'a str,
    /// The ticket names the visit, and goes back with the form.
    pub visit: &'a str,
    pub offered: Vec<Offered>,
    pub trail: Trail,
}

/// The page of an existing connection.
#[derive(Debug, Template)]
#[template(path = "connection.html", config = "src/pages/askama.toml")]
pub struct ConnectionPage<'a> {
    pub theme: Theme,
    pub name: &'a str,
    /// The address of the app's logo.
    pub logo: String,
    /// The name of the tenant who owns the connection.
    pub tenant: &'a str,
    /// The account with which the user consented at the vendor.
    pub account: Option<&'a str>,
    /// The flag is true while the connection works.
    pub connected: bool,
    /// The text says why the connection does not work.
    pub problem: Option<String>,
    pub trail: Trail,
    /// The ticket names the visit, and goes back with the page's buttons.
    pub visit: &'a str,
}

/// A row is one integration of the integrations page.
#[derive(Debug, Clone)]
pub struct IntegrationRow {
    pub name: String,
    pub description: String,
    /// The address of the app's logo.
    pub logo: String,
    /// Says whether the tenant's connection works; it is absent when the tenant has no connection.
    pub connected: Option<bool>,
    /// The row's button opens the visit with this ticket.
    pub visit: String,
}

/// The way to the page of an element of which something can be set.
#[derive(Debug)]
pub struct SettingsLink {
    pub name: String,
    /// The kind of element, such as `flow`.
    pub noun: &'static str,
    pub address: String,
}

/// The page of all integrations, or of a single one.
#[derive(Debug, Template)]
#[template(path = "integrations.html", config = "src/pages/askama.toml")]
pub struct IntegrationsPage<'a> {
    pub theme: Theme,
    pub title: &'a str,
    pub workspace: &'a str,
    pub rows: Vec<IntegrationRow>,
    /// What can be set of a single one's connection.
    pub settings: Vec<SettingsLink>,
    pub trail: Trail,
}

/// The page of an agent session.
#[derive(Debug, Template)]
#[template(path = "session.html", config = "src/pages/askama.toml")]
pub struct SessionPage<'a> {
    pub theme: Theme,
    pub title: &'a str,
    /// The session's status, as the API spells it.
    pub status: &'a str,
    /// The text says why the session failed.
    pub problem: Option<String>,
    pub trail: Trail,
    /// Each line has a speaker and what the speaker said.
    pub lines: Vec<(&'static str, &'a str)>,
}

/// The page of an element that has nothing to configure.
#[derive(Debug, Template)]
#[template(path = "plain.html", config = "src/pages/askama.toml")]
pub struct PlainPage<'a> {
    pub theme: Theme,
    /// The kind of element, as it stands in the address.
    pub what: &'a str,
    pub trail: Trail,
}

/// The page on which a person sets what an element lets be set, and the one that says that it is kept.
#[derive(Debug, Template)]
#[template(path = "settings.html", config = "src/pages/askama.toml")]
pub struct SettingsPage<'a> {
    pub theme: Theme,
    /// What the element is, such as `field mapping`.
    pub noun: &'a str,
    pub name: &'a str,
    pub fields: Vec<Field>,
    /// The name of the field on which the others depend: once it is changed, nothing of theirs is needed.
    pub leading: Option<String>,
    /// The page shows this text when what was given is wrong.
    pub problem: Option<String>,
    pub trail: Trail,
    /// The page says that what was given is kept.
    pub is_saved: bool,
}

#[derive(Template)]
#[template(path = "waiting.html", config = "src/pages/askama.toml")]
struct WaitingPage<'a> {
    theme: Theme,
    title: &'a str,
    text: &'a str,
    next: Option<&'a str>,
    trail: Trail,
}

/// Renders a page that says something is under way; the page goes on to `next` by itself.
pub fn waiting(theme: Theme, title: &str, text: &str, next: Option<&str>, trail: Trail) -> Result<String, ApiError> {
    html(&WaitingPage { theme, title, text, next, trail })
}

/// An account that a user may choose at a stub vendor.
#[derive(Debug, Clone)]
pub struct Account {
    pub name: String,
    /// The letter in its picture.
    pub initial: String,
    /// What the vendor knows of it.
    pub note: &'static str,
}

/// The stub vendor's page on which a user allows an app to act.
#[derive(Debug, Template)]
#[template(path = "vendor.html", config = "src/pages/askama.toml")]
pub struct VendorPage<'a> {
    pub theme: Theme,
    pub app: &'a str,
    /// The address of the app's logo.
    pub logo: String,
    /// Who asks: the name of the workspace.
    pub client: &'a str,
    /// The first is chosen unless the user chooses another.
    pub accounts: Vec<Account>,
    /// The page lists these permissions, which the app asks for.
    pub scopes: &'a [String],
    /// How long an answer takes that is slow, on the workspace's clock.
    pub slow_seconds: u64,
    pub trail: Trail,
}

/// The page at the end of a connect attempt tells the result to the user and to the window that opened it.
#[derive(Debug, Template)]
#[template(path = "result.html", config = "src/pages/askama.toml")]
struct ResultPage<'a> {
    theme: Theme,
    title: &'a str,
    text: String,
    failed: bool,
    cancelled: bool,
    /// What the user does next; may be empty.
    next: &'static str,
    message: String,
    trail: Trail,
}

/// Renders the page at the end of a connect attempt. `message` goes to the window that opened the page, in the
/// form that the official client expects.
pub fn result(
    theme: Theme,
    title: &str,
    text: &str,
    failed: bool,
    message: &Value,
    trail: Trail,
) -> Result<String, ApiError> {
    let cancelled = *member(message, "cancelled") == Value::Bool(true);
    let next = match member(member(message, "errorData"), "type").as_str() {
        _ if !failed || cancelled => "",
        Some("configuration") => "Whoever runs the app has to mend that; then connect again.",
        _ => "Close this, and connect again from the app.",
    };
    // Inside a script element only its end tag means something to the page, so `<` is escaped.
    let message = message.to_string().replace('<', "\\u003c");
    html(&ResultPage { theme, title, text: in_full(text), failed, cancelled, next, message, trail })
}

#[derive(Template)]
#[template(path = "message.html", config = "src/pages/askama.toml")]
struct MessagePage<'a> {
    theme: Theme,
    title: &'a str,
    text: String,
    trail: Trail,
}

/// Renders a page that only shows a text.
pub fn message(theme: Theme, title: &str, text: &str, trail: Trail) -> Result<String, ApiError> {
    html(&MessagePage { theme, title, text: in_full(text), trail })
}

#[derive(Template)]
#[template(path = "problem.html", config = "src/pages/askama.toml")]
struct ProblemPage<'a> {
    theme: Theme,
    title: &'a str,
    text: String,
    next: &'a str,
    trail: Trail,
}

/// Renders a page that says what went wrong, and what to do `next`; the page also works inside the client's frame.
pub fn problem(theme: Theme, title: &str, text: &str, next: &str, trail: Trail) -> Result<String, ApiError> {
    html(&ProblemPage { theme, title, text: in_full(text), next, trail })
}

/// What a user does next whose page cannot be shown.
pub fn next_after(error: &ApiError) -> &'static str {
    match error.status() {
        401 => "Close this and begin again in the app: its backend gives it a new token.",
        403 => "Close this. Whoever runs the app can say who may see it.",
        404 => "Correct the name in the app's call, or make what it names; then begin again.",
        408 | 429 => "Wait a little, then begin again.",
        500.. => "Close this and try again. If it stays so, the dashboard has the call.",
        _ => "Correct what the app asked for, then begin again.",
    }
}

#[derive(Template)]
#[template(path = "welcome.html", config = "src/pages/askama.toml")]
struct WelcomePage<'a> {
    theme: Theme,
    base: &'a str,
    trail: Trail,
}

/// Renders the page at `/`, which says what this server is.
pub fn welcome(base: &str) -> Result<String, ApiError> {
    html(&WelcomePage { theme: Theme::Auto, base, trail: Trail::default() })
}

#[derive(Template)]
#[template(path = "logo.svg", config = "src/pages/askama.toml")]
struct Logo {
    letters: String,
    hue: u32,
}

impl Logo {
    /// The initials of two words, or the beginning of one; names that share them differ in colour.
    fn of(name: &str) -> Self {
        let mut words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        let (first, second) = (words.next().unwrap_or("?"), words.next());
        let mut of_first = first.chars();
        let begins = of_first.next().into_iter().flat_map(char::to_uppercase);
        let goes_on = match second {
            Some(word) => word.chars().next().into_iter().flat_map(char::to_uppercase).collect::<String>(),
            None => of_first.next().map(String::from).unwrap_or_default(),
        };
        // FNV-1a: names that differ in one letter lie far apart.
        let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Self { letters: begins.collect::<String>() + &goes_on, hue: hash % 24 * 15 }
    }
}

/// Renders a logo as SVG: two letters of a name on a coloured ground.
pub fn logo(name: &str) -> Result<String, ApiError> {
    html(&Logo::of(name))
}

#[cfg(test)]
mod tests {
    use super::Logo;

    #[test]
    fn drawn_logos_differ_in_letters_or_colour() {
        let drawn = |name: &str| Logo::of(name).letters;
        assert_eq!(["gmail", "github", "google-sheets", "x", "", "éa"].map(drawn), ["Gm", "Gi", "GS", "X", "?", "Éa"]);
        let pair = |name: &str| (Logo::of(name).letters, Logo::of(name).hue);
        assert_ne!(pair("google-sheets"), pair("google-slides"));
    }
}
