//! Running an action: whatever the dispatch, one run, one log.
//!
//! Invariant: [`run`] writes exactly one run log for each call and its id is in the answer, success or failure
//! (decision 16).

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use url::Url;

use super::directory::{Archived, Directory, Resolved};
use super::outbound::{self, Outgoing, Trip};
use super::view::{Lens, Secrets};
use crate::engine::{Cx, InnerCall};
use crate::error::{ApiError, ErrorKey};
use crate::ids::Id;
use crate::model::JsonMap;
use crate::model::action::{Action, ActionState, ActionType};
use crate::model::connection::{Connection, Transition};
use crate::model::element::{Layer, Scope, Selector};
use crate::model::logs::{Exchange, ExchangeRequest, ExchangeResponse, RunDetails, RunLog, RunStatus};
use crate::model::{formula, schema};
use crate::sandbox::{Host, SandboxError, Snippet};
use crate::upstream::{OutRequest, OutResponse};

/// What shall run.
#[derive(Debug, Clone)]
pub enum Dispatch {
    /// A reusable action.
    Action(Selector),
    /// An inline request through a connection.
    Api(ApiDispatch),
    /// An inline snippet.
    Code(String),
}

/// An inline request. Source: SDK `ActApiDispatch`.
#[derive(Debug, Clone)]
pub struct ApiDispatch {
    /// Method.
    pub method: Method,
    /// Path below the connector's base.
    pub path: String,
    /// Query.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: HeaderMap,
    /// Body; none when absent.
    pub body: Option<Value>,
}

/// A call to run something.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// What; an error when the call could not be made sense of, which is logged as well.
    pub dispatch: Result<Dispatch, ApiError>,
    /// Through what.
    pub scope: Scope,
    /// With what.
    pub input: Option<Value>,
    /// The caller's own.
    pub meta: Option<JsonMap>,
    /// The call, such that it can be sent to `/act` again.
    pub snapshot: JsonMap,
}

/// What a run gave.
#[derive(Debug)]
pub struct RunReply {
    /// The run.
    pub id: Id<RunLog>,
    /// Its output, or its error with the run named in it.
    pub result: Result<Option<Value>, ApiError>,
}

/// What is learned on the way, for the log.
#[derive(Debug, Default)]
struct Trace {
    name: Option<String>,
    action_type: Option<ActionType>,
    action: Option<Arc<Action>>,
    scope: Resolved,
    mapped_input: Option<Value>,
    logs: Vec<Value>,
    evidence: Arc<Mutex<Evidence>>,
}

/// What calls to external apps left, also those of a snippet.
#[derive(Debug, Default)]
struct Evidence {
    exchanges: Vec<(Option<Arc<Connection>>, Exchange)>,
    transitions: Vec<Transition>,
}

impl Trace {
    fn add(&self, connection: Option<&Arc<Connection>>, trip: &Trip) {
        let mut evidence = self.evidence.lock().unwrap_or_else(PoisonError::into_inner);
        evidence.exchanges.extend(trip.exchanges.iter().map(|exchange| (connection.cloned(), exchange.clone())));
        evidence.transitions.extend(trip.transitions.iter().cloned());
    }
}

/// Runs and logs.
pub async fn run(cx: &Cx, request: RunRequest) -> Result<RunReply, ApiError> {
    let id: Id<RunLog> = cx.space.ids.id();
    let seq = cx.space.ids.sequence();
    let started = cx.space.clock.now();
    let mut trace = Trace::default();
    let result = carry_out(cx, &request, &mut trace).await;
    let result = result.map_err(|error| error.in_run(id.as_str()));
    if cx.world().workspace.settings.enable_action_run_logs != Some(false) {
        write_log(cx, &id, seq, started, &request, &trace, result.as_ref()).await?;
    }
    Ok(RunReply { id, result })
}

