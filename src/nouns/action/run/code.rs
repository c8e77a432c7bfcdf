//! Running snippets: the arguments that they get, and what they may ask of their host.
//!
//! Invariant: a snippet acts with its caller's rights, and never gets a refresh token.

use crate::base::JsonMap;
use crate::base::clock::ClockMode;
use crate::base::error::ApiError;
use crate::base::json::member;
use crate::base::message::body;
use crate::base::message::headers::headers_of;
use crate::engine::directory::Directory;
use crate::engine::view::Secrets;
use crate::engine::{Cx, InnerCall};
use crate::mapping::formula;
use crate::nouns::action::run::call::{output_of, pairs};
use crate::nouns::action::run::evidence::Evidence;
use crate::nouns::action::run::{Trace, to_json};
use crate::nouns::connection as outbound;
use crate::nouns::connection::Outgoing;
use crate::nouns::connection::model::Connection;
use crate::nouns::run_log::model::InnerCallLog;
use crate::nouns::tenant::model::Tenant;
use crate::sandbox::{Arguments, Host, Snippet};
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};

/// Runs a snippet and answers its output. Fails when the connection does not work or the snippet throws; the lines that
/// it logged go into `trace`.
pub(crate) async fn run_code(
    cx: &Cx,
    source: String,
    input: Option<&Value>,
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
        let lens = cx.view(&world);
        let integration = trace.scope.integration.as_deref();
        let credentials = connection.and_then(|connection| usable(connection.credentials.as_ref()));
        let user = cx.caller.tenant().map(|tenant| Tenant { credentials: None, ..(**tenant).clone() });
        Arguments {
            input: raw(Some(input.unwrap_or(&json!({}))))?,
            connection: raw(connection.map(|connection| lens.connection(connection, Secrets::Hidden)).as_ref())?,
            integration: raw(integration.map(|integration| lens.integration(integration, Secrets::Hidden)).as_ref())?,
            credentials: raw(credentials.as_ref())?,
            user: raw(user.as_ref())?,
        }
    };
    let inside = Cx { depth: cx.depth + 1, ..cx.clone() };
    let host = SnippetHost { cx: inside, evidence: Arc::clone(&trace.evidence) };
    let now = cx.space.clock.now();
    let snippet = Snippet {
        source: source.clone(),
        arguments,
        now,
        frozen: matches!(cx.space.clock.mode(), ClockMode::Manual { .. }),
        seed: cx.space.ids.secret(32),
        tenant: format!("{}/{}", cx.space.key, cx.caller.tenant().map(|tenant| tenant.id.as_str()).unwrap_or_default()),
        depth: cx.depth,
        abandoned: cx.abandoned.clone(),
    };
    match cx.engine.sandbox.run(snippet, &host).await {
        Ok(outcome) => {
            trace.logs = outcome.logs;
            Ok(outcome.output)
        }
        Err(error) => {
            trace.logs.clone_from(&error.logs);
            Err(error.in_source(&source))
        }
    }
}

fn raw<T: Serialize>(value: Option<&T>) -> Result<Option<Box<RawValue>>, ApiError> {
    value.map(to_raw_value).transpose().map_err(ApiError::internal)
}

/// The credentials that a snippet gets: what a call carries, without what renews it.
fn usable(credentials: Option<&JsonMap>) -> Option<JsonMap> {
    let mut usable = credentials?.clone();
    usable.shift_remove("refresh_token");
    Some(usable)
}

/// The host of a snippet: it calls the API with the caller's rights, and external
/// apps through the caller's connections.
pub(crate) struct SnippetHost {
    cx: Cx,
    evidence: Arc<Mutex<Evidence>>,
}

impl Host for SnippetHost {
    fn call(&self, operation: String, arguments: Value) -> BoxFuture<'_, Result<Value, ApiError>> {
        Box::pin(async move {
            match operation.as_str() {
                "http" => self.http(arguments).await,
                "external" => self.external(&arguments).await,
                other => Err(ApiError::internal(format!("a snippet asked for `{other}`"))),
            }
        })
    }
}

impl SnippetHost {
    /// Makes a call of the API, as the client would put it on the wire.
    async fn http(&self, arguments: Value) -> Result<Value, ApiError> {
        let call: InnerCall = serde_json::from_value(arguments)
            .map_err(|error| ApiError::bad_request(format!("the call cannot be read: {error}")))?;
        let door = self.cx.engine.door.get().ok_or_else(|| ApiError::internal("no API to call"))?;
        let (at, method, path) = (self.cx.space.clock.now(), call.method.clone(), call.path.clone());
        // The call is noted before it is answered, because the run may be over first.
        let place = {
            let most = self.cx.world().workspace.mock.exchanges_per_run;
            let mut evidence = self.evidence.lock().unwrap_or_else(PoisonError::into_inner);
            evidence.calls.push(InnerCallLog { at, method, path, status: None, action_run_id: None }, 0, most)
        };
        let answer = door(self.cx.clone(), call).await;
        if let Some(log) = self.evidence.lock().unwrap_or_else(PoisonError::into_inner).calls.get_mut(place) {
            (log.status, log.action_run_id) = (Some(answer.status), answer.run_id.clone());
        }
        to_json(&answer)
    }

    async fn external(&self, arguments: &Value) -> Result<Value, ApiError> {
        let connection = {
            let world = self.cx.world();
            let directory = Directory::new(&world, &self.cx.engine.catalog);
            let selector = member(arguments, "connection").as_str().ok_or_else(|| {
                ApiError::bad_request("there is no connection; use `membrane.connection(<id or key>)`")
            })?;
            directory.connection(&self.cx.caller, selector)?
        };
        let method = member(arguments, "method").as_str().unwrap_or("GET");
        let mut headers = HeaderMap::new();
        if let Some(Value::Object(given)) = arguments.get("headers") {
            let texts = given.iter().map(|(name, value)| (name, formula::plain_text(value)));
            headers = headers_of(texts).map_err(|problem| ApiError::bad_request(problem.to_string()))?;
        }
        let body = body::encode(arguments.get("body"), &mut headers)
            .map_err(|problem| ApiError::bad_request(format!("the body {problem}")))?;
        let call = Outgoing {
            method: Method::try_from(method).unwrap_or(Method::GET),
            path: member(arguments, "path").as_str().unwrap_or("/").to_owned(),
            query: pairs(arguments.get("query")),
            body,
            headers,
        };
        let trip = outbound::send(&self.cx, &connection, call).await?;
        let most = self.cx.world().workspace.mock.exchanges_per_run;
        self.evidence.lock().unwrap_or_else(PoisonError::into_inner).add(Some(&connection), &trip, most);
        let full = *member(arguments, "full") == Value::Bool(true);
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
