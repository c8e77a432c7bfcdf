//! The verbs of subscriptions, and the collecting of what they noticed.
//!
//! Source: SDK `ExternalEventSubscriptionAccessor`; DOC:docs/events. That a pull which finds nothing is not logged is our
//! choice: on a clock that is moved by days, it would be all that is logged.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::json::patch::Patch;
use crate::base::json::set_member;
use crate::base::text::http_address;
use crate::elements::Spot;
use crate::engine::catalog::Catalog;
use crate::engine::directory::Directory;
use crate::engine::moves::Moves;
use crate::engine::{Cx, Engine, WorkspaceRuntime};
use crate::nouns::connection as connections;
use crate::nouns::data_link_table::finder;
use crate::nouns::external_event::model::{
    Detection, EventConfig, EventStatus, EventType, ExternalEvent, ExternalEventPull, ExternalEventSubscription,
    IncomingWebhook, LEAST_SECONDS, Noticed, PullStatus, SubscriptionStatus,
};
use crate::nouns::external_event::noticing::{MOST_NOTICED, forget_old, is_deactivated, source_of, subscription};
use crate::nouns::external_event_type::model::ExternalEventType;
use crate::nouns::field_mapping::model::{Direction, FieldMapping};
use crate::nouns::flow::model::Flow;
use crate::nouns::flow_run::{self as flow_runs, Launch};
use crate::nouns::references::name_in;
use crate::nouns::webhook as webhooks;
use crate::store::{StoreError, Tx, World};

/// The fields that a request may set; absent ones keep their value. Source: OAS.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SubscriptionBody {
    /// The name that people see; it says what it is to when absent on creation.
    name: Patch<String>,
    /// On creation: the id or key of the connection.
    connection_id: Option<String>,
    /// On creation: the key of the connection; an alternative to `connectionId`.
    connection_key: Option<String>,
    /// What it is to; needed on creation, unless an event type is named.
    config: Option<EventConfig>,
    /// On creation: the id of the external event type that it is to, instead of `config`.
    external_event_type_id: Option<String>,
    /// How often the app is asked what is new.
    pull_updates_interval_seconds: Patch<f64>,
    /// How often everything is looked through.
    full_sync_interval_seconds: Patch<f64>,
    /// Where the user's app wants its events; an http or https address.
    webhook_uri: Patch<String>,
}

impl SubscriptionBody {
    /// Sets what the body says beside `config`. Fails with 400 for a wrong value.
    fn apply(self, of: &mut ExternalEventSubscription) -> Result<(), ApiError> {
        let intervals = [
            ("pullUpdatesIntervalSeconds", self.pull_updates_interval_seconds.set()),
            ("fullSyncIntervalSeconds", self.full_sync_interval_seconds.set()),
        ];
        for (field, seconds) in intervals {
            if seconds.is_some_and(|seconds| *seconds < LEAST_SECONDS) {
                return Err(ApiError::bad_request(format!("`{field}` is a number of seconds from {LEAST_SECONDS}")));
            }
        }
        if let Some(uri) = self.webhook_uri.set()
            && http_address(uri).is_none()
        {
            return Err(ApiError::bad_request(format!("`webhookUri` is `{uri}`; it is an http or https address")));
        }
        self.name.apply_required(&mut of.name);
        self.pull_updates_interval_seconds.apply(&mut of.pull_updates_interval_seconds);
        self.full_sync_interval_seconds.apply(&mut of.full_sync_interval_seconds);
        self.webhook_uri.apply(&mut of.webhook_uri);
        Ok(())
    }
}

fn no_subscription(id: &str) -> ApiError {
    ApiError::not_found(format!(
        "external event subscription not found: `{id}`; list them with GET /external-event-subscriptions"
    ))
}

/// A subscription; 404 when it does not exist or the caller may not see it.
pub(super) fn find(cx: &Cx, id: &str) -> Result<Arc<ExternalEventSubscription>, ApiError> {
    let found = cx.world().external_event_subscriptions.get(id).cloned();
    found.filter(|it| cx.caller.may_see(it.tenant.as_str())).ok_or_else(|| no_subscription(id))
}