async fn carry_out(cx: &Cx, request: &RunRequest, trace: &mut Trace) -> Result<Option<Value>, ApiError> {
    match request.dispatch.clone()? {
        Dispatch::Action(selector) => run_action(cx, request, selector, trace).await,
        Dispatch::Api(api) => {
            trace.name = Some(format!("{} {}", api.method, api.path));
            trace.action_type = Some(ActionType::ApiRequestToExternalApp);
            let connection = connection_for_inline(cx, request, trace)?;
            let call = Outgoing {
                method: api.method,
                path: api.path,
                query: api.query,
                headers: api.headers,
                body: body_bytes(api.body.as_ref()),
            };
            call_app(cx, &connection, call, trace).await.map(Some)
        }
        Dispatch::Code(source) => {
            trace.name = Some("Code".into());
            trace.action_type = Some(ActionType::RunJavascript);
            let connection = connection_for_inline(cx, request, trace)?;
            run_code(cx, source, request.input.clone(), Some(&connection), trace).await
        }
    }
}

/// `api` and `code` need a connection: the scope's, else the tenant's default one. Source: SEED (`act`).
fn connection_for_inline(cx: &Cx, request: &RunRequest, trace: &mut Trace) -> Result<Arc<Connection>, ApiError> {
    let world = cx.world();
    let directory = Directory::new(&world, &cx.engine.catalog);
    let mut resolved = directory.scope(&cx.caller, &request.scope)?;
    if resolved.connection.is_none() && request.scope.is_empty() {
        resolved.connection = directory.workspace_default(&cx.caller);
        let id = resolved.connection.as_ref().and_then(|connection| connection.integration.as_ref());
        resolved.integration = id.and_then(|id| world.integrations.get(id.as_str())).cloned();
    }
    trace.scope = resolved;
    let connection = trace.scope.connection.clone();
    let connection = connection.ok_or_else(|| no_connection(cx, trace.scope.integration.as_ref().map(|i| i.key())))?;
    if connection.is_archived() {
        return Err(ApiError::not_found(format!("connection not found: `{}` is archived; restore it", connection.id)));
    }
    Ok(connection)
}

fn no_connection(cx: &Cx, integration: Option<&str>) -> ApiError {
    if cx.caller.tenant().is_none() {
        return ApiError::bad_request(
            "no connection: name one by `connectionId`, or put a `tenantKey` in the token, whose connections are then looked at",
        );
    }
    let of = integration.map(|key| format!(" of the integration `{key}`")).unwrap_or_default();
    ApiError::bad_request(format!(
        "no connection{of}: this tenant has none; connect first, or pass `connectionKey` or `connectionId`"
    ))
}

async fn run_action(
    cx: &Cx,
    request: &RunRequest,
    selector: Selector,
    trace: &mut Trace,
) -> Result<Option<Value>, ApiError> {
    let action = resolve_action(cx, request, selector, trace)?;
    trace.name = Some(action.meta.name.clone());
    trace.action_type = action.action_type;
    trace.action = Some(Arc::clone(&action));
    match action.state {
        ActionState::Ready => {}
        ActionState::Building => {
            return Err(ApiError::configuration(format!(
                "action `{}` is still BUILDING; wait for it with GET /actions/:id?wait=true",
                action.meta.name
            )));
        }
        ActionState::Error => {
            return Err(ApiError::configuration(format!("action `{}` could not be built", action.meta.name)));
        }
    }
    if let Some(input_schema) = &action.input_schema {
        let input = request.input.clone().unwrap_or(Value::Null);
        schema::check_value(input_schema, &input, &format!("the input of action `{}`", action.meta.name))?;
    }
    let connection = trace.scope.connection.clone();
    let output = match action.action_type {
        Some(ActionType::ApiRequestToExternalApp | ActionType::ApiRequest) => {
            let connection =
                connection.ok_or_else(|| no_connection(cx, trace.scope.integration.as_ref().map(|i| i.key())))?;
            let config = mapped_config(cx, &action, request, trace)?;
            trace.mapped_input = Some(config.clone());
            let call = call_of_config(&config, &action)?;
            Some(call_app(cx, &connection, call, trace).await?)
        }
        Some(ActionType::HttpRequest) => {
            let config = mapped_config(cx, &action, request, trace)?;
            trace.mapped_input = Some(config.clone());
            Some(call_anywhere(cx, &config, &action, trace).await?)
        }
        Some(ActionType::RunJavascript) => {
            let code = action.config.get("code").and_then(Value::as_str).map(str::to_owned);
            let code = code.ok_or_else(|| {
                ApiError::configuration(format!("action `{}` has no `config.code`", action.meta.name))
            })?;
            run_code(cx, code, request.input.clone(), connection.as_ref(), trace).await?
        }
        Some(
            other @ (ActionType::ApiRequestToYourApp
            | ActionType::ConnectorOperation
            | ActionType::ListDataRecords
            | ActionType::FindDataRecordById
            | ActionType::MatchDataRecord
            | ActionType::SearchDataRecord
            | ActionType::CreateDataRecord
            | ActionType::FindOrCreateDataRecord
            | ActionType::UpdateDataRecord
            | ActionType::DeleteDataRecord),
        ) => return Err(ApiError::not_faked(format_args!("running actions of type `{}`", other.name()))),
        None => {
            let at = trace.scope.integration.as_ref().map(|i| i.key().to_owned());
            return Err(ApiError::configuration(format!(
                "action `{}` is universal and has no version {}; create one with the same key and an `integrationKey`",
                action.key(),
                at.map_or("of its own to run".to_owned(), |key| format!("at the integration `{key}`"))
            )));
        }
    };
    match &action.output_mapping {
        Some(mapping) => {
            let mut variables = variables(cx, request, trace);
            variables["output"] = output.unwrap_or(Value::Null);
            formula::resolve(mapping, &variables)
        }
        None => Ok(output),
    }
}

