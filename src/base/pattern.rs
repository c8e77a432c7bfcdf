//! This module compares calls with the patterns that say which calls are meant. Faults and verifications share it, so
//! the same pattern means the same calls in both.

use std::sync::OnceLock;

use serde_json::json;

use crate::base::error::{ApiError, nearest};

/// Every route, written as `GET /connections/{connection}`, with `ANY` for any method.
static ROUTES: OnceLock<Vec<String>> = OnceLock::new();

/// Sets the list of routes. The API, which lies above this layer, sets it before the first rule is read.
pub(crate) fn name_routes(names: impl FnOnce() -> Vec<String>) {
    ROUTES.get_or_init(names);
}

/// Refuses a pattern for a route that does not exist, because no call would ever match it.
pub(crate) fn check_route(field: &str, wanted: &str) -> Result<(), ApiError> {
    let Some(routes) = ROUTES.get() else { return Ok(()) };
    let method = wanted.split_whitespace().next().unwrap_or_default();
    let of_method = |route: &String| match route.strip_prefix("ANY ") {
        Some(path) => format!("{method} {path}"),
        None => route.clone(),
    };
    if routes.iter().any(|route| is_route(wanted, &of_method(route))) {
        return Ok(());
    }
    let names: Vec<String> = routes.iter().map(of_method).collect();
    let hint = nearest(wanted, names.iter().map(String::as_str));
    let hint = hint.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
    let why = format!("`{field}` is `{wanted}`, which is no route{hint}");
    Err(ApiError::bad_request(why).with_data(json!({ "field": field })))
}

/// Returns whether both routes are the same; the names in braces do not count.
pub(crate) fn is_route(wanted: &str, own: &str) -> bool {
    let blank = |text: &str| {
        text.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
    };
    blank(wanted.trim()) == blank(own)
}

/// Returns whether a text matches a pattern in which `*` stands for any text.
pub(crate) fn is_like(text: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(mut left) = text.strip_prefix(start) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (text, pattern, fits) in [
            ("/connections/a", "/connections/*", true),
            ("/connections/a/proxy/x", "*/proxy/*", true),
            ("/connections", "/connections/*", false),
            ("/a/b/c", "/a/*/c", true),
            ("/a/b/d", "/a/*/c", false),
            ("/aba", "/a*ba", true),
            ("/ab", "/ab*b", false),
        ] {
            assert_eq!(is_like(text, pattern), fits, "{text} {pattern}");
        }
    }
}
