//! Writes the log of a run: the record, its details, and an external API log for each exchange.
//!
//! Invariant: all of them are written in one transaction, with credentials masked.

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::redact::{MASK, is_secret_name};
use crate::elements::model::Layer;
use crate::elements::{Kind as _, universal_parent};
use crate::engine::Cx;
use crate::engine::view::{Secrets, ViewContext};
use crate::nouns::action::model::Action;
use crate::nouns::action::run::{RunRequest, Trace, to_json};
use crate::nouns::connection as outbound;
use crate::nouns::connection::model::Connection;
use crate::nouns::run_log::model::{RunDetails, RunLog, RunStatus};
use crate::store::logs::OWN_ADDRESS;
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError};

/// A value as a log keeps it: its size when it is large.
fn shown(value: &Value) -> Value {
    outbound::size_if_large(value).unwrap_or_else(|| value.clone())
}

/// The same of a value that is shared, without copying it.
fn shared(value: &Arc<Value>) -> Arc<Value> {
    outbound::size_if_large(value).map_or_else(|| Arc::clone(value), Arc::new)
}

pub(crate) async fn write_log(
    cx: &Cx,
    id: &Id<RunLog>,
    seq: u64,
    started: crate::base::clock::Timestamp,
    request: &RunRequest,
    trace: &Trace,
    result: Result<&Option<Value>, &ApiError>,
) -> Result<(), ApiError> {
    let completed = cx.space.clock.now();
    let world = cx.world();
    let directory = cx.directory(&world);
    let lens = ViewContext { directory, base: OWN_ADDRESS, caller: &cx.caller };
    // The connection and tenant are logged as they are now: the run may have changed them.
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
    let output = result.ok().and_then(Option::as_ref).map(|output| Arc::new(shown(output)));
    let input = request.input.as_ref().map(shared);
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
            (Some(action), _) => universal_parent(&world, action),
            (None, _) => None,
        },
        integration_action_id: match layer {
            Some(Layer::Integration) => action.map(|action| action.id.to_string()),
            _ => action.and_then(|action| action.place.parent.as_ref()).map(Id::to_string),
        }
        .unwrap_or_default(),
        connection_action_id: action.filter(|_| layer == Some(Layer::Connection)).map(|action| action.id.clone()),
        status: if result.is_ok() { RunStatus::Success } else { RunStatus::Error },
        created_at: started,
        completed_at: completed,
        duration: completed.since(started),
        input: input.clone(),
        output,
        error: result.err().cloned(),
        meta: request.meta.clone(),
        action: snapshot(request, input.as_deref(), trace, &name),
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
    let omitted = evidence.omitted();
    let details = RunDetails {
        request: None,
        response: None,
        input: trace.mapped_input.as_ref().map(|mapped| Arc::new(shown(mapped))),
        output: None,
        exchanges: evidence.exchanges.iter().map(|(_, exchange)| exchange.clone()).collect(),
        state_transitions: evidence.transitions.into_items(),
        calls: evidence.calls.into_items(),
        omitted,
        logs: trace.logs.clone(),
    };
    let mut tx = cx.space.data.begin().await;
    for (connection, exchange) in evidence.exchanges.iter() {
        if let Some(connection) = connection {
            outbound::log_exchanges(cx, &mut tx, connection, Some(id), std::slice::from_ref(exchange))?;
        }
    }
    let mut used: Vec<&Id<Connection>> =
        evidence.exchanges.iter().filter_map(|(connection, _)| Some(&connection.as_ref()?.id)).collect();
    used.dedup();
    for id in used {
        if let Some(mut connection) = tx.connections.get(id.as_str()).map(|c| (**c).clone()) {
            connection.last_active_at = Some(completed);
            tx.put(connection)?;
        }
    }
    tx.add_run(seq, &log, &details)?;
    tx.commit().await?;
    Ok(())
}

/// The integration as a log keeps it: without the caller's connection, which the log has beside it.
pub(crate) fn without_connection(mut integration: Value) -> Value {
    if let Some(members) = integration.as_object_mut() {
        members.shift_remove("connection");
    }
    integration
}

/// The call with the action's `id`, `key`, `name` and `type`. `/act` takes it back because of `type` or `name`,
/// although both `id` and `key` may be there.
pub(crate) fn snapshot(request: &RunRequest, input: Option<&Value>, trace: &Trace, name: &str) -> Value {
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
    if let Some(Value::Object(headers)) = snapshot.get_mut("api").and_then(|api| api.get_mut("headers")) {
        for (name, value) in headers.iter_mut() {
            if is_secret_name(name) {
                *value = Value::String(MASK.into());
            }
        }
    }
    if let Some(Value::Object(api)) = snapshot.get_mut("api") {
        for name in ["body", "data"] {
            if let Some(body) = api.get_mut(name)
                && let Some(size) = outbound::size_if_large(body)
            {
                *body = size;
            }
        }
    }
    if let Some(input) = input {
        snapshot.insert("input".into(), input.clone());
    }
    if let Some(action) = action
        && !action.key().is_empty()
    {
        snapshot.insert("key".into(), action.key().into());
    }
    Value::Object(snapshot)
}
