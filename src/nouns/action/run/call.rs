//! Requests to external apps: made from an action's configuration, sent, and their answers judged.
//!
//! Invariant: every request leaves an exchange in the run's trace, whether it was answered or not.

use crate::base::JsonMap;
use crate::base::error::{ApiError, ErrorKey};
use crate::base::json::set_member;
use crate::base::message::{body, headers};
use crate::engine::Cx;
use crate::engine::directory::Resolved;
use crate::engine::tokens::sign_for_app;
use crate::fault::{CallFacts, Side};
use crate::journal;
use crate::journal::Entry;
use crate::mapping::formula;
use crate::nouns::action::model::{Action, ActionType};
use crate::nouns::action::run::{RunRequest, Trace};
use crate::nouns::connection::model::Connection;
use crate::nouns::connection::{CallOutcome, Outgoing};
use crate::nouns::data_link_table::finder;
use crate::nouns::run_log::model::{Exchange, ExchangeRequest, ExchangeResponse};
use crate::nouns::{connection as outbound, fault as faults};
use crate::upstream::{OutRequest, OutResponse, UpstreamError};
use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// The variables that formulas see, with `more` beside `input`, `connection`, `integration` and `user`. Source: SDK.
pub fn variables(cx: &Cx, scope: &Resolved, input: Value, more: &JsonMap) -> Value {
    let connection = scope
        .connection
        .as_ref()
        .map(|connection| json!({ "id": connection.id, "key": connection.meta.key, "name": connection.meta.name }));
    let integration = scope
        .integration
        .as_ref()
        .map(|integration| json!({ "id": integration.id, "key": integration.key(), "name": integration.meta.name }));
    let user = cx.caller.tenant().map(|tenant| {
        json!({ "id": tenant.id, "internalId": tenant.internal_id, "name": tenant.name, "fields": tenant.fields })
    });
    let mut all = more.clone();
    all.insert("input".into(), input);
    all.insert("connection".into(), json!(connection));
    all.insert("integration".into(), json!(integration));
    all.insert("user".into(), json!(user));
    Value::Object(all)
}

/// The variables that formulas of a run see; the input is `{}` when there is none.
pub(crate) fn variables_of(cx: &Cx, request: &RunRequest, trace: &Trace) -> Value {
    let input = request.input.as_deref().cloned().unwrap_or_else(|| json!({}));
    let mut all = variables(cx, &trace.scope, input, &trace.variables);
    if let Some(action) = &trace.action {
        let (_, instance_key) = trace.place();
        let id = action.place.connection.is_some().then_some(&action.id);
        set_member(&mut all, "actionInstance", json!({ "id": id, "instanceKey": instance_key }));
    }
    all
}

/// What an action's output mapping sees as `output`. That of a request is the app's body; a mapping that reads `output.data`
/// of a body without such a member means the body too. Source: SEED (the body alone); real-use (`output.data`).
pub(crate) fn output_in_mapping(action: &Action, mapping: &Value, output: Value) -> Value {
    let is_request = matches!(action.action_type, Some(ActionType::ApiRequestToExternalApp | ActionType::ApiRequest));
    if is_request && output.get("data").is_none() && reads_data(mapping) {
        let mut both = if output.is_object() { output.clone() } else { json!({}) };
        set_member(&mut both, "data", output);
        return both;
    }
    output
}

/// Whether a template reads `output.data` or something in it.
fn reads_data(template: &Value) -> bool {
    match template {
        Value::Object(members) => members.iter().any(|(name, value)| {
            let locator = value.as_str().filter(|_| name == "$var").map(|text| text.trim_start_matches("$."));
            let rest = locator.and_then(|locator| locator.strip_prefix("output.data"));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])) || reads_data(value)
        }),
        Value::Array(items) => items.iter().any(reads_data),
        _ => false,
    }
}

