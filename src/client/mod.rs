//! A client of the platform's API, for what people type and agents ask for. It is told an address and tokens, and knows nothing of
//! the engine: pointed at any server it works.
//!
//! `verbs.rs`, `actions.rs` and `control.rs` hold what can be asked for, `waiting.rs` asks again until something is ready. Invariant: a verb
//! becomes a call in one place, whether it was typed as a command or sent as a tool's input.

pub(crate) mod actions;
pub(crate) mod control;
pub(crate) mod verbs;
pub(crate) mod waiting;

use std::time::Duration;

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::redirect::Policy;
use serde::Serialize;
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::error::ApiError;

/// A call may take this long: a clock that moves over years, and a snippet without a limit, take their time.
const PATIENCE: Duration = Duration::from_hours(1);

/// A server may take this long to take a connection.
const CONNECTS_WITHIN: Duration = Duration::from_secs(10);

/// What a segment of a path has as it is.
const SEGMENT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'@');

/// The token that a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rights {
    /// A tenant's is enough.
    Tenant,
    /// Only a manager may do it to what is the workspace's.
    Manager,
    /// It is a call of test control.
    Control,
}

/// The tokens of a session.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    /// It acts as the tenant.
    pub(crate) tenant: String,
    /// It acts as a manager, who has the same tenant.
    pub(crate) manager: String,
    /// It lets control calls pass, where a server asks for one.
    pub(crate) control: Option<String>,
}

/// A call that is to be made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The path, percent-encoded, without a query.
    pub(crate) path: String,
    pub(crate) query: JsonMap,
    pub(crate) body: Option<Value>,
    pub(crate) rights: Rights,
}

impl Request {
    /// A call of a path, without query and body.
    pub(crate) fn to(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), query: JsonMap::new(), body: None, rights: Rights::Tenant }
    }

    /// The same for a path in which each `{}` stands for the next of `names`. Fails for a name that no path can have, so that
    /// the call would be another one.
    pub(crate) fn new(method: Method, path: &str, names: &[&str]) -> Result<Self, String> {
        if let Some(name) = names.iter().find(|name| matches!(**name, "" | "." | "..")) {
            return Err(format!("`{name}` is no id or key"));
        }
        let mut parts = path.split("{}");
        let first = parts.next().unwrap_or_default().to_owned();
        let path = parts
            .zip(names)
            .fold(first, |path, (after, name)| format!("{path}{}{after}", utf8_percent_encode(name, &SEGMENT)));
        Ok(Self::to(method, path))
    }

    /// The same with the fields of a verb as its query.
    #[must_use]
    pub(crate) fn asking(self, verb: &impl Serialize) -> Self {
        Self { query: fields_of(verb), ..self }
    }

    /// The same with the fields of a verb as its body.
    #[must_use]
    pub(crate) fn sending(self, verb: &impl Serialize) -> Self {
        Self { body: Some(Value::Object(fields_of(verb))), ..self }
    }

    /// The same, as a call of test control.
    #[must_use]
    pub(crate) fn of_control(self) -> Self {
        Self { rights: Rights::Control, ..self }
    }

    /// The same, for a manager.
    #[must_use]
    pub(crate) fn by_manager(self) -> Self {
        Self { rights: Rights::Manager, ..self }
    }
}

/// The fields of a verb that are given.
fn fields_of(verb: &impl Serialize) -> JsonMap {
    match serde_json::to_value(verb) {
        Ok(Value::Object(mut fields)) => {
            fields.retain(|_, value| !value.is_null());
            fields
        }
        _ => JsonMap::new(),
    }
}

/// What a server has answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The body; null where there is none, and text where it is no JSON.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What went wrong, as a sentence.
    pub(crate) fn reason(&self) -> String {
        match serde_json::from_value::<ApiError>(self.body.clone()) {
            Ok(error) => error.message.clone(),
            Err(_) => format!("the server answered {}: {}", self.status, self.body),
        }
    }
}

/// A verb: what can be asked for, as its fields.
pub(crate) trait Verb {
    /// The call that does it. Fails for a name that no path can have.
    fn request(&self) -> Result<Request, String>;
}

/// Calls an API with the tokens of one session.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    api: String,
    http: reqwest::Client,
    tokens: Tokens,
}

impl Client {
    /// A client of the API at an address. The error is a sentence for the user.
    pub(crate) fn new(api: &str, tokens: Tokens) -> Result<Self, String> {
        let http =
            reqwest::Client::builder().redirect(Policy::none()).timeout(PATIENCE).connect_timeout(CONNECTS_WITHIN);
        // What is on this machine is reached directly, whatever proxy is set for others.
        let is_here = url::Url::parse(api).is_ok_and(|url| match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
            Some(url::Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
            None => false,
        });
        let http = if is_here { http.no_proxy() } else { http };
        let http = http.build().map_err(|error| format!("no HTTP client: {error}"))?;
        Ok(Self { api: api.trim_end_matches('/').to_owned(), http, tokens })
    }

    /// The address of the API, without a slash at its end.
    pub(crate) fn api(&self) -> &str {
        &self.api
    }

    /// Does what a verb is for, and answers what the server says to it. The error says why there is no answer.
    pub(crate) async fn ask(&self, verb: &impl Verb) -> Result<Answer, String> {
        self.send(verb.request()?).await
    }

    /// Makes a call and answers what the server says to it. The error says why there is no answer.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, String> {
        let mut url = url::Url::parse(&format!("{}{}", self.api, request.path))
            .map_err(|error| format!("`{}` is no address of an API: {error}", self.api))?;
        if !request.query.is_empty() {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            url.query_pairs_mut().extend_pairs(request.query.iter().map(|(name, value)| (name, text(value))));
        }
        let token = match request.rights {
            Rights::Tenant => Some(&self.tokens.tenant),
            Rights::Manager => Some(&self.tokens.manager),
            Rights::Control => self.tokens.control.as_ref(),
        };
        let mut sent = self.http.request(request.method, url);
        if let Some(token) = token {
            sent = sent.bearer_auth(token);
        }
        if let Some(body) = request.body {
            sent = sent.header(http::header::CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let unreachable = |error: reqwest::Error| format!("no answer from {}: {}", self.api, root_of(&error));
        let answer = sent.send().await.map_err(unreachable)?;
        let status = answer.status().as_u16();
        let text = answer.text().await.map_err(unreachable)?;
        let body =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        Ok(Answer { status, body })
    }
}

/// The innermost reason of an error, which says most.
fn root_of(error: &dyn std::error::Error) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_path_are_encoded() {
        let of = |names: &[&str]| Request::new(Method::GET, "/a/{}/b/{}", names).map(|request| request.path);
        assert_eq!(of(&["x", "y"]).as_deref(), Ok("/a/x/b/y"));
        assert_eq!(of(&["x", ".."]), Err("`..` is no id or key".to_owned()));
        assert_eq!(of(&["a/b?c", "é d"]).as_deref(), Ok("/a/a%2Fb%3Fc/b/%C3%A9%20d"));
    }
}
