//! A call as handlers see it, and what they answer: the same for a call over HTTP and for one from a snippet.

pub mod router;
pub mod subject;
pub mod unread;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::Track;
use tokio_util::sync::CancellationToken;

use crate::base::clock::Timestamp;
use crate::base::depth;
use crate::base::error::ApiError;
use crate::base::page::PageRequest;
use crate::call::unread::Read;
use crate::elements::model::{Layer, Scope, Selector};
use crate::engine::tokens::Caller;
use crate::engine::{Cx, Engine, Space};
use crate::upstream::raw_server::Cut;

/// A call.
#[derive(Debug, Clone)]
pub struct Call {
    /// The engine.
    pub engine: Arc<Engine>,
    /// Who calls and where; none on routes that need no token.
    pub who: Option<(Arc<Space>, Caller)>,
    /// Method.
    pub method: Method,
    /// Path, as sent.
    pub path: String,
    /// Query, as sent.
    pub raw_query: String,
    /// The route's `{names}`.
    pub params: Vec<(String, String)>,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// How many snippets this call is made from within.
    pub depth: u32,
    /// What was read of it.
    pub read: Arc<Read>,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// Status.
    pub status: StatusCode,
    /// Headers beside the content type.
    pub headers: HeaderMap,
    /// Content type; none without a body.
    pub content_type: Option<Cow<'static, str>>,
    /// Body.
    pub body: Bytes,
    /// For the journal.
    pub run_id: Option<String>,
    /// What follows the body, as long as the client listens.
    pub stream: Option<Events>,
    /// Whether the call went to a connection that no longer works: for the journal.
    pub is_dead_connection: bool,
    /// How the answer goes wrong on the wire.
    pub cut: Option<Cut>,
}

/// Server-sent events to come.
pub struct Events(pub BoxStream<'static, Bytes>);

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}

impl Reply {
    /// 200 with JSON.
    pub fn json(value: &impl Serialize) -> Result<Self, ApiError> {
        let body = serde_json::to_vec(value).map_err(ApiError::internal)?;
        Ok(Self::of(StatusCode::OK, Some("application/json; charset=utf-8".into()), body.into()))
    }

    /// 204.
    pub fn empty() -> Self {
        Self::of(StatusCode::NO_CONTENT, None, Bytes::new())
    }

    /// A page.
    pub fn html(status: StatusCode, text: String) -> Self {
        Self::of(status, Some("text/html; charset=utf-8".into()), text.into())
    }

    /// Anything.
    pub fn of(status: StatusCode, content_type: Option<Cow<'static, str>>, body: Bytes) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            content_type,
            body,
            run_id: None,
            stream: None,
            is_dead_connection: false,
            cut: None,
        }
    }

    /// Server-sent events.
    pub fn events(events: BoxStream<'static, Bytes>) -> Self {
        let mut reply = Self::of(StatusCode::OK, Some("text/event-stream".into()), Bytes::new());
        reply.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        reply.stream = Some(Events(events));
        reply
    }

    /// An error, in its envelope.
    pub fn error(error: &ApiError) -> Self {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(error)
            .unwrap_or_else(|_| br#"{"type":"internal","message":"membrane-mock failed"}"#.to_vec());
        let mut reply = Self::of(status, Some("application/json; charset=utf-8".into()), body.into());
        reply.run_id.clone_from(&error.action_run_id);
        reply
    }
}

impl Call {
    /// Who calls and where.
    pub fn cx(&self) -> Result<Cx, ApiError> {
        let (space, caller) =
            self.who.clone().ok_or_else(|| ApiError::internal("a route that needs a token was given none"))?;
        Ok(Cx {
            engine: Arc::clone(&self.engine),
            space,
            caller,
            depth: self.depth,
            abandoned: CancellationToken::new(),
        })
    }

