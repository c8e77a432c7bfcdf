//! Which action runs, and through which connection. Source: SEED (`act`), DOC:element-selectors.
//!
//! Invariant: an action never runs through a connection of another integration or app.

use crate::base::error::ApiError;
use crate::elements::model::{Layer, Selector};
use crate::elements::{Archived, Kind as _};
use crate::engine::Cx;
use crate::engine::directory::{Directory, Resolved};
use crate::nouns::action::model::Action;
use crate::nouns::action::run::{Dispatch, RunRequest};
use crate::nouns::connection::model::Connection;
use crate::store::World;
use std::sync::Arc;

/// What a call to run something was found to be about, in one state of the workspace.
#[derive(Debug)]
pub struct Resolution {
    /// The state of the workspace in which it was found.
    world: Arc<World>,
    /// The integration and the connection, as far as they were found.
    pub scope: Resolved,
    /// The action; none for an inline call. An error says why the call cannot run.
    pub action: Result<Option<Arc<Action>>, ApiError>,
}

impl Resolution {
    /// Whether the workspace has not changed since this was found.
    pub fn is_of(&self, world: &Arc<World>) -> bool {
        Arc::ptr_eq(&self.world, world)
    }

    /// Answers the connection of an inline call; 400 when there is none, because such a call cannot
    /// run without. Source: SEED (`act`).
    pub fn connection(&self, cx: &Cx) -> Result<Arc<Connection>, ApiError> {
        self.action.clone()?;
        let integration = self.scope.integration.as_ref();
        self.scope.connection.clone().ok_or_else(|| no_connection(cx, integration.map(|found| found.key())))
    }
}

/// Finds what a call to run something is about. It never fails: an error is part of what is found.
pub fn resolve(cx: &Cx, request: &RunRequest) -> Resolution {
    let world = cx.world();
    let mut scope = Resolved::default();
    let action = match &request.dispatch {
        Ok(Dispatch::Action(selector)) => action_of(cx, &world, request, selector, &mut scope).map(Some),
        Ok(Dispatch::Api(_) | Dispatch::Code(_)) => scope_of_inline(cx, &world, request, &mut scope).map(|()| None),
        Err(error) => Err(error.clone()),
    };
    Resolution { world, scope, action }
}

/// Finds the connection of an inline request or snippet: the scope's, else the tenant's default one. Fails with 404 for
/// an archived one. Source: SEED (`act`).
fn scope_of_inline(cx: &Cx, world: &World, request: &RunRequest, scope: &mut Resolved) -> Result<(), ApiError> {
    let directory = cx.directory(world);
    *scope = directory.scope(&cx.caller, &request.scope)?;
    if scope.connection.is_none() && request.scope.is_empty() {
        scope.connection = directory.workspace_default(&cx.caller);
        let id = scope.connection.as_ref().and_then(|connection| connection.integration.as_ref());
        scope.integration = id.and_then(|id| world.integrations.get(id.as_str())).cloned();
    }
    scope.connection.as_ref().map_or(Ok(()), |connection| directory.check_usable(connection))
}

pub(crate) fn no_connection(cx: &Cx, integration: Option<&str>) -> ApiError {
    if cx.caller.tenant().is_none() {
        return ApiError::bad_request(
            "no connection: name one by `connectionId`, or put a `tenantKey` in the token, whose connections are then looked at",
        );
    }
    let of = integration.map(|key| format!(" of the integration `{key}`")).unwrap_or_default();
    ApiError::bad_request(format!(
        "no connection{of}: this tenant has none; connect first, or pass `connectionKey` or `connectionId`"
    ))
}

