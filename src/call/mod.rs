//! This module has the call that handlers get and the reply that they return, which are the same for a call over
//! HTTP and for one from a snippet. Invariant: a query field or body field that no handler reads is noted, so that
//! the journal can warn of it.

pub mod contract;
pub mod parts;
pub mod router;
pub(crate) mod similar;
pub mod subject;
mod tokens;
pub mod unread;

pub use tokens::{TokenPlace, is_form, token_in_form, token_of, token_of_head};

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

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::json::{bounds, said_at};
use crate::base::page::PageRequest;
use crate::call::unread::Read;
use crate::elements::model::{Layer, Scope, Selector};
use crate::engine::tokens::Caller;
use crate::engine::{Cx, Engine, WorkspaceRuntime};
use crate::journal::Refusal;
use crate::upstream::raw_server::Cut;

/// A call of the API, after its route was found and its caller was admitted.
#[derive(Debug, Clone)]
pub struct Call {
    pub engine: Arc<Engine>,
    /// The workspace and the caller; absent on routes that need no token.
    pub who: Option<(Arc<WorkspaceRuntime>, Caller)>,
    pub method: Method,
    /// The path as it was sent.
    pub path: String,
    /// The query as it was sent, without a token.
    pub raw_query: String,
    /// The route's `{names}`, each with the text that stood in its place.
    pub params: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// This many snippets wait for this call; it is 0 for one that a client made.
    pub depth: u32,
    /// The record of what the handler has read of the call.
    pub read: Arc<Read>,
}

/// A handler's reply.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    /// These headers are sent beside the content type.
    pub headers: HeaderMap,
    /// The content type is absent when there is no body.
    pub content_type: Option<Cow<'static, str>>,
    pub body: Bytes,
    /// The call made the run log with this id; the journal notes it.
    pub run_id: Option<String>,
    /// The reply is this error; the journal keeps it.
    pub refusal: Option<Refusal>,
    /// These events follow the body for as long as the client listens.
    pub stream: Option<Events>,
    /// The call went to a connection that no longer works; the journal warns of it.
    pub is_dead_connection: bool,
    /// A fault makes the reply go wrong on the wire in this way.
    pub cut: Option<Cut>,
}

/// A stream of server-sent events, each as the text to send.
pub struct Events(pub BoxStream<'static, Bytes>);

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}

impl Reply {
    /// Makes a 200 with JSON, or fails when the value cannot be written as JSON.
    pub fn json(value: &impl Serialize) -> Result<Self, ApiError> {
        let body = serde_json::to_vec(value).map_err(ApiError::internal)?;
        Ok(Self::of(StatusCode::OK, Some("application/json; charset=utf-8".into()), body.into()))
    }

    /// Makes a 204.
    pub fn empty() -> Self {
        Self::of(StatusCode::NO_CONTENT, None, Bytes::new())
    }

    /// Makes a reply with an HTML page.
    pub fn html(status: StatusCode, text: String) -> Self {
        Self::of(status, Some("text/html; charset=utf-8".into()), text.into())
    }

    /// Answers 303, so that the browser goes on with a GET of this address. Fails for one that no header can hold.
    pub fn redirect(to: &str) -> Result<Self, ApiError> {
        let mut reply = Self::html(StatusCode::SEE_OTHER, String::new());
        reply.headers.insert(header::LOCATION, HeaderValue::try_from(to).map_err(ApiError::internal)?);
        Ok(reply)
    }

    /// Makes a reply with any status, content type and body.
    pub fn of(status: StatusCode, content_type: Option<Cow<'static, str>>, body: Bytes) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            content_type,
            body,
            run_id: None,
            refusal: None,
            stream: None,
            is_dead_connection: false,
            cut: None,
        }
    }

    /// Makes a 200 that sends events for as long as the client listens.
    pub fn events(events: BoxStream<'static, Bytes>) -> Self {
        let mut reply = Self::of(StatusCode::OK, Some("text/event-stream".into()), Bytes::new());
        reply.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        reply.stream = Some(Events(events));
        reply
    }

    /// Makes the reply for an error, with the error's envelope as its body.
    pub fn error(error: &ApiError) -> Self {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(error)
            .unwrap_or_else(|_| br#"{"type":"internal","message":"membrane-mock failed"}"#.to_vec());
        let mut reply = Self::of(status, Some("application/json; charset=utf-8".into()), body.into());
        reply.run_id.clone_from(&error.action_run_id);
        reply.refusal = Some(Refusal::of(error));
        reply
    }
}

