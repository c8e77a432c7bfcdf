//! Running an action, an inline request or a snippet: one run, one log.
//!
//! Invariant: [`run`] writes one run log for each call whose id is in the answer, success or failure
//! (`docs/behaviour.md#log-always`), unless the workspace's settings turn run logs off.

mod call;
mod code;
mod evidence;
mod log;
mod records;
mod resolve;

use call::{
    Whose, address_of_your_app, call_anywhere, call_app, call_of_config, mapped_config, output_in_mapping, variables_of,
};
use code::run_code;
use evidence::Evidence;
use log::write_log;
use records::run_on_records;
use resolve::no_connection;

pub(crate) use call::mapped;
pub use call::variables;
pub(crate) use records::verb_of;
pub use resolve::{Resolution, resolve};

use bytes::Bytes;

use crate::base::JsonMap;
use crate::base::clock::rest_of_a_call;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::json::schema;
use crate::base::json::set_member;
use crate::elements::Kind as _;
use crate::elements::model::{Meta, Scope, Selector};
use crate::engine::Cx;
use crate::engine::directory::Resolved;
use crate::nouns::action::model::{Action, ActionState, ActionType};
use crate::nouns::connection::model::Connection;
use crate::nouns::connection::{CallOutcome, Outgoing, connector_of};
use crate::nouns::operation;
use crate::nouns::run_log::model::RunLog;
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// What a call asks to run.
#[derive(Debug, Clone)]
pub enum Dispatch {
    /// A reusable action, named by a selector.
    Action(Selector),
    /// An inline request through a connection.
    Api(ApiDispatch),
    /// The source of an inline snippet.
    Code(String),
}

/// An inline request. Source: SDK `ActApiDispatch`.
#[derive(Debug, Clone)]
pub struct ApiDispatch {
    pub method: Method,
    /// The path below the connector's base address, or an address within it.
    pub path: String,
    /// Pairs that are added to the path's own query.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    /// What is sent, in the form that the headers name; nothing when it is empty.
    pub body: Bytes,
}

/// A call to run something, as the routes read it.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// What to run; an error when the call is wrong, which is logged as a failed run.
    pub dispatch: Result<Dispatch, ApiError>,
    /// The integration or connection that the call names.
    pub scope: Scope,
    /// The input that the caller gave. It may be large, so the run, its log and the journal share it.
    pub input: Option<Arc<Value>>,
    /// The caller's own data, which the log keeps.
    pub meta: Option<JsonMap>,
    /// The call as it can be sent to `/act` again, for the log; its input stands above.
    pub snapshot: JsonMap,
    /// What was found for it before; it is found anew when the workspace has changed since.
    pub resolution: Option<Arc<Resolution>>,
}

impl RunRequest {
    /// The key of the instance that is meant, where the call names one: what the action works with is then of that key too.
    fn instance_key(&self) -> Option<&str> {
        match &self.dispatch {
            Ok(Dispatch::Action(selector)) => selector.instance_key.as_deref(),
            Ok(Dispatch::Api(_) | Dispatch::Code(_)) | Err(_) => None,
        }
    }
}

/// The result of a run.
#[derive(Debug)]
pub struct RunReply {
    /// The id of the run and its log.
    pub id: Id<RunLog>,
    /// The output, or the error with the id of the run in it.
    pub result: Result<Option<Value>, ApiError>,
}

/// What is learned during a run, for its log.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    name: Option<String>,
    action_type: Option<ActionType>,
    action: Option<Arc<Action>>,
    scope: Resolved,
    /// The key of the instance that is meant: what the action works with is then of that key too.
    instance_key: Option<String>,
    mapped_input: Option<Value>,
    logs: Vec<Value>,
    /// What formulas see beside what they see in every run.
    variables: JsonMap,
    evidence: Arc<Mutex<Evidence>>,
}

impl Trace {
    /// Where formulas look ids up, and the key of the instance that is meant.
    fn place(&self) -> (&Resolved, Option<&str>) {
        (&self.scope, self.instance_key.as_deref())
    }

    fn add(&self, cx: &Cx, connection: Option<&Arc<Connection>>, trip: &CallOutcome) {
        let most = cx.world().workspace.mock.exchanges_per_run;
        self.evidence.lock().unwrap_or_else(PoisonError::into_inner).add(connection, trip, most);
    }
}

/// Runs and logs. The run goes on when the caller goes away, so that what was sent is logged. Fails only when the log
/// cannot be written; the error of the run itself is in the reply.
pub async fn run(cx: &Cx, request: RunRequest) -> Result<RunReply, ApiError> {
    let abandoned = CancellationToken::new();
    let cx = Cx { abandoned: abandoned.clone(), ..cx.clone() };
    // The guard fires when this future is dropped: a snippet that nobody waits for is ended, and its log is written.
    let _guard = abandoned.drop_guard();
    let task = tokio::spawn(rest_of_a_call(async move { run_here(&cx, request).await }));
    task.await.unwrap_or_else(|error| Err(ApiError::internal(format!("a run was cut off: {error}"))))
}

