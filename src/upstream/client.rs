//! This module sends HTTP requests to external apps under the egress rule (`docs/behaviour.md#egress`). Invariant: the
//! rule is checked before every request to an app and every redirect, and again on the address that a name resolves to.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use url::{Host, Url};

/// An answer of more bytes than this is refused. Source: DOC:docs/managing-membrane/limits (30 MB out).
const LARGEST_ANSWER: usize = 30 * 1024 * 1024;
const MOST_REDIRECTS: usize = 5;
/// A whole request may take this long. Source: DOC:docs/managing-membrane/limits (60 s for a whole request).
const TIMEOUT: Duration = Duration::from_mins(1);

/// The egress rule says which hosts the server may call.
#[derive(Debug, Default)]
pub struct Egress {
    allowed: Vec<String>,
    own_port: AtomicU16,
}

impl Egress {
    /// Makes the rule that admits loopback and the hosts of these names.
    pub fn new(allowed: Vec<String>) -> Self {
        Self { allowed: allowed.into_iter().map(|host| host.to_lowercase()).collect(), own_port: AtomicU16::new(0) }
    }

    /// Tells the rule the server's own port, which is never called as an upstream.
    pub fn set_own_port(&self, port: u16) {
        self.own_port.store(port, Ordering::Relaxed);
    }

    /// Returns whether the user named this host.
    pub fn names(&self, host: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == host)
    }

    fn admits(&self, host: &str, address: IpAddr) -> bool {
        address.is_loopback() || self.names(host)
    }

    /// Refuses an address that the rule does not admit, before anything is sent.
    fn check(&self, url: &Url) -> Result<(), UpstreamError> {
        let refused = |host: &str| UpstreamError::EgressRefused { host: host.to_owned() };
        match (url.scheme(), url.host()) {
            ("http", Some(_)) => {}
            ("https", Some(_)) if cfg!(feature = "tls") => {}
            ("https", Some(_)) => return Err(UpstreamError::NoTls { url: shown(url) }),
            _ => return Err(UpstreamError::BadUrl { url: shown(url) }),
        }
        let local = match url.host() {
            Some(Host::Ipv4(ip)) if self.admits(&ip.to_string(), ip.into()) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) if self.admits(&ip.to_string(), ip.into()) => ip.is_loopback(),
            Some(Host::Ipv4(ip)) => return Err(refused(&ip.to_string())),
            Some(Host::Ipv6(ip)) => return Err(refused(&ip.to_string())),
            // A name is checked again when it is resolved.
            Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            None => return Err(UpstreamError::BadUrl { url: shown(url) }),
        };
        let port = url.port_or_known_default().unwrap_or(0);
        if local && port == self.own_port.load(Ordering::Relaxed) {
            return Err(UpstreamError::OwnPort { url: shown(url) });
        }
        Ok(())
    }
}

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
            other => other,
        }
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
}

impl Client {
    /// Makes a client under an egress rule.
    pub fn new(egress: Arc<Egress>) -> Result<Self, UpstreamError> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .dns_resolver(Resolver { egress: Arc::clone(&egress) })
            .build()
            .map_err(|error| UpstreamError::Transport { url: "the HTTP client".into(), why: error.to_string() })?;
        Ok(Self { http, egress })
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
        for _ in 0..=MOST_REDIRECTS {
            self.egress.check(&request.url)?;
            let response = self.once(&request).await?;
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
        self.once(request).await
    }

    async fn once(&self, request: &OutRequest) -> Result<OutResponse, UpstreamError> {
        let transport = |error: reqwest::Error| {
            refusal_in(&error)
                .unwrap_or_else(|| UpstreamError::Transport { url: shown(&request.url), why: innermost(&error) })
        };
        let mut builder =
            self.http.request(request.method.clone(), request.url.clone()).headers(request.headers.clone());
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
fn shown(url: &Url) -> String {
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

/// The resolver looks names up and drops addresses beyond loopback, so that no name can be made to point elsewhere.
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
            let found: Vec<SocketAddr> = match tokio::net::lookup_host((host.as_str(), 0)).await {
                Ok(found) => found.filter(|address| egress.admits(&host, address.ip())).collect(),
                // A host that the user did not name would be refused if it resolved, so it is refused here too.
                Err(error) if egress.names(&host) => return Err(error.into()),
                Err(_) => Vec::new(),
            };
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

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut at = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string()
}
