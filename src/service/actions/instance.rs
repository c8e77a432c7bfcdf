//! Connection-level versions of actions: found, or made from the version above.

use super::change::{Change, copy_definition, place_at_connection, refuse_taken, update};
use crate::engine::Cx;
use crate::error::ApiError;
use crate::model::action::{Action, ActionBody};
use crate::model::element::{Meta, Selector};
use crate::service::directory::{Directory, Resolved};
use std::sync::Arc;

/// The connection's version of an action: found, or made from its parent when `auto_create`. Source: SDK instances.
pub async fn instance(cx: &Cx, selector: &Selector) -> Result<Arc<Action>, ApiError> {
    let world = cx.world();
    let directory = Directory::new(&world, &cx.engine.catalog);
    if let Some(id) = &selector.id {
        let action = directory.action_by_id(&cx.caller, id);
        return action.ok_or_else(|| directory.no_action(id));
    }
    let resolved = directory.scope(&cx.caller, &selector.scope)?;
    let connection = resolved.connection.clone().ok_or_else(|| {
        ApiError::bad_request("an action instance belongs to a connection; name it by `connectionId`, `connectionKey` or `integrationKey`")
    })?;
    let parent = parent_for(cx, &directory, selector, &resolved)?;
    let key = parent.as_ref().map_or_else(|| selector.key.clone(), |p| p.meta.key.clone());
    let own = key.as_deref().and_then(|key| {
        world.actions.with_key(key).find(|action| {
            !action.meta.is_archived()
                && action.connection.as_ref() == Some(&connection.id)
                && action.instance_key == selector.instance_key
        })
    });
    if let Some(own) = own {
        return Ok(Arc::clone(own));
    }
    match parent {
        Some(parent) if selector.auto_create => create_instance(cx, &parent, &resolved, selector).await,
        Some(parent) => Err(ApiError::not_found(format!(
            "no matching action: `{}` has no instance on connection `{}`; pass autoCreate=true to make one",
            parent.key(),
            connection.meta.key.as_deref().unwrap_or(&connection.meta.name)
        ))),
        None => Err(directory.no_action(selector.shown())),
    }
}

pub(super) fn parent_for(
    cx: &Cx,
    directory: &Directory<'_>,
    selector: &Selector,
    resolved: &Resolved,
) -> Result<Option<Arc<Action>>, ApiError> {
    if let Some(id) = &selector.parent_id {
        return directory.action_by_id(&cx.caller, id).map(Some).ok_or_else(|| directory.no_action(id));
    }
    let Some(key) = selector.parent_key.as_ref().or(selector.key.as_ref()).or(selector.any.as_ref()) else {
        return Err(ApiError::bad_request("name the action by `parentKey`, `parentId` or `id`"));
    };
    if let Some(action) = directory.action_by_id(&cx.caller, key) {
        return Ok(Some(action));
    }
    let above = Resolved { integration: resolved.integration.clone(), connection: None };
    let app_scope = Resolved { connection: resolved.connection.clone(), ..above.clone() };
    // The connection's own version is what is being looked for; its parent lies above.
    let found = directory
        .action_by_key(&cx.caller, key, &above, &Selector::default())
        .or_else(|_| directory.action_by_key(&cx.caller, key, &app_scope, &Selector::default()));
    match found {
        Ok(action) => Ok(Some(action)),
        Err(error) if error.key == Some(crate::error::ErrorKey::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes the connection's version of an action.
pub(super) async fn create_instance(
    cx: &Cx,
    parent: &Action,
    resolved: &Resolved,
    selector: &Selector,
) -> Result<Arc<Action>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let meta = Meta::new(&cx.space.ids, cx.space.clock.now(), parent.meta.key.clone(), Some(parent.meta.name.clone()));
    let mut action = Action::blank(cx.space.ids.id(), meta);
    copy_definition(&mut action, parent);
    place_at_connection(&mut action, resolved)?;
    action.parent = Some(parent.id.clone());
    action.instance_key.clone_from(&selector.instance_key);
    let made_meanwhile = tx.actions.with_key(action.meta.key.as_deref().unwrap_or_default()).find(|other| {
        !other.meta.is_archived() && other.connection == action.connection && other.instance_key == action.instance_key
    });
    if let Some(other) = made_meanwhile {
        return Ok(Arc::clone(other));
    }
    refuse_taken(&tx, &action)?;
    let id = action.id.clone();
    tx.put(action)?;
    let world = tx.commit().await?;
    world.actions.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a new action is missing"))
}

/// Makes or replaces a connection's version (`PUT /connections/:c/actions/:a`); no body makes it from its parent.
pub async fn put_instance(cx: &Cx, selector: &Selector, body: Option<ActionBody>) -> Result<Arc<Action>, ApiError> {
    let making = Selector { auto_create: true, ..selector.clone() };
    let action = instance(cx, &making).await?;
    match body {
        None => Ok(action),
        Some(body) => {
            let by_id = Selector { id: Some(action.id.to_string()), ..Selector::default() };
            update(cx, &by_id, body, Change::Replace).await.map(|(action, _)| action)
        }
    }
}
