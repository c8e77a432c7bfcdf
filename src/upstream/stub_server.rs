//! The embedded stub server: one `wiremock` server per [`crate::server::Server`] whose only mock asks an [`Answerer`].
//!
//! Addresses are `/{workspace}/{connector}/…`. Nothing is recorded by `wiremock`: it keeps every request
//! for ever.

use std::collections::BTreeMap;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::nouns::stub::model::Incoming;

/// Who knows the answers.
pub trait Answerer: Send + Sync {
    /// Answers a request to a connector's app in a workspace.
    fn answer(&self, workspace: &str, connector: &str, request: Incoming) -> StubReply;
}

/// An answer of the stub server.
#[derive(Debug, Clone)]
pub struct StubReply {
    /// Status.
    pub status: u16,
    /// Headers beside the content type.
    pub headers: BTreeMap<String, String>,
    /// Content type.
    pub content_type: &'static str,
    /// Body.
    pub body: Vec<u8>,
}

impl StubReply {
    /// A JSON answer.
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: BTreeMap::new(),
            content_type: "application/json; charset=utf-8",
            body: body.to_string().into_bytes(),
        }
    }
}

/// The running server; stops when dropped.
pub struct StubServer {
    server: MockServer,
}

impl std::fmt::Debug for StubServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StubServer").field("uri", &self.server.uri()).finish()
    }
}

impl StubServer {
    /// Starts on a free port.
    pub async fn start(answerer: Arc<dyn Answerer>) -> Self {
        let server = MockServer::builder().disable_request_recording().start().await;
        Mock::given(any()).respond_with(CatchAll { answerer }).mount(&server).await;
        Self { server }
    }

    /// The base address of a connector's app in a workspace.
    pub fn base(&self, workspace: &str, connector: &str) -> String {
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        format!("{}/{}/{}", self.server.uri(), encode(workspace), encode(connector))
    }
}

struct CatchAll {
    answerer: Arc<dyn Answerer>,
}

impl Respond for CatchAll {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let mut segments = request.url.path().trim_start_matches('/').splitn(3, '/');
        let workspace = segments.next().map(decode).unwrap_or_default();
        let connector = segments.next().map(decode).unwrap_or_default();
        let path = format!("/{}", segments.next().unwrap_or_default());
        let body = match serde_json::from_slice(&request.body) {
            Ok(json) => json,
            Err(_) if request.body.is_empty() => Value::Null,
            Err(_) => Value::String(String::from_utf8_lossy(&request.body).into_owned()),
        };
        let incoming = Incoming {
            method: request.method.to_string(),
            path,
            query: request.url.query_pairs().into_owned().collect(),
            headers: request
                .headers
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect(),
            body,
        };
        let reply = self.answerer.answer(&workspace, &connector, incoming);
        let mut template = ResponseTemplate::new(reply.status);
        if !reply.body.is_empty() {
            template = template.set_body_raw(reply.body, reply.content_type);
        }
        for (name, value) in &reply.headers {
            template = template.insert_header(name.as_str(), value.as_str());
        }
        template
    }
}
