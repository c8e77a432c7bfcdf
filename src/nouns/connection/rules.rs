//! Connections: listing, reading, changing, testing, disconnecting. Connecting is [`crate::nouns::connection::connect`].

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

use crate::base::error::{ApiError, ErrorKey};
use crate::base::page::{Page, PageRequest};
use crate::base::patch::Patch;
use crate::elements::Change;
use crate::elements::model::check_key;
use crate::engine::Cx;
use crate::engine::directory::Directory;
use crate::nouns::connection::connect;
use crate::nouns::connection::model::{Connection, ConnectionBody, ConnectionEvent, ConnectionState};
use crate::nouns::connection::outbound;
use crate::nouns::connection::outbound::{Outgoing, Refreshed};
use crate::nouns::connection_request::model::{ConnectSpec, RequestStatus};
use crate::nouns::vendor::rules as vendor;

/// Which connections are asked for. Source: SDK `FindConnectionsQuery`.
#[derive(Debug, Clone, Default)]
pub struct ConnectionFilter {
    /// Of an integration, by id.
    pub integration_id: Option<String>,
    /// Of an integration, by key.
    pub integration_key: Option<String>,
    /// By a connector, by id.
    pub connector_id: Option<String>,
    /// By a connector's version.
    pub connector_version: Option<String>,
    /// To an app, by id.
    pub external_app_id: Option<String>,
    /// Working, or not.
    pub connected: Option<bool>,
    /// The opposite (older name).
    pub disconnected: Option<bool>,
    /// Test connections, or others.
    pub is_test: Option<bool>,
    /// Whose, by id or tenant key.
    pub tenant: Option<String>,
    /// In name or key.
    pub search: Option<String>,
    /// Archived ones too.
    pub include_archived: bool,
}

/// Lists the caller's connections.
pub fn list(cx: &Cx, filter: &ConnectionFilter, page: PageRequest) -> Result<Page<Arc<Connection>>, ApiError> {
    cx.tenant_or_manager()?;
    let world = cx.world();
    let directory = cx.directory(&world);
    let search = filter.search.as_ref().map(|text| text.to_lowercase());
    let by_key = filter.integration_key.as_ref().map(|key| directory.integration(key).map(|i| i.id.clone()));
    let of_tenant = |connection: &Connection, wanted: &str| {
        connection.tenant == *wanted || world.tenants.with_key(wanted).any(|tenant| tenant.id == connection.tenant)
    };
    let version = |connection: &Connection, wanted: &str| match &connection.connector_version {
        Some(own) => *own == wanted,
        None => directory.connector_behind(connection).is_some_and(|connector| connector.version == wanted),
    };
    let wanted = |connection: &Connection| {
        let text = |field: &Option<String>| {
            field.as_ref().is_some_and(|f| search.as_ref().is_none_or(|t| f.to_lowercase().contains(t)))
        };
        // A manager who names a tenant asks beyond its default scope.
        (if filter.tenant.is_some() {
            cx.caller.may_see(connection.tenant.as_str())
        } else {
            cx.caller.means(connection.tenant.as_str())
        }) && (filter.include_archived || !connection.is_archived())
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
    let wanted = world.connections.after(page.after).filter(|(_, connection)| wanted(connection));
    Ok(page.take(wanted.map(|(at, connection)| (at, Arc::clone(connection)))))
}

/// One connection.
pub fn get(cx: &Cx, selector: &str) -> Result<Arc<Connection>, ApiError> {
    cx.tenant_or_manager()?;
    let world = cx.world();
    let connection = cx.directory(&world).connection(&cx.caller, selector)?;
    if connection.due.as_ref().is_some_and(|due| due.reads.is_some()) {
        cx.space.count_read(connection.id.as_str());
        cx.engine.wake.notify_one();
    }
    Ok(connection)
}

/// Waits until something has left BUILDING, at most `timeout`. Woken by commits, never polling.
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

/// Makes a connection from editable fields. Source: SDK `CreateConnectionRequest`.
pub async fn create(cx: &Cx, body: ConnectionBody) -> Result<Arc<Connection>, ApiError> {
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
        // A connection made by a program never replaces one that a user made.
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

/// Changes a connection; credentials make it READY.
pub async fn update(
    cx: &Cx,
    selector: &str,
    body: ConnectionBody,
    change: Change,
) -> Result<Arc<Connection>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let directory = cx.directory(&world);
    let mut connection = (*directory.connection(&cx.caller, selector)?).clone();
    connection.meta.refuse_archived("connection")?;
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
    if let Patch::Set(credentials) = body.credentials {
        connect::accept_credentials(&cx.space, &mut tx, connection, credentials)?;
    }
    let world = tx.commit().await?;
    cx.engine.wake.notify_one();
    world.connections.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a connection is missing"))
}

/// What a connection is of: another integration of the same connector is taken, another app is refused.
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

/// Archives or restores a connection; its state is as it was.
pub async fn set_archived(cx: &Cx, selector: &str, archived: bool) -> Result<Arc<Connection>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let directory = cx.directory(&world);
    let found = directory.connection(&cx.caller, selector).or_else(|error| {
        // A key finds the latest archived connection that has it, when no live one does.
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
    // What fell due while it was archived is due now.
    cx.engine.wake.notify_one();
    world.connections.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a connection is missing"))
}

/// Refreshes credentials at the vendor. Source: SEED (`POST /connections/:id/refresh`), SDK (`refresh-credentials`).
pub async fn refresh(cx: &Cx, selector: &str) -> Result<Arc<Connection>, ApiError> {
    let connection = get(cx, selector)?;
    connection.refuse_archived_call()?;
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
        // Keys do not expire: what there is, is fresh.
        Refreshed::Impossible => Ok(connection),
        Refreshed::Failed(error) => Err(error),
    }
}

/// Whether the connection works: the connector's test call, really made. Source: SDK `ConnectionTestResponse`.
pub async fn test(cx: &Cx, selector: &str) -> Result<bool, ApiError> {
    let connection = get(cx, selector)?;
    connection.refuse_archived_call()?;
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

/// Revokes and erases the credentials. Source: OAS (`POST /connections/{id}/disconnect`, 204).
pub async fn disconnect(cx: &Cx, selector: &str) -> Result<(), ApiError> {
    let connection = get(cx, selector)?;
    connection.meta.refuse_archived("connection")?;
    if connection.state == ConnectionState::Disconnected && connection.credentials.is_none() {
        return Ok(());
    }
    let mut tx = cx.space.data.begin().await;
    let current = tx.connections.get(connection.id.as_str()).map(|c| (**c).clone());
    let mut current = current.ok_or_else(|| ApiError::not_found("the connection is gone"))?;
    let now = cx.space.clock.now();
    if let Some(token) = current.credentials.as_ref().and_then(|c| c.get("access_token")).and_then(Value::as_str) {
        let token = token.to_owned();
        vendor::revoke(&mut tx, &token)?;
    }
    if current.state == ConnectionState::ClientActionRequired && current.former.is_some() {
        // The attempt to connect again is over.
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
