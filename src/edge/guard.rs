//! This module guards the control API: it admits calls from loopback under a loopback name that no foreign page makes,
//! and bearers of the control token.

use http::{HeaderMap, HeaderValue, header};
use url::{Host, Url};

use crate::base::error::ApiError;
use crate::base::message::headers::bearer;
use crate::engine::Engine;

/// Refuses every other call. Source: our choice: a page in a browser must not steer a test.
pub(super) fn check(engine: &Engine, headers: &HeaderMap, loopback: bool) -> Result<(), ApiError> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let mut origins = headers.get_all(header::ORIGIN).iter();
    if let Some(origin) = origins.find(|origin| !engine.is_own_origin(origin.as_bytes())) {
        let origin = String::from_utf8_lossy(origin.as_bytes());
        return Err(ApiError::access_denied(format!("the control API answers no page of another origin (`{origin}`)")));
    }
    // A page can send a form anywhere without asking; it cannot send JSON.
    let has_body = headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    if let Some(kind) = headers.get(header::CONTENT_TYPE)
        && has_body
        && !is_taken(kind)
    {
        let kind = String::from_utf8_lossy(kind.as_bytes());
        return Err(ApiError::bad_request(format!(
            "the control API takes `application/json`, or YAML where it says so, not `{kind}`"
        ))
        .with_status(415));
    }
    if let Some(token) = &engine.config.control_token {
        let given = text(header::AUTHORIZATION).and_then(bearer);
        return if given.is_some_and(|given| same(given, token)) {
            Ok(())
        } else {
            Err(ApiError::not_authenticated("the control API needs `Authorization: Bearer <control token>`"))
        };
    }
    let host = text(header::HOST).unwrap_or_default();
    // A name with anything beside it, such as a user, is none.
    let is_bare = !host.contains(['@', '/', '\\', '?', '#']);
    let named_loopback = Url::parse(&format!("http://{host}")).is_ok_and(|url| match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    });
    if loopback && named_loopback && is_bare {
        return Ok(());
    }
    Err(ApiError::access_denied(format!(
        "the control API answers only loopback (this call came to `{host}`); start with --control-token to use it from elsewhere"
    )))
}

/// Other sites' pages cannot send these content types without asking first.
const TAKEN: [&str; 4] = ["application/json", "application/yaml", "application/x-yaml", "text/yaml"];

/// Whether a content type is one of those, whatever parameters stand behind it.
fn is_taken(kind: &HeaderValue) -> bool {
    let name = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    TAKEN.iter().any(|taken| name.trim().eq_ignore_ascii_case(taken))
}

/// Compares two texts in a time that does not tell how much of them is equal.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}
