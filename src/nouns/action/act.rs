//! Reads the body of `/act`, the one endpoint that runs anything; [`crate::nouns::action::run`] carries it out.
//!
//! Invariant: a body that is wrong is still a request to run, so that it gets a run log.

use std::sync::Arc;

use http::{HeaderMap, Method};
use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::error::{ApiError, nearest};
use crate::base::message::body;
use crate::base::message::headers::{HeaderProblem, MOST_HEADERS, headers_of};
use crate::base::redact::{MASK, is_secret_name};
use crate::elements::model::{Scope, Selector};
use crate::mapping::formula::plain_text;
use crate::nouns::action::run::{ApiDispatch, Dispatch, RunRequest};
use crate::nouns::connection::is_only_size;

const FIELDS: [&str; 10] =
    ["id", "key", "api", "code", "integrationId", "integrationKey", "connectionId", "connectionKey", "input", "meta"];
const API_FIELDS: [&str; 7] = ["method", "path", "body", "headers", "query", "url", "data"];
/// Said of what a logged call does not have in full, as the app would otherwise be sent the size in its place.
const ONLY_SIZE: &str = "is kept in the log by its size; give it again";
const METHODS: [&str; 5] = ["GET", "POST", "PATCH", "PUT", "DELETE"];

/// Reads the body of `/act`. What is wrong with it is part of the answer, so that the failed run is logged.
///
/// Source: SDK `ActRequest` (closed schema), DOC:reference/workspace-elements/act.
pub(super) fn read(body: Value) -> RunRequest {
    let Value::Object(mut body) = body else {
        return RunRequest {
            dispatch: Err(ApiError::bad_request("the body of /act is a JSON object")),
            scope: Scope::default(),
            input: None,
            meta: None,
            snapshot: JsonMap::new(),
            resolution: None,
        };
    };
    // The snapshot in a run log has `name`, mostly `type`, and both `id` and `key`; it can be sent back as it is.
    let is_snapshot = body.contains_key("id") && body.contains_key("name");
    if body.shift_remove("type").is_some() || is_snapshot {
        body.shift_remove("name");
        let has_id = body.get("id").and_then(Value::as_str).is_some_and(|id| !id.is_empty());
        body.shift_remove(if has_id { "key" } else { "id" });
    }
    let input = body.shift_remove("input");
    let dispatch = match &input {
        Some(input) if is_only_size(input) => {
            Err(ApiError::bad_request(format!("`input` {ONLY_SIZE}")).with_data(json!({ "field": "input" })))
        }
        _ => read_dispatch(&body),
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
    RunRequest {
        scope: Scope {
            integration_id: text("integrationId"),
            integration_key: text("integrationKey"),
            connection_id: text("connectionId"),
            connection_key: text("connectionKey"),
        },
        input: input.map(Arc::new),
        meta: body.get("meta").and_then(Value::as_object).cloned(),
        dispatch,
        // Fields that `/act` does not know are named in the error and not kept.
        snapshot: body.into_iter().filter(|(name, _)| FIELDS.contains(&name.as_str())).collect(),
        resolution: None,
    }
}

fn read_dispatch(body: &JsonMap) -> Result<Dispatch, ApiError> {
    for name in body.keys() {
        if !FIELDS.contains(&name.as_str()) {
            let near = nearest(name, FIELDS).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            return Err(ApiError::bad_request(format!("`{name}` is no field of /act{near}"))
                .with_data(json!({ "field": name, "fields": FIELDS })));
        }
    }
    for name in ["id", "key", "code", "integrationId", "integrationKey", "connectionId", "connectionKey"] {
        if body.get(name).is_some_and(|value| !value.is_string() && !value.is_null()) {
            return Err(ApiError::bad_request(format!("`{name}` is text")).with_data(json!({ "field": name })));
        }
    }
    if body.get("meta").is_some_and(|meta| !meta.is_object() && !meta.is_null()) {
        return Err(ApiError::bad_request("`meta` is an object").with_data(json!({ "field": "meta" })));
    }
    let given: Vec<&str> = ["id", "key", "api", "code"]
        .into_iter()
        .filter(|name| body.get(*name).is_some_and(|value| !value.is_null() && value.as_str() != Some("")))
        .collect();
    let [dispatch] = given.as_slice() else {
        let found = if given.is_empty() { "none".to_owned() } else { format!("`{}`", given.join("`, `")) };
        return Err(ApiError::bad_request(format!(
            "/act takes exactly one of `id`, `key`, `api`, `code`; this call has {found}"
        ))
        .with_data(json!({ "given": given })));
    };
    let value = body.get(*dispatch).unwrap_or(&Value::Null);
    Ok(match *dispatch {
        "id" => Dispatch::Action(Selector { id: value.as_str().map(str::to_owned), ..Selector::default() }),
        "key" => Dispatch::Action(Selector { key: value.as_str().map(str::to_owned), ..Selector::default() }),
        "api" => Dispatch::Api(read_api(value)?),
        _ => Dispatch::Code(value.as_str().unwrap_or_default().to_owned()),
    })
}

/// Reads an inline request; `url` and `data` are other names of `path` and `body`. Source: SDK `ActApiDispatch`.
fn read_api(api: &Value) -> Result<ApiDispatch, ApiError> {
    let wrong = |field: &str, why: &str| {
        ApiError::bad_request(format!("`api.{field}` {why}")).with_data(json!({ "field": format!("api.{field}") }))
    };
    let Value::Object(api) = api else {
        return Err(ApiError::bad_request("`api` is an object {method, path, body?, headers?, query?}"));
    };
    if let Some(name) = api.keys().find(|name| !API_FIELDS.contains(&name.as_str())) {
        return Err(wrong(name, "is no field of `api`; it has method, path, body, headers, query"));
    }
    let method = api.get("method").and_then(Value::as_str).map(str::to_uppercase);
    let method = method.filter(|method| METHODS.contains(&method.as_str()));
    let method = method.ok_or_else(|| wrong("method", "is one of GET, POST, PATCH, PUT, DELETE"))?;
    let path = api.get("path").or_else(|| api.get("url")).and_then(Value::as_str).filter(|path| !path.is_empty());
    let path = path.ok_or_else(|| wrong("path", "is missing: a path below the connector's base address"))?;
    let mut headers = HeaderMap::new();
    match api.get("headers") {
        None | Some(Value::Null) => {}
        Some(Value::Object(given)) => {
            let mut texts = Vec::new();
            for (name, value) in given {
                let Some(text) = value.as_str() else { return Err(wrong(&format!("headers.{name}"), "is text")) };
                // As the app would otherwise be called with the mask when a logged call is made again.
                if text == MASK && is_secret_name(name) {
                    return Err(wrong(&format!("headers.{name}"), "is masked in the log; give it again"));
                }
                texts.push((name, text));
            }
            headers = headers_of(texts).map_err(|problem| match problem {
                HeaderProblem::Wrong(name) => wrong(&format!("headers.{name}"), "is not a valid HTTP header"),
                HeaderProblem::Many(_) => wrong("headers", &format!("has at most {MOST_HEADERS} names")),
            })?;
        }
        Some(_) => return Err(wrong("headers", "is an object of texts")),
    }
    let mut query = Vec::new();
    match api.get("query") {
        None | Some(Value::Null) => {}
        Some(Value::Object(given)) => {
            for (name, value) in given {
                if !(value.is_string() || value.is_number() || value.is_boolean()) {
                    return Err(wrong(&format!("query.{name}"), "is text, a number, true or false"));
                }
                query.push((name.clone(), plain_text(value)));
            }
        }
        Some(_) => return Err(wrong("query", "is an object")),
    }
    for name in ["body", "data"] {
        if api.get(name).is_some_and(is_only_size) {
            return Err(wrong(name, ONLY_SIZE));
        }
    }
    let body = body::encode(api.get("body").or_else(|| api.get("data")), &mut headers)
        .map_err(|problem| wrong("body", &problem.to_string()))?;
    Ok(ApiDispatch {
        method: Method::try_from(method.as_str()).unwrap_or(Method::GET),
        path: path.to_owned(),
        query,
        headers,
        body,
    })
}