/// The action to run and the connection to run it through, the most specific version winning.
fn resolve_action(
    cx: &Cx,
    request: &RunRequest,
    selector: Selector,
    trace: &mut Trace,
) -> Result<Arc<Action>, ApiError> {
    let world = cx.world();
    let directory = Directory::new(&world, &cx.engine.catalog);
    trace.scope = directory.scope(&cx.caller, &request.scope)?;
    if trace.scope.connection.as_ref().is_some_and(|connection| connection.is_archived()) {
        return Err(ApiError::not_found("connection not found: it is archived; restore it"));
    }
    let selector = Selector { scope: request.scope.clone(), ..selector };
    let mut action = directory.action(&cx.caller, &selector, Archived::Hidden)?;
    let named_nothing = request.scope.is_empty();
    if trace.scope.connection.is_none() {
        trace.scope.connection = own_connection(cx, &directory, &action);
        if named_nothing && trace.scope.connection.is_none() && action.layer() == Layer::Universal {
            trace.scope.connection = directory.workspace_default(&cx.caller);
        }
    }
    if trace.scope.integration.is_none() {
        let id = trace.scope.connection.as_ref().and_then(|c| c.integration.clone()).or(action.integration.clone());
        trace.scope.integration = id.and_then(|id| world.integrations.get(id.as_str())).cloned();
    }
    // A universal action is run by its version for the connection, whichever way it was named (SEED, step 4).
    if action.layer() == Layer::Universal && !action.key().is_empty() && selector.layer.is_none() {
        let by_key = Selector { instance_key: selector.instance_key.clone(), ..Selector::default() };
        action = directory.action_by_key(&cx.caller, action.key(), &trace.scope, &by_key).unwrap_or(action);
    }
    check_fits(&directory, &action, trace)?;
    Ok(action)
}

/// The connection an action runs through when the call names none.
fn own_connection(cx: &Cx, directory: &Directory<'_>, action: &Action) -> Option<Arc<Connection>> {
    if let Some(id) = &action.connection {
        return directory.world.connections.get(id.as_str()).filter(|c| !c.is_archived()).cloned();
    }
    if let Some(id) = &action.integration {
        let integration = directory.world.integrations.get(id.as_str())?;
        return directory.default_connection(&cx.caller, integration);
    }
    let app = action.external_app.as_ref()?;
    let mut own = directory.connections(&cx.caller).rev();
    own.find(|connection| connection.external_app.as_ref() == Some(app) && connection.is_connected()).cloned()
}

/// Refuses to send an app's request to another app.
fn check_fits(directory: &Directory<'_>, action: &Action, trace: &Trace) -> Result<(), ApiError> {
    let Some(connection) = &trace.scope.connection else { return Ok(()) };
    let name = connection.meta.key.as_deref().unwrap_or(&connection.meta.name);
    if let Some(integration) = &action.integration
        && connection.integration.as_ref() != Some(integration)
    {
        let key = directory.world.integrations.get(integration.as_str()).map(|i| i.key().to_owned());
        return Err(ApiError::bad_request(format!(
            "action `{}` belongs to the integration `{}`, and connection `{name}` is of another one",
            action.meta.name,
            key.unwrap_or_default()
        )));
    }
    if let (Some(app), None, None) = (&action.external_app, &action.integration, &action.connection)
        && connection.external_app.as_ref() != Some(app)
    {
        let app = directory.app(app.as_str()).map(|app| app.meta.name.clone()).unwrap_or_default();
        return Err(ApiError::bad_request(format!(
            "action `{}` is for {app}, and connection `{name}` is of another app",
            action.meta.name
        )));
    }
    Ok(())
}

