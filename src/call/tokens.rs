//! Where a call has its token: in a header, in the query, in a form, or in a head that could not be read as a whole.

use bytes::Bytes;
use http::{HeaderMap, header};
use serde_json::Value;

use crate::base::error::ApiError;
use crate::base::message::headers::bearer;
use crate::call::{Query, json_of_field};

/// Returns whether the body is a browser's form.
pub fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.starts_with("application/x-www-form-urlencoded")
}

/// Returns the token in a form: its field `token`, or the one within the JSON of its field `payload`. 400 when only that
/// may hold one and is no JSON. Source: SDK.
pub fn token_in_form(body: &Bytes) -> Result<Option<String>, ApiError> {
    let form = Query::parse(&String::from_utf8_lossy(body));
    let token = form.text("token");
    let Some(payload) = form.text("payload").filter(|_| token.is_none()) else { return Ok(token) };
    let payload: Value = json_of_field("payload", &payload)?;
    Ok(payload.get("token").and_then(Value::as_str).map(str::to_owned))
}

/// Returns the token in the head of a request that could not be read as a whole.
pub fn token_of_head(head: &str) -> Option<&str> {
    let mut lines = head.lines().take_while(|line| !line.is_empty());
    let value = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("authorization").then_some(value)
    });
    value.map(|value| bearer(value).unwrap_or(value).trim())
}

/// Where the token of a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenPlace {
    /// In the header `Authorization`, or in a form.
    Hidden,
    /// In the query, as `?token=`, which browsers use where they cannot send a header.
    Query,
}

/// Returns the token of a call from its headers or its query, and where it is.
pub fn token_of(headers: &HeaderMap, raw_query: &str) -> Option<(String, TokenPlace)> {
    if let Some(value) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        return Some((bearer(value).unwrap_or(value).trim().to_owned(), TokenPlace::Hidden));
    }
    Query::parse(raw_query).text("token").map(|token| (token, TokenPlace::Query))
}
