//! Actions: listing, making, changing. Running is [`super::run`].

mod change;
mod instance;

pub use change::{Change, archive, create, finish_building, manager_only, reset, restore, update};
pub use instance::{instance, put_instance};

use crate::engine::Cx;
use crate::error::ApiError;
use crate::ids::Id;
use crate::model::action::{Action, ActionState};
use crate::model::element::{Layer, Scope, Selector};
use crate::model::external_app::ExternalApp;
use crate::model::integration::Integration;
use crate::model::page::{Page, PageRequest};
use crate::model::rank;
use crate::service::directory::{Archived, Directory, Resolved};
use crate::store::World;
use std::sync::Arc;

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

pub(super) fn described(action: &Action) -> String {
    let key = action.meta.key.as_deref().unwrap_or_default().replace('-', " ");
    format!("{} {key} {}", action.meta.name, action.meta.description.as_deref().unwrap_or_default())
}

pub(super) fn universal_parent(world: &World, action: &Action, id: &str) -> bool {
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

pub(super) fn owned_by(world: &World, action: &Action, tenant: &str) -> bool {
    let owner = action.tenant.as_ref().map(Id::as_str);
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
