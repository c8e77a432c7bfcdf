//! Webhooks out: deliveries are written with the change that they tell of; the worker sends them until the receiver
//! takes them or eight attempts have failed.
//!
//! Invariant: a delivery is sent by one worker at a time and tried only when it is due.
//!
//! Source: DOC:docs/managing-membrane/monitoring-troubleshooting/webhook-notifications; the number and times of the
//! retries are our choice, nothing is documented.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use crate::base::json::set_member;
use crate::base::operation::Operation;
use crate::engine::moves::Works;
use crate::engine::tokens::sign_for_app;
use crate::nouns::fault as faults;

use crate::base::clock::real_sleep;
use crate::base::error::ApiError;
use crate::base::ids::Index;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::fault::{CallFacts, Side};
use crate::journal;
use crate::journal::Entry;
use crate::nouns::connection::model::Connection;
use crate::nouns::flow_run::model::FlowRun;
use crate::nouns::webhook::model::{DeliveryAttempt, DeliveryState, WebhookDelivery, WorkspaceEvent};
use crate::store::{StoreError, Tx, World};
use crate::upstream::OutRequest;

/// The wait before the second attempt, on the workspace's clock; each further wait is twice as long.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const MOST_ATTEMPTS: usize = 8;
/// How long a receiver may take to answer, in real time. Source: DOC:…/self-hosting/system-webhooks.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many finished deliveries are kept; older ones are removed.
const MOST_KEPT: usize = 1_000;

/// Writes a delivery for each event that the transaction's changes mean, in the same transaction; it also tells scenarios of
/// the events.
pub fn outbox(space: &WorkspaceRuntime, before: &World, tx: &mut Tx) -> Result<(), StoreError> {
    let mut events: Vec<(WorkspaceEvent, Vec<String>, Value)> = Vec::new();
    for id in tx.changed::<Connection>() {
        let Some(after) = tx.connections.get(&id).cloned() else { continue };
        let Some(event) = WorkspaceEvent::of(before.connections.get(&id).map(|c| &**c), &after) else { continue };
        let names = [Some(after.id.to_string()), after.meta.key.clone()];
        events.push((event, names.into_iter().flatten().collect(), of_connection(tx, &after)));
    }
    for id in tx.changed::<FlowRun>() {
        let Some(after) = tx.flow_runs.get(&id) else { continue };
        if let Some(event) = WorkspaceEvent::of_run(before.flow_runs.get(&id).map(|run| &**run), after) {
            let mut names = vec![after.id.to_string(), after.flow.to_string()];
            names.extend(tx.flows.get(after.flow.as_str()).and_then(|flow| flow.meta.key.clone()));
            events.push((event, names, of_flow_run(tx, after)));
        }
    }
    for (event, names, data) in events {
        space.scenario_runs.happened(event, &names);
        if let Some(url) = receiver(tx, event) {
            let delivery = delivery_of(space, event, &data, url);
            tx.put(delivery)?;
        }
    }
    if !tx.changed::<WebhookDelivery>().is_empty() {
        forget_old(tx);
    }
    Ok(())
}

/// The address that an event goes to; none when the workspace has no receiver or does not want the
/// event. Source: SDK `Workspace.webhookUri`, `enabledWebhookEvents`.
fn receiver(world: &World, event: WorkspaceEvent) -> Option<String> {
    let extra = &world.workspace.extra;
    let url = extra.get("webhookUri")?.as_str().filter(|url| !url.is_empty())?;
    // Without a list, every event is sent.
    let enabled = extra.get("enabledWebhookEvents").and_then(Value::as_array);
    let wanted = enabled.is_none_or(|events| events.iter().any(|wanted| wanted == event.name()));
    wanted.then(|| url.to_owned())
}

/// Repeats the fields under the noun's name, because both forms are documented: `data.id` and `data.connection.id`. Under
/// its name the noun has these records beside it.
fn both<const N: usize>(noun: &str, fields: Value, records: [(&str, Option<Value>); N]) -> Value {
    let (mut data, mut whole) = (fields.clone(), fields);
    for (name, record) in records {
        if let Some(record) = record {
            set_member(&mut whole, name, record);
        }
    }
    set_member(&mut data, noun, whole);
    data
}

