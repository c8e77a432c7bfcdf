//! The words that say which calls are meant. Faults and verifications share them, so the same words mean the same calls.

use std::sync::OnceLock;

use serde_json::json;

use crate::base::error::{ApiError, nearest};

/// Every route, as `GET /connections/{connection}`; `ANY` for any method.
static ROUTES: OnceLock<Vec<String>> = OnceLock::new();

/// Says which routes there are. The API, which lies above, does so before the first rule is read.
pub(crate) fn name_routes(names: impl FnOnce() -> Vec<String>) {
    ROUTES.get_or_init(names);
}

/// Refuses to wait for calls of a route that there is not, which would never come.
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

/// Routes are the same whatever the names in braces are.
pub(crate) fn is_route(wanted: &str, own: &str) -> bool {
    let blank = |text: &str| {
        text.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
    };
    blank(wanted.trim()) == blank(own)
}

/// Whether a text is like a pattern, in which `*` stands for anything.
pub(crate) fn is_like(text: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(mut left) = text.strip_prefix(start) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
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
