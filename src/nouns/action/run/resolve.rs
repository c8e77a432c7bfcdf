//! Which action runs, and through which connection. Source: SEED (`act`), DOC:element-selectors.

use crate::base::error::ApiError;
use crate::elements::Archived;
use crate::elements::model::place::Layered as _;
use crate::elements::model::{Layer, Selector};
use crate::engine::Cx;
use crate::engine::directory::Directory;
use crate::nouns::action::model::Action;
use crate::nouns::action::run::{RunRequest, Trace};
use crate::nouns::connection::model::Connection;
use std::sync::Arc;

/// `api` and `code` need a connection: the scope's, else the tenant's default one. Source: SEED (`act`).
pub(crate) fn connection_for_inline(
    cx: &Cx,
    request: &RunRequest,
    trace: &mut Trace,
) -> Result<Arc<Connection>, ApiError> {
    let world = cx.world();
    let directory = Directory::new(&world, &cx.engine.catalog);
    let mut resolved = directory.scope(&cx.caller, &request.scope)?;
    if resolved.connection.is_none() && request.scope.is_empty() {
        resolved.connection = directory.workspace_default(&cx.caller);
        let id = resolved.connection.as_ref().and_then(|connection| connection.integration.as_ref());
        resolved.integration = id.and_then(|id| world.integrations.get(id.as_str())).cloned();
    }
    trace.scope = resolved;
    let connection = trace.scope.connection.clone();
    let connection = connection.ok_or_else(|| no_connection(cx, trace.scope.integration.as_ref().map(|i| i.key())))?;
    connection.refuse_archived_call()?;
    Ok(connection)
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

/// The action to run and the connection to run it through, the most specific version winning.
pub(crate) fn resolve_action(
    cx: &Cx,
    request: &RunRequest,
    selector: Selector,
    trace: &mut Trace,
) -> Result<Arc<Action>, ApiError> {
    let world = cx.world();
    let directory = Directory::new(&world, &cx.engine.catalog);
    trace.scope = directory.scope(&cx.caller, &request.scope)?;
    if let Some(connection) = &trace.scope.connection {
        connection.refuse_archived_call()?;
    }
    let selector = Selector { scope: request.scope.clone(), ..selector };
    let mut action = directory.element::<Action>(&cx.caller, &selector, Archived::Hidden)?;
    let named_nothing = request.scope.is_empty();
    if trace.scope.connection.is_none() {
        trace.scope.connection = own_connection(cx, &directory, &action);
        if named_nothing && trace.scope.connection.is_none() && action.layer() == Layer::Universal {
            trace.scope.connection = directory.workspace_default(&cx.caller);
        }
    }
    if trace.scope.integration.is_none() {
        let id =
            trace.scope.connection.as_ref().and_then(|c| c.integration.clone()).or(action.place.integration.clone());
        trace.scope.integration = id.and_then(|id| world.integrations.get(id.as_str())).cloned();
    }
    // An action is run by its version for the connection, whichever way it was named (SEED, step 4); an integration's own
    // one that is named by id alone is meant as it is.
    let by_id = [&selector.id, &selector.any].into_iter().flatten().any(|text| action.id == **text);
    let has_versions = match action.layer() {
        Layer::Universal => true,
        Layer::Integration => !(by_id && named_nothing),
        Layer::Connection => false,
    };
    if has_versions && !action.key().is_empty() && selector.layer.is_none() {
        let by_key = Selector { instance_key: selector.instance_key.clone(), ..Selector::default() };
        action = directory.element_by_key(&cx.caller, action.key(), &trace.scope, &by_key).unwrap_or(action);
    }
    check_fits(&directory, &action, trace)?;
    Ok(action)
}

/// The connection an action runs through when the call names none.
pub(crate) fn own_connection(cx: &Cx, directory: &Directory<'_>, action: &Action) -> Option<Arc<Connection>> {
    if let Some(id) = &action.place.connection {
        return directory.world.connections.get(id.as_str()).filter(|c| !c.is_archived()).cloned();
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

/// Refuses to send an app's request to another app.
pub(crate) fn check_fits(directory: &Directory<'_>, action: &Action, trace: &Trace) -> Result<(), ApiError> {
    let Some(connection) = &trace.scope.connection else { return Ok(()) };
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
