//! Connecting: everything that makes a connection, connects one again, or moves one on its way to READY.
//!
//! Invariant: all ways in (JSON, forms, requests, `POST /connections`, ensure) go through `begin_in`, and every consent
//! of a user goes through `authorize`.

pub mod routes;

mod attempt;
mod ensure;
mod moves;
mod oauth;
mod target;
mod ticket;

use moves::ask_user;
pub(crate) use moves::authorize;
use target::{ConnectTarget, misconfigured, target_of};

pub use crate::nouns::connection::model::ticket::page_address;
pub use attempt::{
    Announcement, AttemptFilter, Ending, announce, attempts_logged, come_back, connector_of, consent, failure, refuse,
};
pub use ensure::ensure;
pub use moves::{
    Consent, accept_credentials, cancel, complete, end_session, finish_building, finish_building_now, lost_credentials,
    move_in, poke,
};
pub(crate) use moves::{keep_input, settle_request};
pub use oauth::{Exchanged, authorize_address, exchange_refresh_token, refresh_due};
pub(crate) use routes::no_connector;
pub use target::{integration_for, new_integration};
pub use ticket::{as_owner, redeem};

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::text::http_address;
use crate::elements::model::{Meta, check_key, free_key, key_of};
use crate::engine::Cx;
use crate::engine::directory::{Connectable, Directory};
use crate::nouns::agent_session::NewSession;
use crate::nouns::agent_session::model::AgentEvent;
use crate::nouns::connection::model::{Connection, ConnectionEvent, ConnectionHistory, ConnectionState};
use crate::nouns::connection_request::model::{ConnectSpec, ConnectionRequest, RequestStatus};
use crate::nouns::connector::model::{AuthType, Connector};
use crate::nouns::integration::model::ONLY_OPTION;
use crate::nouns::workspace::model::progress::Progress;
use crate::nouns::{agent_session as agents, stub_vendor as vendor};
use crate::store::Tx;
use serde_json::Value;
use std::sync::Arc;

/// Begins to connect, or to connect again, and answers the connection. Fails with 400 when nothing to connect to is
/// named or a field is wrong, and with 404 for an unknown target. Source: SEED (`connect`); IAPP for what is replaced.
pub async fn begin(cx: &Cx, spec: ConnectSpec) -> Result<Arc<Connection>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let id = begin_in(cx, &mut tx, &spec, None)?;
    finish(cx, tx, &id).await
}

/// The same with credentials, which make the connection READY at once when its connector is known.
pub async fn begin_with_credentials(
    cx: &Cx,
    spec: ConnectSpec,
    credentials: JsonMap,
) -> Result<Arc<Connection>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let id = begin_in(cx, &mut tx, &spec, Some(credentials))?;
    finish(cx, tx, &id).await
}

pub(crate) async fn finish(cx: &Cx, tx: Tx, id: &Id<Connection>) -> Result<Arc<Connection>, ApiError> {
    let world = tx.commit().await?;
    cx.wake();
    world.connections.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a new connection is missing"))
}

pub(crate) fn begin_in(
    cx: &Cx,
    tx: &mut Tx,
    spec: &ConnectSpec,
    credentials: Option<JsonMap>,
) -> Result<Id<Connection>, ApiError> {
    if let Some(uri) = spec.redirect_uri.as_ref().filter(|uri| http_address(uri).is_none()) {
        return Err(ApiError::bad_request(format!("`redirectUri` is `{uri}`, which is no http address")));
    }
    if let Some(key) = &spec.connection_key {
        check_key(key, "connectionKey")?;
    }
    if spec.connector_parameters.as_ref().is_some_and(|given| !given.is_object() && !given.is_null()) {
        return Err(ApiError::bad_request("`connectorParameters` is an object, such as `{\"clientId\": \"…\"}`"));
    }
    let known = match (&spec.connection_id, &spec.connection_key) {
        (Some(id), _) => Some(directory(cx, tx).connection(&cx.caller, id)?),
        (None, Some(key)) => {
            let known = own_with_key(cx, tx, key)?;
            if let Some(connection) = &known {
                refuse_other_app(cx, tx, connection, spec)?;
            }
            known
        }
        (None, None) => None,
    };
    match known {
        Some(connection) => again(cx, tx, &connection, spec, credentials),
        None => fresh(cx, tx, spec, credentials),
    }
}