async fn run_here(cx: &Cx, request: RunRequest) -> Result<RunReply, ApiError> {
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

pub(crate) async fn carry_out(cx: &Cx, request: &RunRequest, trace: &mut Trace) -> Result<Option<Value>, ApiError> {
    let resolution = match &request.resolution {
        Some(found) if found.is_of(&cx.world()) => Arc::clone(found),
        Some(_) | None => Arc::new(resolve(cx, request)),
    };
    trace.scope.clone_from(&resolution.scope);
    match request.dispatch.clone()? {
        Dispatch::Action(_) => run_action(cx, request, &resolution, trace).await,
        Dispatch::Api(api) => {
            trace.name = Some(format!("{} {}", api.method, api.path));
            trace.action_type = Some(ActionType::ApiRequestToExternalApp);
            let connection = resolution.connection(cx)?;
            let call =
                Outgoing { method: api.method, path: api.path, query: api.query, headers: api.headers, body: api.body };
            call_app(cx, &connection, call, trace).await.map(Some)
        }
        Dispatch::Code(source) => {
            trace.name = Some("Code".into());
            trace.action_type = Some(ActionType::RunJavascript);
            let connection = resolution.connection(cx)?;
            run_code(cx, source, request.input.as_deref(), Some(&connection), trace).await
        }
    }
}

pub(crate) async fn run_action(
    cx: &Cx,
    request: &RunRequest,
    resolution: &Resolution,
    trace: &mut Trace,
) -> Result<Option<Value>, ApiError> {
    let action = resolution.action.clone()?.ok_or_else(|| ApiError::internal("a run of an action has no action"))?;
    trace.name = Some(action.meta.name.clone());
    trace.action_type = action.action_type;
    trace.action = Some(Arc::clone(&action));
    trace.instance_key = action.place.instance_key.clone().or_else(|| request.instance_key().map(str::to_owned));
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
        let input = request.input.as_deref().unwrap_or(&Value::Null);
        let world = cx.world();
        let find = |name: &str| {
            let mut all = world.app_data_schemas.with_key(name);
            all.find(|of| !of.place.is_instance() && !of.meta.is_archived())?.schema.clone()
        };
        let input_schema = &schema::with_references(input_schema, &find);
        schema::check_value(input_schema, input, &format!("the input of action `{}`", action.meta.name))?;
    }
    let output = perform(cx, &action, request, trace).await?;
    match &action.output_mapping {
        Some(mapping) => {
            let mut variables = variables_of(cx, request, trace);
            set_member(&mut variables, "output", output_in_mapping(&action, mapping, output.unwrap_or_default()));
            mapped(cx, trace.place(), mapping, &variables)
        }
        None => Ok(output),
    }
}

/// Does what the action's type and configuration say, and answers the output.
async fn perform(cx: &Cx, action: &Action, request: &RunRequest, trace: &mut Trace) -> Result<Option<Value>, ApiError> {
    let connection = trace.scope.connection.clone();
    Ok(match action.action_type {
        Some(ActionType::ApiRequestToExternalApp | ActionType::ApiRequest) => {
            let connection =
                connection.ok_or_else(|| no_connection(cx, trace.scope.integration.as_ref().map(|i| i.key())))?;
            let config = mapped_config(cx, action, request, trace)?;
            trace.mapped_input = Some(config.clone());
            let call = call_of_config(&config, action)?;
            Some(call_app(cx, &connection, call, trace).await?)
        }
        Some(ActionType::HttpRequest) => {
            let config = mapped_config(cx, action, request, trace)?;
            trace.mapped_input = Some(config.clone());
            Some(call_anywhere(cx, &config, action, trace, Whose::Anybodys).await?)
        }
        Some(ActionType::ApiRequestToYourApp) => {
            let mut config = mapped_config(cx, action, request, trace)?;
            let uri = address_of_your_app(cx, &config, action)?;
            set_member(&mut config, "uri", uri);
            trace.mapped_input = Some(config.clone());
            Some(call_anywhere(cx, &config, action, trace, Whose::Users).await?)
        }
        Some(ActionType::RunJavascript) => {
            let code = action.config.get("code").and_then(Value::as_str).map(str::to_owned);
            let code = code.ok_or_else(|| {
                ApiError::configuration(format!("action `{}` has no `config.code`", action.meta.name))
            })?;
            run_code(cx, code, request.input.as_deref(), connection.as_ref(), trace).await?
        }
        Some(other) => match verb_of(other) {
            Some(verb) => Some(run_on_records(cx, action, verb, request, trace).await?),
            None => run_operation(cx, action, request, trace).await?,
        },
        None if action.place.integration.is_some() || action.place.connection.is_some() => {
            return Err(ApiError::configuration(format!(
                "action `{}` has no `type`, so there is nothing to run",
                action.key()
            )));
        }
        None => {
            let at = trace.scope.integration.as_ref().map(|i| i.key().to_owned());
            return Err(ApiError::configuration(format!(
                "action `{}` is universal and has no version {}; create one with the same key and an `integrationKey`",
                action.key(),
                at.map_or("of its own to run".to_owned(), |key| format!("at the integration `{key}`"))
            )));
        }
    })
}

