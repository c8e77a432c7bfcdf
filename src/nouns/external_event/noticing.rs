//! What a transaction means to subscriptions: those of flow instances are made with the instances, and a record that was made,
//! changed or deleted is noticed by those that it concerns.
//!
//! Invariant: this happens in the transaction that changes the records, so no way to change one can forget it.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::{Id, Index};
use crate::base::json::set_member;
use crate::elements::Spot;
use crate::engine::WorkspaceRuntime;
use crate::engine::catalog::Catalog;
use crate::engine::directory::Directory;
use crate::mapping::formula;
use crate::nouns::connection::model::Connection;
use crate::nouns::data_collection::model::{DataCollection, DataRecord};
use crate::nouns::data_collection::unified;
use crate::nouns::data_source;
use crate::nouns::data_source::model::DataSource;
use crate::nouns::external_event::collecting::collect;
use crate::nouns::external_event::model::{
    Detection, EventConfig, EventType, ExternalEventSubscription, Noticed, SubscriptionStatus,
};
use crate::nouns::external_event_type::model::ExternalEventType;
use crate::nouns::flow::model::{Flow, FlowNode};
use crate::store::{Record, StoreError, Tx, World};

/// How many events, pulls and webhooks that came in are kept of each.
const MOST_KEPT: usize = 1_000;

/// How much a subscription notices before it is collected; then the oldest goes.
pub(super) const MOST_NOTICED: usize = 1_000;

/// Does what the changes of a transaction mean to subscriptions.
pub fn notice(catalog: &Catalog, space: &WorkspaceRuntime, before: &World, tx: &mut Tx) -> Result<(), StoreError> {
    for id in tx.changed::<Flow>() {
        if let Some(flow) = tx.flows.get(&id).cloned().filter(|flow| flow.place.connection.is_some()) {
            keep_up(catalog, space, tx, &flow)?;
        }
    }
    // A trigger follows the data source that it names.
    let of_sources: Vec<Arc<DataSource>> =
        tx.changed::<DataSource>().iter().filter_map(|id| tx.data_sources.get(id).cloned()).collect();
    if !of_sources.is_empty() {
        let concerned = |flow: &&Arc<Flow>| {
            flow.place.connection.is_some()
                && of_sources.iter().any(|it| {
                    it.place.connection.is_none() || it.place.connection.as_ref() == flow.place.connection.as_ref()
                })
                && flow.nodes.values().any(|node| EventType::of_trigger(node.node_type).is_some())
        };
        let flows: Vec<Arc<Flow>> = tx.flows.iter().filter(concerned).cloned().collect();
        for flow in flows {
            keep_up(catalog, space, tx, &flow)?;
        }
    }
    for id in tx.changed::<Connection>() {
        if let (Some(was), Some(is)) = (before.connections.get(&id), tx.connections.get(&id).cloned())
            && was.is_connected() != is.is_connected()
        {
            ask_once(space, tx, &is)?;
        }
    }
    for id in tx.changed::<DataRecord>() {
        if let Some(record) = tx.data_records.get(&id).cloned() {
            let was = before.data_records.get(&id).cloned();
            tell(catalog, space, tx, was.as_deref(), &record)?;
        }
    }
    Ok(())
}

/// Has the subscriptions of a connection that no longer works, or works again, asked at their next moment, though nothing was
/// noticed: so that their status tells it.
fn ask_once(space: &WorkspaceRuntime, tx: &mut Tx, connection: &Connection) -> Result<(), StoreError> {
    let now = space.clock.now();
    let is_told = |it: &SubscriptionStatus| connection.is_connected() == (*it == SubscriptionStatus::Subscribed);
    let all = tx.external_event_subscriptions.with_key(connection.id.as_str());
    let waiting = all.filter(|it| it.due.is_none() && !is_told(&it.status)).cloned();
    for subscription in waiting.collect::<Vec<_>>() {
        let mut subscription = (*subscription).clone();
        subscription.due = subscription.next_pull(now);
        tx.put(subscription)?;
    }
    Ok(())
}

