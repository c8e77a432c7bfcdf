//! This module removes tokens, secrets, credentials and tickets from what the journal and the fault book show.
//! It finds them by their names.

use serde_json::Value;

/// Logs and views of elements show this instead of a credential.
pub(crate) const MASK: &str = "********";

/// Returns whether a header or parameter of this name is likely to carry a credential.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "token",
        "secret",
        "password",
        "authorization",
        "cookie",
        "api_key",
        "apikey",
        "api-key",
        "hapikey",
        "accesskey",
        "access_key",
        "privatekey",
        "private_key",
    ]
    .iter()
    .any(|part| name.contains(part))
}

/// Replaces the values of secret names by `***`, however deep they are.
pub(crate) fn mask(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(mask),
        Value::Object(map) => {
            for (name, value) in map {
                if !value.is_null() && !value.is_boolean() && is_secret_name(name) {
                    *value = Value::String("***".into());
                } else {
                    mask(value);
                }
            }
        }
        _ => {}
    }
}

/// Returns the path with secrets in its query replaced by `***`, and also the ticket of a page, a job or a download.
pub(crate) fn masked(path: &str) -> String {
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let path = match path {
        path if path.starts_with("/connect/") => "/connect/***",
        path if path.starts_with("/screens/visits/") => "/screens/visits/***",
        path if path.starts_with("/downloads/") => "/downloads/***",
        path if path.starts_with("/background-jobs/") => "/background-jobs/***",
        path => path,
    };
    let Some(query) = query else { return path.to_owned() };
    let query: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            // The `state` of an OAuth exchange is the ticket of its connect page.
            Some((name, value)) if is_secret(name, value) || (name == "state" && path == "/oauth-callback") => {
                format!("{name}=***")
            }
            _ => pair.to_owned(),
        })
        .collect();
    format!("{path}?{}", query.join("&"))
}

fn is_secret(name: &str, value: &str) -> bool {
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy().to_ascii_lowercase();
    // `key` and `code` are parameters of the API itself; only long values can be credentials.
    is_secret_name(&name) || (matches!(name.as_str(), "key" | "code") && value.len() > 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_a_query_are_masked_and_selectors_are_not() {
        assert_eq!(masked("/sse?token=abc.def&x=1"), "/sse?token=***&x=1");
        assert_eq!(masked("/sse?%74oken=abc.def"), "/sse?%74oken=***");
        assert_eq!(masked("/connect/dGlja2V0"), "/connect/***");
        assert_eq!(masked("/downloads/dGlja2V0"), "/downloads/***");
        assert_eq!(masked("/background-jobs/a1:dGlja2V0"), "/background-jobs/***");
        assert_eq!(masked("/oauth-callback?code=1&state=dGlja2V0"), "/oauth-callback?code=1&state=***");
        assert_eq!(masked("/connections?state=READY"), "/connections?state=READY");
        assert_eq!(masked("/action?key=create-issue"), "/action?key=create-issue");
    }
}