/// What a template comes to over variables, with the ids that it asks the connection's data links for: those of the tables
/// of an instance key.
pub(crate) fn mapped(
    cx: &Cx,
    (scope, instance_key): (&Resolved, Option<&str>),
    template: &Value,
    variables: &Value,
) -> Result<Option<Value>, ApiError> {
    let now = cx.space.clock.now();
    let Some(connection) = &scope.connection else { return formula::resolve(template, variables, now) };
    let world = cx.world();
    formula::resolve_linked(template, variables, now, &finder(cx.directory(&world), connection, instance_key))
}

/// The action's `config.request` with its formulas worked out. Fails when there is none or a formula is wrong.
pub(crate) fn mapped_config(cx: &Cx, action: &Action, request: &RunRequest, trace: &Trace) -> Result<Value, ApiError> {
    let Some(config) = action.config.get("request") else {
        return Err(ApiError::configuration(format!(
            "action `{}` has no `config.request` {{method, path, query, headers, body}}",
            action.meta.name
        )));
    };
    let resolved = mapped(cx, trace.place(), config, &variables_of(cx, request, trace))?;
    Ok(resolved.unwrap_or_else(|| json!({})))
}

pub(crate) fn config_error(action: &Action, what: &str) -> ApiError {
    ApiError::configuration(format!("action `{}`: `config.request.{what}", action.meta.name))
}

pub(crate) fn call_of_config(config: &Value, action: &Action) -> Result<Outgoing, ApiError> {
    let path = config.get("path").and_then(Value::as_str);
    let mut path = path.ok_or_else(|| config_error(action, "path` is missing or not text"))?.to_owned();
    if let Some(Value::Object(parameters)) = config.get("pathParameters") {
        for (name, value) in parameters {
            let value = formula::plain_text(value);
            let segment = percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC).to_string();
            path = path.replace(&format!("{{{name}}}"), &segment);
        }
    }
    let mut headers = headers_of(config.get("headers"), action)?;
    Ok(Outgoing {
        method: method_of(config, action)?,
        path,
        query: pairs(config.get("query")),
        body: encoded(config, action, &mut headers)?,
        headers,
    })
}

/// The bytes of `config.request.body`, and their type among the headers.
fn encoded(config: &Value, action: &Action, headers: &mut HeaderMap) -> Result<Bytes, ApiError> {
    body::encode(config.get("body"), headers).map_err(|problem| config_error(action, &format!("body` {problem}")))
}

pub(crate) fn method_of(config: &Value, action: &Action) -> Result<Method, ApiError> {
    let name = config.get("method").and_then(Value::as_str).unwrap_or("GET").to_uppercase();
    let known = matches!(name.as_str(), "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS");
    let method = Method::try_from(name.as_str()).ok().filter(|_| known);
    method.ok_or_else(|| config_error(action, &format!("method` is `{name}`, which is no HTTP method")))
}

pub(crate) fn pairs(query: Option<&Value>) -> Vec<(String, String)> {
    let Some(Value::Object(query)) = query else { return Vec::new() };
    let mut pairs = Vec::new();
    for (name, value) in query {
        match value {
            Value::Array(items) => pairs.extend(items.iter().map(|item| (name.clone(), formula::plain_text(item)))),
            value => pairs.push((name.clone(), formula::plain_text(value))),
        }
    }
    pairs
}

pub(crate) fn headers_of(headers: Option<&Value>, action: &Action) -> Result<HeaderMap, ApiError> {
    let Some(Value::Object(headers)) = headers else { return Ok(HeaderMap::new()) };
    let texts = headers.iter().map(|(name, value)| (name, formula::plain_text(value)));
    // The message stands behind a backtick that opens the name of the field.
    headers::headers_of(texts).map_err(|problem| config_error(action, problem.to_string().trim_start_matches('`')))
}