/// Makes the subscriptions that a flow instance's triggers need, and archives those that it no longer needs.
fn keep_up(catalog: &Catalog, space: &WorkspaceRuntime, tx: &mut Tx, flow: &Flow) -> Result<(), StoreError> {
    let now = space.clock.now();
    let variables = config_variables(tx, flow);
    let wanted = |node: &FlowNode| {
        let event_type = EventType::of_trigger(node.node_type).filter(|_| flow.enabled && !flow.meta.is_archived())?;
        config_of(node, event_type, &variables, now).ok()
    };
    let of_it = [flow.id.as_str()];
    let own = tx.external_event_subscriptions.with(Index::Flow, &of_it);
    let own: Vec<Arc<ExternalEventSubscription>> = own.filter(|it| it.archived_at.is_none()).cloned().collect();
    let connection = flow.place.connection.as_ref().and_then(|id| tx.connections.get(id.as_str())).cloned();
    let world = (**tx).clone();
    let instance_key = flow.place.instance_key.as_deref();
    // What its configuration comes to may be another collection by now.
    let is_where_it_was = |it: &ExternalEventSubscription| {
        let source =
            connection.as_ref().map(|of| source_of(&Directory::new(&world, catalog), of, &it.config, instance_key));
        source
            .and_then(Result::ok)
            .is_some_and(|source| source.collection == it.collection && source.within == it.within)
    };
    let mut kept: Vec<&str> = Vec::new();
    for old in &own {
        let node = old.flow.as_ref().and_then(|(_, node)| flow.nodes.get(node));
        let is_kept = node.and_then(wanted).is_some_and(|config| config == old.config) && is_where_it_was(old);
        if is_kept {
            kept.extend(old.flow.as_ref().map(|(_, node)| node.as_str()));
        } else {
            let mut old = (**old).clone();
            (old.archived_at, old.due) = (Some(now), None);
            old.noticed.clear();
            tx.put(old)?;
        }
    }
    let Some(connection) = connection else { return Ok(()) };
    for (key, node) in &flow.nodes {
        let Some(config) = wanted(node) else { continue };
        if kept.contains(&key.as_str()) {
            continue;
        }
        let name = format!("{}: {key}", flow.meta.name);
        let made = subscription(&Directory::new(&world, catalog), space, &connection, name, config, instance_key);
        // A trigger whose collection or event is not there has nothing to wait for; the flow shows why.
        if let Ok(mut made) = made {
            made.flow = Some((flow.id.clone(), key.clone()));
            tx.put(made)?;
        }
    }
    Ok(())
}

/// What formulas in the configuration of a trigger see. Source: SDK `getFlowNodeConfigTimeVariablesSchema`.
fn config_variables(world: &World, flow: &Flow) -> Value {
    let tenant = flow.place.tenant.as_ref().and_then(|id| world.tenants.get(id.as_str()));
    let of_user = tenant.map(|tenant| {
        json!({ "id": tenant.id, "internalId": tenant.internal_id, "name": tenant.name, "fields": tenant.fields })
    });
    json!({
        "flowInstance": { "id": flow.id, "instanceKey": flow.place.instance_key, "parameters": flow.parameters },
        "user": of_user,
    })
}

/// Why a trigger of a flow instance waits for nothing, though it should; none where it waits, and for any other node.
pub fn problem_of(directory: &Directory<'_>, flow: &Flow, node: &FlowNode) -> Option<ApiError> {
    let event_type = EventType::of_trigger(node.node_type)?;
    let connection = directory.world.connections.get(flow.place.connection.as_ref()?.as_str())?;
    let config = config_of(node, event_type, &config_variables(directory.world, flow), flow.meta.updated_at);
    let source = config.and_then(|it| source_of(directory, connection, &it, flow.place.instance_key.as_deref()));
    source.err().map(|error| ApiError::configuration(error.message.clone()).caused_by(error))
}

/// Whether a subscription is a flow's that is out of service, so that it notices nothing.
pub(super) fn is_deactivated(directory: &Directory<'_>, of: &ExternalEventSubscription) -> bool {
    let flow = of.flow.as_ref().and_then(|(id, _)| directory.world.flows.get(id.as_str()));
    flow.is_some_and(|flow| directory.check_in_service(&**flow).is_err())
}

/// What a trigger waits for. Fails with 400 where it does not say, and for a wrong formula.
fn config_of(
    node: &FlowNode,
    event_type: EventType,
    variables: &Value,
    now: Timestamp,
) -> Result<EventConfig, ApiError> {
    let config = ["dataSource", "eventKey", "key", "eventParameters"].into_iter();
    let config = config.filter_map(|name| Some((name.to_owned(), node.config.get(name)?.clone()))).collect();
    let config = formula::resolve(&Value::Object(config), variables, now)?.unwrap_or_default();
    let text = |name: &str| config.get(name).and_then(Value::as_str).map(str::to_owned);
    let data_source = config.get("dataSource").cloned();
    let event_key = text("eventKey").or_else(|| text("key"));
    let missing = match event_type {
        EventType::ConnectorEvent if event_key.is_none() => Some("eventKey"),
        EventType::DataRecordCreated | EventType::DataRecordUpdated | EventType::DataRecordDeleted
            if data_source.is_none() =>
        {
            Some("dataSource")
        }
        _ => None,
    };
    if let Some(missing) = missing {
        let why = format!("`config.{missing}` of the trigger is missing, or its formula comes to nothing");
        return Err(ApiError::bad_request(why));
    }
    Ok(EventConfig {
        event_type,
        data_source: data_source.filter(|_| event_type != EventType::ConnectorEvent),
        event_key: event_key.filter(|_| event_type == EventType::ConnectorEvent),
        event_parameters: config.get("eventParameters").cloned(),
    })
}

