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

use crate::base::clock::real_sleep;
use crate::base::error::ApiError;
use crate::base::ids::Index;
use crate::base::operation::Operation;
use crate::engine::moves::Works;
use crate::engine::tokens::sign_for_app;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::fault::{CallFacts, Side};
use crate::journal::{self, Entry};
use crate::nouns::webhook::model::{DeliveryAttempt, DeliveryState, Happening, WebhookDelivery, WorkspaceEvent};
use crate::nouns::{connection as connections, fault as faults, flow_run as flow_runs};
use crate::store::{StoreError, Tx, World};
use crate::upstream::OutRequest;

/// The wait before the second attempt, on the workspace's clock; each further wait is twice as long.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// A delivery is tried this often, which takes two minutes of the workspace's clock; our choice.
const MOST_ATTEMPTS: usize = 8;
/// How long a receiver may take to answer, in real time. Source: DOC:…/self-hosting/system-webhooks.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many finished deliveries are kept; older ones are removed.
const MOST_KEPT: usize = 1_000;

/// Writes a delivery for each event that the transaction's changes mean, in the same transaction; it also tells scenarios of
/// the events.
pub fn outbox(space: &WorkspaceRuntime, before: &World, tx: &mut Tx) -> Result<(), StoreError> {
    let mut happenings = connections::happenings(before, tx);
    happenings.extend(flow_runs::happenings(before, tx));
    for Happening { event, names, data } in happenings {
        space.scenario_runs.happened(event, &names);
        if let Some(url) = tx.workspace.webhook_uri_for(event.name()).map(str::to_owned) {
            tx.put(delivery_of(space, event, &data, url))?;
        }
    }
    if !tx.changed::<WebhookDelivery>().is_empty() {
        forget_old(tx);
    }
    Ok(())
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