fn of_connection(world: &World, connection: &Connection) -> Value {
    let integration = connection.integration.as_ref().and_then(|id| world.integrations.get(id.as_str()));
    let user = world.tenants.get(connection.tenant.as_str());
    both(
        "connection",
        json!({
            "id": connection.id,
            "key": connection.meta.key,
            "name": connection.meta.name,
            "integrationId": connection.integration,
            "integrationKey": integration.map(|integration| integration.key()),
            "connected": connection.is_connected(),
            "disconnected": !connection.is_connected(),
            "customerId": connection.tenant,
            "userId": connection.tenant,
            "tenantId": connection.tenant,
        }),
        [
            ("user", user.map(|user| json!({ "id": user.id, "internalId": user.internal_id, "name": user.name }))),
            ("integration", integration.map(|i| json!({ "id": i.id, "key": i.key(), "name": i.meta.name }))),
        ],
    )
}

/// The data of a flow run's event. Source: DOC:…/webhook-notifications (`data.flowRun`).
fn of_flow_run(world: &World, run: &FlowRun) -> Value {
    let parent = world.flows.get(run.flow.as_str()).and_then(|flow| flow.place.parent.as_ref());
    let above = parent.and_then(|id| world.flows.get(id.as_str())).filter(|flow| flow.place.integration.is_some());
    let mut fields = json!({
        "id": run.id,
        "connectionFlowId": run.flow,
        "integrationFlowId": above.map(|flow| &flow.id),
        "connectionId": run.connection,
        "integrationId": run.integration,
        "state": run.state,
        "startTime": run.started_at,
        "endTime": run.ended_at,
        "startNodeKey": run.start_node,
        "launchedBy": { "type": "api-trigger" },
        "customerId": run.tenant,
        "userId": run.tenant,
        "tenantId": run.tenant,
    });
    if !run.errors.is_empty() {
        set_member(&mut fields, "errors", json!(run.errors));
    }
    both("flowRun", fields, [])
}

/// The delivery that tells the user's app of an external event, whose fields are the whole payload.
pub fn of_external_event(space: &WorkspaceRuntime, event: Value, url: String) -> WebhookDelivery {
    WebhookDelivery { payload: event, ..delivery_of(space, WorkspaceEvent::ExternalEvent, &Value::Null, url) }
}

/// A new delivery, due at once. Its payload names the event twice, as `eventType` and as `event`.
fn delivery_of(space: &WorkspaceRuntime, event: WorkspaceEvent, data: &Value, url: String) -> WebhookDelivery {
    let now = space.clock.now();
    WebhookDelivery {
        id: space.ids.id(),
        event_type: event,
        url,
        payload: json!({ "eventType": event, "event": event, "data": data, "createdAt": now }),
        state: DeliveryState::Pending,
        attempts: Vec::new(),
        next_attempt_at: Some(now),
        created_at: now,
    }
}

/// Removes the oldest of those that were sent, of which the last 1,000 are kept.
pub fn forget_old(tx: &mut Tx) {
    let excess = tx.deliveries.with(Index::Over, &[]).count().saturating_sub(MOST_KEPT);
    let oldest = tx.deliveries.with(Index::Over, &[]).take(excess);
    for id in oldest.map(|delivery| delivery.id.clone()).collect::<Vec<_>>() {
        tx.remove::<WebhookDelivery>(id.as_str());
    }
}

/// Webhooks are sent one by one. What happened at one moment is told one after the other: a run is queued before it is
/// started. Webhooks of other moments do not wait for a receiver that hangs.
impl Works for WebhookDelivery {
    fn may_begin(space: &WorkspaceRuntime, world: &World, delivery: &Self) -> bool {
        let of_same_moment =
            |id: &str| world.deliveries.get(id).is_some_and(|other| other.created_at == delivery.created_at);
        !space.in_flight.any(of_same_moment)
    }

