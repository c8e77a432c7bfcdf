//! Making and changing actions.

use super::{Listed, app_of, described};
use crate::engine::{Cx, Engine};
use crate::error::ApiError;
use crate::ids::Id;
use crate::model::action::{Action, ActionBody, ActionState, ActionType};
use crate::model::element::{Layer, Meta, Scope, Selector, check_key, free_key};
use crate::model::{rank, schema};
use crate::service::directory::{Archived, Directory, Resolved};
use crate::store::World;
use serde_json::json;
use std::sync::Arc;

/// Makes an action: READY from a spec, BUILDING from an intent. Source: SEED (`action create`).
pub async fn create(cx: &Cx, body: ActionBody) -> Result<Arc<Action>, ApiError> {
    let scope = Scope {
        integration_id: body.integration_id.clone(),
        integration_key: body.integration_key.clone(),
        connection_id: body.connection_id.clone(),
        connection_key: body.connection_key.clone(),
    };
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let directory = Directory::new(&world, &cx.engine.catalog);
    let resolved = directory.scope(&cx.caller, &scope)?;
    if scope.names_integration() && resolved.integration.is_none() {
        return Err(ApiError::not_found(
            "integration not found: it exists only as a catalog candidate; create it with POST /integrations or connect to it",
        ));
    }
    let intent = body.intent.clone().filter(|intent| !intent.trim().is_empty());
    if intent.is_none() && body.action_type.set().is_none() && body.key.set().is_none() && body.name.set().is_none() {
        return Err(ApiError::bad_request("an action needs an `intent`, or a spec: `key` or `name`, `type`, `config`"));
    }
    if let Some(key) = body.key.set().filter(|key| !key.is_empty()) {
        check_key(key, "key")?;
    }
    let now = cx.space.clock.now();
    let name = body.name.set().cloned().or_else(|| intent.as_ref().map(|intent| sentence(intent)));
    let mut action = Action::blank(cx.space.ids.id(), Meta::new(&cx.space.ids, now, body.key.set().cloned(), name));
    if scope.names_connection() {
        place_at_connection(&mut action, &resolved)?;
    } else if let Some(integration) = &resolved.integration {
        action.integration = Some(integration.id.clone());
    } else if let Some(text) = body.external_app_id.as_ref().or(body.external_app_key.as_ref()) {
        action.external_app = Some(directory.find_app(text)?.id.clone());
    }
    if let Some(parent) = &body.parent_id {
        let parent = directory.action_by_id(&cx.caller, parent).ok_or_else(|| directory.no_action(parent))?;
        action.parent = Some(parent.id.clone());
    } else if let Some(parent) = parent_of(&world, &action) {
        action.parent = Some(parent);
    }
    let names_itself = body.key.set().is_some() || body.name.set().is_some();
    apply(&mut action, body)?;
    if !names_itself {
        // The key comes from the intent: the same words may be asked for again.
        let key = action.meta.key.clone().unwrap_or_default();
        let free = free_key(&key, |key| {
            let mut probe = action.clone();
            probe.meta.key = Some(key.to_owned());
            refuse_taken(&world, &probe).is_err()
        });
        action.meta.key = Some(free).filter(|key| !key.is_empty());
    }
    refuse_taken(&world, &action)?;
    if let Some(intent) = intent {
        action.intent = Some(intent);
        action.state = ActionState::Building;
        action.due = world.workspace.mock.progress.action_building.due(now);
    }
    let id = action.id.clone();
    tx.put(action)?;
    let world = tx.commit().await?;
    cx.engine.wake.notify_one();
    world.actions.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a new action is missing"))
}

