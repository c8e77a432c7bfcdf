//! This module sends HTTP requests to external apps under the egress rule (`docs/behaviour.md#egress`). Invariant: the
//! rule is checked before every request to an app and every redirect, and again on the address that a name resolves to.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::base::error::ApiError;
use crate::upstream::{Egress, FOR_CALL, has_room};

/// An answer of more bytes than this is refused. Source: DOC:docs/managing-membrane/limits (30 MB out).
const LARGEST_ANSWER: usize = 30 * 1024 * 1024;
const MOST_REDIRECTS: usize = 5;
/// A whole request may take this long. Source: DOC:docs/managing-membrane/limits (60 s for a whole request).
const TIMEOUT: Duration = Duration::from_mins(1);

/// The error says why a request brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The egress rule refuses the host.
    #[error("egress to `{host}` is refused: only loopback is called; name the host with `--allow-egress {host}`")]
    EgressRefused {
        /// The caller asked for this host.
        host: String,
    },
    /// The address needs TLS, and this build has none.
    #[error("`{url}` needs TLS, which this build lacks; build with the cargo feature `tls` or use http")]
    NoTls {
        /// The address, without query and user.
        url: String,
    },
    /// The text is not an HTTP address.
    #[error("`{url}` is not an http address")]
    BadUrl {
        /// The address, without query and user.
        url: String,
    },
    /// The address is the fake's own.
    #[error("`{url}` is the address of membrane-mock itself, which is never an upstream")]
    OwnPort {
        /// The address, without query and user.
        url: String,
    },
    /// The app redirected more often than the client follows.
    #[error("`{url}` redirects too often")]
    Redirects {
        /// The last address that was asked.
        url: String,
    },
    /// The answer has more bytes than the client reads.
    #[error("the answer of `{url}` is larger than 30 MB")]
    TooLarge {
        /// The address, without query and user.
        url: String,
    },
    /// The process has as many files and connections open as it may.
    #[error(
        "`{url}` cannot be asked: this process has as many files and connections open as it may; raise `ulimit -n` or \
         close event streams"
    )]
    NoDescriptors {
        /// The address, without query and user.
        url: String,
    },
    /// The connection failed before the answer was complete.
    #[error("`{url}` did not answer: {why}")]
    Transport {
        /// The address, without query and user.
        url: String,
        /// The innermost error says why.
        why: String,
    },
}

impl UpstreamError {
    /// Returns the same error about the address that was meant, instead of the one that stood in for it.
    #[must_use]
    pub fn of(self, meant: &Url) -> Self {
        match self {
            Self::Transport { why, .. } => Self::Transport { url: shown(meant), why },
            Self::TooLarge { .. } => Self::TooLarge { url: shown(meant) },
            Self::NoDescriptors { .. } => Self::NoDescriptors { url: shown(meant) },
            other => other,
        }
    }
}

impl From<UpstreamError> for ApiError {
    /// The error of the run that sent the request; 503 when it is the server that has too much to do.
    fn from(error: UpstreamError) -> Self {
        let failed = Self::action_run(error.to_string());
        if matches!(error, UpstreamError::NoDescriptors { .. }) { failed.with_status(503) } else { failed }
    }
}

/// A request to an external app.
#[derive(Debug, Clone)]
pub struct OutRequest {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A stand-in says where the app that replaces a real one is found; redirects within the
/// real app's addresses lead there too.
#[derive(Debug, Clone)]
pub struct StandIn {
    /// The real address of the request; redirects move it along.
    pub nominal: Url,
    /// The real app's API lies below this path, which has no slash at its end.
    pub prefix: String,
    /// The key of the tenant for whom the request is made; stubs may be for some alone.
    pub tenant: String,
    /// This address takes the place of origin and prefix; it has no slash at its end.
    pub base: String,
}

impl StandIn {
    /// Returns the stand-in's address for a real one.
    pub fn locate(&self, nominal: &Url) -> Result<Url, url::ParseError> {
        let query = nominal.query().map(|query| format!("?{query}")).unwrap_or_default();
        let fragment = nominal.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
        let whole = format!("{}{query}{fragment}", nominal.path());
        let below =
            whole.strip_prefix(self.prefix.as_str()).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        let rest = below.unwrap_or(&whole);
        Url::parse(&format!("{}{rest}", self.base))
    }

