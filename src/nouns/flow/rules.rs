//! The verbs that only flows and flow instances have. What flows share with actions is in [`crate::elements`].
//!
//! Invariant: every change goes through [`Flow::apply`] or copies a parent's definition, so a stored
//! flow's nodes never lead in a circle.
//!
//! Source: OAS, SDK; IAPP:docs/flows, IAPP:docs/flow-instances for what runs do.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::{Ids, Index};
use crate::base::json::patch::Patch;
use crate::elements;
use crate::elements::model::{Scope, Selector};
use crate::elements::{Change, Holder, Kind as _, Listed, Wanted};
use crate::engine::{Cx, WorkspaceRuntime};
use crate::nouns::connection::model::Connection;
use crate::nouns::flow::due;
use crate::nouns::flow::model::{Flow, FlowBody, ResetOptions};
use crate::nouns::webhook::model::WorkspaceEvent;
use crate::store::{StoreError, Tx, World};

/// What a body says of the place and names of a new flow. Fails with 400 without `key` and `name`.
pub(super) fn wanted(body: &FlowBody) -> Result<Wanted, ApiError> {
    if body.key.set().is_none() && body.name.set().is_none() {
        return Err(ApiError::bad_request("a flow needs a `key` or a `name`, and `nodes` to do anything"));
    }
    Ok(Wanted {
        scope: body.scope(),
        external_app: body.external_app(),
        parent: body.parent_id.clone().or_else(|| body.flow_id.clone()),
        key: body.key.set().cloned(),
        name: body.name.set().cloned(),
        any_key: false,
    })
}

/// Changes a flow or a flow instance as a body says. With `Change::Merge`, nodes that the body does not name stay
/// (assumed); with `Change::Replace`, they go.
pub(super) fn define(flow: &mut Flow, mut body: FlowBody, change: Change) -> Result<(), ApiError> {
    if change == Change::Replace {
        flow.meta.clear();
        if matches!(body.nodes, Patch::Keep) {
            body.nodes = Patch::Clear;
        }
        flow.parameters_schema = None;
        flow.parameters = None;
    }
    flow.apply(body, change == Change::Merge)
}

/// Makes a flow instance from `{flowId, connectionId | integrationId, instanceKey, …}`, or changes the one that is
/// there. Without `flowId`, its `nodes` make a flow that only this connection has. Fails with 400 without either.
/// Source: SDK `createFlowInstanceSchema`.
pub(super) async fn create_instance(cx: &Cx, body: FlowBody) -> Result<Arc<Flow>, ApiError> {
    let flow = body.flow_id.clone().or_else(|| body.parent_id.clone());
    let Some(flow) = flow else { return create_own(cx, body).await };
    let selector = Selector {
        parent_key: Some(flow),
        instance_key: body.instance_key.set().cloned(),
        scope: body.scope(),
        ..Selector::default()
    };
    elements::put_instance(cx, &selector, Some(body), Change::Merge).await
}

/// Makes a flow that is an instance of none. Source: PG, whose triggers are made so.
async fn create_own(cx: &Cx, body: FlowBody) -> Result<Arc<Flow>, ApiError> {
    if body.nodes.set().is_none() {
        let why = "say which flow: `flowId` is missing; or give the `nodes` of one that only this connection has";
        return Err(ApiError::bad_request(why));
    }
    let connection = {
        let world = cx.world();
        let scope = cx.directory(&world).scope(&cx.caller, &body.scope())?;
        scope.connection.ok_or_else(|| ApiError::bad_request("name the connection by `connectionId`"))?.id.to_string()
    };
    let scope = Scope { connection_id: Some(connection), ..Scope::default() };
    let wanted = Wanted { scope, any_key: true, ..wanted(&body)? };
    elements::create(cx, wanted, |flow: &mut Flow, _| flow.apply(body, true)).await
}

