//! What an app event that comes in does: it is noted, and launches the flows that wait for its type.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::elements::{self, Holder, Kind as _};
use crate::engine::{Cx, Engine, WorkspaceRuntime};
use crate::mapping::condition::passes;
use crate::mapping::formula;
use crate::nouns::app_event::model::{AppEvent, AppEventType};
use crate::nouns::flow::model::{Flow, FlowNode, FlowNodeType};
use crate::nouns::flow_run::model::FlowRun;
use crate::nouns::flow_run::{self as flow_runs, Launch};
use crate::nouns::references::name_in;
use crate::nouns::tenant::model::Tenant;
use crate::store::{StoreError, Tx, World};

/// How many events are kept in the log.
const MOST_KEPT: usize = 1_000;

/// The workspace and the event type or subscription whose address has this key.
pub(super) fn find(engine: &Engine, key: &str) -> Option<(Arc<WorkspaceRuntime>, Arc<AppEventType>)> {
    engine.spaces().into_iter().find_map(|space| {
        let world = space.world();
        let found = world.app_event_types.iter().find(|it| it.webhook_key(&world.workspace.key) == key).cloned();
        found.map(|found| (space, found))
    })
}

/// The tenant that an event is of: that of a subscription, else what the type's formula finds in the event, else that of the
/// token of whoever sent it. Fails with 400 where nothing says so, and with 404 for an unknown one. Source: IAPP.
fn tenant_of(
    space: &WorkspaceRuntime,
    of: &AppEventType,
    event: &Value,
    caller: Option<&str>,
) -> Result<Arc<Tenant>, ApiError> {
    let world = space.world();
    if let Some(tenant) = of.place.tenant.as_ref().and_then(|id| world.tenants.get(id.as_str())) {
        return Ok(Arc::clone(tenant));
    }
    let formula = of.tenant_id_formula.as_ref().or(of.user_id_formula.as_ref());
    let found = formula.map(|formula| formula::resolve(formula, event, space.clock.now())).transpose()?.flatten();
    let found = found.filter(|named| !named.is_null()).map(|named| formula::plain_text(&named));
    let named = found.or_else(|| caller.map(str::to_owned)).ok_or_else(|| {
        let name = &of.meta.name;
        ApiError::bad_request(if formula.is_some() {
            format!("the event names no tenant: `tenantIdFormula` of `{name}` finds none")
        } else {
            format!(
                "app event type `{name}` does not say whose an event is; set its `tenantIdFormula`, send a tenant's token, or \
                 send to a subscription"
            )
        })
    })?;
    let is_it = |tenant: &&Arc<Tenant>| {
        tenant.archived_at.is_none() && (tenant.internal_id == named || tenant.id.as_str() == named)
    };
    let found = world.tenants.iter().find(is_it).cloned();
    found.ok_or_else(|| ApiError::not_found(format!("tenant not found: the event is of `{named}`")))
}

/// Takes events in: notes each, and launches the tenant's enabled flows that begin with its type. `caller` is the key of the
/// tenant whose token came with them. Fails with 404 for a type that is out of service, and for an event that names no tenant;
/// then none is taken.
pub(super) async fn take(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    of: &AppEventType,
    events: Vec<Value>,
    caller: Option<&str>,
) -> Result<Vec<AppEvent>, ApiError> {
    let tenants = events.iter().map(|event| tenant_of(space, of, event, caller));
    let tenants = tenants.collect::<Result<Vec<_>, _>>()?;
    let mut taken = Vec::with_capacity(events.len());
    for (tenant, event) in tenants.into_iter().zip(events) {
        taken.push(take_one(engine, space, of, &tenant, event).await?);
    }
    Ok(taken)
}

async fn take_one(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    of: &AppEventType,
    tenant: &Arc<Tenant>,
    event: Value,
) -> Result<AppEvent, ApiError> {
    let cx = Cx::of_tenant(engine, space, Arc::clone(tenant));
    {
        let world = cx.world();
        cx.directory(&world).check_in_service(of)?;
    }
    let subscription = subscription_of(&cx, of, tenant).await?;
    let event_type = subscription.place.parent.clone().unwrap_or_else(|| subscription.id.clone());
    let launched = {
        let world = cx.world();
        let known = world.app_event_types.get(event_type.as_str()).unwrap_or(&subscription).clone();
        launch(&cx, &known, &event).await
    };
    let taken = AppEvent {
        id: space.ids.id(),
        tenant: tenant.id.clone(),
        event_type,
        subscription: subscription.id.clone(),
        event,
        datetime: space.clock.now(),
        launched,
    };
    let mut tx = space.data.begin().await;
    let old = tx.app_events.iter().rev().skip(MOST_KEPT - 1).map(|event| event.id.clone()).collect::<Vec<_>>();
    for old in old {
        tx.remove::<AppEvent>(old.as_str());
    }
    tx.put(taken.clone())?;
    tx.commit().await?;
    Ok(taken)
}

/// The tenant's subscription to a type, made where it has none.
async fn subscription_of(cx: &Cx, of: &AppEventType, tenant: &Arc<Tenant>) -> Result<Arc<AppEventType>, ApiError> {
    let world = cx.world();
    if of.place.is_instance() {
        return world.app_event_types.get(of.id.as_str()).cloned().ok_or_else(|| ApiError::not_found("it is gone"));
    }
    let holder = Holder::Tenant(Arc::clone(tenant));
    let by_key = || of.meta.key.as_deref().unwrap_or_default();
    let own = world.app_event_types.with_key(by_key()).find(|it| holder.has(&it.place) && !it.meta.is_archived());
    if let Some(own) = own {
        return Ok(Arc::clone(own));
    }
    let selector = elements::model::Selector {
        parent_id: Some(of.id.to_string()),
        auto_create: true,
        ..elements::model::Selector::default()
    };
    elements::instance::<AppEventType>(cx, &selector).await
}

