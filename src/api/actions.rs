//! `/act`, `/actions`, `/action-instances` and their other spellings.

use std::sync::Arc;

use serde_json::{Value, json};

use super::call::{Call, Reply};
use crate::engine::Cx;
use crate::error::ApiError;
use crate::model::JsonMap;
use crate::model::action::{Action, ActionBody, ActionState};
use crate::model::element::{Layer, Scope, Selector};
use crate::model::integration::Integration;
use crate::model::page::Page;
use crate::service::actions::{self, ActionFilter, Change, Listed};
use crate::service::directory::Directory;
use crate::service::run::{self, Dispatch, RunReply, RunRequest};
use crate::service::view::Lens;
use crate::service::{act as act_call, connections};

fn shown(cx: &Cx, action: &Action, at: Option<&Integration>) -> Result<Reply, ApiError> {
    let world = cx.world();
    let lens =
        Lens { directory: Directory::new(&world, &cx.engine.catalog), base: cx.engine.base(), caller: &cx.caller };
    Reply::json(&lens.action(action, at))
}

fn shown_listed(cx: &Cx, (action, at): &Listed) -> Result<Reply, ApiError> {
    shown(cx, action, at.as_deref())
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

pub(super) async fn act(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body = call.any_json()?.unwrap_or_else(|| json!({}));
    ran(run::run(&cx, act_call::read(body)).await?)
}

fn filter(call: &Call) -> Result<ActionFilter, ApiError> {
    let query = call.query();
    let selector = call.selector()?;
    Ok(ActionFilter {
        id: query.text("id"),
        layer: selector.layer,
        scope: selector.scope,
        external_app_id: query.text("externalAppId"),
        search: query.text("search"),
        intent: query.text("intent"),
        instance_key: query.text("instanceKey"),
        parent_id: query.text("parentId"),
        universal_parent_id: query.text("universalParentId"),
        tenant: query.text("tenantId").or_else(|| query.text("userId")),
        is_universal: query.flag("isUniversal"),
        include_archived: query.flag("includeArchived").unwrap_or(false),
    })
}

fn shown_page(cx: &Cx, page: &Page<Listed>) -> Result<Reply, ApiError> {
    let world = cx.world();
    let lens =
        Lens { directory: Directory::new(&world, &cx.engine.catalog), base: cx.engine.base(), caller: &cx.caller };
    let items = page.items.iter().map(|(action, at)| lens.action(action, at.as_deref())).collect();
    Reply::json(&Page { items, cursor: page.cursor.clone() })
}

pub(super) async fn list(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_page(&cx, &actions::list(&cx, &filter(&call)?, call.page()?)?)
}

pub(super) async fn list_instances(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let filter = ActionFilter { layer: Some(Layer::Connection), ..filter(&call)? };
    shown_page(&cx, &actions::list(&cx, &filter, call.page()?)?)
}

pub(super) async fn create(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let mut body: ActionBody = call.json()?;
    if let Ok(integration) = call.param("integration") {
        body.integration_id = Some(integration.to_owned());
    }
    shown(&cx, &*actions::create(&cx, body).await?, None)
}

pub(super) async fn get(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let selector = call.selector()?;
    let found = actions::get(&cx, &selector)?;
    let Some(timeout) = call.wait()? else { return shown_listed(&cx, &found) };
    let by_id = Selector { id: Some(found.0.id.to_string()), ..Selector::default() };
    let building = || actions::get(&cx, &by_id).map(|(action, _)| action.state == ActionState::Building);
    connections::wait_while(&cx, timeout, building).await?;
    shown(&cx, &actions::get(&cx, &by_id)?.0, found.1.as_deref())
}

pub(super) async fn patch(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &actions::update(&cx, &call.selector()?, call.json()?, Change::Merge).await?)
}

pub(super) async fn put(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &actions::update(&cx, &call.selector()?, call.json()?, Change::Replace).await?)
}

pub(super) async fn archive(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &actions::archive(&cx, &call.selector()?).await?)
}

pub(super) async fn restore(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &actions::restore(&cx, &call.selector()?).await?)
}