impl Call {
    /// Returns the context for service functions. It fails on a route without a token, which is
    /// a mistake of the fake's own.
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

    /// Returns one of the route's `{names}`. It fails when the route has none of that name, which is
    /// a mistake of the fake's own.
    pub fn param(&self, name: &str) -> Result<&str, ApiError> {
        let found = self.params.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).ok_or_else(|| ApiError::internal(format!("the route has no `{name}`")))
    }

    /// Returns the query; each field that is asked for counts as read.
    pub fn query(&self) -> Query {
        Query { read: Some(Arc::clone(&self.read)), ..Query::parse(&self.raw_query) }
    }

    /// Refuses with 400 a query field that nobody has read so far and that looks like one that somebody has. Who changes much
    /// asks before it does; for every other call it is asked afterwards.
    pub(crate) fn refuse_misspelt_query(&self) -> Result<(), ApiError> {
        match self.read.misspelt(&self.path, Query::parse(&self.raw_query).names()) {
            Some((field, meant)) => Err(similar::refusal("query field", &field, &self.path, &meant)),
            None => Ok(()),
        }
    }

    /// Returns the query as it was sent, to be passed on; all of it counts as read.
    pub fn whole_query(&self) -> &str {
        self.read.whole_query();
        &self.raw_query
    }

    /// Reads the body as JSON; an empty body counts as `{}`. The error is a 400 that names the wrong field.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let bytes: &[u8] = if self.has_body() { &self.body } else { b"{}" };
        // A list would be taken for the fields of a struct, in the order in which they happen to be declared.
        if bytes.trim_ascii_start().first() == Some(&b'[') && !crate::base::json::names::fields_of::<T>().is_empty() {
            return Err(ApiError::bad_request("the body is a list; it is an object of fields here"));
        }
        let mut unknown = Vec::new();
        let value = parse_json("the body", bytes, |field| unknown.push(field))?;
        // A PUT may send a whole record back, with fields that only answers have.
        if self.method != Method::PUT {
            similar::refuse::<T>(&unknown, bytes, &self.path)?;
        }
        for field in unknown {
            self.read.unknown_field(field);
        }
        Ok(value)
    }

    /// Reads the body as an object of which the `known` fields are these. Any other one is treated as [`Self::json`] does.
    pub fn fields(&self, known: &[&str]) -> Result<JsonMap, ApiError> {
        let body: Value = self.json::<JsonMap>().map(Value::Object)?;
        let fields = body.as_object().into_iter().flat_map(JsonMap::keys);
        let unknown: Vec<&String> = fields.filter(|field| !known.contains(&field.as_str())).collect();
        if self.method != Method::PUT {
            similar::refuse_of(unknown.iter().copied(), known, &body, &self.path)?;
        }
        for field in unknown {
            self.read.unknown_field(field.clone());
        }
        match body {
            Value::Object(fields) => Ok(fields),
            _ => Ok(JsonMap::new()),
        }
    }

    /// Reads the body as any JSON, or returns nothing when it is empty.
    pub fn any_json(&self) -> Result<Option<Value>, ApiError> {
        if !self.has_body() {
            return Ok(None);
        }
        // Any JSON has no wrong fields to keep track of; where an error is, is found out when there is one.
        let plain = serde_json::from_str(json_text("the body", &self.body)?);
        plain.or_else(|_| from_json(&self.body)).map(Some)
    }

    /// Returns whether there is a body that is not blank.
    pub fn has_body(&self) -> bool {
        !self.body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&self.body).iter().all(u8::is_ascii_whitespace)
    }

    /// Reads the body as an HTML form.
    pub fn form(&self) -> Query {
        Query::parse(&String::from_utf8_lossy(&self.body))
    }

    /// Returns whether the body is a browser's form that is not empty.
    pub fn is_form(&self) -> bool {
        is_form(&self.headers) && !self.body.is_empty()
    }

    /// Returns how the call names an action or another integration-level element: by path, by query, below a connection
    /// or an integration. Source: SDK `ElementAccessor`.
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
            tenant: query.text("tenantId").or_else(|| query.text("userId")),
        })
    }

    /// Returns the integration or connection that path or query name.
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

    /// Reads `limit` and `cursor`, or fails with a 400. Source: SDK `PaginationQuery`.
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

    /// Returns how long a long poll may wait, 1 to 60 s with 30 as the default, or nothing when the call does not wait.
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