/// Finds the action to run, in its most specific version for the connection; the integration and connection go into
/// `scope`. Fails with 404 for an unknown action, and with 400 when it does not fit the connection.
fn action_of(
    cx: &Cx,
    world: &World,
    request: &RunRequest,
    selector: &Selector,
    scope: &mut Resolved,
) -> Result<Arc<Action>, ApiError> {
    let directory = cx.directory(world);
    *scope = directory.scope(&cx.caller, &request.scope)?;
    if let Some(connection) = &scope.connection {
        directory.check_usable(connection)?;
    }
    let selector = Selector { scope: request.scope.clone(), ..selector.clone() };
    let mut action = directory.element::<Action>(&cx.caller, &selector, Archived::Hidden)?;
    let named_nothing = request.scope.is_empty();
    if scope.connection.is_none() {
        scope.connection = own_connection(cx, &directory, &action);
        if named_nothing && scope.connection.is_none() && action.layer() == Layer::Universal {
            scope.connection = directory.workspace_default(&cx.caller);
        }
    }
    if scope.integration.is_none() {
        let id = scope.connection.as_ref().and_then(|c| c.integration.clone()).or(action.place.integration.clone());
        scope.integration = id.and_then(|id| world.integrations.get(id.as_str())).cloned();
    }
    // An action is run by its version for the connection, however it was named (SEED, step 4). An integration's own
    // version that is named by id alone is run as it is.
    let by_id = [&selector.id, &selector.any].into_iter().flatten().any(|text| action.id == **text);
    let has_versions = match action.layer() {
        Layer::Universal => true,
        Layer::Integration => !(by_id && named_nothing),
        Layer::Connection => false,
    };
    if has_versions && !action.key().is_empty() && selector.layer.is_none() {
        let by_key = Selector { instance_key: selector.instance_key.clone(), ..Selector::default() };
        action = directory.element_by_key(&cx.caller, action.key(), scope, &by_key).unwrap_or(action);
    }
    check_fits(&directory, &action, scope)?;
    if let Some(connection) = &scope.connection {
        directory.check_usable(connection)?;
    }
    directory.check_in_service(&*action)?;
    Ok(action)
}

/// The connection that an action runs through when the call names none: its own, its integration's
/// default one, or one of its app.
pub(crate) fn own_connection(cx: &Cx, directory: &Directory<'_>, action: &Action) -> Option<Arc<Connection>> {
    if let Some(id) = &action.place.connection {
        return directory.world.connections.get(id.as_str()).cloned();
    }
    if let Some(id) = &action.place.integration {
        let integration = directory.world.integrations.get(id.as_str())?;
        return directory.default_connection(&cx.caller, integration);
    }
    let app = action.place.external_app.as_ref()?;
    cx.caller.tenant()?;
    let mut own = directory.connections(&cx.caller).rev();
    own.find(|connection| connection.external_app.as_ref() == Some(app) && connection.is_connected()).cloned()
}

/// Refuses with 400 to run an action through a connection of another integration or
/// app, or another connection's version.
pub(crate) fn check_fits(directory: &Directory<'_>, action: &Action, scope: &Resolved) -> Result<(), ApiError> {
    let Some(connection) = &scope.connection else { return Ok(()) };
    let name = connection.meta.key.as_deref().unwrap_or(&connection.meta.name);
    if action.place.connection.as_ref().is_some_and(|own| *own != connection.id) {
        return Err(ApiError::bad_request(format!(
            "action `{}` belongs to another connection than `{name}`",
            action.meta.name
        )));
    }
    if let Some(integration) = &action.place.integration
        && connection.integration.as_ref() != Some(integration)
    {
        let key = directory.world.integrations.get(integration.as_str()).map(|i| i.key().to_owned());
        return Err(ApiError::bad_request(format!(
            "action `{}` belongs to the integration `{}`, and connection `{name}` is of another one",
            action.meta.name,
            key.unwrap_or_default()
        )));
    }
    if let (Some(app), None, None) = (&action.place.external_app, &action.place.integration, &action.place.connection)
        && connection.external_app.as_ref() != Some(app)
    {
        let app = directory.app(app.as_str()).map(|app| app.meta.name.clone()).unwrap_or_default();
        return Err(ApiError::bad_request(format!(
            "action `{}` is for {app}, and connection `{name}` is of another app",
            action.meta.name
        )));
    }
    Ok(())
}
