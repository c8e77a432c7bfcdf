//! Stubs: the answers of an external app, and how a request is matched with them. Pure types.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::JsonMap;

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::message::headers::{HeaderProblem, headers_of};
use crate::mapping::formula;

/// An answer for requests to an external app, as a user writes it in a seed, through the control API or in Rust.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Stub")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StubSpec {
    /// A name for messages; it has no effect.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Which requests the stub answers.
    pub request: RequestPattern,
    /// The order in which stubs are tried: 1 comes first, 5 is the default, and among equals the newest comes first. A
    /// workspace's own stubs all come before the catalog's.
    #[serde(default = "default_priority")]
    pub priority: u8,
    /// The scopes that the request's token must have been granted; else the answer is 403 `insufficient_scope`. Only
    /// tokens of the stub vendor are checked. Source: RFC 6750 §3.1.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub scopes: Vec<String>,
    /// How often the stub answers; without limit when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub times: Option<u32>,
    /// What the stub answers.
    pub respond: StubAnswer,
}

fn default_priority() -> u8 {
    5
}

/// The requests that a stub answers: all that is said has to fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestPattern {
    /// The HTTP method in any case, or `ANY`.
    pub method: String,
    /// The path below the app's base address; `{name}` matches one segment.
    pub path: String,
    /// Parameters that the query must have, with exactly these values; others are allowed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub query: BTreeMap<String, String>,
    /// The key of the tenant for whom the request must be made; everybody's requests fit when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tenant: Option<String>,
    /// A value that the body, JSON or a form, must contain: members of objects may be more, lists must have the same length.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<Value>,
    /// Headers that the request must have, with exactly these values; their names match in any case.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub headers: BTreeMap<String, String>,
}

/// The answer of a stub: `json` or `text`, not both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StubAnswer {
    /// The HTTP status, 200 to 599; 200 when absent.
    #[serde(default = "default_status")]
    pub status: u16,
    /// Headers of the answer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub headers: BTreeMap<String, String>,
    /// A JSON body, in which data-mapping formulas over `$.body`, `$.query`, `$.path`, `$.headers` and `$.tenant`
    /// of the request are worked out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub json: Option<Value>,
    /// A text body, which is sent as it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
}

fn default_status() -> u16 {
    200
}

/// A stub as stored, of a workspace or of the catalog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredStub {
    pub id: Id<StoredStub>,
    /// The key of the connector whose app the stub stands for.
    pub connector_key: String,
    pub spec: StubSpec,
    pub created_at: Timestamp,
}

/// A request that reached the stub server; its path is below the connector's base address.
#[derive(Debug, Clone, Serialize)]
pub struct StubRequest {
    pub method: String,
    pub path: String,
    /// The query, decoded; it has one value for each name.
    pub query: BTreeMap<String, String>,
    /// The headers; their names are in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body: a form or JSON if it can be read, else text; null when empty.
    pub body: Value,
    /// The key of the tenant for whom it is made.
    pub tenant: Option<String>,
}

/// One field in which a request differs from a stub.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Mismatch {
    /// The name of the field, such as `method`, `path`, `query.page`, `body.title`, `headers.x-foo` or `tenant`.
    pub field: String,
    /// What the stub wants.
    pub expected: Value,
    /// What the request has; null when it has none.
    pub actual: Value,
}

/// The stub that comes nearest to a request which none answered.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NearestStub {
    /// Its name, where it has one.
    pub name: Option<String>,
    /// The method that it answers.
    pub method: String,
    /// The path that it answers.
    pub path: String,
    /// In what the request differs; nothing when the stub has answered as often as it may.
    pub differs: Vec<Mismatch>,
}

impl StubSpec {
    /// Refuses with 400 a stub that could never answer or whose answer is not valid HTTP.
    pub fn check(&self) -> Result<(), ApiError> {
        if !self.request.path.starts_with('/') {
            return Err(ApiError::bad_request(format!(
                "`request.path` is `{}`; it starts with `/`, below the app's base address",
                self.request.path
            )));
        }
        if !(200..=599).contains(&self.respond.status) {
            return Err(ApiError::bad_request(format!(
                "`respond.status` is {}; it is 200 to 599",
                self.respond.status
            )));
        }
        if self.respond.json.is_some() && self.respond.text.is_some() {
            return Err(ApiError::bad_request("`respond` has `json` or `text`, not both"));
        }
        match headers_of(&self.respond.headers) {
            Ok(_) => Ok(()),
            Err(HeaderProblem::Wrong(name)) => {
                Err(ApiError::bad_request(format!("`respond.headers.{name}` is not a valid HTTP header")))
            }
            Err(problem @ HeaderProblem::Many(_)) => Err(ApiError::bad_request(format!("`respond`: {problem}"))),
        }
    }

    /// The fields in which `request` differs; none when it matches.
    pub fn mismatches(&self, request: &StubRequest) -> Vec<Mismatch> {
        let pattern = &self.request;
        let mut found = Vec::new();
        if pattern.method != "ANY" && !pattern.method.eq_ignore_ascii_case(&request.method) {
            found.push(Mismatch {
                field: "method".into(),
                expected: json!(pattern.method),
                actual: json!(request.method),
            });
        }
        if path_values(&pattern.path, &request.path).is_none() {
            found.push(Mismatch { field: "path".into(), expected: json!(pattern.path), actual: json!(request.path) });
        }
        if pattern.tenant.is_some() && pattern.tenant != request.tenant {
            found.push(Mismatch {
                field: "tenant".into(),
                expected: json!(pattern.tenant),
                actual: json!(request.tenant),
            });
        }
        for (name, wanted) in &pattern.query {
            let actual = request.query.get(name);
            if actual != Some(wanted) {
                found.push(Mismatch { field: format!("query.{name}"), expected: json!(wanted), actual: json!(actual) });
            }
        }
        for (name, wanted) in &pattern.headers {
            let actual = request.headers.get(&name.to_lowercase());
            if actual != Some(wanted) {
                found.push(Mismatch {
                    field: format!("headers.{name}"),
                    expected: json!(wanted),
                    actual: json!(actual),
                });
            }
        }
        if let Some(wanted) = &pattern.body {
            missing_from(wanted, &request.body, "body", &mut found);
        }
        found
    }

