//! The collecting of what subscriptions noticed: each becomes an event, which launches a flow and is sent to the user's app.
//!
//! Source: SDK `ExternalEventSubscriptionAccessor`; DOC:docs/events. That a pull which finds nothing is not logged is our
//! choice: on a clock that is moved by days, it would be all that is logged.

use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::json::set_member;
use crate::elements::Spot;
use crate::engine::catalog::Catalog;
use crate::engine::directory::Directory;
use crate::engine::moves::Moves;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::nouns::data_link_table::finder;
use crate::nouns::external_event::model::{
    Detection, EventStatus, ExternalEvent, ExternalEventPull, ExternalEventSubscription, PullStatus, SubscriptionStatus,
};
use crate::nouns::external_event::noticing::{forget_old, is_deactivated};
use crate::nouns::field_mapping::model::{Direction, FieldMapping};
use crate::nouns::flow::model::Flow;
use crate::nouns::flow_run::{self as flow_runs, Launch};
use crate::nouns::references::name_in;
use crate::nouns::webhook as webhooks;
use crate::store::{StoreError, Tx, World};

/// Drops what a subscription noticed.
pub(super) fn forget(of: &mut ExternalEventSubscription) {
    of.noticed.clear();
    of.fresh.clear();
    of.due = None;
}

/// Asks the app what is new: collects what was noticed and logs the pull, whose id it answers. While the connection does not
/// work, nothing is collected and nothing is lost.
pub(super) fn pull(
    catalog: &Catalog,
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    of: &mut ExternalEventSubscription,
) -> Result<Id<ExternalEventPull>, StoreError> {
    let now = space.clock.now();
    let start = of.collected_at.unwrap_or(of.since);
    let error = tx.connections.get(of.connection.as_str()).and_then(|connection| {
        let directory = Directory::new(tx, catalog);
        let connector = connection.connector.as_ref().and_then(|id| directory.connector(id.as_str()));
        let key = connector.as_ref().map_or("", |connector| connector.key());
        let dead = || (!connection.is_connected()).then(|| connection.disconnected_error(key, 400));
        directory.check_usable(connection).err().or_else(dead)
    });
    let collected = if error.is_none() { collect(catalog, space, tx, of)? } else { Vec::new() };
    of.status = if error.is_none() { SubscriptionStatus::Subscribed } else { SubscriptionStatus::Error };
    of.error.clone_from(&error);
    if error.is_some() {
        of.due = of.next_pull(now).filter(|_| !of.noticed.is_empty());
    }
    let id: Id<ExternalEventPull> = space.ids.id();
    tx.put(ExternalEventPull {
        id: id.clone(),
        tenant: of.tenant.clone(),
        subscription: of.id.clone(),
        is_full_scan: of.detection == Detection::FullScan,
        status: if error.is_none() { PullStatus::Success } else { PullStatus::Error },
        collected,
        error,
        start,
        end: now,
    })?;
    forget_old::<ExternalEventPull>(tx);
    Ok(id)
}

/// How many events begin one flow run; of more, each so many begin one. Source: IAPP:docs/nodes has several events begin one run
/// with several inputs, and many of them several runs; how many, it does not say. So many leave a run room for forty nodes.
const MOST_INPUTS: usize = 25;

/// Makes events of what was noticed: they launch the flow that waits for them, and each is logged and sent to the user's app.
pub(super) fn collect(
    catalog: &Catalog,
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    of: &mut ExternalEventSubscription,
) -> Result<Vec<Id<ExternalEvent>>, StoreError> {
    let now = space.clock.now();
    (of.due, of.collected_at) = (None, Some(now));
    of.fresh.clear();
    let noticed = std::mem::take(&mut of.noticed);
    let of = &*of;
    let mut events = Vec::new();
    for noticed in noticed {
        // A record stands in the payload of its event under its name; the event of a connector is the payload.
        let payload = if of.collection.is_some() { json!({ "record": noticed.data }) } else { noticed.data };
        events.push(ExternalEvent {
            id: space.ids.id(),
            tenant: of.tenant.clone(),
            subscription: of.id.clone(),
            payload,
            launched: Vec::new(),
            status: EventStatus::Success,
            error: None,
            created_at: now,
        });
    }
    for events in events.chunks_mut(MOST_INPUTS) {
        launch(catalog, space, tx, of, events);
    }
    let collected = events.iter().map(|event| event.id.clone()).collect();
    for event in events {
        if let Some(uri) = of.webhook_uri.clone() {
            let delivery = webhooks::of_external_event(space, told(of, &event), uri);
            tx.put(delivery)?;
        }
        tx.put(event)?;
    }
    forget_old::<ExternalEvent>(tx);
    webhooks::forget_old(tx);
    Ok(collected)
}