pub(crate) fn directory<'a>(cx: &'a Cx, world: &'a crate::store::World) -> Directory<'a> {
    cx.directory(world)
}

pub(crate) fn own_with_key(cx: &Cx, tx: &Tx, key: &str) -> Result<Option<Arc<Connection>>, ApiError> {
    let tenant = cx.tenant()?;
    let mut with_key = tx.connections.with_key(key);
    Ok(with_key.find(|connection| !connection.is_archived() && connection.tenant == tenant.id).cloned())
}

/// Refuses with 400 a call that names a known key and another app than the one behind it.
fn refuse_other_app(cx: &Cx, tx: &Tx, connection: &Connection, spec: &ConnectSpec) -> Result<(), ApiError> {
    let directory = directory(cx, tx);
    let named = match (&spec.connector_id, &spec.connector_key, &spec.integration_id, &spec.integration_key) {
        (Some(text), ..) | (None, Some(text), ..) => Some(directory.find_connector(text)?),
        (None, None, Some(text), _) | (None, None, None, Some(text)) => match directory.connectable(text)? {
            Connectable::Integration(integration) => directory.connector_for(&integration),
            Connectable::Connector(connector) => Some(connector),
            Connectable::App(_) => None,
        },
        (None, None, None, None) => None,
    };
    match (named, &connection.connector) {
        (Some(named), Some(own)) if named.id != *own => Err(ApiError::bad_request(format!(
            "this tenant's connection `{}` is of another app than `{}`; choose another `connectionKey`",
            connection.meta.key.as_deref().unwrap_or_default(),
            named.key()
        ))),
        _ => Ok(()),
    }
}

/// Refuses with 400 any auth option but the only one that a connector has here.
fn check_option(spec: &ConnectSpec) -> Result<(), ApiError> {
    match spec.auth_option_key.as_deref() {
        None | Some("" | ONLY_OPTION) => Ok(()),
        Some(other) => {
            Err(ApiError::bad_request(format!("`authOptionKey` is `{other}`; there is only `{ONLY_OPTION}`")))
        }
    }
}

/// Connects an existing connection again, under the same id.
pub(crate) fn again(
    cx: &Cx,
    tx: &mut Tx,
    connection: &Connection,
    spec: &ConnectSpec,
    credentials: Option<JsonMap>,
) -> Result<Id<Connection>, ApiError> {
    connection.meta.refuse_archived("connection")?;
    cx.directory(tx).check_changeable_connection(connection)?;
    let (now, id) = (cx.space.clock.now(), connection.id.clone());
    let mut connection = connection.clone();
    check_option(spec)?;
    connection.attempt = spec.attempt();
    if let Some(name) = &spec.name {
        connection.meta.name.clone_from(name);
    }
    connection.connector_parameters = spec.connector_parameters.clone().or(connection.connector_parameters);
    connection.input = spec.given_input().cloned().or(connection.input);
    connection.auth_option_key = spec.auth_option_key.clone().or(connection.auth_option_key);
    if let Some(request) = &spec.connection_request_id
        && connection.request.as_ref() != Some(request)
    {
        // An earlier request that is still open is not answered any more.
        settle_request(tx, &connection, RequestStatus::Cancelled, None)?;
        connection.request = Some(request.clone());
    }
    if connection.state == ConnectionState::Building {
        tx.put(connection)?;
        return Ok(id);
    }
    let connector = directory(cx, tx).connector_behind(&connection);
    match connector {
        Some(connector) => {
            let fault = misconfigured(tx, &connector, &connection);
            if let (Some(fault), None, true) =
                (fault, &credentials, connection.state != ConnectionState::ClientActionRequired)
            {
                connection.apply(ConnectionEvent::Rebuild, now)?;
                connection.building_agent_session = None;
                connection.due = Progress::Fail(fault).due(now);
                tx.put(connection)?;
                return Ok(id);
            }
            connection.apply(ConnectionEvent::Reconnect, now)?;
            ask_user(&cx.space, tx, &mut connection, now);
            connection.meta.touch(&cx.space.ids, cx.space.clock.now());
            tx.put(connection.clone())?;
            maybe_complete(cx, tx, connection, &connector, spec, credentials)?;
        }
        None => {
            connection.apply(ConnectionEvent::Rebuild, now)?;
            connection.building_agent_session = None;
            connection.due = cx.world().workspace.mock.progress.connection_building.due(now);
            connection.meta.touch(&cx.space.ids, cx.space.clock.now());
            tx.put(connection)?;
        }
    }
    Ok(id)
}

