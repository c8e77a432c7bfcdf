//! This module runs the embedded stub server: one `wiremock` server per [`crate::server::Server`]
//! whose only mock asks an [`Answerer`].
//!
//! Addresses are `/{workspace}/{connector}/…`. Recording is off, because `wiremock` would keep every request for ever. It
//! keeps those that a mock matched all the same, so the mock is mounted anew every so many requests.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use futures_util::FutureExt as _;
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::base::message::body;
use crate::nouns::stub::model::StubRequest;
use crate::upstream::client::{STUB_KEY, STUB_TENANT};

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

/// So many requests are kept by `wiremock` at most; each has a few kB and its body.
const REQUESTS_PER_MOUNT: u64 = 200;

/// The running server; it stops when it is dropped.
pub struct StubServer {
    server: Arc<MockServer>,
    shared: Arc<Shared>,
}

/// What every mounted mock has in common.
struct Shared {
    answerer: Arc<dyn Answerer>,
    /// What each request has to carry.
    key: HeaderValue,
    /// The server that they are mounted on, which must not live because of its own mocks.
    server: OnceLock<Weak<MockServer>>,
    requests: AtomicU64,
    mounts: AtomicU64,
}

impl std::fmt::Debug for StubServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mounts = self.shared.mounts.load(Ordering::Relaxed);
        f.debug_struct("StubServer").field("uri", &self.server.uri()).field("mounts", &mounts).finish()
    }
}

impl StubServer {
    /// Starts the server on a free port of loopback. It answers requests that carry `key`, which only this process knows, so
    /// that nobody takes the answers of another workspace's stubs.
    pub async fn start(answerer: Arc<dyn Answerer>, key: HeaderValue) -> Self {
        let server = Arc::new(MockServer::builder().disable_request_recording().start().await);
        let shared = Arc::new(Shared {
            answerer,
            key,
            server: OnceLock::from(Arc::downgrade(&server)),
            requests: AtomicU64::new(0),
            mounts: AtomicU64::new(0),
        });
        server.register(CatchAll::mock(&shared)).await;
        Self { server, shared }
    }

    /// Returns the port of the server, and what it asks of each request.
    pub fn access(&self) -> (u16, HeaderValue) {
        (self.server.address().port(), self.shared.key.clone())
    }

    /// Returns the base address of a connector's app in a workspace, without a slash at its end.
    pub fn base(&self, workspace: &str, connector: &str) -> String {
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        format!("{}/{}/{}", self.server.uri(), encode(workspace), encode(connector))
    }
}

struct CatchAll {
    shared: Arc<Shared>,
}

impl CatchAll {
    /// Makes the mock that answers everything.
    fn mock(shared: &Arc<Shared>) -> Mock {
        shared.mounts.fetch_add(1, Ordering::Relaxed);
        Mock::given(any()).respond_with(Self { shared: Arc::clone(shared) })
    }

    /// Lets go of the requests that are kept, by mounting the mock anew.
    ///
    /// `wiremock` holds its lock while a mock responds, and the lock serves those who wait for it in their order. Both
    /// steps begin to wait here, one right after the other on the only thread that answers requests, so no request comes
    /// between them and finds no mock.
    fn mount_anew(&self) {
        let Some(server) = self.shared.server.get().and_then(Weak::upgrade) else { return };
        let mock = Self::mock(&self.shared);
        let (of_reset, of_mount) = (Arc::clone(&server), Arc::clone(&server));
        let mut reset = Box::pin(tokio::task::unconstrained(async move { of_reset.reset().await }));
        let mut mount = Box::pin(tokio::task::unconstrained(async move { of_mount.register(mock).await }));
        let (is_reset, is_mounted) = ((&mut reset).now_or_never(), (&mut mount).now_or_never());
        tokio::spawn(async move {
            if is_reset.is_none() {
                reset.await;
            }
            if is_mounted.is_none() {
                mount.await;
            }
            // Who lets go of the server last waits for the lock, behind requests that this thread answers.
            tokio::task::spawn_blocking(move || drop(server));
        });
    }
}

impl Respond for CatchAll {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let answered = self.shared.requests.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        if answered.is_multiple_of(REQUESTS_PER_MOUNT) {
            self.mount_anew();
        }
        if request.headers.get(STUB_KEY) != Some(&self.shared.key) {
            let why = "this is the stub server of membrane-mock, which answers only calls through connections";
            return ResponseTemplate::new(403).set_body_json(serde_json::json!({ "message": why }));
        }
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let mut segments = request.url.path().trim_start_matches('/').splitn(3, '/');
        let workspace = segments.next().map(decode).unwrap_or_default();
        let connector = segments.next().map(decode).unwrap_or_default();
        let path = format!("/{}", segments.next().unwrap_or_default());
        let body = body::decode(request.body.clone(), &request.headers);
        let incoming = StubRequest {
            method: request.method.to_string(),
            path,
            query: request.url.query_pairs().into_owned().collect(),
            headers: request
                .headers
                .iter()
                .filter(|(name, _)| ![STUB_KEY, STUB_TENANT].contains(name))
                .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect(),
            body,
            tenant: request.headers.get(STUB_TENANT).and_then(|key| key.to_str().ok()).map(decode),
        };
        let reply = self.shared.answerer.answer(&workspace, &connector, incoming);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers with how many requests came before.
    struct Counts(AtomicU64);

    impl Answerer for Counts {
        fn answer(&self, _: &str, _: &str, _: StubRequest) -> StubReply {
            StubReply::json(200, &Value::from(self.0.fetch_add(1, Ordering::Relaxed)))
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn requests_are_let_go_of_and_none_is_missed() {
        const CALLERS: u64 = 8;
        const EACH: u64 = 200;
        let counts = Arc::new(Counts(AtomicU64::new(0)));
        let stubs = StubServer::start(Arc::<Counts>::clone(&counts), HeaderValue::from_static("key")).await;
        let address = format!("{}/x", stubs.base("ws", "app"));
        let client = reqwest::Client::new();

        assert_eq!(client.get(&address).send().await.unwrap().status(), 403, "whoever lacks the key");

        let callers = (0..CALLERS).map(|_| {
            let (client, address) = (client.clone(), address.clone());
            tokio::spawn(async move {
                for _ in 0..EACH {
                    assert_eq!(client.get(&address).header(STUB_KEY, "key").send().await.unwrap().status(), 200);
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }

        assert_eq!(counts.0.load(Ordering::Relaxed), CALLERS * EACH, "each came once");
        let mounts = stubs.shared.mounts.load(Ordering::Relaxed);
        assert_eq!(mounts, 1 + (1 + CALLERS * EACH) / REQUESTS_PER_MOUNT, "{stubs:?}");
        // A mock that is gone has let go of what it shared, and with it of its requests.
        stubs.server.register(Mock::given(any()).respond_with(ResponseTemplate::new(500))).await;
        assert_eq!(Arc::strong_count(&stubs.shared), 2, "the server's own and that of the mock that is mounted");
    }
}
