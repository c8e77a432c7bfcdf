//! Actions: listing, making, changing. Running is [`super::run`].

use std::sync::Arc;

use serde_json::json;

use super::directory::{Archived, Directory, Resolved};
use crate::engine::{Cx, Engine};
use crate::error::ApiError;
use crate::ids::Id;
use crate::model::JsonMap;
use crate::model::action::{Action, ActionBody, ActionEvent, ActionState, ActionType};
use crate::model::element::{Layer, Meta, Scope, Selector};
use crate::model::external_app::ExternalApp;
use crate::model::integration::Integration;
use crate::model::page::{Page, PageRequest};
use crate::model::{rank, schema};
use crate::store::World;

/// Which actions are asked for. Source: SDK `FindActionsQuery`, decision 10.
#[derive(Debug, Clone, Default)]
pub struct ActionFilter {
    /// Only this one.
    pub id: Option<String>,
    /// At one layer.
    pub layer: Option<Layer>,
    /// Of an integration or connection.
    pub scope: Scope,
    /// Of an app: its catalog actions too.
    pub external_app_id: Option<String>,
    /// In name, key or description.
    pub search: Option<String>,
    /// In words; with a connection, results are ranked by it.
    pub intent: Option<String>,
    /// One of several on a connection.
    pub instance_key: Option<String>,
    /// Versions of this one.
    pub parent_id: Option<String>,
    /// Versions of this universal one.
    pub universal_parent_id: Option<String>,
    /// Whose; connection-level ones.
    pub tenant: Option<String>,
    /// Only universal ones, or none.
    pub is_universal: Option<bool>,
    /// Archived ones too.
    pub include_archived: bool,
}

/// A listed action, and the integration it is looked at from.
pub type Listed = (Arc<Action>, Option<Arc<Integration>>);

/// Lists actions. Without a scope: universal ones only (decision 10).
pub fn list(cx: &Cx, filter: &ActionFilter, page: PageRequest) -> Result<Page<Listed>, ApiError> {
    let world = cx.world();
    let directory = Directory::new(&world, &cx.engine.catalog);
    if filter.intent.as_ref().is_some_and(|intent| intent.chars().count() > 200) {
        return Err(ApiError::bad_request("`intent` has at most 200 characters"));
    }
    let scope = directory.scope(&cx.caller, &filter.scope)?;
    let app = match &filter.external_app_id {
        Some(text) => Some(directory.find_app(text)?.id.clone()),
        None => scope.external_app(&directory),
    };
    let unscoped = filter.scope.is_empty()
        && filter.external_app_id.is_none()
        && filter.id.is_none()
        && filter.layer.is_none()
        && filter.search.is_none()
        && filter.tenant.is_none()
        && filter.parent_id.is_none()
        && filter.universal_parent_id.is_none();
    let search = filter.search.as_ref().map(|text| text.to_lowercase());
    let serves = |action: &Action| {
        if unscoped {
            return action.layer() == Layer::Universal;
        }
        let by_app = |action: &Action| app.is_some() && app_of(&directory, action) == app;
        match (&action.connection, &action.integration, &action.external_app) {
            (Some(of), _, _) if filter.scope.names_connection() => {
                scope.connection.as_ref().is_some_and(|c| c.id == *of)
            }
            (Some(_), of, _) if filter.scope.names_integration() => {
                of.is_some() && of.as_ref() == scope.integration.as_ref().map(|i| &i.id)
            }
            (None, Some(of), _) if !filter.scope.is_empty() => scope.integration.as_ref().is_some_and(|i| i.id == *of),
            (None, None, Some(_)) => by_app(action) || (filter.scope.is_empty() && filter.external_app_id.is_none()),
            // Asked for an app: what is universal serves every app and is not the app's.
            (_, _, _) => filter.external_app_id.is_none() || by_app(action),
        }
    };
    let wanted = |action: &Action| {
        (filter.include_archived || !action.meta.is_archived())
            && action.tenant.as_ref().is_none_or(|owner| cx.caller.may_see(owner.as_str()))
            && filter.id.as_ref().is_none_or(|id| action.id == **id)
            && filter.layer.is_none_or(|layer| action.layer() == layer)
            && filter.is_universal.is_none_or(|universal| (action.layer() == Layer::Universal) == universal)
            && filter.instance_key.as_ref().is_none_or(|key| action.instance_key.as_ref() == Some(key))
            && filter.parent_id.as_ref().is_none_or(|id| action.parent.as_ref().is_some_and(|p| p == id.as_str()))
            && filter.universal_parent_id.as_ref().is_none_or(|id| universal_parent(&world, action, id))
            && filter.tenant.as_ref().is_none_or(|id| owned_by(&world, action, id))
            && search.as_ref().is_none_or(|text| action.meta.matches(text))
            && serves(action)
    };
    let catalog_too = filter.external_app_id.is_some()
        || filter.id.is_some()
        || (world.workspace.settings.use_membrane_universe && (app.is_some() || search.is_some()));
    let own = world.actions.after(0).filter(|(_, action)| wanted(action)).map(|(at, action)| (at, Arc::clone(action)));
    let shared = cx
        .engine
        .catalog
        .actions
        .iter()
        .enumerate()
        .filter(|(_, action)| catalog_too && wanted(action) && (app.is_none() || action.external_app == app));
    // Catalog actions stand after the workspace's own, at positions that no record has.
    let shared = shared.map(|(index, action)| (CATALOG_START + index as u64, Arc::clone(action)));
    let at = scope.integration.clone();
    let listed = move |action: Arc<Action>| (action, at.clone());
    let all = own.chain(shared);
    if let (Some(intent), true) = (&filter.intent, filter.scope.names_connection()) {
        let ranked =
            rank::best(intent, all.map(|(_, action)| action).collect(), |action: &Arc<Action>| described(action));
        let limit = if page.limit == PageRequest::default().limit { 10 } else { page.limit };
        return Ok(Page { items: ranked.into_iter().take(limit).map(listed).collect(), cursor: None });
    }
    Ok(page.take(all).map(listed))
}