    async fn work(engine: Arc<Engine>, space: Arc<WorkspaceRuntime>, delivery: Arc<Self>) -> Result<(), ApiError> {
        deliver(&engine, &space, &delivery).await
    }
}

/// Sends a delivery once if it is due, and stores how the attempt went and when the next one is. Fails only when that
/// cannot be stored.
async fn deliver(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    delivery: &WebhookDelivery,
) -> Result<(), ApiError> {
    // Read again now that nobody else sends it: it may have been delivered a moment ago.
    let now = space.clock.now();
    let current = space.world().deliveries.get(delivery.id.as_str()).cloned();
    let Some(delivery) = current.filter(|d| d.next_attempt_at.is_some_and(|at| at <= now)) else { return Ok(()) };
    let sent = tokio::select! {
        sent = send(engine, space, &delivery) => sent,
        () = real_sleep(PATIENCE) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    };
    let now = space.clock.now();
    let mut tx = space.data.begin().await;
    let Some(mut delivery) = tx.deliveries.get(delivery.id.as_str()).map(|known| (**known).clone()) else {
        return Ok(());
    };
    let taken = matches!(&sent, Ok(status) if (200..300).contains(status));
    let (status, error) = match sent {
        Ok(status) => (Some(status), None),
        Err(error) => (None, Some(error)),
    };
    delivery.attempts.push(DeliveryAttempt { at: now, status, error });
    let tried = delivery.attempts.len();
    (delivery.state, delivery.next_attempt_at) = if taken {
        (DeliveryState::Delivered, None)
    } else if tried >= MOST_ATTEMPTS {
        (DeliveryState::Failed, None)
    } else {
        let doublings = u32::try_from(tried - 1).unwrap_or(u32::MAX);
        (DeliveryState::Pending, Some(now.plus(FIRST_RETRY * 2_u32.saturating_pow(doublings))))
    };
    tx.put(delivery)?;
    tx.commit().await?;
    Ok(())
}

async fn send(engine: &Arc<Engine>, space: &Arc<WorkspaceRuntime>, delivery: &WebhookDelivery) -> Result<u16, String> {
    let url = Url::parse(&delivery.url).map_err(|error| format!("`{}` is not an address: {error}", delivery.url))?;
    let body = delivery.payload.to_string();
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(secret) = &space.world().workspace.mock.webhook_secret {
        headers.insert("x-signature", signature(secret, &body).ok_or("the body cannot be signed")?);
    }
    // A retry is signed anew: the workspace may have another secret by then.
    let world = space.world();
    // The payload of an external event is not within `data`.
    let tenant = ["/data/tenantId", "/tenantId"].iter().find_map(|place| delivery.payload.pointer(place)?.as_str());
    if let Some(tenant) = tenant.and_then(|id| world.tenants.get(id)) {
        sign_for_app(&world.workspace, tenant, &mut headers).map_err(|error| error.message.clone())?;
    }
    let path = url.path().to_owned();
    let call = || CallFacts {
        side: Side::Upstream,
        operation: Some(Operation::Webhook),
        method: Method::POST.to_string(),
        path: path.clone(),
        ..CallFacts::default()
    };
    let meant = url.clone();
    let request = OutRequest { method: Method::POST, url, headers, body: Bytes::from(body) };
    let go = async |request| {
        let result = engine.http.send(request).await;
        space.journal.add(Entry {
            operation: Some(Operation::Webhook),
            status: result.as_ref().map_or(0, |response| response.status.as_u16()),
            body: Some(delivery.payload.clone()),
            ..Entry::new(journal::Side::Upstream, space.clock.now(), "POST", &path)
        });
        result
    };
    let sent = faults::send(engine, space, call, None, &meant, request, go).await;
    match sent {
        Ok(Ok(response)) => Ok(response.status.as_u16()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.message.clone()),
    }
}

/// The HMAC-SHA256 of the body in hex, for the header `X-Signature`. Source: DOC:…/self-hosting/system-webhooks.
fn signature(secret: &str, body: &str) -> Option<HeaderValue> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(body.as_bytes());
    HeaderValue::try_from(hex::encode(mac.finalize().into_bytes())).ok()
}
