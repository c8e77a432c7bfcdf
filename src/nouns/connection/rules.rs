//! The verbs of connections beside connecting: listing, reading, changing, testing,
//! disconnecting. Connecting is in [`crate::nouns::connection::connect`].
//!
//! Invariant: the key of a connection that is not archived is unique for its tenant; it is checked
//! inside the transaction that writes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::error::{ApiError, ErrorKey};
use crate::base::ids::{Id, Index};
use crate::base::json::patch::Patch;
use crate::base::page::{Page, PageRequest};
use crate::elements::Change;
use crate::elements::model::check_key;
use crate::engine::Cx;
use crate::engine::directory::Directory;
use crate::nouns::connection::model::{Connection, ConnectionBody, ConnectionEvent, ConnectionState};
use crate::nouns::connection::outbound::{Outgoing, Refreshed};
use crate::nouns::connection::{connect, outbound};
use crate::nouns::connection_request::model::{ConnectSpec, RequestStatus};
use crate::nouns::connector::model::AuthType;
use crate::nouns::stub_vendor as vendor;

/// Which connections a list asks for; an absent field allows all. Source: SDK `FindConnectionsQuery`.
#[derive(Debug, Clone, Default)]
pub(super) struct ConnectionFilter {
    /// The id of the integration.
    pub integration_id: Option<String>,
    /// The key of the integration; an unknown key finds nothing.
    pub integration_key: Option<String>,
    /// The id of the connector.
    pub connector_id: Option<String>,
    /// The version that the connection asked for, or else that of its connector.
    pub connector_version: Option<String>,
    /// The id of the external app.
    pub external_app_id: Option<String>,
    /// True for connections that work, false for the others.
    pub connected: Option<bool>,
    /// The opposite of `connected`, under its older name.
    pub disconnected: Option<bool>,
    /// True for test connections, false for the others.
    pub is_test: Option<bool>,
    /// The id or key of the tenant; a manager then sees beyond its own tenant.
    pub tenant: Option<String>,
    /// Text that the name or key contains; case does not matter.
    pub search: Option<String>,
    /// Whether archived connections are listed too.
    pub include_archived: bool,
}