pub(super) fn sentence(intent: &str) -> String {
    let mut chars = intent.trim().chars();
    chars.next().map(|first| first.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

pub(super) fn place_at_connection(action: &mut Action, resolved: &Resolved) -> Result<(), ApiError> {
    let connection = resolved.connection.as_ref().ok_or_else(|| ApiError::not_found("connection not found"))?;
    action.connection = Some(connection.id.clone());
    action.integration.clone_from(&connection.integration);
    action.tenant = Some(connection.tenant.clone());
    Ok(())
}

/// The version one layer up with the same key.
pub(super) fn parent_of(world: &World, action: &Action) -> Option<Id<Action>> {
    let key = action.meta.key.as_deref()?;
    world
        .actions
        .with_key(key)
        .filter(|other| !other.meta.is_archived() && !other.is_public && other.specificity() < action.specificity())
        .filter(|other| other.integration.is_none() || other.integration == action.integration)
        .max_by_key(|other| other.specificity())
        .map(|other| other.id.clone())
}

/// Keys are unique per layer and place. Source: OAS (“key uniqueness is per parent and integration”).
pub(super) fn refuse_taken(world: &World, action: &Action) -> Result<(), ApiError> {
    let Some(key) = action.meta.key.as_deref() else { return Ok(()) };
    let same_place = |other: &&Arc<Action>| {
        other.id != action.id
            && !other.meta.is_archived()
            && !other.is_public
            && other.connection == action.connection
            && other.integration == action.integration
            && other.external_app == action.external_app
            && other.instance_key == action.instance_key
    };
    match world.actions.with_key(key).find(same_place) {
        Some(other) => Err(ApiError::already_exists(format!(
            "there is an action `{key}` at this place already ({}); change it or choose another key",
            other.id
        ))),
        None => Ok(()),
    }
}

pub(super) fn apply(action: &mut Action, body: ActionBody) -> Result<(), ApiError> {
    for (schema_of, field) in [
        (body.input_schema.set(), "inputSchema"),
        (body.output_schema.set(), "outputSchema"),
        (body.custom_output_schema.set(), "customOutputSchema"),
    ] {
        if let Some(schema_of) = schema_of {
            schema::check_schema(schema_of, field)?;
        }
    }
    if let Some(key) = body.key.set().filter(|key| !key.is_empty()) {
        check_key(key, "key")?;
    }
    body.key.apply(&mut action.meta.key);
    body.uuid.apply_required(&mut action.meta.uuid);
    body.name.apply_required(&mut action.meta.name);
    body.description.apply(&mut action.meta.description);
    body.meta.apply(&mut action.meta.meta);
    body.instance_key.apply(&mut action.instance_key);
    body.action_type.apply(&mut action.action_type);
    match body.config {
        crate::model::patch::Patch::Keep => {}
        crate::model::patch::Patch::Clear => action.config.clear(),
        crate::model::patch::Patch::Set(config) => action.config = config,
    }
    body.input_schema.apply(&mut action.input_schema);
    body.output_schema.apply(&mut action.output_schema);
    body.output_mapping.apply(&mut action.output_mapping);
    body.custom_output_schema.apply(&mut action.custom_output_schema);
    Ok(())
}

/// Whether a change merges or replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// PATCH.
    Merge,
    /// PUT.
    Replace,
}

/// Changes an action. Source: SEED (PATCH merges, PUT replaces).
pub async fn update(cx: &Cx, selector: &Selector, body: ActionBody, change: Change) -> Result<Listed, ApiError> {
    let (mut action, mut tx) = own(cx, selector).await?;
    action.meta.refuse_archived("action")?;
    if change == Change::Replace {
        action.meta.description = None;
        action.meta.meta = None;
        action.config.clear();
        action.action_type = None;
        action.input_schema = None;
        action.output_schema = None;
        action.output_mapping = None;
        action.custom_output_schema = None;
    }
    if let Some(intent) = body.intent.clone().filter(|intent| !intent.trim().is_empty()) {
        action.intent = Some(intent);
        action.state = ActionState::Building;
        action.due = tx.workspace.mock.progress.action_building.due(cx.space.clock.now());
    }
    apply(&mut action, body)?;
    action.is_customized = action.parent.is_some();
    refuse_taken(&tx, &action)?;
    put(cx, &mut tx, &mut action)?;
    let world = tx.commit().await?;
    cx.engine.wake.notify_one();
    listed(&world, &action)
}

pub(super) fn put(cx: &Cx, tx: &mut crate::store::Tx, action: &mut Action) -> Result<(), ApiError> {
    action.meta.touch(&cx.space.ids, &cx.space.clock);
    tx.put(action.clone())?;
    Ok(())
}

pub(super) fn listed(world: &World, action: &Action) -> Result<Listed, ApiError> {
    let action = world.actions.get(action.id.as_str()).cloned();
    let action = action.ok_or_else(|| ApiError::internal("an action is missing"))?;
    Ok((action, None))
}

/// An action of this workspace, to be changed; who may change what is checked here.
pub(super) async fn own(cx: &Cx, selector: &Selector) -> Result<(Action, crate::store::Tx), ApiError> {
    let tx = cx.space.data.begin().await;
    let directory = Directory::new(&tx, &cx.engine.catalog);
    let action = directory.action(&cx.caller, selector, Archived::Found)?;
    let by_id = [&selector.id, &selector.any].into_iter().flatten().any(|text| action.id == **text);
    if selector.scope.names_integration() && !by_id && action.integration.is_none() {
        // Named through an integration: its own version, or none.
        return Err(directory.no_action(selector.shown()));
    }
    if tx.actions.get(action.id.as_str()).is_none() {
        return Err(ApiError::access_denied(format!(
            "action `{}` is the catalog's and cannot be changed; create your own with POST /actions",
            action.meta.name
        )));
    }
    if action.layer() != Layer::Connection && !cx.caller.is_manager() {
        return Err(manager_only("change a workspace-level action"));
    }
    Ok(((*action).clone(), tx))
}

/// 403 for what only a manager may do.
pub fn manager_only(what: &str) -> ApiError {
    ApiError::access_denied(format!("only a manager token may {what}; mint one with `isAdmin: true`"))
}

/// Archives an action.
pub async fn archive(cx: &Cx, selector: &Selector) -> Result<Listed, ApiError> {
    let (mut action, mut tx) = own(cx, selector).await?;
    action.meta.archived_at.get_or_insert_with(|| cx.space.clock.now());
    put(cx, &mut tx, &mut action)?;
    let world = tx.commit().await?;
    listed(&world, &action)
}

/// Restores an action.
pub async fn restore(cx: &Cx, selector: &Selector) -> Result<Listed, ApiError> {
    let selector = archived_selector(cx, selector);
    let (mut action, mut tx) = own(cx, &selector).await?;
    action.meta.archived_at = None;
    refuse_taken(&tx, &action)?;
    put(cx, &mut tx, &mut action)?;
    let world = tx.commit().await?;
    listed(&world, &action)
}

/// A key finds the latest archived action that has it, when no live one does.
pub(super) fn archived_selector(cx: &Cx, selector: &Selector) -> Selector {
    let world = cx.world();
    let directory = Directory::new(&world, &cx.engine.catalog);
    if directory.action(&cx.caller, selector, Archived::Found).is_ok() {
        return selector.clone();
    }
    let text = selector.key.as_deref().or(selector.any.as_deref()).unwrap_or_default();
    let dotted = text.split_once('.').filter(|(integration, _)| directory.integration_with_key(integration).is_some());
    let (integration, key) = match dotted {
        Some((integration, key)) => (directory.integration_with_key(integration).cloned(), key),
        None => (directory.scope(&cx.caller, &selector.scope).unwrap_or_default().integration, text),
    };
    let archived = world.actions.with_key(key).filter(|action| {
        action.meta.is_archived()
            && (integration.is_none() || action.integration.as_ref() == integration.as_ref().map(|i| &i.id))
    });
    match archived.last() {
        Some(action) => Selector { id: Some(action.id.to_string()), ..Selector::default() },
        None => selector.clone(),
    }
}

/// Puts an action back to its parent's definition. Source: OAS (`reset`).
pub async fn reset(cx: &Cx, selector: &Selector) -> Result<Listed, ApiError> {
    let (mut action, mut tx) = own(cx, selector).await?;
    action.meta.refuse_archived("action")?;
    let parent = action.parent.as_ref().and_then(|id| tx.actions.get(id.as_str())).cloned();
    let Some(parent) = parent else {
        return Err(ApiError::bad_request(format!("action `{}` has no parent to go back to", action.meta.name)));
    };
    copy_definition(&mut action, &parent);
    put(cx, &mut tx, &mut action)?;
    let world = tx.commit().await?;
    listed(&world, &action)
}

pub(super) fn copy_definition(action: &mut Action, from: &Action) {
    action.meta.name.clone_from(&from.meta.name);
    action.meta.description.clone_from(&from.meta.description);
    action.action_type = from.action_type;
    action.config.clone_from(&from.config);
    action.input_schema.clone_from(&from.input_schema);
    action.output_schema.clone_from(&from.output_schema);
    action.output_mapping.clone_from(&from.output_mapping);
    action.custom_output_schema.clone_from(&from.custom_output_schema);
    action.is_customized = false;
}

/// BUILDING is over: the action becomes a copy of the best match among its app's catalog actions, else one that echoes
/// its input (decision 12).
pub fn finish_building(engine: &Engine, world: &World, action: &mut Action) {
    let directory = Directory::new(world, &engine.catalog);
    let intent = action.intent.clone().unwrap_or_default();
    let app = app_of(&directory, action);
    let seeded = world.actions.iter().filter(|other| other.is_public);
    let candidates: Vec<Arc<Action>> = seeded
        .chain(engine.catalog.actions.iter())
        .filter(|other| app.is_some() && other.external_app == app)
        .cloned()
        .collect();
    let best = rank::best(&intent, candidates, |other: &Arc<Action>| described(other)).into_iter().next();
    match best {
        Some(best) => {
            let (name, key) = (action.meta.name.clone(), action.meta.key.clone());
            let named_by_intent = name == sentence(&intent);
            copy_definition(action, &best);
            if !named_by_intent {
                action.meta.name = name;
            }
            action.meta.key = key;
        }
        None => {
            action.action_type = Some(ActionType::RunJavascript);
            action.config.insert("code".into(), json!("module.exports = ({ input }) => input"));
            action.input_schema.get_or_insert_with(|| json!({ "type": "object" }));
        }
    }
}
