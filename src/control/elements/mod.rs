//! This folder moves single elements to any state that may legally come next, and plays the user's part of connecting.
//!
//! `connections.rs` is about connections, `pokes.rs` about everything else that has states.
//! Invariant: it uses the same functions as the API, so no state is reached that the platform's rules forbid.

mod connections;
mod pokes;

pub(super) use connections::{ConnectionsQuery, Poke, matching};

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::base::clock::real_now;
use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::Json;
use crate::call::router::Route;
use crate::control::{List, control, space};
use crate::engine::Cx;
use crate::engine::directory::{Directory, hint};
use crate::engine::tokens::{Caller, mint};
use crate::nouns::connection::model::Connection;
use crate::nouns::tenant::model::Tenant;

/// The control routes of single elements and their states.
pub(super) fn routes() -> Vec<Route> {
    vec![
        control(
            "listTenants",
            Method::GET,
            "/workspaces/{key}/tenants",
            "Lists the tenants, each with a token for a day.",
            tenants,
        ),
        control(
            "listConnections",
            Method::GET,
            "/workspaces/{key}/connections",
            "Lists the connections of all tenants that match.",
            connections::connections,
        ),
        control(
            "pokeConnection",
            Method::POST,
            "/workspaces/{key}/connections/{selector}/poke",
            "Moves a connection to a state that may come next.",
            connections::poke_connection,
        )
        .example(r#"{"event": "loseCredentials"}"#),
        control(
            "breakConnection",
            Method::POST,
            "/workspaces/{key}/connections/{selector}/break",
            "Breaks a connection as its vendor would: it is noticed by the next call that needs it.",
            connections::break_connection,
        )
        .example(r#"{"by": "expireCredentials"}"#),
        control(
            "completeConnection",
            Method::POST,
            "/workspaces/{key}/connections/{selector}/complete",
            "Lets the user finish connecting, as on the hosted pages.",
            connections::complete,
        )
        .example(r#"{"account": "ada@example.com"}"#),
        control(
            "cancelConnection",
            Method::POST,
            "/workspaces/{key}/connections/{selector}/cancel",
            "Lets the user give up connecting.",
            connections::cancel,
        ),
        control(
            "failConnection",
            Method::POST,
            "/workspaces/{key}/connections/{selector}/fail",
            "Lets the vendor send the user back with an error.",
            connections::fail,
        )
        .example(r#"{"error": "access_denied"}"#),
        control(
            "pokeAction",
            Method::POST,
            "/workspaces/{key}/actions/{selector}/poke",
            "Ends the building of an action.",
            pokes::poke_action,
        )
        .example(r#"{"event": "fail", "error": "no such endpoint"}"#),
        control(
            "pokeAgentSession",
            Method::POST,
            "/workspaces/{key}/agent-sessions/{id}/poke",
            "Moves an agent session to a state that may come next.",
            pokes::poke_session,
        )
        .example(r#"{"event": "complete"}"#),
        control(
            "pokeJob",
            Method::POST,
            "/workspaces/{key}/jobs/{id}/poke",
            "Moves a background job to a state that may come next.",
            pokes::poke_job,
        )
        .example(r#"{"event": "fail", "error": "disk full"}"#),
        control(
            "pokeFlowRun",
            Method::POST,
            "/workspaces/{key}/flow-runs/{id}/poke",
            "Moves a flow run to a state that may come next.",
            pokes::poke_flow_run,
        )
        .example(r#"{"event": "stop"}"#),
    ]
}

/// Whose connection is meant.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct OfTenant {
    /// The key or id of the tenant; anybody's when absent, and then a key that several tenants have is refused.
    tenant: Option<String>,
}

/// Returns the tenant of a key or id, or a 404.
fn tenant_named(cx: &Cx, named: &str) -> Result<Arc<Tenant>, ApiError> {
    let world = cx.world();
    let found = world.tenants.with_key(named).next().or_else(|| world.tenants.get(named)).cloned();
    found.ok_or_else(|| {
        let keys = world.tenants.iter().map(|tenant| tenant.internal_id.as_str());
        ApiError::not_found(format!("tenant not found: `{named}`{}", hint(named, keys)))
    })
}

/// A manager's context in the workspace that a control route names, for a tenant where one is named.
fn manager(call: &Call, tenant: Option<&String>) -> Result<Cx, ApiError> {
    let cx = Cx {
        engine: call.engine.clone(),
        space: space(call)?,
        caller: Caller::Manager(None),
        depth: 0,
        abandoned: CancellationToken::new(),
    };
    let tenant = tenant.map(|named| tenant_named(&cx, named)).transpose()?;
    Ok(Cx { caller: Caller::Manager(tenant), ..cx })
}

/// Returns the connection that a control route names, and a manager's context; a 404 when there is none.
pub(super) fn named(call: &Call, of: &OfTenant) -> Result<(Cx, Arc<Connection>), ApiError> {
    let cx = manager(call, of.tenant.as_ref())?;
    let connection = {
        let world = cx.world();
        Directory::new(&world, &call.engine.catalog).connection(&cx.caller, call.param("selector")?)?
    };
    if cx.caller.tenant().is_some_and(|tenant| tenant.id != connection.tenant) {
        let why = format!("connection not found: `{}` is another tenant's", call.param("selector")?);
        return Err(ApiError::not_found(why));
    }
    Ok((cx, connection))
}

/// A tenant, and what it has.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TenantSummary {
    /// The id.
    pub(super) id: String,
    /// The key, which tokens name.
    pub(super) key: String,
    /// The name that people see.
    pub(super) name: String,
    /// Whether it is archived.
    pub(super) archived: bool,
    /// How many connections it has that are not archived.
    pub(super) connections: usize,
    /// A token of the tenant, valid for a day of real time.
    pub(super) token: String,
}

/// Lists the tenants, in the order in which they were made.
pub(super) async fn tenants(call: Call) -> Result<Json<List<TenantSummary>>, ApiError> {
    let space = space(&call)?;
    let world = space.world();
    let expires = real_now().plus(Duration::from_hours(24));
    let summary = |tenant: &Arc<Tenant>| {
        let own = world.connections.iter().filter(|it| it.tenant == tenant.id && !it.is_archived());
        Ok(TenantSummary {
            id: tenant.id.to_string(),
            key: tenant.internal_id.clone(),
            name: tenant.name.clone(),
            archived: tenant.archived_at.is_some(),
            connections: own.count(),
            token: mint(&world.workspace.key, &world.workspace.secret, Some(&tenant.internal_id), false, expires)?,
        })
    };
    let items: Result<_, ApiError> = world.tenants.iter().map(summary).collect();
    Ok(Json(List { items: items? }))
}