/// Answers a page of the connections that the caller may see and the filter allows. Fails for a token
/// without tenant and manager's rights.
pub(super) fn list(cx: &Cx, filter: &ConnectionFilter, page: PageRequest) -> Result<Page<Arc<Connection>>, ApiError> {
    cx.tenant_or_manager()?;
    let world = cx.world();
    let directory = cx.directory(&world);
    let search = filter.search.as_ref().map(|text| text.to_lowercase());
    let by_key = filter.integration_key.as_ref().map(|key| directory.integration(key).map(|i| i.id.clone()));
    let of_tenant = |connection: &Connection, wanted: &str| {
        connection.tenant == *wanted || world.tenants.with_key(wanted).any(|tenant| tenant.id == connection.tenant)
    };
    let of_archived_tenant = |connection: &Connection| {
        world.tenants.get(connection.tenant.as_str()).is_some_and(|tenant| tenant.archived_at.is_some())
    };
    let version = |connection: &Connection, wanted: &str| match &connection.connector_version {
        Some(own) => *own == wanted,
        None => directory.connector_behind(connection).is_some_and(|connector| connector.version == wanted),
    };
    let wanted = |connection: &Connection| {
        let text = |field: &Option<String>| {
            field.as_ref().is_some_and(|f| search.as_ref().is_none_or(|t| f.to_lowercase().contains(t)))
        };
        // A manager that names a tenant asks beyond the tenant of its own token.
        (if filter.tenant.is_some() {
            cx.caller.may_see(connection.tenant.as_str())
        } else {
            cx.caller.means(connection.tenant.as_str())
        }) && (filter.include_archived || !(connection.is_archived() || of_archived_tenant(connection)))
            && filter
                .integration_id
                .as_ref()
                .is_none_or(|id| connection.integration.as_ref().is_some_and(|i| i == id.as_str()))
            && by_key.as_ref().is_none_or(|id| id.is_some() && connection.integration == *id)
            && filter
                .connector_id
                .as_ref()
                .is_none_or(|id| connection.connector.as_ref().is_some_and(|c| c == id.as_str()))
            && filter.connector_version.as_ref().is_none_or(|wanted| version(connection, wanted))
            && filter
                .external_app_id
                .as_ref()
                .is_none_or(|id| connection.external_app.as_ref().is_some_and(|a| a == id.as_str()))
            && filter.connected.is_none_or(|wanted| connection.is_connected() == wanted)
            && filter.disconnected.is_none_or(|wanted| connection.is_connected() != wanted)
            && filter.is_test.is_none_or(|wanted| connection.is_test == wanted)
            && filter.tenant.as_ref().is_none_or(|wanted| of_tenant(connection, wanted))
            && search
                .as_ref()
                .is_none_or(|t| text(&connection.meta.key) || connection.meta.name.to_lowercase().contains(t))
    };
    // The fewest that have all: those of the tenant that is meant, or of the integration.
    let tenant = cx.caller.tenant().filter(|_| filter.tenant.is_none()).map(|tenant| tenant.id.as_str());
    let integration = filter.integration_id.as_deref().or(by_key.as_ref().and_then(|id| id.as_ref()).map(Id::as_str));
    let (all, after) = (&world.connections, page.after);
    let few: Box<dyn Iterator<Item = (u64, &Arc<Connection>)>> = match (tenant, integration) {
        (Some(tenant), Some(id)) => Box::new(all.with_after(Index::TenantIntegration, &[tenant, id], after)),
        (Some(tenant), None) => Box::new(all.with_after(Index::Tenant, &[tenant], after)),
        (None, Some(id)) => Box::new(all.with_after(Index::Integration, &[id], after)),
        (None, None) => Box::new(all.after(after)),
    };
    let wanted = few.filter(|(_, connection)| wanted(connection));
    Ok(page.take(wanted.map(|(at, connection)| (at, Arc::clone(connection)))))
}

/// Answers a connection by id or key, and counts the read where progress waits for reads. 404
/// when the caller may not see it.
pub fn get(cx: &Cx, selector: &str) -> Result<Arc<Connection>, ApiError> {
    cx.tenant_or_manager()?;
    let world = cx.world();
    let connection = cx.directory(&world).connection(&cx.caller, selector)?;
    if connection.due.as_ref().is_some_and(|due| due.reads.is_some()) {
        cx.space.count_read(connection.id.as_str());
        cx.wake();
    }
    Ok(connection)
}

/// Waits while `building` holds, at most `timeout` of real time. Each commit wakes it, so nothing is polled.
/// Fails with the error of `building`.
pub async fn wait_while(
    cx: &Cx,
    timeout: Duration,
    building: impl Fn() -> Result<bool, ApiError>,
) -> Result<(), ApiError> {
    let mut commits = cx.space.data.watch();
    let end = crate::base::clock::real_sleep(timeout);
    tokio::pin!(end);
    loop {
        commits.borrow_and_update();
        if cx.space.data.is_closed() || !building()? {
            return Ok(());
        }
        tokio::select! {
            changed = commits.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
            }
            () = &mut end => return Ok(()),
        }
    }
}