    /// Returns where a redirect leads, or nothing when it leaves the app's addresses.
    fn follow(&mut self, location: &str) -> Option<Url> {
        let next = self.nominal.join(location).ok()?;
        if next.origin() != self.nominal.origin() {
            return None;
        }
        let actual = self.locate(&next).ok()?;
        self.nominal = next;
        Some(actual)
    }
}

/// The answer of an external app, read to its end.
#[derive(Debug, Clone)]
pub struct OutResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// The client ignores the system's proxies and follows redirects itself.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    egress: Arc<Egress>,
    /// What the stub server asks of a request; none before it runs.
    stub_key: Arc<OnceLock<HeaderValue>>,
}

/// The header by which the stub server knows that a request was made in place of one to an app.
pub(super) const STUB_KEY: HeaderName = HeaderName::from_static("x-membrane-mock-stub-key");

/// The header that tells the stub server for which tenant a request is made: the tenant's key, percent-encoded.
pub(super) const STUB_TENANT: HeaderName = HeaderName::from_static("x-membrane-mock-stub-tenant");

/// A connection to an app that nobody uses is closed after this long: before servers do it, of which the quickest in use wait
/// five seconds (Node). A call that is sent while the other side closes fails, and is not made again where it may have had an effect.
const IDLE: Duration = Duration::from_secs(2);

/// So many connections to one app are kept for the next call.
const MOST_IDLE: usize = 16;