/// The key of the operation that a configuration names. Source: assumed.
pub(crate) fn operation_key(config: &JsonMap) -> Option<&str> {
    ["operationKey", "operation", "key"].into_iter().find_map(|name| config.get(name)?.as_str())
}

/// Does what the operation that `config.operationKey` names does, with the input that `config.inputMapping` comes to, or the
/// action's own. Source: IAPP:docs/actions; the names of the fields are assumed.
async fn run_operation(
    cx: &Cx,
    action: &Action,
    request: &RunRequest,
    trace: &mut Trace,
) -> Result<Option<Value>, ApiError> {
    let key = operation_key(&action.config).ok_or_else(|| {
        ApiError::configuration(format!("action `{}` has no `config.operationKey`", action.meta.name))
    })?;
    let connection = trace.scope.connection.clone();
    let connection = connection.ok_or_else(|| no_connection(cx, trace.scope.integration.as_ref().map(|i| i.key())))?;
    let connector = connector_of(cx, &connection)?;
    let operation = operation::find(&connector, key)?;
    let (variables, now) = (variables_of(cx, request, trace), cx.space.clock.now());
    let mapping = ["inputMapping", "input"].into_iter().find_map(|name| action.config.get(name));
    let input = match mapping {
        Some(mapping) => mapped(cx, trace.place(), mapping, &variables)?.map(Arc::new),
        None => request.input.clone(),
    };
    let input = input.unwrap_or_else(|| Arc::new(json!({})));
    operation.check_input(&input)?;
    let inner = RunRequest { input: Some(input), ..request.clone() };
    let output = Box::pin(perform(cx, &operation.as_action(), &inner, trace)).await?;
    operation.mapped(output, &mut variables_of(cx, &inner, trace), now)
}

/// The call of a flow's node, which does what an action of the same type and configuration would.
#[derive(Debug)]
pub struct NodeCall {
    /// The node as an action: its name, type and configuration.
    pub action: Action,
    /// The integration and connection that the flow runs through.
    pub scope: Resolved,
    pub input: Value,
    /// What formulas see beside what they see in every run.
    pub variables: JsonMap,
}

impl NodeCall {
    /// A request to the user's own app, with formulas over `variables`.
    pub fn to_your_app(cx: &Cx, name: &str, request: Value, variables: JsonMap) -> Self {
        let meta = Meta::new(&cx.space.ids, cx.space.clock.now(), None, Some(name.to_owned()));
        let mut action = Action::blank(cx.space.ids.id(), meta);
        action.action_type = Some(ActionType::ApiRequestToYourApp);
        action.config.insert("request".to_owned(), request);
        Self { action, scope: Resolved::default(), input: Value::Null, variables }
    }
}

/// Runs a node of a flow. No run log is written, so the lines that it logged and the requests that it
/// sent are answered with its output.
pub async fn run_node(cx: &Cx, call: NodeCall) -> (Result<Option<Value>, ApiError>, Vec<Value>) {
    let request = RunRequest {
        dispatch: Err(ApiError::internal("a node has its action with it")),
        scope: Scope::default(),
        input: Some(Arc::new(call.input)),
        meta: None,
        snapshot: JsonMap::new(),
        resolution: None,
    };
    let instance_key = call.action.place.instance_key.clone();
    let mut trace = Trace { scope: call.scope, instance_key, variables: call.variables, ..Trace::default() };
    let result = perform(cx, &call.action, &request, &mut trace).await;
    let mut logs = std::mem::take(&mut trace.logs);
    let evidence = std::mem::take(&mut *trace.evidence.lock().unwrap_or_else(PoisonError::into_inner));
    logs.extend(evidence.exchanges.iter().map(|(_, exchange)| {
        json!({
            "type": "api-request",
            "at": exchange.at,
            "request": { "method": exchange.request.method, "url": exchange.request.url },
            "status": exchange.response.as_ref().map(|response| response.status),
        })
    }));
    (result, logs)
}

pub(crate) fn to_json(value: &impl serde::Serialize) -> Result<Value, ApiError> {
    serde_json::to_value(value).map_err(ApiError::internal)
}