/// Makes a connection from a request body and answers it; credentials make it READY at once. Fails with
/// `already_exists` when the tenant has the key, and as connecting does. Source: SDK `CreateConnectionRequest`.
pub(super) async fn create(cx: &Cx, body: ConnectionBody) -> Result<Arc<Connection>, ApiError> {
    let body = body.named()?;
    let spec = ConnectSpec {
        integration_id: body.integration_id.clone().or_else(|| body.integration_uuid.clone()),
        integration_key: body.integration_key.clone(),
        connector_id: body.connector_id.clone().or_else(|| body.connector_uuid.clone()),
        connector_key: body.connector_key.clone(),
        external_app_id: body.external_app_id.clone().or_else(|| body.external_app_uuid.clone()),
        intent: body.intent.clone(),
        connector_version: body.connector_version.set().cloned(),
        connection_key: body.key.set().cloned(),
        name: body.name.set().cloned(),
        auth_option_key: body.auth_option_key.set().cloned(),
        connector_parameters: body.connector_parameters.set().cloned(),
        input: body.input.set().cloned(),
        // A connection that a program makes never replaces one that a user made.
        allow_multiple_connections: Some(true),
        ..ConnectSpec::default()
    };
    if let Some(key) = &spec.connection_key {
        check_key(key, "connectionKey")?;
        let tenant = cx.tenant()?;
        let world = cx.world();
        let mut same = world.connections.with_key(key);
        if same.any(|other| !other.is_archived() && other.tenant == tenant.id) {
            return Err(ApiError::already_exists(format!(
                "this tenant has a connection `{key}` already; reconnect it with POST /connect, or choose another key"
            )));
        }
    }
    let connection = match body.credentials {
        Patch::Set(credentials) => connect::begin_with_credentials(cx, spec, credentials).await?,
        Patch::Keep | Patch::Clear => connect::begin(cx, spec).await?,
    };
    match body.meta {
        Patch::Set(meta) => {
            let body = ConnectionBody { meta: Patch::Set(meta), ..ConnectionBody::default() };
            update(cx, connection.id.as_str(), body, Change::Merge).await
        }
        Patch::Keep | Patch::Clear => Ok(connection),
    }
}

/// Changes a connection and answers it; credentials make it READY. Fails with 400 when it is archived or another app is
/// named, and with `already_exists` when the tenant has the key.
pub(super) async fn update(
    cx: &Cx,
    selector: &str,
    body: ConnectionBody,
    change: Change,
) -> Result<Arc<Connection>, ApiError> {
    let body = body.named()?;
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let directory = cx.directory(&world);
    let mut connection = (*directory.connection(&cx.caller, selector)?).clone();
    directory.check_changeable_connection(&connection)?;
    if let Some(key) = body.key.set() {
        check_key(key, "connectionKey")?;
        let taken = tx
            .connections
            .with_key(key)
            .any(|other| other.id != connection.id && !other.is_archived() && other.tenant == connection.tenant);
        if taken {
            return Err(ApiError::already_exists(format!("this tenant has a connection `{key}` already")));
        }
    }
    if change == Change::Replace {
        connection.meta.meta = None;
        connection.connector_parameters = None;
        connection.auth_option_key = None;
        connection.connector_version = None;
    }
    apply_target(&directory, &mut connection, &body)?;
    let (gives_parameters, typed) = (body.connector_parameters.set().is_some(), answer_to_client_action(&body));
    body.name.apply_required(&mut connection.meta.name);
    body.key.apply(&mut connection.meta.key);
    body.connector_version.apply(&mut connection.connector_version);
    body.meta.apply(&mut connection.meta.meta);
    body.auth_option_key.apply(&mut connection.auth_option_key);
    body.connector_parameters.apply(&mut connection.connector_parameters);
    body.input.apply(&mut connection.input);
    connection.meta.touch(&cx.space.ids, cx.space.clock.now());
    let id = connection.id.clone();
    tx.put(connection.clone())?;
    let connector = directory.connector_behind(&connection);
    if let Patch::Set(credentials) = body.credentials {
        connect::accept_credentials(&cx.space, &mut tx, connection, credentials)?;
    } else if let (Some(connector), Some(input), ConnectionState::ClientActionRequired) =
        (&connector, typed, connection.state)
        && connector.auth_type == AuthType::ClientCredentials
    {
        // Input that is not all that is asked for is kept, and the user goes on.
        match connect::authorize(&cx.engine, &cx.space, &mut tx, connection, connector, connect::Consent::Input(input))
        {
            Err(error) if error.status() != 400 => return Err(error),
            Err(_) | Ok(()) => {}
        }
    } else if connection.state == ConnectionState::ConfigurationError && gives_parameters {
        connect::move_in(&cx.engine, &cx.space, &mut tx, connection, ConnectionEvent::Rebuild, None)?;
    }
    let world = tx.commit().await?;
    cx.wake();
    world.connections.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a connection is missing"))
}