    /// One of the route's `{names}`.
    pub fn param(&self, name: &str) -> Result<&str, ApiError> {
        let found = self.params.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).ok_or_else(|| ApiError::internal(format!("the route has no `{name}`")))
    }

    /// The query.
    pub fn query(&self) -> Query {
        Query { read: Some(Arc::clone(&self.read)), ..Query::parse(&self.raw_query) }
    }

    /// The query as it was sent, for somebody else.
    pub fn whole_query(&self) -> &str {
        self.read.whole_query();
        &self.raw_query
    }

    /// The body as JSON; an empty one counts as `{}`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let bytes: &[u8] = if self.has_body() { &self.body } else { b"{}" };
        parse_json(bytes, |field| self.read.unknown_field(field))
    }

    /// The body as any JSON; none when empty.
    pub fn any_json(&self) -> Result<Option<Value>, ApiError> {
        if self.has_body() { from_json(&self.body).map(Some) } else { Ok(None) }
    }

    /// Whether there is a body at all.
    pub fn has_body(&self) -> bool {
        !self.body.iter().all(u8::is_ascii_whitespace)
    }

    /// The form fields of an HTML form.
    pub fn form(&self) -> Query {
        Query::parse(&String::from_utf8_lossy(&self.body))
    }

    /// Whether the body is a browser's form with something in it.
    pub fn is_form(&self) -> bool {
        is_form(&self.headers) && !self.body.is_empty()
    }

    /// An action or another integration-level element, however it is addressed: path, query, below a connection or an
    /// integration. Source: SDK `ElementAccessor`.
    pub fn selector(&self) -> Result<Selector, ApiError> {
        let query = self.query();
        let param = |name: &str| self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let layer = match query.text("layer").as_deref() {
            None => None,
            Some("universal") => Some(Layer::Universal),
            Some("integration") => Some(Layer::Integration),
            Some("connection") => Some(Layer::Connection),
            Some(other) => {
                return Err(ApiError::bad_request(format!(
                    "`layer` is `{other}`; it is universal, integration or connection"
                )));
            }
        };
        Ok(Selector {
            any: param("selector"),
            id: query.text("id").filter(|_| param("selector").is_none()),
            key: query.text("key").filter(|_| param("selector").is_none()),
            parent_id: query.text("parentId"),
            parent_key: query.text("parentKey"),
            auto_create: query.flag("autoCreate").unwrap_or(false),
            instance_key: query.text("instanceKey"),
            layer,
            scope: self.scope(),
        })
    }

    /// The integration or connection that path or query name.
    pub fn scope(&self) -> Scope {
        let query = self.query();
        let param = |name: &str| self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        Scope {
            integration_id: param("integration").or_else(|| query.text("integrationId")),
            integration_key: query.text("integrationKey"),
            connection_id: param("connection").or_else(|| query.text("connectionId")),
            connection_key: query.text("connectionKey"),
        }
    }

    /// `limit` and `cursor`. Source: SDK `PaginationQuery`.
    pub fn page(&self) -> Result<PageRequest, ApiError> {
        let query = self.query();
        let mut page = PageRequest::default();
        if let Some(limit) = query.text("limit") {
            let number = limit.parse::<usize>().ok().filter(|limit| (1..=1000).contains(limit));
            page.limit = number
                .ok_or_else(|| ApiError::bad_request(format!("`limit` is `{limit}`; it is a number from 1 to 1000")))?;
        }
        if let Some(cursor) = query.text("cursor") {
            page.after = cursor.parse().map_err(|_| {
                ApiError::bad_request(format!(
                    "`cursor` is `{cursor}`; it is what the last page answered, or 0 for the start"
                ))
            })?;
        }
        Ok(page)
    }

    /// `wait` and `timeout` of a long-poll: 1 to 60 s, 30 unless said.
    pub fn wait(&self) -> Result<Option<Duration>, ApiError> {
        let query = self.query();
        if query.flag("wait") != Some(true) {
            return Ok(None);
        }
        let seconds = match query.text("timeout") {
            None => 30,
            Some(text) => text.parse::<u64>().ok().filter(|seconds| (1..=60).contains(seconds)).ok_or_else(|| {
                ApiError::bad_request(format!("`timeout` is `{text}`; it is a number of seconds from 1 to 60"))
            })?,
        };
        Ok(Some(Duration::from_secs(seconds)))
    }
}

/// Reads JSON; an error says where.
pub(crate) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    parse_json(bytes, |_| ())
}

/// The same; `unknown` gets the fields that mean nothing to it.
fn parse_json<T: DeserializeOwned>(bytes: &[u8], mut unknown: impl FnMut(String)) -> Result<T, ApiError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        ApiError::bad_request(format!("the body is not UTF-8 from byte {} on", error.valid_up_to()))
            .with_data(json!({ "byte": error.valid_up_to() }))
    })?;
    if depth::exceeds(bytes) {
        return Err(ApiError::bad_request(format!("the body nests deeper than {} levels", depth::DEEPEST)));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut track = Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut reader, &mut track);
    let value = serde_ignored::deserialize(tracked, |path| unknown(path.to_string())).map_err(|inner| {
        let field = track.path().to_string();
        let place = json!({ "field": field, "line": inner.line(), "column": inner.column() });
        let message = if inner.is_data() && field != "." {
            format!("the body's field `{field}` is wrong: {inner}")
        } else if inner.is_data() {
            format!("the body is wrong: {inner}")
        } else {
            format!("the body is not valid JSON: {inner}")
        };
        ApiError::bad_request(message).with_data(place)
    })?;
    reader.end().map_err(|error| ApiError::bad_request(format!("the body is not valid JSON: {error}")))?;
    Ok(value)
}