/// Makes a subscription, subscribed. Fails with 400 where `config` lacks something, and with 404 where the app has no such
/// collection or event.
pub(super) fn subscription(
    directory: &Directory<'_>,
    space: &WorkspaceRuntime,
    connection: &Arc<Connection>,
    name: String,
    config: EventConfig,
    instance_key: Option<&str>,
) -> Result<ExternalEventSubscription, ApiError> {
    let now = space.clock.now();
    let source = source_of(directory, connection, &config, instance_key)?;
    Ok(ExternalEventSubscription {
        id: space.ids.id(),
        name,
        tenant: connection.tenant.clone(),
        connection: connection.id.clone(),
        integration: connection.integration.clone(),
        config,
        collection: source.collection,
        udm: source.udm,
        within: source.within,
        detection: source.detection,
        status: SubscriptionStatus::Subscribed,
        error: None,
        pull_updates_interval_seconds: source.pull,
        full_sync_interval_seconds: source.full_sync,
        since: now,
        collected_at: None,
        noticed: Vec::new(),
        fresh: Vec::new(),
        due: None,
        webhook_uri: None,
        renewals: 0,
        flow: None,
        created_at: now,
        archived_at: None,
    })
}

/// What a configuration comes to behind a connection.
pub(super) struct Source {
    pub(super) collection: Option<String>,
    pub(super) udm: Option<String>,
    pub(super) within: JsonMap,
    pub(super) detection: Detection,
    pull: Option<f64>,
    full_sync: Option<f64>,
}

/// What `config` comes to; of data sources, those of the instance key are meant. Fails as [`subscription`] does.
pub(super) fn source_of(
    directory: &Directory<'_>,
    connection: &Connection,
    config: &EventConfig,
    instance_key: Option<&str>,
) -> Result<Source, ApiError> {
    let connector = connection.connector.as_ref().and_then(|id| directory.connector(id.as_str()));
    let connector = connector.ok_or_else(|| ApiError::not_found("the connection's connector is gone"))?;
    let Some(event) = config.event_type.of_collection() else {
        let key = config.event_key.as_deref().ok_or_else(|| {
            ApiError::bad_request("`config.eventKey` is missing: the key of one of the connector's events")
        })?;
        // A workspace describes events of its own, and the connector has others.
        if directory.serving::<ExternalEventType>(Spot::of(connection, instance_key), key).is_err() {
            connector.event(key)?;
        }
        let source = Source {
            collection: None,
            udm: None,
            within: JsonMap::new(),
            detection: Detection::Push,
            pull: None,
            full_sync: None,
        };
        return Ok(source);
    };
    let named = config.data_source.as_ref().ok_or_else(|| {
        ApiError::bad_request("`config.dataSource` is missing: `{collectionKey}`, or the `key` of a data source")
    })?;
    let at = data_source::locate(directory, Spot::of(connection, instance_key), &connector, named)?;
    let key = at.collection.as_str();
    let collection = connector.data_collection(key)?;
    let spec = collection.event(event).ok_or_else(|| {
        ApiError::bad_request(format!("collection `{key}` does not tell of records that were {event}"))
    })?;
    let within = at.parameters.into_iter().filter(|(name, _)| collection.field(name).is_some());
    let seconds = |name: &str, of_source: Option<f64>| named.get(name).and_then(Value::as_f64).or(of_source);
    Ok(Source {
        collection: Some(key.to_owned()),
        udm: at.udm.filter(|udm| collection.udm.contains_key(udm)),
        within: within.collect(),
        detection: spec.detection(),
        pull: seconds("pullUpdatesIntervalSeconds", at.source.as_ref().and_then(|of| of.pull_updates_interval_seconds)),
        full_sync: seconds("fullSyncIntervalSeconds", at.source.as_ref().and_then(|of| of.full_sync_interval_seconds)),
    })
}