/// Puts a flow back to its parent's definition, or only the parts that `options` names. Fails with 400 when it has
/// no parent. Source: SDK `ResetFlowInstanceOptions`.
pub(super) async fn reset(cx: &Cx, selector: &Selector, options: &ResetOptions) -> Result<Listed<Flow>, ApiError> {
    if !options.name && !options.all_nodes && options.nodes.is_empty() {
        return elements::reset(cx, selector).await;
    }
    elements::update(cx, selector, |flow: &mut Flow, world| {
        let parent = parent_of(flow, world)?.clone();
        if options.name {
            flow.meta.name.clone_from(&parent.meta.name);
            flow.customized.name = false;
        }
        if options.all_nodes {
            flow.nodes.clone_from(&parent.nodes);
        }
        for (key, _) in options.nodes.iter().filter(|(_, wanted)| **wanted) {
            match parent.nodes.get(key) {
                Some(node) => flow.nodes.insert(key.clone(), node.clone()),
                None => flow.nodes.remove(key),
            };
        }
        flow.customized.nodes = flow.nodes != parent.nodes;
        Ok(())
    })
    .await
}

fn parent_of<'w>(flow: &Flow, world: &'w World) -> Result<&'w Arc<Flow>, ApiError> {
    let parent = flow.place.parent.as_ref().and_then(|id| world.flows.get(id.as_str()));
    parent.ok_or_else(|| ApiError::bad_request(format!("flow `{}` is no instance of another one", flow.meta.name)))
}

/// Copies the parent's current definition into an instance; a customised name and customised nodes stay. Fails with 400
/// when there is no parent. Source: SDK `updateToLatestFlow`; which nodes stay is assumed.
pub(super) async fn update_to_latest(cx: &Cx, selector: &Selector) -> Result<Listed<Flow>, ApiError> {
    elements::update(cx, selector, |flow: &mut Flow, world| {
        let parent = parent_of(flow, world)?.clone();
        let (own, name, customized) = (flow.nodes.clone(), flow.meta.name.clone(), flow.customized);
        flow.copy_definition(&parent);
        if customized.name {
            flow.meta.name = name;
        }
        flow.nodes.extend(own.into_iter().filter(|(_, node)| node.is_customized == Some(true)));
        flow.customized = customized;
        Ok(())
    })
    .await
}

/// Makes the instances of the connections that become READY in a transaction, and keeps the moments of schedules.
pub fn notice(space: &WorkspaceRuntime, before: &World, tx: &mut Tx) -> Result<(), StoreError> {
    for id in tx.changed::<Connection>() {
        let Some(after) = tx.connections.get(&id).cloned() else { continue };
        let event = WorkspaceEvent::of(before.connections.get(&id).map(|it| &**it), &after);
        if matches!(event, Some(WorkspaceEvent::Created | WorkspaceEvent::Reconnected)) {
            connected(tx, &space.ids, space.clock.now(), &after)?;
        }
    }
    for id in tx.changed::<Flow>() {
        due::keep_up(space, before, tx, &id)?;
    }
    Ok(())
}

/// Makes the instances of a connection that has just become READY: one of each flow with `autoCreateInstances` that is
/// universal or of its integration.
pub fn connected(tx: &mut Tx, ids: &Ids, now: Timestamp, connection: &Connection) -> Result<(), StoreError> {
    let serves = |flow: &&Arc<Flow>| {
        flow.auto_create_instances
            && !flow.meta.is_archived()
            && flow.place.connection.is_none()
            && flow.place.external_app.is_none()
            && (flow.place.integration.is_none() || flow.place.integration == connection.integration)
    };
    // Instances are tenants'; there may be many.
    let mut flows: Vec<Arc<Flow>> = tx.flows.with(Index::Tenant, &[""]).filter(serves).cloned().collect();
    // The most specific version of a key comes first, so that it wins over the universal one.
    flows.sort_by_key(|flow| std::cmp::Reverse(flow.place.specificity()));
    let holder = Holder::Connection(Arc::new(connection.clone()));
    for flow in flows {
        if let Some(instance) = elements::instance_of(tx, ids, now, &*flow, &holder, None) {
            tx.put(instance)?;
        }
    }
    Ok(())
}