/// Launches the flow instance that a subscription is for, at its trigger: one run for all of the events. Each notes the run, or
/// why there is none.
fn launch(
    catalog: &Catalog,
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    of: &ExternalEventSubscription,
    events: &mut [ExternalEvent],
) {
    let Some((flow, node)) = &of.flow else { return };
    let refuse = |event: &mut ExternalEvent, error| (event.status, event.error) = (EventStatus::Error, Some(error));
    let Some(flow) = tx.flows.get(flow.as_str()).cloned() else {
        for event in events {
            refuse(event, ApiError::not_found("its flow is gone"));
        }
        return;
    };
    let (mut inputs, mut launching) = (Vec::new(), Vec::new());
    for event in events {
        match mapped(catalog, space, tx, of, (&flow, node), event.payload.clone()) {
            Ok(input) => {
                inputs.push(input);
                launching.push(event);
            }
            Err(error) => refuse(event, error),
        }
    }
    if launching.is_empty() {
        return;
    }
    let by = Launch { by: "external-event", ids: launching.iter().map(|event| event.id.to_string()).collect() };
    match flow_runs::queue(catalog, space, tx, &flow, node, inputs, by) {
        Ok(run) => launching.into_iter().for_each(|event| event.launched = vec![run.clone()]),
        Err(error) => launching.into_iter().for_each(|event| refuse(event, error.clone())),
    }
}

/// What the user's app is told of an event. Source: the fields of the log; the form is our choice.
fn told(of: &ExternalEventSubscription, event: &ExternalEvent) -> Value {
    json!({
        "id": event.id,
        "type": of.config.event_type,
        "externalEventSubscriptionId": of.id,
        "connectionId": of.connection,
        "integrationId": of.integration,
        "userId": of.tenant,
        "tenantId": of.tenant,
        "payload": event.payload,
        "createdAt": event.created_at,
    })
}

/// What a flow is launched with: the payload, whose record has its fields as the trigger's `fieldMapping` makes them, and its
/// `rawFields` only where that says `includeRawFields`. Source: real-use; that raw fields go otherwise is assumed.
fn mapped(
    catalog: &Catalog,
    space: &WorkspaceRuntime,
    world: &World,
    of: &ExternalEventSubscription,
    (flow, node): (&Flow, &str),
    mut payload: Value,
) -> Result<Value, ApiError> {
    let named = flow.nodes.get(node).and_then(|node| node.config.get("fieldMapping"));
    let connection = world.connections.get(of.connection.as_str());
    let (Some(any), Some(connection)) = (named.and_then(name_in), connection) else { return Ok(payload) };
    let Some(record) = payload.get_mut("record") else { return Ok(payload) };
    let directory = Directory::new(world, catalog);
    let mapping = directory.serving::<FieldMapping>(Spot::of(connection, flow.place.instance_key.as_deref()), any)?;
    let find = finder(directory, connection, flow.place.instance_key.as_deref());
    let fields = mapping.run(Some(Direction::Import), record, space.clock.now(), Some(&find))?;
    set_member(record, "fields", fields);
    let keeps_raw = named.and_then(|named| named.get("includeRawFields")).is_some_and(|is| *is == Value::Bool(true));
    if let Some(record) = record.as_object_mut().filter(|_| !keeps_raw) {
        record.shift_remove("rawFields");
    }
    Ok(payload)
}

impl Moves for ExternalEventSubscription {
    fn step(engine: &Engine, space: &WorkspaceRuntime, tx: &mut Tx, mut record: Self) -> Result<(), ApiError> {
        if is_deactivated(&Directory::new(tx, &engine.catalog), &record) {
            forget(&mut record);
        } else {
            pull(&engine.catalog, space, tx, &mut record)?;
        }
        Ok(tx.put(record)?)
    }

    fn give_up(_: &WorkspaceRuntime, tx: &mut Tx, mut record: Self, error: ApiError) -> Result<(), ApiError> {
        (record.status, record.error, record.due) = (SubscriptionStatus::Error, Some(error), None);
        Ok(tx.put(record)?)
    }
}
