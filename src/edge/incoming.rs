//! What comes of an HTTP request: its headers, and its body as far as it is taken.
//!
//! Invariant: no client makes a worker hold more than [`LARGEST_BODY`], or wait without end.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use url::Url;

use crate::base::clock::real_sleep;
use crate::base::error::ApiError;

/// A body may have this many bytes. Source: DOC:docs/managing-membrane/limits (10 MB in).
pub(super) const LARGEST_BODY: usize = 10 * 1024 * 1024;
/// This many more bytes of a body that is too large are read, so that the client gets to see the error.
const DRAINED: usize = 32 * 1024 * 1024;

/// The headers of a request.
pub(super) fn headers_of(request: &HttpRequest) -> HeaderMap {
    request
        .headers()
        .iter()
        .filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
            Some((name, HeaderValue::from_bytes(value.as_bytes()).ok()?))
        })
        .collect()
}

/// The origin by which a request came, such as `http://mock:6262`; none where it does not say. What a proxy says of it counts where
/// `has_proxy`: anybody can say it.
pub(super) fn origin_reached(headers: &HeaderMap, has_proxy: bool) -> Option<String> {
    let first = |name: &str| headers.get(name)?.to_str().ok()?.split(',').next().map(str::trim);
    let forwarded = |name: &str| first(name).filter(|_| has_proxy);
    let scheme = forwarded("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
    let host = forwarded("x-forwarded-host").or_else(|| first("host"))?;
    // An origin has a host and a port, and nothing else.
    let url = Url::parse(&format!("{scheme}://{host}")).ok()?;
    let is_bare = !host.contains(['@', '/', '\\', '?', '#']) && url.host_str().is_some_and(|host| !host.is_empty());
    is_bare.then(|| url.origin().ascii_serialization())
}

/// Whether a request asks to speak another protocol on its connection: what comes after its body has no end then. Nobody
/// speaks one here, so it is answered as any other.
pub(super) fn is_handshake(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::CONNECT
        || headers.contains_key(header::UPGRADE) && !headers.contains_key(header::TRANSFER_ENCODING)
}

/// The size that a request says its body has, in bytes; 0 when it says nothing.
pub(super) fn length_of(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.unwrap_or_default()
}

/// Reads a body to its end, or to `end`, a number of bytes. Fails with 408 when nothing more of it comes for as long as `patience`, or when all of it takes
/// ten times that.
pub(super) async fn read_body(mut payload: Payload, end: Option<usize>, patience: Duration) -> Result<Bytes, ApiError> {
    let late = |why: String| ApiError::bad_request(why).with_status(408);
    let mut whole = std::pin::pin!(real_sleep(patience.saturating_mul(10)));
    let mut body = BytesMut::new();
    let mut dropped = 0;
    while end.is_none_or(|end| body.len() + dropped < end) {
        let chunk = tokio::select! {
            // What is there already costs no timer.
            biased;
            chunk = payload.next() => chunk,
            () = real_sleep(patience) => {
                let came = body.len() + dropped;
                return Err(late(format!("the body broke off after {came} bytes: nothing more came for {patience:?}")));
            }
            () = &mut whole => return Err(late(format!("the body took longer than {:?}", patience.saturating_mul(10)))),
        };
        let Some(chunk) = chunk else { break };
        let chunk = chunk.map_err(|error| ApiError::bad_request(format!("the body broke off: {error}")))?;
        if dropped > 0 || body.len() + chunk.len() > LARGEST_BODY {
            dropped += chunk.len();
            if dropped > DRAINED {
                break;
            }
        } else {
            body.extend_from_slice(&chunk);
        }
    }
    if dropped > 0 {
        let error = ApiError::bad_request(format!("the body is larger than {LARGEST_BODY} bytes (10 MB)"));
        return Err(error.with_status(413));
    }
    Ok(body.freeze())
}