/// Makes a subscription, subscribed, and answers it. Fails with 400 for a wrong body, and with 404 for a connection,
/// collection or event that is not there.
pub(super) async fn create(cx: &Cx, body: SubscriptionBody) -> Result<Arc<ExternalEventSubscription>, ApiError> {
    let named = body.connection_id.clone().or_else(|| body.connection_key.clone());
    let named =
        named.ok_or_else(|| ApiError::bad_request("name the connection by `connectionId` or `connectionKey`"))?;
    let connection = connections::get(cx, &named)?;
    cx.directory(&cx.world()).check_usable(&connection)?;
    let config = match (&body.config, &body.external_event_type_id) {
        (Some(config), None) => config.clone(),
        (None, Some(id)) => {
            let world = cx.world();
            let of_type = cx.directory(&world).serving::<ExternalEventType>(Spot::of(&connection, None), id)?;
            EventConfig {
                event_type: EventType::ConnectorEvent,
                data_source: None,
                event_key: Some(of_type.meta.key.clone().unwrap_or_else(|| of_type.id.to_string())),
                event_parameters: None,
            }
        }
        (Some(_), Some(_)) => {
            return Err(ApiError::bad_request(
                "`config` and `externalEventTypeId` are two ways to say one thing; give one",
            ));
        }
        (None, None) => {
            return Err(ApiError::bad_request(
                "`config` is missing: `{type, dataSource}` for records, `{type, eventKey}` for other events; `externalEventTypeId` \
                 names an event type of the workspace instead",
            ));
        }
    };
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let name = json!(config.event_type).as_str().unwrap_or_default().to_owned();
    let mut made = subscription(&cx.directory(&world), &cx.space, &connection, name, config, None)?;
    body.apply(&mut made)?;
    let id = made.id.to_string();
    tx.put(made)?;
    tx.commit().await?;
    find(cx, &id)
}

/// Changes a subscription as `change` says, and answers it. Fails with 404 for one that the caller may not see.
async fn changed(
    cx: &Cx,
    id: &str,
    change: impl FnOnce(&mut Tx, &mut ExternalEventSubscription) -> Result<(), ApiError>,
) -> Result<Arc<ExternalEventSubscription>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let known = tx.external_event_subscriptions.get(id).filter(|it| cx.caller.may_see(it.tenant.as_str()));
    let mut of = known.map(|it| (**it).clone()).ok_or_else(|| no_subscription(id))?;
    change(&mut tx, &mut of)?;
    tx.put(of)?;
    tx.commit().await?;
    cx.wake();
    find(cx, id)
}

fn refuse_archived(of: &ExternalEventSubscription) -> Result<(), ApiError> {
    let why = || ApiError::bad_request(format!("external event subscription `{}` is archived; restore it", of.name));
    of.archived_at.map_or(Ok(()), |_| Err(why()))
}

/// Refuses with 400 to change a subscription that is archived, and one of a connection that is, or is below something archived.
fn check_changeable(cx: &Cx, world: &World, of: &ExternalEventSubscription) -> Result<(), ApiError> {
    refuse_archived(of)?;
    let connection = world.connections.get(of.connection.as_str());
    connection.map_or(Ok(()), |connection| cx.directory(world).check_changeable_connection(connection))
}

/// Changes the fields of a subscription and answers it. Fails with 400 for an archived one and a wrong value.
pub(super) async fn update(
    cx: &Cx,
    id: &str,
    body: SubscriptionBody,
) -> Result<Arc<ExternalEventSubscription>, ApiError> {
    if body.external_event_type_id.is_some() {
        return Err(ApiError::bad_request("`externalEventTypeId` is given on creation; change `config` instead"));
    }
    changed(cx, id, |tx, of| {
        check_changeable(cx, tx, of)?;
        if let Some(config) = body.config.clone() {
            let world = (**tx).clone();
            let connection = world.connections.get(of.connection.as_str());
            let connection = connection.ok_or_else(|| ApiError::not_found("its connection is gone"))?;
            let source = source_of(&cx.directory(&world), connection, &config, None)?;
            (of.config, of.collection, of.udm, of.within) = (config, source.collection, source.udm, source.within);
            of.detection = source.detection;
        }
        body.apply(of)?;
        if of.due.is_some() {
            of.due = of.next_pull(cx.space.clock.now());
        }
        Ok(())
    })
    .await
}

/// Drops what a subscription noticed.
fn forget(of: &mut ExternalEventSubscription) {
    of.noticed.clear();
    of.fresh.clear();
    of.due = None;
}

/// What a verb makes of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It listens, if it does not already.
    Subscribe,
    /// It listens no longer; what it noticed is dropped.
    Unsubscribe,
    /// It listens anew: what it noticed is dropped, and intervals count from now.
    Resubscribe,
    /// The app is given another address to tell.
    RefreshWebhook,
    /// It is archived.
    Archive,
    /// It is restored.
    Restore,
}