/// Calls the external app and answers its data. The app's refusal is the error of the run.
pub(crate) async fn call_app(
    cx: &Cx,
    connection: &Arc<Connection>,
    call: Outgoing,
    trace: &Trace,
) -> Result<Value, ApiError> {
    // The platform retries requests of catalog actions; each try is an exchange of its own.
    let by_catalog = trace.action.as_ref().is_some_and(|action| action.is_public);
    let mut left = if by_catalog { cx.world().workspace.mock.upstream_retries } else { 0 };
    let mut backoff = FIRST_BACKOFF;
    loop {
        let trip = outbound::send(cx, connection, call.clone()).await?;
        trace.add(cx, Some(connection), &trip);
        let overloaded = trip.response.as_ref().is_some_and(|response| matches!(response.status.as_u16(), 429 | 503));
        if left == 0 || !overloaded {
            return output_of(cx, connection, trip);
        }
        left -= 1;
        cx.space.clock.sleep(backoff).await;
        backoff = backoff.saturating_mul(2).min(LONGEST_BACKOFF);
    }
}

/// The wait before the first retry, on the workspace's clock; each further wait is twice as long, up to the longest.
const FIRST_BACKOFF: Duration = Duration::from_millis(200);
const LONGEST_BACKOFF: Duration = Duration::from_mins(1);

/// The output of a call through a connection, or its error. Source: SEED, SDK; the status is assumed.
pub(crate) fn output_of(cx: &Cx, connection: &Connection, trip: CallOutcome) -> Result<Value, ApiError> {
    let last = trip.exchanges.last().map(|exchange| exchange.request.clone());
    if trip.lost {
        let world = cx.world();
        let connection = world.connections.get(connection.id.as_str()).cloned();
        if let Some(connection) = connection {
            let key = outbound::connector_of(cx, &connection).map(|c| c.key().to_owned()).unwrap_or_default();
            return Err(connection.disconnected_error(&key, world.workspace.mock.disconnected_status));
        }
    }
    match (trip.response, trip.error, last) {
        (Some(response), _, _) if response.status.is_success() => Ok(outbound::value_of(&response.body)),
        (Some(response), _, Some(request)) => Err(upstream_error(&request, &response)),
        (_, Some(error), _) => Err(error),
        _ => Err(ApiError::internal("a call left no trace")),
    }
}

/// An app's answer outside 2xx as an error, with request and response in its data.
pub(crate) fn upstream_error(request: &ExchangeRequest, response: &OutResponse) -> ApiError {
    let data = outbound::value_of(&response.body);
    let status = response.status.as_u16();
    let said = ["message", "error", "detail", "title"].iter().find_map(|name| data.get(*name)?.as_str());
    let said = said.map(|text| format!(": {text}")).unwrap_or_default();
    let why = format!("the external app answered {status}{said}");
    let cause = match status {
        401 => ApiError::connection(ErrorKey::AccessTokenExpired, why.clone()),
        429 => ApiError::connection(ErrorKey::RateLimitExceeded, why.clone()),
        403 => ApiError::access_denied(why.clone()),
        404 => ApiError::not_found(why.clone()),
        _ => ApiError::bad_request(why.clone()),
    };
    ApiError::action_run(format!("{} {} failed: {why}", request.method, request.url))
        .with_data(json!({
            "request": { "url": request.url, "method": request.method },
            "response": {
                "status": status, "data": data, "headers": outbound::shown_headers(&response.headers, None),
            },
        }))
        .caused_by(cause)
}

/// The address of a request to the workspace's own app: a whole address, or a path on
/// `apiBaseUri`. Fails when there is neither.
///
/// Source: DOC:docs/how-membrane-works/internal-api. No credentials go with it, because it is not published how
/// the platform signs such requests.
pub(crate) fn address_of_your_app(cx: &Cx, config: &Value, action: &Action) -> Result<String, ApiError> {
    let text = config.get("uri").or_else(|| config.get("path")).and_then(Value::as_str);
    let text = text.ok_or_else(|| config_error(action, "uri` is missing or not text"))?;
    if Url::parse(text).is_ok() {
        return Ok(text.to_owned());
    }
    let world = cx.world();
    let base = world.workspace.extra.get("apiBaseUri").and_then(Value::as_str).filter(|base| !base.is_empty());
    let base = base.ok_or_else(|| {
        ApiError::configuration(format!(
            "`{text}` is no address, and the workspace has no `apiBaseUri` to put before it; set one with PATCH \
             /workspaces/:id"
        ))
    })?;
    Ok(format!("{}/{}", base.trim_end_matches('/'), text.trim_start_matches('/')))
}