/// What a change types in answer to a client action: the input, or nothing where only connector parameters are given, since
/// those are settled and win over what is typed. None when it gives neither. Source: SKILL.
fn answer_to_client_action(body: &ConnectionBody) -> Option<JsonMap> {
    let typed = body.input.set().and_then(Value::as_object).cloned();
    typed.or_else(|| body.connector_parameters.set().map(|_| JsonMap::new()))
}

/// Changes the integration to another one of the same connector; refuses with 400 another connector or app.
fn apply_target(directory: &Directory<'_>, connection: &mut Connection, body: &ConnectionBody) -> Result<(), ApiError> {
    let first = |names: [&Option<String>; 3]| names.into_iter().flatten().next().cloned();
    let other = |noun: &str, name: &str| {
        ApiError::bad_request(format!("the connection is not of the {noun} `{name}`; make a new connection for that"))
    };
    if let Some(text) = first([&body.integration_id, &body.integration_uuid, &body.integration_key]) {
        let integration = directory.find_integration(&text)?;
        let connector = directory.connector_for(integration).map(|connector| connector.id.clone());
        if connection.connector.is_some() && connector != connection.connector {
            return Err(other("integration", &text));
        }
        connection.integration = Some(integration.id.clone());
    }
    if let Some(text) = first([&body.connector_id, &body.connector_uuid, &body.connector_key])
        && Some(&directory.find_connector(&text)?.id) != connection.connector.as_ref()
    {
        return Err(other("connector", &text));
    }
    if let Some(text) = first([&body.external_app_id, &body.external_app_uuid, &None])
        && Some(&directory.find_app(&text)?.id) != connection.external_app.as_ref()
    {
        return Err(other("external app", &text));
    }
    if body.intent.is_some() {
        connection.intent.clone_from(&body.intent);
    }
    Ok(())
}

/// Archives or restores a connection and answers it; its state stays as it is. Restoring fails with `already_exists`
/// when the tenant has another connection with its key.
pub(super) async fn set_archived(cx: &Cx, selector: &str, archived: bool) -> Result<Arc<Connection>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let directory = cx.directory(&world);
    let found = directory.connection(&cx.caller, selector).or_else(|error| {
        // When no live connection has a key, the key means the archived one that was made last.
        let own =
            world.connections.with_key(selector).filter(|c| c.is_archived() && cx.caller.means(c.tenant.as_str()));
        own.last().filter(|_| !archived).cloned().ok_or(error)
    })?;
    let mut connection = (*found).clone();
    if !archived && let Some(key) = &connection.meta.key {
        let taken = tx
            .connections
            .with_key(key)
            .any(|other| other.id != connection.id && !other.is_archived() && other.tenant == connection.tenant);
        if taken {
            return Err(ApiError::already_exists(format!(
                "this tenant has another connection `{key}` by now; archive that or give it another key first"
            )));
        }
    }
    connection.meta.archived_at = archived.then(|| connection.meta.archived_at.unwrap_or_else(|| cx.space.clock.now()));
    connection.meta.touch(&cx.space.ids, cx.space.clock.now());
    let id = connection.id.clone();
    tx.put(connection)?;
    let world = tx.commit().await?;
    // What was due while the connection was archived is due now.
    cx.wake();
    world.connections.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a connection is missing"))
}

/// Archives the caller's connections of an integration. Fails with 404 when there are none.
pub(super) async fn archive_all(cx: &Cx, integration: &str) -> Result<(), ApiError> {
    if !cx.caller.is_manager() {
        cx.tenant()?;
    }
    let world = cx.world();
    let directory = cx.directory(&world);
    let of = directory.find_integration(integration)?.id.clone();
    let own: Vec<Id<Connection>> = directory
        .connections(&cx.caller)
        .filter(|connection| connection.integration.as_ref() == Some(&of))
        .map(|connection| connection.id.clone())
        .collect();
    if own.is_empty() {
        return Err(ApiError::not_found(format!(
            "connection not found: there is none of the integration `{integration}`"
        )));
    }
    for id in own {
        set_archived(cx, id.as_str(), true).await?;
    }
    Ok(())
}

