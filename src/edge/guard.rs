//! This module guards the control API: it admits calls from loopback under a loopback name that no foreign page makes,
//! and those who have the control token, as a bearer or, in a browser, as a cookie.

use http::{HeaderMap, HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::{Host, Url};

use crate::base::error::ApiError;
use crate::base::message::headers::bearer;
use crate::engine::Engine;

/// Refuses every other call. Source: our choice: a page in a browser must not steer a test.
pub(super) fn check(engine: &Engine, headers: &HeaderMap, loopback: bool) -> Result<(), ApiError> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    check_origin(engine, headers)?;
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
        let is_signed_in = || token_in_cookie(headers).is_some_and(|given| same(&given, token));
        return if given.is_some_and(|given| same(given, token)) || is_signed_in() {
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

/// Refuses a page of another origin.
fn check_origin(engine: &Engine, headers: &HeaderMap) -> Result<(), ApiError> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.find(|origin| !engine.is_own_origin(origin.as_bytes())) else { return Ok(()) };
    let origin = String::from_utf8_lossy(origin.as_bytes());
    Err(ApiError::access_denied(format!("the control API answers no page of another origin (`{origin}`)")))
}

/// The cookie of a browser in which somebody gave the control token.
const COOKIE: &str = "membrane-mock-control";

/// The control token that a browser has as a cookie.
fn token_in_cookie(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == COOKIE)?;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
}

/// Returns the cookie for a browser that gave the control token. Fails with 401 for another token, with 403 for a page of
/// another origin, and with 404 where no token is set. Other sites never send the cookie, and no script reads it.
pub(crate) fn sign_in(engine: &Engine, headers: &HeaderMap, given: &str) -> Result<HeaderValue, ApiError> {
    check_origin(engine, headers)?;
    let none = || ApiError::not_found("this server has no control token; nobody has to sign in");
    let token = engine.config.control_token.as_ref().ok_or_else(none)?;
    if !same(given, token) {
        return Err(ApiError::not_authenticated("this is not the control token"));
    }
    let value = utf8_percent_encode(token, NON_ALPHANUMERIC);
    let cookie = format!("{COOKIE}={value}; HttpOnly; SameSite=Strict; Path=/__mock");
    HeaderValue::try_from(cookie).map_err(ApiError::internal)
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