/// Makes a new connection from what `spec` names.
pub(crate) fn fresh(
    cx: &Cx,
    tx: &mut Tx,
    spec: &ConnectSpec,
    credentials: Option<JsonMap>,
) -> Result<Id<Connection>, ApiError> {
    let tenant = Arc::clone(cx.tenant()?);
    let now = cx.space.clock.now();
    check_option(spec)?;
    let target = target_of(cx, tx, spec)?;
    if let ConnectTarget::Known { integration, .. } = &target
        && tx.integrations.get(integration.as_str()).is_some_and(|integration| integration.is_option_disabled())
    {
        return Err(ApiError::bad_request("connecting is switched off by the integration's `optionsConfig`"));
    }
    let (integration, connector, app, default_name) = match &target {
        ConnectTarget::Known { integration, connector } => {
            let name = tx.integrations.get(integration.as_str()).map(|i| i.meta.name.clone());
            let name = name.unwrap_or_else(|| connector.meta.name.clone());
            (Some(integration.clone()), Some(connector.id.clone()), connector.external_app_id.clone(), name)
        }
        ConnectTarget::Build { app, name } => (None, None, app.as_ref().map(|app| app.id.clone()), name.clone()),
    };
    let key = match spec.connection_key.clone() {
        Some(key) => key,
        None => free_connection_key(cx, tx, &key_of(&default_name)),
    };
    let mut connection = Connection {
        id: cx.space.ids.id(),
        meta: Meta::new(&cx.space.ids, now, Some(key), Some(spec.name.clone().unwrap_or(default_name))),
        tenant: tenant.id.clone(),
        integration,
        connector,
        connector_version: spec.connector_version.clone(),
        external_app: app,
        auth_option_key: spec.auth_option_key.clone(),
        state: ConnectionState::Building,
        former: None,
        credentials: None,
        connector_parameters: spec.connector_parameters.clone(),
        input: spec.given_input().cloned(),
        error: None,
        errors: Vec::new(),
        intent: spec.intent.clone(),
        ticket: None,
        attempt: spec.attempt(),
        request: spec.connection_request_id.clone(),
        replaces_others: spec.connection_key.is_none() && !spec.allow_multiple_connections.unwrap_or(false),
        due: None,
        next_credentials_refresh_at: None,
        retry_attempts: 0,
        next_retry_timestamp: None,
        building_agent_session: None,
        history: ConnectionHistory::default(),
        last_active_at: None,
        is_test: tenant.is_test,
    };
    let id = connection.id.clone();
    match target {
        ConnectTarget::Known { connector, .. } => {
            if credentials.is_none()
                && let Some(failure) = misconfigured(tx, &connector, &connection)
            {
                // The first answer shows BUILDING; the worker then finds the fault.
                connection.due = Progress::Fail(failure).due(now);
                tx.put(connection)?;
                return Ok(id);
            }
            connection.apply(ConnectionEvent::AskUser, now)?;
            ask_user(&cx.space, tx, &mut connection, now);
            tx.put(connection.clone())?;
            maybe_complete(cx, tx, connection, &connector, spec, credentials)?;
        }
        ConnectTarget::Build { .. } => {
            // On the platform an agent builds the connector; here its session is a record that ends with the building.
            let mut session = agents::new_session(
                &cx.space,
                tx,
                Some(tenant.id.clone()),
                NewSession {
                    prompt: spec.intent.clone().unwrap_or_else(|| connection.meta.name.clone()),
                    workspace_element_type: Some("connection".into()),
                    workspace_element_id: Some(id.to_string()),
                    agent_name: Some("connection-building".into()),
                    ..NewSession::default()
                },
            );
            session.due = None;
            session.apply(AgentEvent::Run, now)?;
            connection.building_agent_session = Some(session.id.to_string());
            tx.put(session)?;
            connection.credentials = credentials;
            connection.due = tx.workspace.mock.progress.connection_building.due(now);
            tx.put(connection)?;
        }
    }
    Ok(id)
}

