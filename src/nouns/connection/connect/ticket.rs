//! Reading the ticket of a connect page, which takes the place of a token (`docs/behaviour.md#connect-page`).

use crate::base::error::ApiError;
use crate::engine::{Cx, Engine, WorkspaceRuntime};
use crate::nouns::connection::model::Connection;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::sync::Arc;

/// Answers the workspace and connection that a ticket names. Fails with 404 unless the ticket is
/// of the connection's open attempt.
pub fn redeem(engine: &Engine, ticket: &str) -> Result<(Arc<WorkspaceRuntime>, Arc<Connection>), ApiError> {
    let stale = || ApiError::not_found("this connect page is no longer open; begin to connect again");
    let bytes = URL_SAFE_NO_PAD.decode(ticket).map_err(|_| stale())?;
    let text = String::from_utf8(bytes).map_err(|_| stale())?;
    let mut parts = text.split('/');
    let (Some(workspace), Some(id), Some(secret)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(stale());
    };
    let space = engine.space(workspace).ok_or_else(stale)?;
    let connection = space.world().connections.get(id).cloned().ok_or_else(stale)?;
    let open = connection.ticket.as_deref() == Some(secret) && !connection.is_archived();
    if open { Ok((space, connection)) } else { Err(stale()) }
}

/// The caller that pokes and pages act as: the tenant that owns the connection. They have no token of their own.
pub fn as_owner(engine: &Arc<Engine>, space: &Arc<WorkspaceRuntime>, connection: &Connection) -> Result<Cx, ApiError> {
    let tenant = space.world().tenants.get(connection.tenant.as_str()).cloned();
    let tenant = tenant.ok_or_else(|| ApiError::internal("a connection's tenant is missing"))?;
    Ok(Cx::of_tenant(engine, space, tenant))
}