/// Tells the subscriptions that a change of a record concerns.
fn tell(
    catalog: &Catalog,
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    was: Option<&DataRecord>,
    record: &DataRecord,
) -> Result<(), StoreError> {
    let event_type = match (was, record.deleted_at) {
        (Some(DataRecord { deleted_at: Some(_), .. }), _) => return Ok(()),
        (_, Some(_)) => EventType::DataRecordDeleted,
        (None, None) if record.is_made => EventType::DataRecordCreated,
        (was, None) if was.is_some_and(|was| was.fields == record.fields) => return Ok(()),
        _ => EventType::DataRecordUpdated,
    };
    let concerned = tx.external_event_subscriptions.with_key(record.connection.as_str()).filter(|it| {
        let is_within = |(name, value): (&String, &Value)| {
            record.fields.get(name).is_some_and(|known| formula::plain_text(known) == formula::plain_text(value))
        };
        it.notices() && it.collection.as_deref() == Some(&record.collection) && it.within.iter().all(is_within)
    });
    let directory = Directory::new(tx, catalog);
    let concerned: Vec<Arc<ExternalEventSubscription>> =
        concerned.filter(|it| !is_deactivated(&directory, it)).cloned().collect();
    for subscription in concerned {
        let mut subscription = (*subscription).clone();
        // What was made since anybody looked is seen as it is then: it was neither changed nor deleted.
        let looks_at = subscription.looks_at(space.clock.now());
        if let Some(looked) = looks_at.filter(|_| subscription.config.event_type != EventType::DataRecordCreated) {
            if event_type == EventType::DataRecordCreated {
                keep_fresh(&mut subscription.fresh, &record.record_id);
                tx.put(subscription)?;
                continue;
            }
            if subscription.fresh.contains(&record.record_id) && record.created_at >= looked {
                continue;
            }
        }
        let data = shown(catalog, tx, &subscription, record);
        if !note(&mut subscription, event_type, record, data) {
            continue;
        }
        let now = space.clock.now();
        if subscription.detection == Detection::Push {
            collect(catalog, space, tx, &mut subscription)?;
        } else if subscription.due.is_none() && !subscription.noticed.is_empty() {
            subscription.due = subscription.next_pull(now);
        }
        tx.put(subscription)?;
    }
    Ok(())
}

/// Notes that a record is new; of very many, the oldest count as seen.
fn keep_fresh(fresh: &mut Vec<String>, id: &str) {
    if fresh.len() >= MOST_NOTICED {
        fresh.remove(0);
    }
    fresh.push(id.to_owned());
}

/// Notes a change of a record; of what is not collected yet, the net effect stays. Answers whether anything is new.
fn note(of: &mut ExternalEventSubscription, event_type: EventType, record: &DataRecord, data: Value) -> bool {
    let waits = of.noticed.iter().position(|it| it.record_id.as_deref() == Some(&record.record_id));
    let is_own = event_type == of.config.event_type;
    match waits {
        // What was made and is deleted before anybody looked was never there; what was changed is gone.
        Some(at) if event_type == EventType::DataRecordDeleted && !is_own => {
            of.noticed.remove(at);
            if of.noticed.is_empty() {
                of.due = None;
            }
        }
        Some(at) => {
            if let Some(noticed) = of.noticed.get_mut(at) {
                noticed.data = data;
            }
        }
        None if is_own => {
            if of.noticed.len() >= MOST_NOTICED {
                of.noticed.remove(0);
            }
            of.noticed.push(Noticed { record_id: Some(record.record_id.clone()), data });
        }
        None => return false,
    }
    true
}

/// A record as events show it. Source: SDK `DataRecordSchema`.
fn shown(catalog: &Catalog, world: &World, of: &ExternalEventSubscription, record: &DataRecord) -> Value {
    let directory = Directory::new(world, catalog);
    let connection = world.connections.get(record.connection.as_str());
    let connector = connection.and_then(|it| it.connector.as_ref()).and_then(|id| directory.connector(id.as_str()));
    let collection: Option<&DataCollection> =
        connector.as_ref().and_then(|connector| connector.data_collection(&record.collection).ok());
    let mut shown = json!({
        "id": record.record_id,
        "fields": record.fields,
        "rawFields": record.fields,
        "createdTime": record.created_at,
        "updatedTime": record.updated_at,
    });
    let Some(collection) = collection else { return shown };
    if let Some(name) = collection.name_of(&record.fields) {
        set_member(&mut shown, "name", name);
    }
    if let Some(uri) = collection.uri_of(&record.record_id, &record.fields) {
        set_member(&mut shown, "uri", uri);
    }
    let udm = of.udm.as_deref();
    let extract = udm.and_then(|udm| collection.udm.get(udm)).and_then(|model| model.extract.as_ref());
    if let (Some(udm), Some(extract)) = (udm, extract) {
        let unified = unified(udm, extract, &record.fields, record.updated_at);
        set_member(&mut shown, "udm", udm);
        set_member(&mut shown, "unifiedFields", Value::Object(unified.unwrap_or_default()));
    }
    if let Some(deleted_at) = record.deleted_at {
        set_member(&mut shown, "deletedTime", json!(deleted_at));
    }
    shown
}

/// Removes the oldest records of a kind, of which the last 1,000 are kept.
pub(super) fn forget_old<R: Record>(tx: &mut Tx) {
    let old: Vec<Id<R>> = R::table(tx).iter().rev().skip(MOST_KEPT).map(|it| it.record_id().clone()).collect();
    for old in old {
        tx.remove::<R>(old.as_str());
    }
}