/// Positions of catalog entries in lists: beyond any record's.
pub const CATALOG_START: u64 = 1 << 52;

/// The app an action is for: its own, or its integration's.
pub fn app_of(directory: &Directory<'_>, action: &Action) -> Option<Id<ExternalApp>> {
    action.external_app.clone().or_else(|| {
        let integration = directory.world.integrations.get(action.integration.as_ref()?.as_str())?;
        Resolved { integration: Some(Arc::clone(integration)), connection: None }.external_app(directory)
    })
}

fn described(action: &Action) -> String {
    let key = action.meta.key.as_deref().unwrap_or_default().replace('-', " ");
    format!("{} {key} {}", action.meta.name, action.meta.description.as_deref().unwrap_or_default())
}

fn universal_parent(world: &World, action: &Action, id: &str) -> bool {
    let mut at = action.parent.as_ref();
    for _ in 0..3 {
        match at {
            Some(parent) if *parent == *id => return true,
            Some(parent) => at = world.actions.get(parent.as_str()).and_then(|action| action.parent.as_ref()),
            None => return false,
        }
    }
    false
}

fn owned_by(world: &World, action: &Action, tenant: &str) -> bool {
    let owner = action.tenant.as_ref().map(|id| id.as_str());
    owner == Some(tenant) || world.tenants.with_key(tenant).any(|tenant| Some(tenant.id.as_str()) == owner)
}

/// One action by any selector, with the integration it is looked at from.
pub fn get(cx: &Cx, selector: &Selector) -> Result<Listed, ApiError> {
    let world = cx.world();
    let directory = Directory::new(&world, &cx.engine.catalog);
    let action = directory.action(&cx.caller, selector, Archived::Found)?;
    if action.state == ActionState::Building && action.due.as_ref().is_some_and(|due| due.reads.is_some()) {
        cx.space.count_read(action.id.as_str());
        cx.engine.wake.notify_one();
    }
    let scope = directory.scope(&cx.caller, &selector.scope)?;
    Ok((action, scope.integration))
}

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
    let now = cx.space.clock.now();
    let name = body.name.set().cloned().or_else(|| intent.as_ref().map(|intent| sentence(intent)));
    let mut action = blank(cx, Meta::new(&cx.space.ids, now, body.key.set().cloned(), name));
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
    apply(&mut action, body)?;
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