/// What formulas see. Source: docs-behaviour §10.
fn variables(cx: &Cx, request: &RunRequest, trace: &Trace) -> Value {
    let connection = trace
        .scope
        .connection
        .as_ref()
        .map(|connection| json!({ "id": connection.id, "key": connection.meta.key, "name": connection.meta.name }));
    let integration =
        trace.scope.integration.as_ref().map(
            |integration| json!({ "id": integration.id, "key": integration.key(), "name": integration.meta.name }),
        );
    let user = cx.caller.tenant().map(|tenant| {
        json!({ "id": tenant.id, "internalId": tenant.internal_id, "name": tenant.name, "fields": tenant.fields })
    });
    json!({
        "input": request.input.clone().unwrap_or_else(|| json!({})),
        "connection": connection, "integration": integration, "user": user,
    })
}

/// `config.request` with its formulas worked out.
fn mapped_config(cx: &Cx, action: &Action, request: &RunRequest, trace: &Trace) -> Result<Value, ApiError> {
    let Some(config) = action.config.get("request") else {
        return Err(ApiError::configuration(format!(
            "action `{}` has no `config.request` {{method, path, query, headers, body}}",
            action.meta.name
        )));
    };
    let resolved = formula::resolve(config, &variables(cx, request, trace))?;
    Ok(resolved.unwrap_or_else(|| json!({})))
}

fn config_error(action: &Action, what: &str) -> ApiError {
    ApiError::configuration(format!("action `{}`: `config.request.{what}", action.meta.name))
}

fn call_of_config(config: &Value, action: &Action) -> Result<Outgoing, ApiError> {
    let path = config.get("path").and_then(Value::as_str);
    let mut path = path.ok_or_else(|| config_error(action, "path` is missing or not text"))?.to_owned();
    if let Some(Value::Object(parameters)) = config.get("pathParameters") {
        for (name, value) in parameters {
            path = path.replace(&format!("{{{name}}}"), &formula::plain_text(value));
        }
    }
    Ok(Outgoing {
        method: method_of(config, action)?,
        path,
        query: pairs(config.get("query")),
        headers: headers_of(config.get("headers"), action)?,
        body: body_bytes(config.get("body")),
    }
    .with_json_type(config.get("body")))
}

impl Outgoing {
    /// Says that the body is JSON, unless a header says otherwise.
    fn with_json_type(mut self, body: Option<&Value>) -> Self {
        set_json_type(&mut self.headers, body);
        self
    }
}

fn set_json_type(headers: &mut HeaderMap, body: Option<&Value>) {
    let type_of = match body {
        None | Some(Value::Null) => return,
        Some(Value::String(_)) => "text/plain; charset=utf-8",
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => "application/json",
    };
    headers.entry(http::header::CONTENT_TYPE).or_insert(HeaderValue::from_static(type_of));
}

fn method_of(config: &Value, action: &Action) -> Result<Method, ApiError> {
    let name = config.get("method").and_then(Value::as_str).unwrap_or("GET").to_uppercase();
    let known = matches!(name.as_str(), "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS");
    let method = Method::try_from(name.as_str()).ok().filter(|_| known);
    method.ok_or_else(|| config_error(action, &format!("method` is `{name}`, which is no HTTP method")))
}