/// Does a step with a subscription and answers it. Fails with 400 for an archived one, unless it is restored.
pub(super) async fn take(cx: &Cx, id: &str, step: Step) -> Result<Arc<ExternalEventSubscription>, ApiError> {
    changed(cx, id, |tx, of| {
        let now = cx.space.clock.now();
        if !matches!(step, Step::Archive | Step::Restore) {
            check_changeable(cx, tx, of)?;
        }
        let listens = of.notices();
        match step {
            Step::Subscribe if listens => {}
            Step::Subscribe | Step::Resubscribe => {
                (of.status, of.error, of.since) = (SubscriptionStatus::Subscribed, None, now);
                forget(of);
            }
            Step::Unsubscribe => {
                (of.status, of.error) = (SubscriptionStatus::Unsubscribed, None);
                forget(of);
            }
            Step::RefreshWebhook => of.renewals = of.renewals.saturating_add(1),
            Step::Archive => {
                of.archived_at.get_or_insert(now);
                forget(of);
            }
            Step::Restore => of.archived_at = None,
        }
        Ok(())
    })
    .await
}

/// Asks the app now what is new, and answers the pull. Fails with 400 for a subscription that does not listen.
pub(super) async fn pull_now(cx: &Cx, id: &str) -> Result<Id<ExternalEventPull>, ApiError> {
    let mut made = None;
    changed(cx, id, |tx, of| {
        refuse_archived(of)?;
        if !of.notices() {
            return Err(ApiError::bad_request("it is not subscribed, so there is nothing to pull; subscribe first"));
        }
        if is_deactivated(&cx.directory(tx), of) {
            return Err(ApiError::bad_request("its flow is out of service, so there is nothing to pull; restore it"));
        }
        made = Some(pull(&cx.engine.catalog, &cx.space, tx, of)?);
        Ok(())
    })
    .await?;
    made.ok_or_else(|| ApiError::internal("a pull is missing"))
}

/// Takes a webhook in: an event of the connector, or the word of the app that records have changed, which are then collected
/// at once. Answers the ids of the events. Fails with 404 where nobody listens.
pub(super) async fn take_webhook(
    cx: &Cx,
    of: &ExternalEventSubscription,
    body: Value,
) -> Result<Vec<Id<ExternalEvent>>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let known = tx.external_event_subscriptions.get(of.id.as_str()).cloned();
    let mut of = known.map(|it| (*it).clone()).ok_or_else(|| no_subscription(of.id.as_str()))?;
    let (now, tenant) = (cx.space.clock.now(), of.tenant.clone());
    let refusal = (!of.notices()).then(|| {
        ApiError::not_found(format!("external event subscription `{}` is not subscribed; subscribe first", of.name))
    });
    let connection = tx.connections.get(of.connection.as_str());
    let unusable = connection.and_then(|connection| cx.directory(&tx).check_usable(connection).err());
    let out_of_service = is_deactivated(&cx.directory(&tx), &of).then(|| {
        ApiError::not_found(format!(
            "the flow of external event subscription `{}` is out of service; restore it",
            of.name
        ))
    });
    let refusal = refusal.or(unusable).or(out_of_service);
    let mut collected = Vec::new();
    if refusal.is_none() {
        if of.collection.is_none() {
            // Some apps send several events at once.
            let events = if let Value::Array(events) = &body { events.clone() } else { vec![body.clone()] };
            of.noticed.extend(events.into_iter().map(|data| Noticed { record_id: None, data }));
            // Of more than are kept the last ones count.
            let excess = of.noticed.len().saturating_sub(MOST_NOTICED);
            of.noticed.drain(..excess);
        }
        collected = collect(&cx.engine.catalog, &cx.space, &mut tx, &mut of)?;
    }
    if tx.workspace.settings.enable_webhook_logs != Some(false) {
        tx.put(IncomingWebhook {
            id: cx.space.ids.id(),
            tenant,
            subscription: of.id.clone(),
            webhook_key: of.webhook_key(&cx.space.key),
            body,
            collected: collected.clone(),
            error: refusal.clone(),
            created_at: now,
        })?;
        forget_old::<IncomingWebhook>(&mut tx);
    }
    tx.put(of)?;
    tx.commit().await?;
    cx.wake();
    refusal.map_or(Ok(collected), Err)
}

/// Asks the app what is new: collects what was noticed and logs the pull, whose id it answers. While the connection does not
/// work, nothing is collected and nothing is lost.
fn pull(
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

/// The workspace and the subscription whose address has this key.
pub(super) fn of_webhook(
    engine: &Engine,
    key: &str,
) -> Option<(Arc<WorkspaceRuntime>, Arc<ExternalEventSubscription>)> {
    engine.spaces().into_iter().find_map(|space| {
        let world = space.world();
        let found =
            world.external_event_subscriptions.iter().find(|it| it.webhook_key(&world.workspace.key) == key).cloned();
        found.map(|found| (space, found))
    })
}
