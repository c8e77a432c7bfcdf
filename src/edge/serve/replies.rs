//! What becomes of a call's answer: an error in its envelope or on a page, and the form in which HTTP sends it.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody, SizedStream};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use crate::base::error::{ApiError, ErrorCode};
use crate::base::redact::masked;
use crate::base::text::in_path;
use crate::call::Reply;
use crate::edge::departure::while_heard;
use crate::edge::faults;
use crate::edge::incoming::is_handshake;
use crate::edge::serve::IncomingCall;
use crate::edge::under_way::OneUnderWay;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::journal::Refusal;
use crate::nouns::connection::model::attempt::Theme;
use crate::pages::make::query;
use crate::pages::{Trail, next_after};

/// Makes a page that shows an error, for a browser.
pub(super) fn page_of(theme: Theme, error: &ApiError, space: Option<&WorkspaceRuntime>) -> Result<Reply, ApiError> {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let trail = space.map(|space| Trail::failures(&space.key)).unwrap_or_default();
    let page = crate::pages::problem(theme, "Not possible", &error.message, next_after(error), trail)?;
    let mut reply = Reply::html(status, page);
    reply.refusal = Some(Refusal::of(error));
    Ok(reply)
}

/// Names in an error where the dashboard shows what failed: the run, where there was one, else the `calls` of the same kind that
/// failed. A number in the journal would differ where the same calls are made again.
pub(crate) fn with_page(error: ApiError, engine: &Engine, space: Option<&WorkspaceRuntime>, calls: &str) -> ApiError {
    let base = engine.base();
    let address = match (space, &error.action_run_id) {
        // All calls of no workspace are on the first page.
        (None, _) => format!("{base}/__mock/"),
        (Some(space), Some(run)) => format!("{base}/__mock/workspaces/{}/runs/{}", in_path(&space.key), in_path(run)),
        (Some(space), None) => format!("{base}/__mock/workspaces/{}/{calls}", in_path(&space.key)),
    };
    error.shown_at(&address)
}

/// The page, below a workspace's, of the calls of this method and path that failed.
pub(super) fn failures_of(method: &str, path: &str) -> String {
    const LONGEST: usize = 200;
    let path = masked(path);
    let mut shown: String = path.chars().take(LONGEST).collect();
    if shown.len() < path.len() {
        shown.push('*');
    }
    format!("journal?failed=1&{}", query([("method", method), ("path", &shown)]))
}

/// The client shows the pages at and below these addresses in a frame of the app (SDK).
const FRAMED: [&str; 6] = ["/connect", "/connection-popup", "/connect/", "/screens/", "/embed/", "/isolated-embed/"];

/// Forbids frames for all other pages, above all for the consent page of a vendor.
pub(super) fn guard_page(reply: &mut Reply, path: &str) {
    let is_page = reply.content_type.as_deref().is_some_and(|content_type| content_type.starts_with("text/html"));
    // The pages of the dashboard have a stricter policy of their own.
    if !is_page || reply.headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        return;
    }
    let framed = FRAMED.iter().any(|known| path == *known || (known.ends_with('/') && path.starts_with(known)));
    let policy = if framed {
        "base-uri 'none'; object-src 'none'"
    } else {
        reply.headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        "base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
    };
    reply.headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
}

/// Returns the answer of a call, an error in its envelope. A 5xx that no fault caused is the
/// fake's own failure and is logged.
pub(super) fn reply_of(result: Result<Reply, ApiError>, path: &str, is_unasked: bool) -> Reply {
    result.unwrap_or_else(|error| {
        if is_unasked && error.status() >= 500 && error.status() != 501 {
            tracing::error!(error.cause = %error.message, http.path = masked(path), "a call failed inside the fake");
        }
        let mut reply = Reply::error(&error);
        reply.is_dead_connection = error.code == Some(ErrorCode::ConnectionDisconnected);
        let allowed = error.data.as_ref().and_then(|data| data.get("allow")).and_then(Value::as_array);
        let allowed: Option<Vec<&str>> = allowed.map(|list| list.iter().filter_map(Value::as_str).collect());
        if let (405, Some(allowed)) = (error.status(), allowed)
            && let Ok(value) = HeaderValue::try_from(allowed.join(", "))
        {
            reply.headers.insert(header::ALLOW, value);
        }
        reply
    })
}

pub(super) fn to_http(reply: Reply, incoming: &IncomingCall, request: &HttpRequest, is_last: bool) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(reply.status.as_u16());
    let mut builder = HttpResponse::build(status.unwrap_or(actix_web::http::StatusCode::OK));
    if let Some(content_type) = &reply.content_type {
        builder.insert_header(("content-type", content_type.as_ref()));
    }
    for (name, value) in &reply.headers {
        builder.append_header((name.as_str(), value.as_bytes()));
    }
    if is_last || is_handshake(&incoming.method, &incoming.headers) {
        builder.force_close();
    }
    if let Some(cut) = reply.cut {
        return faults::cut(builder, &reply.body, cut, request);
    }
    if let Some(events) = reply.stream {
        return builder.streaming(while_heard(events.0, request).map(Ok::<_, std::io::Error>));
    }
    let bodyless = reply.status == StatusCode::NO_CONTENT || incoming.method == Method::HEAD;
    match reply.body.len() {
        _ if bodyless => builder.finish(),
        length if length > PIECE => builder.body(SizedStream::new(length as u64, in_pieces(reply.body))),
        _ => builder.body(reply.body),
    }
}

/// A long answer is handed to the HTTP server in pieces of so many bytes, because it copies what it is given, for a client
/// that may not read it, and writes nobody else's meanwhile.
const PIECE: usize = 64 * 1024;

fn in_pieces(body: Bytes) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    stream::unfold(body, async |mut body| {
        if body.is_empty() {
            return None;
        }
        let piece = body.split_to(PIECE.min(body.len()));
        Some((Ok(piece), body))
    })
}

/// The body of an answer, whose call is under way until all of it was handed on to be sent.
struct Answering {
    body: BoxBody,
    _under_way: OneUnderWay,
}

impl MessageBody for Answering {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}

/// The same answer, whose call is under way until all of it was handed on to be sent.
pub(super) fn under_way_until_sent(response: HttpResponse, under_way: OneUnderWay) -> HttpResponse {
    response.map_body(|_, body| BoxBody::new(Answering { body, _under_way: under_way }))
}