/// Query or form fields. `+` and `%20` are spaces; blank values count as absent; of a key given twice the last counts.
///
/// Source: SDK, which writes queries in several styles.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pairs: Vec<(String, String)>,
    /// Of a call: notes what is asked for.
    read: Option<Arc<Read>>,
}

impl Query {
    /// Decodes a query or an urlencoded form.
    pub fn parse(text: &str) -> Self {
        Self { pairs: url::form_urlencoded::parse(text.as_bytes()).into_owned().collect(), read: None }
    }

    /// The names of its fields.
    pub fn names(self) -> impl Iterator<Item = String> {
        self.pairs.into_iter().map(|(name, _)| name)
    }

    fn note(&self, name: &str) {
        if let Some(read) = self.read.as_ref().filter(|_| !self.pairs.is_empty()) {
            read.query_key(name);
        }
    }

    /// A field's text, also when it comes as an array: `name[]=a`, `name[0]=a`.
    pub fn text(&self, name: &str) -> Option<String> {
        self.note(name);
        let is_it = |known: &str| {
            known == name || known.strip_prefix(name).is_some_and(|rest| rest.starts_with('[') && rest.ends_with(']'))
        };
        let mut values = self.pairs.iter().rev().filter(|(known, _)| is_it(known)).map(|(_, value)| value.trim());
        values.find(|value| !value.is_empty()).map(str::to_owned)
    }

    /// A field's truth: `true`, `1` and any other text but `false` and `0`.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.text(name).map(|text| !matches!(text.to_ascii_lowercase().as_str(), "false" | "0"))
    }

    /// A field as a moment.
    pub fn moment(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        self.text(name)
            .map(|text| text.parse().map_err(|error| ApiError::bad_request(format!("`{name}`: {error}"))))
            .transpose()
    }

    /// Whether it has a field of this name, with or without a value.
    pub fn is(&self, name: &str) -> bool {
        self.note(name);
        self.pairs.iter().any(|(known, _)| known == name)
    }
}

/// Whether a body is a browser's form.
pub fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.starts_with("application/x-www-form-urlencoded")
}

/// The token in a form: its field `token`, or within the JSON of its field `payload`. Source: SDK.
pub fn token_in_form(body: &Bytes) -> Option<String> {
    let form = Query::parse(&String::from_utf8_lossy(body));
    let within = || {
        let payload: Value = serde_json::from_str(&form.text("payload")?).ok()?;
        Some(payload.get("token")?.as_str()?.to_owned())
    };
    form.text("token").or_else(within)
}

/// The token of a call: header, or `?token=` where browsers cannot send one.
pub fn token_of(headers: &HeaderMap, raw_query: &str) -> Option<(String, bool)> {
    if let Some(value) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        let token = value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer "));
        return Some((token.unwrap_or(value).trim().to_owned(), false));
    }
    Query::parse(raw_query).text("token").map(|token| (token, true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn queries_are_read_in_every_style_the_client_writes() {
        let query = Query::parse("q=a+b%20c&blank=&n=1&n=2&ids=a%2Cb&x%5B0%5D=p&x%5B1%5D=q&yes=TRUE&no=0");

        assert_eq!(query.text("q").as_deref(), Some("a b c"));
        assert_eq!(query.text("blank"), None);
        assert_eq!(query.text("n").as_deref(), Some("2"));
        assert_eq!(query.text("ids").as_deref(), Some("a,b"));
        assert_eq!(query.text("x").as_deref(), Some("q"));
        assert_eq!((query.flag("yes"), query.flag("no"), query.flag("none")), (Some(true), Some(false), None));
    }

    proptest! {
        #[test]
        fn no_query_text_panics(text in ".*") {
            let query = Query::parse(&text);
            query.text("id");
            query.flag("id");
        }

        #[test]
        fn no_body_panics(bytes: Vec<u8>) {
            from_json::<Value>(&bytes).ok();
        }
    }
}