fn sentence(intent: &str) -> String {
    let mut chars = intent.trim().chars();
    chars.next().map(|first| first.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

fn blank(cx: &Cx, meta: Meta) -> Action {
    Action {
        id: cx.space.ids.id(),
        meta,
        state: ActionState::Ready,
        integration: None,
        connection: None,
        tenant: None,
        instance_key: None,
        external_app: None,
        parent: None,
        action_type: None,
        config: JsonMap::new(),
        input_schema: None,
        output_schema: None,
        output_mapping: None,
        custom_output_schema: None,
        is_public: false,
        is_customized: false,
        intent: None,
        errors: Vec::new(),
        due: None,
    }
}

fn place_at_connection(action: &mut Action, resolved: &Resolved) -> Result<(), ApiError> {
    let connection = resolved.connection.as_ref().ok_or_else(|| ApiError::not_found("connection not found"))?;
    action.connection = Some(connection.id.clone());
    action.integration.clone_from(&connection.integration);
    action.tenant = Some(connection.tenant.clone());
    Ok(())
}

/// The version one layer up with the same key.
fn parent_of(world: &World, action: &Action) -> Option<Id<Action>> {
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
fn refuse_taken(world: &World, action: &Action) -> Result<(), ApiError> {
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

fn apply(action: &mut Action, body: ActionBody) -> Result<(), ApiError> {
    for (schema_of, field) in [
        (body.input_schema.set(), "inputSchema"),
        (body.output_schema.set(), "outputSchema"),
        (body.custom_output_schema.set(), "customOutputSchema"),
    ] {
        if let Some(schema_of) = schema_of {
            schema::check_schema(schema_of, field)?;
        }
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
    listed(cx, &world, action)
}

fn put(cx: &Cx, tx: &mut crate::store::Tx, action: &mut Action) -> Result<(), ApiError> {
    action.meta.touch(&cx.space.ids, &cx.space.clock);
    tx.put(action.clone())?;
    Ok(())
}

fn listed(_: &Cx, world: &World, action: Action) -> Result<Listed, ApiError> {
    let action = world.actions.get(action.id.as_str()).cloned();
    let action = action.ok_or_else(|| ApiError::internal("an action is missing"))?;
    Ok((action, None))
}

/// An action of this workspace, to be changed; who may change what is checked here.
async fn own(cx: &Cx, selector: &Selector) -> Result<(Action, crate::store::Tx), ApiError> {
    let tx = cx.space.data.begin().await;
    let directory = Directory::new(&tx, &cx.engine.catalog);
    let action = directory.action(&cx.caller, selector, Archived::Found)?;
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
    listed(cx, &world, action)
}

/// Restores an action.
pub async fn restore(cx: &Cx, selector: &Selector) -> Result<Listed, ApiError> {
    let selector = archived_selector(cx, selector);
    let (mut action, mut tx) = own(cx, &selector).await?;
    action.meta.archived_at = None;
    refuse_taken(&tx, &action)?;
    put(cx, &mut tx, &mut action)?;
    let world = tx.commit().await?;
    listed(cx, &world, action)
}

/// A key finds the latest archived action that has it, when no live one does.
fn archived_selector(cx: &Cx, selector: &Selector) -> Selector {
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
    listed(cx, &world, action)
}

fn copy_definition(action: &mut Action, from: &Action) {
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

fn parent_for(
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
async fn create_instance(
    cx: &Cx,
    parent: &Action,
    resolved: &Resolved,
    selector: &Selector,
) -> Result<Arc<Action>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let meta = Meta::new(&cx.space.ids, cx.space.clock.now(), parent.meta.key.clone(), Some(parent.meta.name.clone()));
    let mut action = blank(cx, meta);
    copy_definition(&mut action, parent);
    place_at_connection(&mut action, resolved)?;
    action.parent = Some(parent.id.clone());
    action.instance_key.clone_from(&selector.instance_key);
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
            update(cx, &by_id, body, Change::Merge).await.map(|(action, _)| action)
        }
    }
}

/// BUILDING is over: the action becomes a copy of the best match among its app's catalog actions, else one that echoes
/// its input (decision 12).
pub fn finish_building(engine: &Engine, world: &World, action: &mut Action) -> Result<(), ApiError> {
    let directory = Directory::new(world, &engine.catalog);
    let intent = action.intent.clone().unwrap_or_default();
    let app = app_of(&directory, action);
    let candidates: Vec<Arc<Action>> =
        engine.catalog.actions.iter().filter(|other| app.is_some() && other.external_app == app).cloned().collect();
    let best = rank::best(&intent, candidates, |other: &Arc<Action>| described(other)).into_iter().next();
    action.state = action.state.on(ActionEvent::Finish)?;
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
    Ok(())
}
