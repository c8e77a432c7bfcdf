//! The handlers of `/act`, `/actions`, `/action-instances` and their other spellings.
//!
//! Invariant: a call that is wrong is still a request to run, so that the failed run is logged.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use serde_json::json;
use tokio::task::spawn_blocking;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::json::size_above;
use crate::call::router::Route;
use crate::call::subject::{About, Subject, names_of};
use crate::call::{Call, Reply};
use crate::elements;
use crate::elements::model::{Scope, Selector};
use crate::elements::routes::{shown, shown_listed};
use crate::engine::Cx;
use crate::nouns::action::model::{Action, ActionState};
use crate::nouns::action::run::{Dispatch, RunReply, RunRequest, resolve};
use crate::nouns::action::{act as act_call, rules as actions, run};
use crate::nouns::connection as connections;

/// An output whose JSON text has more bytes than this is made text off the thread that answers other calls too.
const LARGE_OUTPUT: usize = 256 * 1024;

async fn ran(reply: RunReply) -> Result<Reply, ApiError> {
    let mut is_large = false;
    let mut body = JsonMap::new();
    if let Some(output) = reply.result? {
        is_large = size_above(&output, LARGE_OUTPUT).is_some();
        body.insert("output".into(), output);
    }
    body.insert("actionRunId".into(), json!(reply.id));
    let mut answer = if is_large {
        spawn_blocking(move || Reply::json(&body)).await.map_err(ApiError::internal)??
    } else {
        Reply::json(&body)?
    };
    answer.run_id = Some(reply.id.to_string());
    Ok(answer)
}

/// A call that runs something: who calls, and what was read of the call and found for it.
#[derive(Debug)]
pub(crate) struct RunCall {
    cx: Cx,
    request: RunRequest,
    /// The names by which the call names the action.
    asked: Vec<String>,
}

impl RunCall {
    /// Finds what the request is about. That is what runs, unless the workspace changes in between.
    fn new(cx: Cx, mut request: RunRequest) -> Self {
        request.resolution = Some(Arc::new(resolve(&cx, &request)));
        let named = |field: &str| request.snapshot.get(field).and_then(Value::as_str).map(str::to_owned);
        let mut asked: Vec<String> = [named("id"), named("key")].into_iter().flatten().collect();
        if let Ok(Dispatch::Action(selector)) = &request.dispatch {
            asked.extend([&selector.any, &selector.key, &selector.id].into_iter().flatten().cloned());
        }
        // The action may also be named by `<integrationKey>.<key>`.
        let short: Vec<String> =
            asked.iter().filter_map(|name| name.split_once('.')).map(|(_, key)| key.into()).collect();
        asked.extend(short);
        Self { cx, request, asked }
    }
}

impl About for RunCall {
    fn subject(&self, call: &Call, route: &Route) -> Option<Subject> {
        let mut subject = Subject::plain(call, route, Arc::clone(&self.cx.space));
        let resolution = self.request.resolution.as_ref()?;
        let mut names = self.asked.clone();
        if let Ok(Some(action)) = &resolution.action {
            names.extend(names_of(action.id.as_str(), &action.meta));
        }
        let mut once = BTreeSet::new();
        names.retain(|name| !name.is_empty() && once.insert(name.clone()));
        subject.facts.action = names;
        subject.input.clone_from(&self.request.input);
        if resolution.scope.connection.is_some() || resolution.scope.integration.is_some() {
            return Some(subject.about(&resolution.scope));
        }
        // A call that cannot be made sense of is still about what it names.
        let world = self.cx.world();
        let found = self.cx.directory(&world).scope(&self.cx.caller, &self.request.scope).unwrap_or_default();
        Some(subject.about(&found))
    }
}

/// Reads the body of `POST /act`.
pub(crate) fn read_act(call: &Call) -> Result<RunCall, ApiError> {
    let body = call.any_json()?.unwrap_or_else(|| json!({}));
    Ok(RunCall::new(call.cx()?, act_call::read(body)))
}

/// Runs what a call asks for and answers `{output, actionRunId}`. A failed run is an error
/// that has the `actionRunId` too.
pub(crate) async fn run(_: Call, RunCall { cx, request, .. }: RunCall) -> Result<Reply, ApiError> {
    ran(run::run(&cx, request).await?).await
}