pub(super) async fn reset(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown_listed(&cx, &actions::reset(&cx, &call.selector()?).await?)
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
pub(super) async fn run(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (input, meta) = unwrapped(call.any_json()?.unwrap_or_else(|| json!({})));
    run_selected(&cx, call.selector(), input, meta).await
}

/// `{input, meta}` taken apart.
fn unwrapped(body: Value) -> (Option<Value>, Option<JsonMap>) {
    match body {
        // A client that sends the bare input to such a route as well is understood (real-use 9).
        Value::Object(mut body) if body.keys().all(|name| name == "input" || name == "meta") => {
            (body.shift_remove("input"), body.shift_remove("meta").and_then(|meta| meta.as_object().cloned()))
        }
        other => (Some(other), None),
    }
}

/// What the body of a call that runs an action gives to it, as the route's handler reads it.
pub(super) fn input_of(route: &str, mut body: Value) -> Option<Value> {
    match route {
        "/act" => body.get_mut("input").map(Value::take),
        RUN_BARE | RUN_INSTANCE => Some(body),
        _ => unwrapped(body).0,
    }
}

/// Where the body is the input itself. Source: SDK.
pub(super) const RUN_BARE: &str = "/connections/{connection}/actions/{selector}/run";
/// Here too.
pub(super) const RUN_INSTANCE: &str = "/action-instance/run";

/// `/connections/:c/actions/:a/run`: the body is the input itself. Source: SDK.
pub(super) async fn run_bare(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let input = call.any_json()?;
    run_selected(&cx, call.selector(), input, None).await
}

/// `/action-instance/run?…`: the body is the input itself; `autoCreate` makes the instance first.
pub(super) async fn run_instance(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let input = call.any_json()?;
    let selector = match call.selector() {
        Ok(selector) => selector,
        Err(error) => return run_selected(&cx, Err(error), input, None).await,
    };
    let resolved = match actions::instance(&cx, &selector).await {
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

fn instance_selector(call: &Call) -> Result<Selector, ApiError> {
    let mut selector = call.selector()?;
    // Below a connection, the path names the parent's key; a singular address may name an id or a parent.
    if let Some(any) = selector.any.take() {
        selector.key = Some(any);
    }
    Ok(selector)
}

async fn found_instance(cx: &Cx, call: &Call) -> Result<Arc<Action>, ApiError> {
    let selector = instance_selector(call)?;
    match actions::instance(cx, &selector).await {
        Ok(action) => Ok(action),
        // Reading what is only defined above shows that (the connection's effective version).
        Err(error) if selector.id.is_none() && !selector.auto_create => {
            let above = Selector {
                any: selector.key.clone().or_else(|| selector.parent_key.clone()),
                key: None,
                ..selector.clone()
            };
            actions::get(cx, &above).map(|(action, _)| action).map_err(|_| error)
        }
        Err(error) => Err(error),
    }
}

pub(super) async fn get_instance(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let action = found_instance(&cx, &call).await?;
    shown(&cx, &action, None)
}

pub(super) async fn put_instance(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: Option<ActionBody> = if call.has_body() { Some(call.json()?) } else { None };
    let action = actions::put_instance(&cx, &instance_selector(&call)?, body).await?;
    shown(&cx, &action, None)
}

/// The selector of an instance that exists, by id.
async fn existing(cx: &Cx, call: &Call) -> Result<Selector, ApiError> {
    let action = actions::instance(cx, &instance_selector(call)?).await?;
    Ok(Selector { id: Some(action.id.to_string()), ..Selector::default() })
}

pub(super) async fn patch_instance(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let making = Selector { auto_create: true, ..instance_selector(&call)? };
    let action = actions::instance(&cx, &making).await?;
    let by_id = Selector { id: Some(action.id.to_string()), ..Selector::default() };
    shown_listed(&cx, &actions::update(&cx, &by_id, call.json()?, Change::Merge).await?)
}

pub(super) async fn archive_instance(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let selector = existing(&cx, &call).await?;
    shown_listed(&cx, &actions::archive(&cx, &selector).await?)
}

/// Makes the instance when it is missing; there is nothing else to set up.
pub(super) async fn setup_instance(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let action = actions::put_instance(&cx, &instance_selector(&call)?, None).await?;
    shown(&cx, &action, None)
}

pub(super) async fn reset_instance(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let making = Selector { auto_create: true, ..instance_selector(&call)? };
    let action = actions::instance(&cx, &making).await?;
    let by_id = Selector { id: Some(action.id.to_string()), ..Selector::default() };
    shown_listed(&cx, &actions::reset(&cx, &by_id).await?)
}