/// Completes at once what needs no user: credentials or input are given, the connector needs no consent, or
/// the workspace connects by itself.
pub(crate) fn maybe_complete(
    cx: &Cx,
    tx: &mut Tx,
    connection: Connection,
    connector: &Connector,
    spec: &ConnectSpec,
    credentials: Option<JsonMap>,
) -> Result<(), ApiError> {
    let mock = &tx.workspace.mock;
    let by_itself = mock.auto_connect || mock.progress.connection_client_action == Progress::Immediate;
    if let Some(credentials) = credentials {
        return authorize(cx.engine.as_ref(), &cx.space, tx, connection, connector, Consent::Credentials(credentials));
    }
    if connector.auth_type == AuthType::ClientCredentials
        && let Some(Value::Object(input)) = spec.given_input()
    {
        return authorize(&cx.engine, &cx.space, tx, connection, connector, Consent::Input(input.clone()));
    }
    if by_itself || !connector.auth_type.needs_user() {
        let consent = Consent::Account(vendor::account_in(tx));
        return authorize(&cx.engine, &cx.space, tx, connection, connector, consent);
    }
    Ok(())
}

pub(crate) fn free_connection_key(cx: &Cx, tx: &Tx, base: &str) -> String {
    let tenant = cx.caller.tenant().map(|tenant| tenant.id.clone());
    let taken = |key: &str| {
        tx.connections.with_key(key).any(|other| !other.is_archived() && Some(&other.tenant) == tenant.as_ref())
    };
    let base = if base.is_empty() { "connection" } else { base };
    free_key(base, taken)
}

/// Makes a connection request, begins its attempt and answers the request. Fails with 400 when the request names
/// nothing, and as [`begin`] does. Source: SDK `CreateConnectionRequestPayload`.
pub async fn request(cx: &Cx, mut spec: ConnectSpec) -> Result<Arc<ConnectionRequest>, ApiError> {
    if spec.names_nothing() {
        return Err(ApiError::bad_request(
            "a connection request names at least one of `integrationKey`, `integrationId`, `connectorKey`, \
             `connectorId`, `externalAppId`, `intent`, `connectionId`",
        ));
    }
    let tenant = cx.tenant()?.id.clone();
    let id: Id<ConnectionRequest> = cx.space.ids.id();
    let request = ConnectionRequest {
        id: id.clone(),
        tenant,
        spec: spec.clone(),
        status: RequestStatus::Pending,
        connection: None,
        error: None,
        created_at: cx.space.clock.now(),
    };
    let mut tx = cx.space.data.begin().await;
    tx.put(request.clone())?;
    spec.connection_request_id = Some(id.to_string());
    let connection = begin_in(cx, &mut tx, &spec, None)?;
    let mut request = tx.connection_requests.get(id.as_str()).map_or(request, |r| (**r).clone());
    request.connection = Some(connection);
    tx.put(request)?;
    let world = tx.commit().await?;
    cx.wake();
    let request = world.connection_requests.get(id.as_str()).cloned();
    request.ok_or_else(|| ApiError::internal("a new request is missing"))
}
