//! `/act`, `/actions`, `/action-instances` and their other spellings.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::call::{Call, Reply};
use crate::elements;
use crate::elements::model::{Scope, Selector};
use crate::elements::routes::{Kind, shown, shown_listed};
use crate::elements::view::{ActionView, Lens};
use crate::elements::{Change, Listed};
use crate::engine::Cx;
use crate::nouns::action::act as act_call;
use crate::nouns::action::model::{Action, ActionBody, ActionState};
use crate::nouns::action::rules as actions;
use crate::nouns::action::run;
use crate::nouns::action::run::{Dispatch, RunReply, RunRequest};
use crate::nouns::connection::rules as connections;
use crate::nouns::integration::model::Integration;

impl Kind for Action {
    type View<'a> = ActionView<'a>;
    type Body = ActionBody;

    fn view<'a>(lens: &Lens<'a>, action: &'a Self, at: Option<&'a Integration>) -> ActionView<'a> {
        lens.action(action, at)
    }

    fn at_integration(body: &mut ActionBody, integration: &str) {
        body.integration_id = Some(integration.to_owned());
    }

    async fn create(cx: &Cx, body: ActionBody) -> Result<Arc<Self>, ApiError> {
        actions::create(cx, body).await
    }

    async fn update(cx: &Cx, selector: &Selector, body: ActionBody, change: Change) -> Result<Listed<Self>, ApiError> {
        actions::update(cx, selector, body, change).await
    }

    async fn put_instance(cx: &Cx, selector: &Selector, body: Option<ActionBody>) -> Result<Arc<Self>, ApiError> {
        actions::put_instance(cx, selector, body).await
    }

    async fn get(call: Call) -> Result<Reply, ApiError> {
        get(call).await
    }

    async fn run(call: Call) -> Result<Reply, ApiError> {
        run(call).await
    }
}

fn ran(reply: RunReply) -> Result<Reply, ApiError> {
    let mut body = JsonMap::new();
    if let Some(output) = reply.result? {
        body.insert("output".into(), output);
    }
    body.insert("actionRunId".into(), json!(reply.id));
    let mut answer = Reply::json(&body)?;
    answer.run_id = Some(reply.id.to_string());
    Ok(answer)
}

pub(crate) async fn act(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body = call.any_json()?.unwrap_or_else(|| json!({}));
    ran(run::run(&cx, act_call::read(body)).await?)
}

/// An action; `wait` waits until it is built.
async fn get(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let selector = call.selector()?;
    let found = actions::get(&cx, &selector)?;
    let Some(timeout) = call.wait()? else { return shown_listed(&cx, &found) };
    let by_id = Selector { id: Some(found.0.id.to_string()), ..Selector::default() };
    let building = || actions::get(&cx, &by_id).map(|(action, _)| action.state == ActionState::Building);
    connections::wait_while(&cx, timeout, building).await?;
    shown(&cx, &*actions::get(&cx, &by_id)?.0, found.1.as_deref())
}

/// The call as `/act` would take it.
fn snapshot(selector: &Selector, scope: &Scope, input: Option<&Value>, meta: Option<&JsonMap>) -> JsonMap {
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
    if let Some(input) = input {
        snapshot.insert("input".into(), input.clone());
    }
    if let Some(meta) = meta {
        snapshot.insert("meta".into(), Value::Object(meta.clone()));
    }
    snapshot
}

async fn run_selected(
    cx: &Cx,
    selector: Result<Selector, ApiError>,
    input: Option<Value>,
    meta: Option<JsonMap>,
) -> Result<Reply, ApiError> {
    let shown = selector.clone().unwrap_or_default();
    let request = RunRequest {
        snapshot: snapshot(&shown, &shown.scope, input.as_ref(), meta.as_ref()),
        scope: shown.scope,
        dispatch: selector.map(Dispatch::Action),
        input,
        meta,
    };
    ran(run::run(cx, request).await?)
}

/// `/actions/:sel/run` and its singular: the body is `{input, meta}`. Source: SDK `RunActionRequest`.
async fn run(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (input, meta) = unwrapped(call.any_json()?.unwrap_or_else(|| json!({})));
    run_selected(&cx, call.selector(), input, meta).await
}

/// `{input, meta}` taken apart.
fn unwrapped(body: Value) -> (Option<Value>, Option<JsonMap>) {
    match body {
        // A client that sends the bare input to such a route as well is understood (real-use).
        Value::Object(mut body) if body.keys().all(|name| name == "input" || name == "meta") => {
            (body.shift_remove("input"), body.shift_remove("meta").and_then(|meta| meta.as_object().cloned()))
        }
        other => (Some(other), None),
    }
}

/// What the body of a call that runs an action gives to it, as the route's handler reads it.
pub(crate) fn input_of(route: &str, mut body: Value) -> Option<Value> {
    match route {
        "/act" => body.get_mut("input").map(Value::take),
        RUN_BARE | RUN_INSTANCE => Some(body),
        _ => unwrapped(body).0,
    }
}

/// Where the body is the input itself. Source: SDK.
pub(crate) const RUN_BARE: &str = "/connections/{connection}/actions/{selector}/run";
/// Here too.
pub(crate) const RUN_INSTANCE: &str = "/action-instance/run";

/// `/connections/:c/actions/:a/run`: the body is the input itself. Source: SDK.
pub(crate) async fn run_bare(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let input = call.any_json()?;
    run_selected(&cx, call.selector(), input, None).await
}

/// `/action-instance/run?…`: the body is the input itself; `autoCreate` makes the instance first.
pub(crate) async fn run_instance(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let input = call.any_json()?;
    let selector = match call.selector() {
        Ok(selector) => selector,
        Err(error) => return run_selected(&cx, Err(error), input, None).await,
    };
    let resolved = match elements::instance::<Action>(&cx, &selector).await {
        Ok(action) => {
            Ok(Selector { id: Some(action.id.to_string()), scope: selector.scope.clone(), ..Selector::default() })
        }
        // Without an instance the run goes through the parent, as `/actions/:sel/run` would.
        Err(error) if selector.auto_create => Err(error),
        Err(_) => Ok(Selector {
            id: selector.id.clone().or_else(|| selector.parent_id.clone()),
            key: selector.parent_key.clone().or_else(|| selector.key.clone()),
            ..selector.clone()
        }),
    };
    run_selected(&cx, resolved, input, None).await
}
