//! This module runs the embedded stub server: one `wiremock` server per [`crate::server::Server`]
//! whose only mock asks an [`Answerer`].
//!
//! Addresses are `/{workspace}/{connector}/…`. Recording is off, because `wiremock` would keep every request for ever.

use std::collections::BTreeMap;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::nouns::stub::model::StubRequest;

/// The answerer decides what a stub server replies; the engine is one.
pub trait Answerer: Send + Sync {
    /// Returns the answer to a request for a connector's app in a workspace.
    fn answer(&self, workspace: &str, connector: &str, request: StubRequest) -> StubReply;
}

/// The answer that the stub server sends.
#[derive(Debug, Clone)]
pub struct StubReply {
    pub status: u16,
    /// These headers are sent beside the content type.
    pub headers: BTreeMap<String, String>,
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

impl StubReply {
    /// Makes a JSON answer without further headers.
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: BTreeMap::new(),
            content_type: "application/json; charset=utf-8",
            body: body.to_string().into_bytes(),
        }
    }
}

/// The running server; it stops when it is dropped.
pub struct StubServer {
    server: MockServer,
}

impl std::fmt::Debug for StubServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StubServer").field("uri", &self.server.uri()).finish()
    }
}

impl StubServer {
    /// Starts the server on a free port of loopback.
    pub async fn start(answerer: Arc<dyn Answerer>) -> Self {
        let server = MockServer::builder().disable_request_recording().start().await;
        Mock::given(any()).respond_with(CatchAll { answerer }).mount(&server).await;
        Self { server }
    }

    /// Returns the base address of a connector's app in a workspace, without a slash at its end.
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
        let incoming = StubRequest {
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