/// `GET` of an action, any token: answers it; with `wait`, once it has left BUILDING or the timeout
/// has passed. 404 when there is none.
pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let selector = call.selector()?;
    let found = actions::get(&cx, &selector)?;
    let Some(timeout) = call.wait()? else { return shown_listed(&cx, &found) };
    let by_id = Selector { id: Some(found.0.id.to_string()), ..Selector::default() };
    let building = || actions::get(&cx, &by_id).map(|(action, _)| action.state == ActionState::Building);
    connections::wait_while(&cx, timeout, building).await?;
    shown(&cx, &*actions::get(&cx, &by_id)?.0, found.1.as_deref())
}

/// The call as `/act` would take it, for the run log.
fn snapshot(selector: &Selector, scope: &Scope, meta: Option<&JsonMap>) -> JsonMap {
    let mut snapshot = JsonMap::new();
    let mut set = |name: &str, value: Option<&String>| {
        if let Some(value) = value {
            snapshot.insert(name.to_owned(), value.clone().into());
        }
    };
    set("key", selector.key.as_ref().or(selector.parent_key.as_ref()).or(selector.any.as_ref()));
    set("integrationId", scope.integration_id.as_ref());
    set("integrationKey", scope.integration_key.as_ref());
    set("connectionId", scope.connection_id.as_ref());
    set("connectionKey", scope.connection_key.as_ref());
    if let Some(meta) = meta {
        snapshot.insert("meta".into(), Value::Object(meta.clone()));
    }
    snapshot
}

/// A call that runs the action which it selects; a selector that cannot be read is told in the run's log.
fn request_of(selector: Result<Selector, ApiError>, input: Option<Arc<Value>>, meta: Option<JsonMap>) -> RunRequest {
    let shown = selector.clone().unwrap_or_default();
    RunRequest {
        snapshot: snapshot(&shown, &shown.scope, meta.as_ref()),
        scope: shown.scope,
        dispatch: selector.map(Dispatch::Action),
        input,
        meta,
        resolution: None,
    }
}

/// Reads `POST /actions/{selector}/run` and its singular, whose body is
/// `{input, meta}`. Source: SDK `RunActionRequest`.
pub(crate) fn read_selected(call: &Call) -> Result<RunCall, ApiError> {
    let (input, meta) = unwrapped(call.any_json()?.unwrap_or_else(|| json!({})));
    Ok(RunCall::new(call.cx()?, request_of(call.selector(), input.map(Arc::new), meta)))
}

/// Takes `input` and `meta` out of a body; any other body is the input itself.
fn unwrapped(body: Value) -> (Option<Value>, Option<JsonMap>) {
    match body {
        // Some clients send the bare input to such a route, which is understood too (real-use).
        Value::Object(mut body) if body.keys().all(|name| name == "input" || name == "meta") => {
            (body.shift_remove("input"), body.shift_remove("meta").and_then(|meta| meta.as_object().cloned()))
        }
        other => (Some(other), None),
    }
}

/// Reads a call whose body is the input itself. Source: SDK.
pub(crate) fn read_bare(call: &Call) -> Result<RunCall, ApiError> {
    let input = call.any_json()?;
    Ok(RunCall::new(call.cx()?, request_of(call.selector(), input.map(Arc::new), None)))
}

/// `POST /action-instance/run`, any token: runs the connection's version; the body is the input itself, and
/// `autoCreate` makes a missing version first.
pub(crate) async fn run_instance(_: Call, call: RunCall) -> Result<Reply, ApiError> {
    let (cx, request) = (call.cx, call.request);
    let selector = match &request.dispatch {
        Ok(Dispatch::Action(selector)) => selector.clone(),
        Ok(Dispatch::Api(_) | Dispatch::Code(_)) | Err(_) => return ran(run::run(&cx, request).await?).await,
    };
    let resolved = match elements::instance::<Action>(&cx, &selector).await {
        Ok(action) => {
            Ok(Selector { id: Some(action.id.to_string()), scope: selector.scope.clone(), ..Selector::default() })
        }
        // Without an instance, the parent is run, as `/actions/:sel/run` would do it.
        Err(error) if selector.auto_create => Err(error),
        Err(_) => Ok(Selector {
            id: selector.id.clone().or_else(|| selector.parent_id.clone()),
            key: selector.parent_key.clone().or_else(|| selector.key.clone()),
            ..selector.clone()
        }),
    };
    ran(run::run(&cx, request_of(resolved, request.input, None)).await?).await
}