impl Client {
    /// Makes a client under an egress rule.
    pub fn new(egress: Arc<Egress>) -> Result<Self, UpstreamError> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MOST_IDLE)
            .dns_resolver(Resolver { egress: Arc::clone(&egress) })
            .build()
            .map_err(|error| UpstreamError::Transport { url: "the HTTP client".into(), why: error.to_string() })?;
        Ok(Self { http, egress, stub_key: Arc::default() })
    }

    /// Tells the client how the stub server knows it, and where that server is.
    pub fn know_stub_server(&self, port: u16, key: HeaderValue) {
        self.egress.set_stub_server(port);
        self.stub_key.set(key).ok();
    }

    /// Sends a request and reads the whole answer, over at most five redirects.
    pub async fn send(&self, request: OutRequest) -> Result<OutResponse, UpstreamError> {
        self.send_to(request, None).await
    }

    /// Sends a request to an app that may have a stand-in, and reads the whole answer. A redirect
    /// to another host loses the credentials.
    pub async fn send_to(
        &self,
        mut request: OutRequest,
        mut stand_in: Option<StandIn>,
    ) -> Result<OutResponse, UpstreamError> {
        if !has_room(FOR_CALL) {
            return Err(UpstreamError::NoDescriptors { url: shown(&request.url) });
        }
        for _ in 0..=MOST_REDIRECTS {
            self.egress.check(&request.url, stand_in.is_some()).await?;
            let response = self.once(&request, stand_in.as_ref()).await?;
            let Some(location) = redirect_of(&response) else { return Ok(response) };
            let within = stand_in.as_mut().and_then(|app| app.follow(location));
            if within.is_none() {
                // The redirect has left the app, so later addresses are taken as they are.
                stand_in = None;
            }
            let Some(next) = within.or_else(|| request.url.join(location).ok()) else { return Ok(response) };
            if next.host() != request.url.host() || next.port_or_known_default() != request.url.port_or_known_default()
            {
                let secret = |value: &http::HeaderValue| value.is_sensitive();
                let names: Vec<_> =
                    request.headers.iter().filter(|(_, value)| secret(value)).map(|(name, _)| name.clone()).collect();
                for name in names {
                    request.headers.remove(name);
                }
                request.headers.remove(header::AUTHORIZATION);
                request.headers.remove(header::COOKIE);
            }
            let turns_get = response.status == StatusCode::SEE_OTHER
                || (request.method == Method::POST
                    && matches!(response.status, StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND));
            if turns_get {
                request.method = Method::GET;
                request.body = Bytes::new();
                request.headers.remove(header::CONTENT_TYPE);
            }
            request.url = next;
        }
        Err(UpstreamError::Redirects { url: shown(&request.url) })
    }

    /// Sends a request to this server itself, which also serves the stub vendors' OAuth endpoints. Only addresses that
    /// the fake made may be passed, because the egress rule is not checked; redirects are not followed.
    pub async fn send_home(&self, request: &OutRequest) -> Result<OutResponse, UpstreamError> {
        self.once(request, None).await
    }

    async fn once(&self, request: &OutRequest, stand_in: Option<&StandIn>) -> Result<OutResponse, UpstreamError> {
        let transport = |error: reqwest::Error| {
            let url = || shown(&request.url);
            if is_out_of_descriptors(&error) {
                return UpstreamError::NoDescriptors { url: url() };
            }
            refusal_in(&error).unwrap_or_else(|| UpstreamError::Transport { url: url(), why: innermost(&error) })
        };
        let mut builder =
            self.http.request(request.method.clone(), request.url.clone()).headers(request.headers.clone());
        if let (Some(app), Some(key)) = (stand_in, self.stub_key.get())
            && self.egress.is_stub_server(&request.url)
        {
            let tenant = utf8_percent_encode(&app.tenant, NON_ALPHANUMERIC).to_string();
            builder = builder.header(STUB_KEY, key.clone()).header(STUB_TENANT, tenant);
        }
        if !request.body.is_empty() {
            builder = builder.body(request.body.clone());
        }
        let mut response = builder.send().await.map_err(transport)?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut body = bytes::BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(UpstreamError::TooLarge { url: shown(&request.url) });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(OutResponse { status, headers, body: body.freeze() })
    }
}

/// Returns an address without query, user and password, which may be secret.
pub(super) fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_username("").ok();
    shown.set_password(None).ok();
    shown.to_string()
}

fn redirect_of(response: &OutResponse) -> Option<&str> {
    let follows = matches!(response.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    response.headers.get(header::LOCATION).filter(|_| follows)?.to_str().ok()
}

/// The resolver knows the names that the egress rule knows, so that no name can be made to point elsewhere.
#[derive(Debug)]
struct Resolver {
    egress: Arc<Egress>,
}

#[derive(Debug, thiserror::Error)]
#[error("egress to `{host}` is refused")]
struct Refused {
    host: String,
}

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let (egress, host) = (Arc::clone(&self.egress), name.as_str().to_lowercase());
        Box::pin(async move {
            // As the rule has just seen it: a name that means nothing here is refused here too.
            let found: Vec<SocketAddr> =
                egress.addresses(&host).await?.into_iter().map(|address| SocketAddr::new(address, 0)).collect();
            if found.is_empty() {
                return Err(Refused { host }.into());
            }
            Ok(Box::new(found.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

fn refusal_in(error: &reqwest::Error) -> Option<UpstreamError> {
    let mut at: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = at {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return Some(UpstreamError::EgressRefused { host: refused.host.clone() });
        }
        at = error.source();
    }
    None
}

/// Whether this process, or the machine, can open nothing more.
fn is_out_of_descriptors(error: &(dyn std::error::Error + 'static)) -> bool {
    let chain = std::iter::successors(Some(error), |error| error.source());
    let mut codes = chain.filter_map(|error| error.downcast_ref::<std::io::Error>()?.raw_os_error());
    codes.any(|code| [nix::libc::EMFILE, nix::libc::ENFILE].contains(&code))
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut at = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string()
}
