//! The pages of the dashboard as answers, and what a browser gets in place of an error's envelope.
//!
//! Invariant: such a page loads nothing from elsewhere, is in no frame and in no cache.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use crate::base::error::ApiError;
use crate::call::Reply;
use crate::journal::Refusal;
use crate::pages::blocks::{Body, Form, Page};
use crate::pages::make::{field, form, go, notice, query, section, sentence};
use crate::pages::{assets, html};

/// What such a page may load and do.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Makes the answer that is a page.
pub(crate) fn reply(status: StatusCode, page: Page) -> Result<Reply, ApiError> {
    let page = Page { version: assets::version().to_owned(), ..page };
    let mut reply = Reply::html(status, html(&page)?);
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "accept"),
    ];
    reply.headers.extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
    Ok(reply)
}

/// Makes the page that says what went wrong; one that asks for the control token where that is what is missing. `path` is what
/// was asked for.
pub(crate) fn problem(error: &ApiError, path: &str) -> Result<Reply, ApiError> {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status == StatusCode::UNAUTHORIZED {
        return sign_in(path);
    }
    let title = match status {
        StatusCode::FORBIDDEN | StatusCode::METHOD_NOT_ALLOWED => "Not allowed",
        StatusCode::NOT_FOUND => "Not found",
        _ => "Something went wrong",
    };
    let why = notice("bad", sentence(&error.message), Vec::new(), Vec::new());
    let page = Page {
        title: title.to_owned(),
        actions: vec![go("Open the dashboard", "/__mock/").look("main"), go("Start page", "/")],
        sections: vec![section("problem", "", why).look("bare")],
        ..Page::default()
    };
    Ok(Reply { refusal: Some(Refusal::of(error)), ..reply(status, page)? })
}

/// The address that takes the control token.
pub(crate) const SESSION: &str = "/__mock/session";

/// Makes the page that asks for the control token; with it the browser goes on to `path`.
fn sign_in(path: &str) -> Result<Reply, ApiError> {
    let again = path == SESSION;
    let next = if again { "/__mock/" } else { path };
    let token =
        field("token", "Control token").kind("password").required().hint("The one that the server was started with.");
    let form = Form {
        send: "post",
        ..form("token-form", format!("{SESSION}?{}", query([("next", next)])), "Open", vec![token])
    };
    let mut sections = Vec::new();
    if again {
        let wrong = notice("bad", "This is not the control token.", Vec::new(), Vec::new());
        sections.push(section("problem", "", wrong).look("bare"));
    }
    sections.push(section("sign-in", "", Body::Form(form)));
    let page = Page {
        title: "Control token".to_owned(),
        lead: "This server has a control token. The dashboard asks for it once.".to_owned(),
        sections,
        ..Page::default()
    };
    reply(StatusCode::UNAUTHORIZED, page)
}

/// Sends a browser that gave the control token to where it wanted to go.
pub(crate) fn signed_in(cookie: HeaderValue, next: Option<&str>) -> Reply {
    // An address of another host, `//elsewhere`, is none of these.
    let is_own = |next: &&str| *next == "/__mock" || next.starts_with("/__mock/");
    let next = next.filter(is_own).and_then(|next| HeaderValue::try_from(next).ok());
    let mut reply = Reply::of(StatusCode::SEE_OTHER, None, Bytes::new());
    reply.headers.insert(header::LOCATION, next.unwrap_or_else(|| HeaderValue::from_static("/__mock/")));
    reply.headers.insert(header::SET_COOKIE, cookie);
    reply.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}