/// Launches the enabled flow instances of the tenant that have a trigger for a type. One that cannot run is passed over, as a
/// trigger has nobody to tell.
async fn launch(cx: &Cx, of: &AppEventType, event: &Value) -> Vec<Id<FlowRun>> {
    let world = cx.world();
    let mine = |flow: &&Arc<Flow>| {
        flow.place.connection.is_some()
            && flow.place.tenant.as_ref().is_some_and(|tenant| cx.caller.may_see(tenant.as_str()))
            && flow.enabled
            && !flow.meta.is_archived()
    };
    let by = Launch { by: "app-event-trigger", ids: Vec::new() };
    let mut launched = Vec::new();
    for flow in world.flows.iter().filter(mine) {
        let seen = json!({ "input": event, "event": event, "payload": event });
        let lets_pass = |node: &FlowNode| {
            let passed = node.config.get("filter").map_or(Ok(true), |it| passes(it, &seen, cx.space.clock.now()));
            passed.unwrap_or_default()
        };
        let waits = flow.nodes.iter().find(|(_, node)| names(node, of) && lets_pass(node));
        let Some((key, node)) = waits else { continue };
        // By the name that documents use, the trigger's output is as they have it.
        let input = if node.config.contains_key(DOCUMENTED_NAME) { json!({ "payload": event }) } else { event.clone() };
        let run = flow_runs::launch(cx, flow, key, input, by.clone()).await;
        launched.extend(run.map(|queued| queued.run.id.clone()));
    }
    launched
}

/// Where a trigger names the type of its events. Source: IAPP:docs/trigger-nodes.
const DOCUMENTED_NAME: &str = "appEventKey";

/// What a trigger of app events says of its type: the key, id or UUID, by itself or in `appEvent` or `appEventType`. Nothing for
/// another node. Source: IAPP:docs/trigger-nodes (`appEventKey`), real-use (`appEvent`); the others are assumed.
fn named_by(node: &FlowNode) -> impl Iterator<Item = &str> {
    let is_trigger = node.node_type == FlowNodeType::AppEventTrigger;
    let outer = [DOCUMENTED_NAME, "appEventTypeKey", "appEventTypeId", "key", "appEvent", "appEventType"].into_iter();
    let outer = outer.filter_map(|name| node.config.get(name)).filter(move |_| is_trigger);
    outer.filter_map(name_in)
}

/// The type whose events a trigger waits for; none where it names none that there is.
fn type_of<'w>(world: &'w World, node: &FlowNode) -> Option<&'w Arc<AppEventType>> {
    named_by(node).find_map(|named| {
        let by_key = || world.app_event_types.with_key(named).find(|of| !of.place.is_instance());
        let by_uuid = || world.app_event_types.iter().find(|of| of.meta.uuid == named);
        let found = world.app_event_types.get(named).or_else(by_key).or_else(by_uuid);
        found.filter(|of| !of.meta.is_archived())
    })
}

/// Why a trigger of app events waits for nothing; none where it waits.
pub fn problem_of(world: &World, node: &FlowNode) -> Option<ApiError> {
    if type_of(world, node).is_some() {
        return None;
    }
    Some(ApiError::configuration(match named_by(node).next() {
        Some(named) => format!("app event type not found: `{named}`"),
        None => format!("`config.{DOCUMENTED_NAME}` of the trigger is missing: the key of an app event type"),
    }))
}

/// Whether a node is a trigger for a type.
fn names(node: &FlowNode, of: &AppEventType) -> bool {
    let key = of.meta.key.as_deref();
    named_by(node).any(|text| Some(text) == key || text == of.id.as_str() || text == of.meta.uuid)
}

/// Makes the subscriptions that the triggers of enabled flow instances wait by, where a transaction makes such.
pub fn notice(space: &WorkspaceRuntime, tx: &mut Tx) -> Result<(), StoreError> {
    for id in tx.changed::<Flow>() {
        let flow = tx.flows.get(&id).filter(|flow| flow.enabled && !flow.meta.is_archived()).cloned();
        let Some(flow) = flow.filter(|flow| flow.place.connection.is_some()) else { continue };
        let Some(tenant) = flow.place.tenant.as_ref().and_then(|id| tx.tenants.get(id.as_str())).cloned() else {
            continue;
        };
        for node in flow.nodes.values() {
            let of = type_of(tx, node).filter(|of| !of.place.is_instance()).cloned();
            let holder = Holder::Tenant(Arc::clone(&tenant));
            let made = of.and_then(|of| elements::instance_of(tx, &space.ids, space.clock.now(), &*of, &holder, None));
            if let Some(made) = made {
                tx.put(made)?;
            }
        }
    }
    Ok(())
}

/// An event as it is answered.
pub(super) fn shown(cx: &Cx, event: &AppEvent) -> Value {
    let world = cx.world();
    let lens = cx.view(&world);
    let of =
        |id: &Id<AppEventType>| world.app_event_types.get(id.as_str()).map(|it| AppEventType::bare(&lens, it, None));
    let event_type = of(&event.event_type);
    let name = world.app_event_types.get(event.event_type.as_str()).map(|it| it.meta.name.clone());
    json!({
        "id": event.id,
        "name": name.unwrap_or_default(),
        "userId": event.tenant,
        "tenantId": event.tenant,
        "user": lens.tenant(&event.tenant),
        "appEventTypeId": event.event_type,
        "appEventType": event_type,
        "appEventSubscriptionId": event.subscription,
        "appEventSubscription": of(&event.subscription),
        "event": event.event,
        "datetime": event.datetime,
        "launchedFlowRunIds": event.launched,
    })
}