/// Reads JSON; the error is a 400 that names the wrong field and its place.
pub(crate) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    parse_json("the body", bytes, |_| ())
}

/// Reads the JSON text of a field of a query or a form; 400 names the field.
pub(crate) fn json_of_field<T: DeserializeOwned>(field: &str, text: &str) -> Result<T, ApiError> {
    parse_json(&format!("`{field}`"), text.as_bytes(), |_| ())
}

/// The text of JSON, which messages call `what`. Fails with 400 where it is not UTF-8, nests too deep or has too many values.
fn json_text<'b>(what: &str, bytes: &'b [u8]) -> Result<&'b str, ApiError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        ApiError::bad_request(format!("{what} is not UTF-8 from byte {} on", error.valid_up_to()))
            .with_data(json!({ "byte": error.valid_up_to() }))
    })?;
    if let Some(excess) = bounds::excess(bytes) {
        return Err(ApiError::bad_request(format!("{what} {excess}")));
    }
    // Editors and spreadsheets put a mark before what they write.
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Reads JSON, which messages call `what`, and passes the paths of fields that the type does not have to `unknown`.
fn parse_json<T: DeserializeOwned>(what: &str, bytes: &[u8], mut unknown: impl FnMut(String)) -> Result<T, ApiError> {
    let text = json_text(what, bytes)?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut track = Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut reader, &mut track);
    let value = serde_ignored::deserialize(tracked, |path| unknown(path.to_string())).map_err(|inner| {
        let field = track.path().to_string();
        let place = json!({ "field": field, "line": inner.line(), "column": inner.column() });
        let message = if inner.is_data() && field != "." {
            format!("{what}'s field `{field}` is wrong: {}", said_at(&field, &inner))
        } else if inner.is_data() {
            format!("{what} is wrong: {inner}")
        } else {
            format!("{what} is not valid JSON: {inner}")
        };
        ApiError::bad_request(message).with_data(place)
    })?;
    reader.end().map_err(|error| ApiError::bad_request(format!("{what} is not valid JSON: {error}")))?;
    Ok(value)
}

/// The fields of a query or a form. `+` and `%20` are spaces; blank values count as absent; of a field
/// given twice the last value counts.
///
/// Source: SDK, which writes queries in several styles.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pairs: Vec<(String, String)>,
    /// The record of the call that the query belongs to; it notes which fields are asked for.
    read: Option<Arc<Read>>,
}

impl Query {
    /// Decodes a query or an urlencoded form.
    pub fn parse(text: &str) -> Self {
        Self { pairs: url::form_urlencoded::parse(text.as_bytes()).into_owned().collect(), read: None }
    }

    /// Returns the names of its fields.
    pub fn names(self) -> impl Iterator<Item = String> {
        self.pairs.into_iter().map(|(name, _)| name)
    }

    /// Returns its fields with their values, in order.
    pub fn pairs(self) -> impl Iterator<Item = (String, String)> {
        self.pairs.into_iter()
    }

    fn note(&self, name: &str) {
        if let Some(read) = self.read.as_ref().filter(|_| !self.pairs.is_empty()) {
            read.query_key(name);
        }
    }

    /// Returns a field's text, also when the field comes as an array: `name[]=a`, `name[0]=a`.
    pub fn text(&self, name: &str) -> Option<String> {
        self.note(name);
        let is_it = |known: &str| {
            known == name || known.strip_prefix(name).is_some_and(|rest| rest.starts_with('[') && rest.ends_with(']'))
        };
        let mut values = self.pairs.iter().rev().filter(|(known, _)| is_it(known)).map(|(_, value)| value.trim());
        values.find(|value| !value.is_empty()).map(str::to_owned)
    }

    /// Returns a field as a truth value: everything but `false` and `0` is true.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.text(name).map(|text| !matches!(text.to_ascii_lowercase().as_str(), "false" | "0"))
    }

    /// Returns a field as a moment, or a 400 when it is not a date.
    pub fn moment(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        self.text(name)
            .map(|text| text.parse().map_err(|error| ApiError::bad_request(format!("`{name}`: {error}"))))
            .transpose()
    }

    /// Returns whether it has a field of this name, with or without a value.
    pub fn is(&self, name: &str) -> bool {
        self.note(name);
        self.pairs.iter().any(|(known, _)| known == name)
    }
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