/// Refreshes the credentials at the vendor and answers the connection. Fails when the
/// connection does not work, the vendor refuses (it is then disconnected) or gives no answer.
/// Source: SEED (`POST /connections/:id/refresh`), SDK (`refresh-credentials`).
pub(super) async fn refresh(cx: &Cx, selector: &str) -> Result<Arc<Connection>, ApiError> {
    let connection = get(cx, selector)?;
    cx.directory(&cx.world()).check_usable(&connection)?;
    let connector = outbound::connector_of(cx, &connection)?;
    if !connection.is_connected() {
        return Err(connection.disconnected_error(connector.key(), cx.world().workspace.mock.disconnected_status));
    }
    match outbound::refresh(cx, &connection.id, None).await? {
        Refreshed::Credentials(_) => get(cx, connection.id.as_str()),
        Refreshed::Refused(_) => {
            let now = get(cx, connection.id.as_str())?;
            Err(now.disconnected_error(connector.key(), cx.world().workspace.mock.disconnected_status))
        }
        // Credentials without a refresh token, such as keys, do not expire.
        Refreshed::Impossible => Ok(connection),
        Refreshed::Failed(error) => Err(error),
    }
}

/// Makes the connector's test call and answers whether the app accepted it; true without a test call, false when the
/// connection does not work. Source: SDK `ConnectionTestResponse`.
pub(super) async fn test(cx: &Cx, selector: &str) -> Result<bool, ApiError> {
    let connection = get(cx, selector)?;
    cx.directory(&cx.world()).check_usable(&connection)?;
    if !connection.is_connected() {
        return Ok(false);
    }
    let connector = outbound::connector_of(cx, &connection)?;
    let Some(call) = &connector.test else { return Ok(true) };
    let out = Outgoing {
        method: Method::try_from(call.method.as_str()).unwrap_or(Method::GET),
        path: call.path.clone(),
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    let trip = outbound::send(cx, &connection, out).await?;
    let mut tx = cx.space.data.begin().await;
    outbound::log_exchanges(cx, &mut tx, &connection, None, &trip.exchanges)?;
    tx.commit().await?;
    Ok(trip.response.is_some_and(|response| response.status.is_success()))
}

/// Revokes the credentials at the vendor and erases them; nothing happens when they are erased already. Fails with 400
/// for an archived connection. Source: OAS (`POST /connections/{id}/disconnect`, 204).
pub(super) async fn disconnect(cx: &Cx, selector: &str) -> Result<(), ApiError> {
    let connection = get(cx, selector)?;
    connection.meta.refuse_archived("connection")?;
    if connection.state == ConnectionState::Disconnected && connection.credentials.is_none() {
        return Ok(());
    }
    let mut tx = cx.space.data.begin().await;
    let current = tx.connections.get(connection.id.as_str()).map(|c| (**c).clone());
    let mut current = current.ok_or_else(|| ApiError::not_found("the connection is gone"))?;
    let now = cx.space.clock.now();
    if let Some(token) = current.credential("access_token") {
        vendor::revoke(&mut tx, token)?;
    }
    if current.state == ConnectionState::ClientActionRequired && current.former.is_some() {
        // An open attempt to connect again ends with this.
        connect::settle_request(&mut tx, &current, RequestStatus::Cancelled, None)?;
        current.apply(ConnectionEvent::Cancel, now)?;
        current.ticket = None;
    }
    let why = "the connection was disconnected on request; connect it again with its `connectionId`";
    current.error = Some(ApiError::connection(ErrorKey::AccessTokenExpired, why));
    if current.state == ConnectionState::Disconnected {
        current.credentials = None;
    } else {
        current.apply(ConnectionEvent::Disconnect, now)?;
        current.apply(ConnectionEvent::Disconnected, now)?;
    }
    current.meta.touch(&cx.space.ids, cx.space.clock.now());
    tx.put(current)?;
    tx.commit().await?;
    Ok(())
}