fn pairs(query: Option<&Value>) -> Vec<(String, String)> {
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

fn headers_of(headers: Option<&Value>, action: &Action) -> Result<HeaderMap, ApiError> {
    let mut map = HeaderMap::new();
    if let Some(Value::Object(headers)) = headers {
        for (name, value) in headers {
            let pair = (HeaderName::try_from(name), HeaderValue::try_from(formula::plain_text(value)));
            let (Ok(name), Ok(value)) = pair else {
                return Err(config_error(action, &format!("headers.{name}` is not a valid HTTP header")));
            };
            map.insert(name, value);
        }
    }
    Ok(map)
}

/// A JSON body's bytes; text goes as it is.
pub fn body_bytes(body: Option<&Value>) -> Bytes {
    match body {
        None | Some(Value::Null) => Bytes::new(),
        Some(Value::String(text)) => Bytes::from(text.clone()),
        Some(value) => Bytes::from(value.to_string()),
    }
}

/// Calls the external app; its failure is the run's.
async fn call_app(cx: &Cx, connection: &Arc<Connection>, call: Outgoing, trace: &Trace) -> Result<Value, ApiError> {
    let trip = outbound::send(cx, connection, call).await?;
    trace.add(Some(connection), &trip);
    output_of(cx, connection, trip)
}

/// The output of a call through a connection, or its error. Source: docs-behaviour §6, §7; `docs-gaps.md` B3, B17.
fn output_of(cx: &Cx, connection: &Connection, trip: Trip) -> Result<Value, ApiError> {
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

/// An app's refusal as an error.
fn upstream_error(request: &ExchangeRequest, response: &OutResponse) -> ApiError {
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

/// An `http-request` action: any address the egress rule admits, no credentials. Source: SDK `HttpRequestSpec`.
async fn call_anywhere(cx: &Cx, config: &Value, action: &Action, trace: &Trace) -> Result<Value, ApiError> {
    let text = config.get("uri").or_else(|| config.get("url")).and_then(Value::as_str);
    let text = text.ok_or_else(|| config_error(action, "uri` is missing or not text"))?;
    let mut url = Url::parse(text)
        .map_err(|error| config_error(action, &format!("uri` is `{text}`, which is not an address: {error}")))?;
    let query = pairs(config.get("query"));
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(&query);
    }
    let mut headers = headers_of(config.get("headers"), action)?;
    set_json_type(&mut headers, config.get("body"));
    let body = body_bytes(config.get("body"));
    let method = method_of(config, action)?;
    let at = cx.space.clock.now();
    let sent = ExchangeRequest {
        method: method.to_string(),
        url: url.to_string(),
        sent_to: url.to_string(),
        headers: outbound::shown_headers(&headers, None),
        body: outbound::shown_body(&body),
    };
    let result = cx.engine.http.send(OutRequest { method, url, headers, body }).await;
    let (response, error) = match result {
        Ok(response) => (Some(response), None),
        Err(error) => (None, Some(ApiError::action_run(error.to_string()))),
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
    trace.add(None, &Trip { exchanges: vec![exchange], ..Trip::default() });
    match (response, error) {
        (Some(response), _) if response.status.is_success() => Ok(outbound::value_of(&response.body)),
        (Some(response), _) => Err(upstream_error(&sent, &response)),
        (None, Some(error)) => Err(error),
        (None, None) => Err(ApiError::internal("a call left no trace")),
    }
}

/// Runs a snippet with its host.
async fn run_code(
    cx: &Cx,
    source: String,
    input: Option<Value>,
    connection: Option<&Arc<Connection>>,
    trace: &mut Trace,
) -> Result<Option<Value>, ApiError> {
    if let Some(connection) = connection
        && !connection.is_connected()
    {
        let key = outbound::connector_of(cx, connection).map(|c| c.key().to_owned()).unwrap_or_default();
        return Err(connection.disconnected_error(&key, cx.world().workspace.mock.disconnected_status));
    }
    let arguments = {
        let world = cx.world();
        let lens =
            Lens { directory: Directory::new(&world, &cx.engine.catalog), base: cx.engine.base(), caller: &cx.caller };
        let integration = trace.scope.integration.as_deref();
        json!({
            "input": input.unwrap_or_else(|| json!({})),
            "connection": connection.map(|c| to_json(&lens.connection(c, Secrets::Hidden))).transpose()?,
            "integration": integration.map(|i| to_json(&lens.integration(i, Secrets::Hidden))).transpose()?,
            "credentials": connection.and_then(|connection| connection.credentials.clone()),
            "user": cx.caller.tenant(),
        })
    };
    let host = SnippetHost { cx: cx.clone(), evidence: Arc::clone(&trace.evidence) };
    let snippet = Snippet { source, arguments, now: cx.space.clock.now() };
    match cx.engine.sandbox.run(snippet, &host).await {
        Ok(outcome) => {
            trace.logs = outcome.logs;
            Ok(outcome.output)
        }
        Err(error) => {
            if let SandboxError::Thrown { logs, .. } = &error {
                trace.logs.clone_from(logs);
            }
            Err(error.into())
        }
    }
}

fn to_json(value: &impl serde::Serialize) -> Result<Value, ApiError> {
    serde_json::to_value(value).map_err(ApiError::internal)
}

/// What a snippet can do: call the API with its caller's rights, and external apps through the caller's connections.
struct SnippetHost {
    cx: Cx,
    evidence: Arc<Mutex<Evidence>>,
}

impl Host for SnippetHost {
    fn call(&self, operation: String, arguments: Value) -> BoxFuture<'_, Result<Value, ApiError>> {
        Box::pin(async move {
            match operation.as_str() {
                "api" => {
                    let call: InnerCall = serde_json::from_value(arguments)
                        .map_err(|error| ApiError::bad_request(format!("the call cannot be read: {error}")))?;
                    let door = self.cx.engine.door.get();
                    let door = door.ok_or_else(|| ApiError::internal("no API to call"))?;
                    door(self.cx.clone(), call).await
                }
                "external" => self.external(&arguments).await,
                other => Err(ApiError::internal(format!("a snippet asked for `{other}`"))),
            }
        })
    }
}

impl SnippetHost {
    async fn external(&self, arguments: &Value) -> Result<Value, ApiError> {
        let connection = {
            let world = self.cx.world();
            let directory = Directory::new(&world, &self.cx.engine.catalog);
            let selector = arguments["connection"].as_str().ok_or_else(|| {
                ApiError::bad_request("there is no connection; use `membrane.connection(<id or key>)`")
            })?;
            directory.connection(&self.cx.caller, selector)?
        };
        let method = arguments["method"].as_str().unwrap_or("GET");
        let body = arguments.get("body").filter(|body| !body.is_null());
        let mut headers = HeaderMap::new();
        if let Some(Value::Object(given)) = arguments.get("headers") {
            for (name, value) in given {
                let pair = (HeaderName::try_from(name), HeaderValue::try_from(formula::plain_text(value)));
                let (Ok(name), Ok(value)) = pair else {
                    return Err(ApiError::bad_request(format!("`headers.{name}` is not a valid HTTP header")));
                };
                headers.insert(name, value);
            }
        }
        let call = Outgoing {
            method: Method::try_from(method).unwrap_or(Method::GET),
            path: arguments["path"].as_str().unwrap_or("/").to_owned(),
            query: pairs(arguments.get("query")),
            headers,
            body: body_bytes(body),
        }
        .with_json_type(body);
        let trip = outbound::send(&self.cx, &connection, call).await?;
        {
            let mut evidence = self.evidence.lock().unwrap_or_else(PoisonError::into_inner);
            let exchanges = trip.exchanges.iter().map(|e| (Some(Arc::clone(&connection)), e.clone()));
            evidence.exchanges.extend(exchanges);
            evidence.transitions.extend(trip.transitions.iter().cloned());
        }
        let full = arguments["full"] == Value::Bool(true);
        let head = trip
            .response
            .as_ref()
            .map(|response| (response.status.as_u16(), outbound::shown_headers(&response.headers, None)));
        let data = output_of(&self.cx, &connection, trip)?;
        Ok(match (full, head) {
            (true, Some((status, headers))) => json!({ "status": status, "headers": headers, "data": data }),
            _ => data,
        })
    }
}

async fn write_log(
    cx: &Cx,
    id: &Id<RunLog>,
    seq: u64,
    started: crate::clock::Timestamp,
    request: &RunRequest,
    trace: &Trace,
    result: Result<&Option<Value>, &ApiError>,
) -> Result<(), ApiError> {
    let completed = cx.space.clock.now();
    let world = cx.world();
    let directory = Directory::new(&world, &cx.engine.catalog);
    let lens = Lens { directory, base: cx.engine.base(), caller: &cx.caller };
    // As they are now: the run may have changed them.
    let connection = trace.scope.connection.as_ref().and_then(|c| world.connections.get(c.id.as_str()));
    let owner = connection.map(|connection| connection.tenant.clone());
    let owner = owner.or_else(|| cx.caller.tenant().map(|tenant| tenant.id.clone()));
    let tenant = owner.as_ref().and_then(|id| world.tenants.get(id.as_str())).map(|tenant| {
        let mut tenant = (**tenant).clone();
        tenant.credentials = None;
        tenant
    });
    let owner = owner.map(|id| id.to_string()).unwrap_or_default();
    let action = trace.action.as_deref();
    let layer = action.map(Action::layer);
    let name = trace.name.clone().unwrap_or_else(|| "Unknown action".into());
    let evidence = std::mem::take(&mut *trace.evidence.lock().unwrap_or_else(PoisonError::into_inner));
    let last = evidence.exchanges.last().map(|(_, exchange)| exchange);
    let output = result.ok().cloned().flatten();
    let log = RunLog {
        id: id.clone(),
        user_id: owner.clone(),
        tenant_id: owner,
        integration_id: trace.scope.integration.as_ref().map(|i| i.id.to_string()).unwrap_or_default(),
        connection_id: connection.map(|connection| connection.id.to_string()).unwrap_or_default(),
        external_app_id: trace.scope.external_app(&directory),
        action_id: action.map(|action| action.id.clone()),
        universal_action_id: match (action, layer) {
            (Some(action), Some(Layer::Universal)) => Some(action.id.clone()),
            (Some(action), _) => lens.universal_parent(action),
            (None, _) => None,
        },
        integration_action_id: match layer {
            Some(Layer::Integration) => action.map(|action| action.id.to_string()),
            _ => action.and_then(|action| action.parent.as_ref()).map(Id::to_string),
        }
        .unwrap_or_default(),
        connection_action_id: action.filter(|_| layer == Some(Layer::Connection)).map(|action| action.id.clone()),
        status: if result.is_ok() { RunStatus::Success } else { RunStatus::Error },
        created_at: started,
        completed_at: completed,
        duration: completed.since(started),
        input: request.input.clone(),
        output: output.clone(),
        error: result.err().cloned(),
        meta: request.meta.clone(),
        action: snapshot(request, trace, &name),
        integration: trace
            .scope
            .integration
            .as_deref()
            .map(|integration| to_json(&lens.integration(integration, Secrets::Hidden)))
            .transpose()?
            .map(without_connection),
        connection: connection.map(|c| to_json(&lens.bare_connection(c, Secrets::Hidden))).transpose()?,
        user: tenant,
        name,
    };
    let details = RunDetails {
        request: last.map(|exchange| exchange.request.clone()),
        response: last.and_then(|exchange| exchange.response.clone()),
        input: trace.mapped_input.clone().or_else(|| request.input.clone()),
        output,
        exchanges: evidence.exchanges.iter().map(|(_, exchange)| exchange.clone()).collect(),
        state_transitions: evidence.transitions,
        logs: trace.logs.clone(),
    };
    let mut tx = cx.space.data.begin().await;
    for (connection, exchange) in &evidence.exchanges {
        if let Some(connection) = connection {
            outbound::log_exchanges(cx, &mut tx, connection, Some(id), std::slice::from_ref(exchange))?;
        }
    }
    tx.add_run(seq, &log, &details)?;
    tx.commit().await?;
    Ok(())
}

/// The integration as a log keeps it: the connection stands beside it.
fn without_connection(mut integration: Value) -> Value {
    if let Some(members) = integration.as_object_mut() {
        members.shift_remove("connection");
    }
    integration
}

/// The call with the element's `id`, `key`, `name` and `type` (`docs-gaps.md` 14). `type` marks it as a snapshot, so
/// that `/act` takes it back although both `id` and `key` may be there.
fn snapshot(request: &RunRequest, trace: &Trace, name: &str) -> Value {
    let mut snapshot = JsonMap::new();
    let action = trace.action.as_deref();
    snapshot.insert("id".into(), action.map(|action| action.id.to_string()).unwrap_or_default().into());
    snapshot.insert("name".into(), name.into());
    if let Some(action_type) = trace.action_type {
        snapshot.insert("type".into(), json!(action_type));
    }
    for (member, value) in &request.snapshot {
        if member != "id" || !value.is_null() && action.is_none() {
            snapshot.insert(member.clone(), value.clone());
        }
    }
    if let Some(action) = action
        && !action.key().is_empty()
    {
        snapshot.insert("key".into(), action.key().into());
    }
    Value::Object(snapshot)
}