/// Whose app a call goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The user's own, which is told by a token whose call it is: the connection's tenant, or else the caller's.
    Users,
    /// Anybody's, which is told nothing.
    Anybodys,
}

/// Sends the request of an action to any address that the egress rule admits, without a connection's credentials, and
/// answers its data. Source: SDK `HttpRequestSpec`.
pub(crate) async fn call_anywhere(
    cx: &Cx,
    config: &Value,
    action: &Action,
    trace: &Trace,
    whose: Whose,
) -> Result<Value, ApiError> {
    let text = config.get("uri").or_else(|| config.get("url")).and_then(Value::as_str);
    let text = text.ok_or_else(|| config_error(action, "uri` is missing or not text"))?;
    let mut url = Url::parse(text)
        .map_err(|error| config_error(action, &format!("uri` is `{text}`, which is not an address: {error}")))?;
    let query = pairs(config.get("query"));
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(&query);
    }
    let mut headers = headers_of(config.get("headers"), action)?;
    let body = encoded(config, action, &mut headers)?;
    outbound::strip_hop_headers(&mut headers);
    if whose == Whose::Users {
        let world = cx.world();
        let owner = trace.scope.connection.as_ref().and_then(|through| world.tenants.get(through.tenant.as_str()));
        if let Some(tenant) = owner.or_else(|| cx.caller.tenant()) {
            sign_for_app(&world.workspace, tenant, &mut headers)?;
        }
    }
    let method = method_of(config, action)?;
    let at = cx.space.clock.now();
    let sent = ExchangeRequest {
        method: method.to_string(),
        url: url.to_string(),
        sent_to: url.to_string(),
        headers: outbound::shown_headers(&headers, None),
        body: outbound::shown_body(&body),
    };
    let about = CallFacts {
        side: Side::Upstream,
        method: method.to_string(),
        path: url.path().to_owned(),
        tenant: cx.caller.tenant().map(|tenant| tenant.internal_id.clone()),
        ..CallFacts::default()
    };
    let (meant, path) = (url.clone(), about.path.clone());
    let go = async |request| {
        let result = cx.engine.http.send(request).await;
        // A request that was refused gets an entry of its own.
        if !matches!(result, Err(UpstreamError::EgressRefused { .. })) {
            cx.space.journal.add(Entry {
                status: result.as_ref().map_or(0, |response| response.status.as_u16()),
                body: sent.body.as_deref().map(journal::kept),
                ..Entry::new(journal::Side::Upstream, cx.space.clock.now(), &sent.method, &path)
            });
        }
        result
    };
    let request = OutRequest { method, url, headers, body };
    let result = faults::send(&cx.engine, &cx.space, || about, None, &meant, request, go).await?;
    let (response, error) = match result {
        Ok(response) => (Some(response), None),
        Err(error) => {
            outbound::note_refusal(cx, &sent, &error);
            (None, Some(error.into()))
        }
    };
    let exchange = Exchange {
        at,
        time_ms: cx.space.clock.now().since(at),
        request: sent.clone(),
        response: response.as_ref().map(|response| ExchangeResponse {
            status: response.status.as_u16(),
            headers: outbound::shown_headers(&response.headers, None),
            data: outbound::shown_body(&response.body),
        }),
        error: error.clone(),
    };
    trace.add(cx, None, &CallOutcome { exchanges: vec![exchange], ..CallOutcome::default() });
    match (response, error) {
        (Some(response), _) if response.status.is_success() => Ok(outbound::value_of(&response.body)),
        (Some(response), _) => Err(upstream_error(&sent, &response)),
        (None, Some(error)) => Err(error),
        (None, None) => Err(ApiError::internal("a call left no trace")),
    }
}