    /// The body for `request` with formulas worked out, and its content type. Fails when a formula is wrong.
    pub fn body_for(&self, request: &StubRequest, now: Timestamp) -> Result<(Vec<u8>, &'static str), ApiError> {
        if let Some(text) = &self.respond.text {
            return Ok((text.clone().into_bytes(), "text/plain; charset=utf-8"));
        }
        let Some(template) = &self.respond.json else { return Ok((Vec::new(), "text/plain; charset=utf-8")) };
        let path = path_values(&self.request.path, &request.path).unwrap_or_default();
        let variables = json!({
            "body": request.body, "query": request.query, "headers": request.headers, "path": path,
            "tenant": request.tenant,
        });
        let value = formula::resolve(template, &variables, now)?.unwrap_or(Value::Null);
        Ok((value.to_string().into_bytes(), "application/json; charset=utf-8"))
    }
}

/// The values of the `{name}` segments, percent-decoded; none when `path` does not match `template`.
pub fn path_values(template: &str, path: &str) -> Option<JsonMap> {
    let (template, path) = (template.trim_end_matches('/'), path.trim_end_matches('/'));
    let mut values = JsonMap::new();
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(values),
            (Some(wanted), Some(given)) => {
                if let Some(name) = wanted.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                    if given.is_empty() {
                        return None;
                    }
                    let value = percent_encoding::percent_decode_str(given).decode_utf8_lossy();
                    values.insert(name.to_owned(), value.into_owned().into());
                } else if wanted != given {
                    return None;
                }
            }
            (Some(_), None) | (None, Some(_)) => return None,
        }
    }
}

/// Adds to `found` each place where `actual` does not contain `wanted`.
fn missing_from(wanted: &Value, actual: &Value, at: &str, found: &mut Vec<Mismatch>) {
    match (wanted, actual) {
        (Value::Object(wanted), Value::Object(actual)) => {
            for (name, value) in wanted {
                let inner = actual.get(name).unwrap_or(&Value::Null);
                missing_from(value, inner, &format!("{at}.{name}"), found);
            }
        }
        (Value::Array(wanted), Value::Array(actual)) if wanted.len() == actual.len() => {
            for (index, (wanted, actual)) in wanted.iter().zip(actual).enumerate() {
                missing_from(wanted, actual, &format!("{at}[{index}]"), found);
            }
        }
        (wanted, actual) if wanted == actual => {}
        (wanted, actual) => {
            found.push(Mismatch { field: at.to_owned(), expected: wanted.clone(), actual: actual.clone() });
        }
    }
}

/// The stub that differs least from a request, and in what. A wrong path counts most.
pub fn nearest<'a>(
    stubs: impl IntoIterator<Item = &'a StubSpec>,
    request: &StubRequest,
) -> Option<(&'a StubSpec, Vec<Mismatch>)> {
    stubs
        .into_iter()
        .map(|stub| {
            let mismatches = stub.mismatches(request);
            let path_wrong = mismatches.iter().any(|m| m.field == "path");
            let likeness = strsim::normalized_damerau_levenshtein(&stub.request.path, &request.path);
            #[expect(clippy::cast_precision_loss, reason = "a handful of fields")]
            let penalty = mismatches.len() as f64 * 0.25 + if path_wrong { 2.0 - likeness } else { 0.0 };
            (penalty, stub, mismatches)
        })
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, stub, mismatches)| (stub, mismatches))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stub(method: &str, path: &str) -> StubSpec {
        serde_json::from_value(json!({
            "request": {"method": method, "path": path},
            "respond": {"json": {"id": {"$var": "$.path.id"}, "title": {"$var": "$.body.title"}}}
        }))
        .unwrap()
    }

    fn request(method: &str, path: &str) -> StubRequest {
        StubRequest {
            method: method.into(),
            path: path.into(),
            query: BTreeMap::new(),
            headers: BTreeMap::new(),
            tenant: None,
            body: json!({"title": "Hello"}),
        }
    }

    #[test]
    fn a_template_segment_matches_one_segment_and_feeds_the_answer() {
        let stub = stub("PATCH", "/issues/{id}");

        assert!(stub.mismatches(&request("PATCH", "/issues/7")).is_empty());
        assert!(!stub.mismatches(&request("PATCH", "/issues/7/comments")).is_empty());
        let (body, _) = stub.body_for(&request("PATCH", "/issues/7"), Timestamp::from_millis(0)).unwrap();
        assert_eq!(String::from_utf8(body).unwrap(), r#"{"id":"7","title":"Hello"}"#);
    }

    #[test]
    fn the_nearest_stub_has_the_right_path() {
        let stubs = [stub("GET", "/users"), stub("POST", "/user/repos"), stub("GET", "/user/repo")];

        let (nearest, why) = nearest(&stubs, &request("GET", "/user/repos")).unwrap();

        assert_eq!(nearest.request.method, "POST");
        assert_eq!(why.iter().map(|m| m.field.as_str()).collect::<Vec<_>>(), ["method"]);
    }
}
