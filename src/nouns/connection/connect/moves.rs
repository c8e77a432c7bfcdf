//! How a connection moves: its user acts, it fails, somebody pokes it, or its building ends.
//!
//! Invariant: a move writes everything that follows from it (requests, logs, agent sessions) in the same transaction.

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::{ApiError, ErrorKey};
use crate::base::ids::Id;
use crate::base::json::member;
use crate::base::json::schema;
use crate::engine::directory::Directory;
use crate::engine::moves::Moves;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::nouns::connection::connect::attempt::log_attempt;
use crate::nouns::connection::connect::new_integration;
use crate::nouns::connection::connect::oauth::{client_of, refresh_due};
use crate::nouns::connection::connect::target::{best_match, build_connector, integration_for, misconfigured};
use crate::nouns::connection::model::{Connection, ConnectionEvent, ConnectionState};
use crate::nouns::connection_request::model::RequestStatus;
use crate::nouns::connector::model::{AuthType, Connector};
use crate::nouns::workspace::model::progress::{Failure, Progress};
use crate::nouns::{agent_session as agents, stub_vendor as vendor};
use crate::store::Tx;
use serde_json::Value;
use std::sync::Arc;

/// What a user gives to finish connecting.
#[derive(Debug, Clone)]
pub enum Consent {
    /// Consent at the vendor, as this account.
    Account(String),
    /// The values of the form.
    Input(JsonMap),
    /// The tokens that the vendor gave for the user's consent.
    Granted(JsonMap),
    /// Credentials that a program brings along.
    Credentials(JsonMap),
}

/// Connects with the user's consent and answers the connection: READY, or BUILDING when its connector has to be
/// finalised. Fails with 400 when there is no connector yet or the input does not fit the form.
pub async fn complete(
    engine: &Engine,
    space: &WorkspaceRuntime,
    id: &Id<Connection>,
    consent: Consent,
) -> Result<Arc<Connection>, ApiError> {
    let mut tx = space.data.begin().await;
    let connection = tx.connections.get(id.as_str()).map(|c| (**c).clone());
    let connection = connection.ok_or_else(|| ApiError::not_found(format!("connection not found: `{id}`")))?;
    let world = (*tx).clone();
    let directory = Directory::new(&world, &engine.catalog);
    let connector = directory.connector_behind(&connection);
    let Some(connector) = connector else {
        return Err(ApiError::bad_request("the connection has no connector yet; wait until it has left BUILDING"));
    };
    authorize(engine, space, &mut tx, connection, &connector, consent)?;
    let world = tx.commit().await?;
    world.connections.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a connection is missing"))
}

pub(crate) fn authorize(
    engine: &Engine,
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    mut connection: Connection,
    connector: &Connector,
    consent: Consent,
) -> Result<(), ApiError> {
    let now = space.clock.now();
    let building = tx.workspace.mock.progress.connection_building.clone();
    // On the first connect, the connector is finalised after the user's consent (SEED). Credentials that a program
    // brings along need no such step.
    let finalizes = building != Progress::Immediate
        && connection.former.is_none()
        && connection.state == ConnectionState::ClientActionRequired
        && !matches!(consent, Consent::Credentials(_));
    let credentials = match consent {
        Consent::Credentials(credentials) | Consent::Granted(credentials) => credentials,
        Consent::Input(input) if connector.auth_type == AuthType::ClientCredentials => {
            let input = filled_in(tx, &connection, connector, input)?;
            connection.input = Some(Value::Object(input.clone()));
            input
        }
        Consent::Input(_) => {
            let account = vendor::account_in(tx);
            vendor::default_credentials(tx, &space.ids, now, connector, &account, None)?
        }
        Consent::Account(account) => {
            let client = client_of(tx, &connection, connector).id;
            vendor::default_credentials(tx, &space.ids, now, connector, &account, Some(client))?
        }
    };
    connection.next_credentials_refresh_at = refresh_due(&credentials, now);
    connection.credentials = Some(credentials);
    if finalizes {
        connection.apply(ConnectionEvent::Finalize, now)?;
        connection.ticket = None;
        connection.due = building.due(now);
        connection.meta.touch(&space.ids, space.clock.now());
        tx.put(connection)?;
        engine.wake(space);
        return Ok(());
    }
    become_ready(space, tx, connection, now)?;
    engine.wake(space);
    Ok(())
}

/// What a user has typed into the form of a connection, with what the integration has settled. Fails with 400 when it
/// does not fit the form.
fn filled_in(tx: &Tx, connection: &Connection, connector: &Connector, mut input: JsonMap) -> Result<JsonMap, ApiError> {
    let presets = integration_for(tx, connection).map(|integration| integration.presets()).unwrap_or_default();
    let form = connector.input_schema.clone().unwrap_or_else(Connector::key_form);
    let settled = presets.into_iter().filter(|(name, _)| member(&form, "properties").get(name).is_some());
    input.extend(settled);
    schema::check_value(&form, &Value::Object(input.clone()), "the connection's input")?;
    Ok(input)
}

/// Keeps what a user has typed before they are sent to the vendor, and answers the connection. Fails with 400 when it
/// does not fit the connector's form. A connector without a form asks for nothing.
pub(crate) async fn keep_input(
    space: &WorkspaceRuntime,
    connection: &Arc<Connection>,
    connector: &Connector,
    input: JsonMap,
) -> Result<Arc<Connection>, ApiError> {
    if connector.input_schema.is_none() {
        return Ok(Arc::clone(connection));
    }
    let mut tx = space.data.begin().await;
    let mut kept = tx.connections.get(connection.id.as_str()).unwrap_or(connection).as_ref().clone();
    kept.input = Some(Value::Object(filled_in(&tx, &kept, connector, input)?));
    let kept_id = kept.id.clone();
    tx.put(kept)?;
    let world = tx.commit().await?;
    world.connections.get(kept_id.as_str()).cloned().ok_or_else(|| ApiError::internal("a connection is missing"))
}

/// Stores credentials that a program brings along, and makes the connection READY from any state.
pub fn accept_credentials(
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    mut connection: Connection,
    credentials: JsonMap,
) -> Result<(), ApiError> {
    let now = space.clock.now();
    connection.next_credentials_refresh_at = refresh_due(&credentials, now);
    (connection.retry_attempts, connection.next_retry_timestamp) = (0, None);
    connection.credentials = Some(credentials);
    match connection.state {
        ConnectionState::Ready => {
            tx.put(connection)?;
            Ok(())
        }
        ConnectionState::Building | ConnectionState::ClientActionRequired => become_ready(space, tx, connection, now),
        ConnectionState::ConfigurationError
        | ConnectionState::SetupFailed
        | ConnectionState::Disconnecting
        | ConnectionState::Disconnected
        | ConnectionState::Error => {
            connection.apply(ConnectionEvent::Reconnect, now)?;
            become_ready(space, tx, connection, now)
        }
    }
}

/// The error in the log of an attempt that the user cancelled.
fn cancelled() -> ApiError {
    ApiError::bad_request("the user cancelled: nothing was connected")
}

/// The error of a disconnected connection when nothing more is known.
pub fn lost_credentials() -> ApiError {
    ApiError::connection(ErrorKey::AccessTokenExpired, "the external app no longer accepts the credentials")
}

/// Opens the connect page by a new ticket, and sets what happens if nobody comes.
pub(crate) fn ask_user(space: &WorkspaceRuntime, tx: &Tx, connection: &mut Connection, now: Timestamp) {
    connection.ticket = Some(space.ids.secret(12));
    let progress = &tx.workspace.mock.progress.connection_client_action;
    connection.due = match progress {
        Progress::Immediate | Progress::Hold => None,
        Progress::After(_) | Progress::Reads(_) | Progress::Fail(_) => progress.due(now),
    };
}

/// Moves a connection to READY, with all that follows: others are archived, its request is settled, its attempt logged.
fn become_ready(
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    mut connection: Connection,
    now: Timestamp,
) -> Result<(), ApiError> {
    connection.apply(ConnectionEvent::Finish, now)?;
    connection.meta.touch(&space.ids, space.clock.now());
    if connection.replaces_others {
        replace_others(space, tx, &connection)?;
        connection.replaces_others = false;
    }
    settle_request(tx, &connection, RequestStatus::Success, None)?;
    log_attempt(space, tx, &connection, None)?;
    end_session(space, tx, &connection, None)?;
    tx.put(connection)?;
    Ok(())
}

/// Ends the agent session that built a connection.
pub fn end_session(
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    connection: &Connection,
    failure: Option<&ApiError>,
) -> Result<(), ApiError> {
    match &connection.building_agent_session {
        Some(_) => agents::end_building(space, tx, connection.id.as_str(), failure),
        None => Ok(()),
    }
}

/// Archives the tenant's other connections of the integration (`docs/behaviour.md#connection-replace`).
pub(crate) fn replace_others(space: &WorkspaceRuntime, tx: &mut Tx, connection: &Connection) -> Result<(), ApiError> {
    let others: Vec<Connection> = tx
        .connections
        .iter()
        .filter(|other| {
            !other.is_archived()
                && other.id != connection.id
                && other.tenant == connection.tenant
                && other.integration.is_some()
                && other.integration == connection.integration
        })
        .map(|other| (**other).clone())
        .collect();
    for mut other in others {
        other.meta.archive(&space.ids, space.clock.now());
        tx.put(other)?;
    }
    Ok(())
}

pub(crate) fn settle_request(
    tx: &mut Tx,
    connection: &Connection,
    status: RequestStatus,
    error: Option<ApiError>,
) -> Result<(), ApiError> {
    let request = connection.request.as_ref().and_then(|id| tx.connection_requests.get(id)).map(|r| (**r).clone());
    if let Some(mut request) = request.filter(|request| request.status == RequestStatus::Pending) {
        request.status = status;
        request.connection = Some(connection.id.clone());
        request.error = error;
        tx.put(request)?;
    }
    Ok(())
}

/// Moves a connection by an event and answers it, as a poke or the worker does. Fails with 404 for an unknown
/// connection, and when the state does not allow the event.
pub async fn poke(
    engine: &Engine,
    space: &WorkspaceRuntime,
    id: &Id<Connection>,
    event: ConnectionEvent,
    error: Option<ApiError>,
) -> Result<Arc<Connection>, ApiError> {
    let mut tx = space.data.begin().await;
    let connection = tx.connections.get(id.as_str()).map(|c| (**c).clone());
    let connection = connection.ok_or_else(|| ApiError::not_found(format!("connection not found: `{id}`")))?;
    move_in(engine, space, &mut tx, connection, event, error)?;
    let world = tx.commit().await?;
    engine.wake(space);
    world.connections.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a connection is missing"))
}

/// Cancels an attempt for the user: the connection returns to the state before.
pub async fn cancel(engine: &Engine, space: &WorkspaceRuntime, connection: &Connection) -> Result<(), ApiError> {
    end_attempt(engine, space, connection, RequestStatus::Cancelled, cancelled()).await
}

/// Ends an attempt that failed: the connection returns to the state before; a first attempt of a
/// hosted page leaves no connection.
pub(crate) async fn end_attempt(
    engine: &Engine,
    space: &WorkspaceRuntime,
    connection: &Connection,
    status: RequestStatus,
    why: ApiError,
) -> Result<(), ApiError> {
    let mut tx = space.data.begin().await;
    let known = tx.connections.get(connection.id.as_str()).map(|connection| (**connection).clone());
    let known = known.ok_or_else(|| ApiError::not_found(format!("connection not found: `{}`", connection.id)))?;
    let first = known.former.is_none() && known.attempt.as_ref().is_some_and(|attempt| attempt.hosted);
    if first && known.state == ConnectionState::ClientActionRequired {
        settle_request(&mut tx, &known, status, Some(why.clone()).filter(|_| status == RequestStatus::Error))?;
        log_attempt(space, &mut tx, &known, Some(why))?;
        tx.remove::<Connection>(known.id.as_str());
    } else {
        // The request is settled first, because the move would call it cancelled.
        settle_request(&mut tx, &known, status, Some(why.clone()).filter(|_| status == RequestStatus::Error))?;
        move_in(engine, space, &mut tx, known, ConnectionEvent::Cancel, Some(why))?;
    }
    tx.commit().await?;
    engine.wake(space);
    Ok(())
}

/// Moves a connection by an event within a transaction, with all that follows from the event. Fails when the
/// state does not allow the event.
pub fn move_in(
    engine: &Engine,
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    mut connection: Connection,
    event: ConnectionEvent,
    error: Option<ApiError>,
) -> Result<(), ApiError> {
    let now = space.clock.now();
    if event == ConnectionEvent::Finish {
        let world = (**tx).clone();
        let directory = Directory::new(&world, &engine.catalog);
        let connector = directory.connector_behind(&connection);
        let connector = connector.ok_or_else(|| {
            ApiError::bad_request("the connection has no connector yet; use the event `finishBuilding` first")
        })?;
        let consent = Consent::Account(vendor::account_in(tx));
        return authorize(engine, space, tx, connection, &connector, consent);
    }
    connection.apply(event, now)?;
    match event {
        ConnectionEvent::AskUser | ConnectionEvent::Reconnect => {
            ask_user(space, tx, &mut connection, now);
        }
        ConnectionEvent::LoseCredentials => {
            connection.error = Some(error.unwrap_or_else(lost_credentials));
        }
        ConnectionEvent::FailConfiguration | ConnectionEvent::FailSetup | ConnectionEvent::Fail => {
            let error = error.unwrap_or_else(|| failure_of(event));
            connection.errors = vec![error.clone()];
            connection.error = Some(error.clone());
            log_attempt(space, tx, &connection, Some(error.clone()))?;
            end_session(space, tx, &connection, Some(&error))?;
            settle_request(tx, &connection, RequestStatus::Error, Some(error))?;
        }
        ConnectionEvent::Cancel => {
            connection.ticket =
                if connection.state == ConnectionState::ClientActionRequired { connection.ticket.take() } else { None };
            settle_request(tx, &connection, RequestStatus::Cancelled, None)?;
            log_attempt(space, tx, &connection, Some(error.unwrap_or_else(cancelled)))?;
        }
        ConnectionEvent::Disconnect => {
            if let Some(token) = connection.credential("access_token") {
                vendor::revoke(tx, token)?;
            }
        }
        ConnectionEvent::Finalize | ConnectionEvent::Rebuild => {
            connection.due = tx.workspace.mock.progress.connection_building.due(now);
        }
        ConnectionEvent::Disconnected => connection.error = Some(error.unwrap_or_else(lost_credentials)),
        ConnectionEvent::Finish => {}
    }
    connection.meta.touch(&space.ids, space.clock.now());
    tx.put(connection)?;
    Ok(())
}

pub(crate) fn failure_of(event: ConnectionEvent) -> ApiError {
    ApiError::configuration(match event {
        ConnectionEvent::FailConfiguration => "the integration's parameters are wrong; set them and connect again",
        ConnectionEvent::FailSetup => "the connector could not be built; try a different intent",
        _ => "the connection broke",
    })
}

/// Ends BUILDING at once, whatever the progress settings say.
pub async fn finish_building_now(
    engine: &Engine,
    space: &WorkspaceRuntime,
    id: &Id<Connection>,
) -> Result<(), ApiError> {
    let mut tx = space.data.begin().await;
    let connection = tx.connections.get(id.as_str()).map(|c| (**c).clone());
    let connection = connection.ok_or_else(|| ApiError::not_found(format!("connection not found: `{id}`")))?;
    finish_building(engine, space, &mut tx, connection)?;
    tx.commit().await?;
    engine.wake(space);
    Ok(())
}

/// Ends BUILDING: finds or builds the connector, then asks the user, or connects when no user is needed. Source:
/// SEED (“The first such connect”).
pub fn finish_building(
    engine: &Engine,
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    mut connection: Connection,
) -> Result<(), ApiError> {
    let now = space.clock.now();
    if connection.credentials.is_some() && connection.connector.is_some() {
        // The user has consented already.
        return become_ready(space, tx, connection, now);
    }
    let world = (**tx).clone();
    let directory = Directory::new(&world, &engine.catalog);
    let connector = match directory.connector_behind(&connection) {
        Some(connector) => connector,
        None => match best_match(&directory, &connection) {
            Some(connector) => connector,
            None => build_connector(space, tx, &directory, &connection)?,
        },
    };
    if connection.integration.is_none() {
        let world = (**tx).clone();
        let directory = Directory::new(&world, &engine.catalog);
        let integration = match directory.integration_of(&connector) {
            Some(integration) => integration.id.clone(),
            None => {
                let integration = new_integration(space, &directory, &connector);
                let id = integration.id.clone();
                tx.put(integration)?;
                id
            }
        };
        connection.integration = Some(integration);
    }
    connection.connector = Some(connector.id.clone());
    connection.external_app = connection.external_app.or_else(|| connector.external_app_id.clone());
    if connection.credentials.is_some() {
        // Credentials were brought along, so no user is needed.
        return become_ready(space, tx, connection, now);
    }
    if let Some(fault) = misconfigured(tx, &connector, &connection) {
        let error = fault.error.map(ApiError::configuration);
        return move_in(engine, space, tx, connection, ConnectionEvent::FailConfiguration, error);
    }
    end_session(space, tx, &connection, None)?;
    connection.apply(ConnectionEvent::AskUser, now)?;
    ask_user(space, tx, &mut connection, now);
    connection.meta.touch(&space.ids, space.clock.now());
    tx.put(connection.clone())?;
    let mock = &tx.workspace.mock;
    let by_itself = mock.auto_connect || mock.progress.connection_client_action == Progress::Immediate;
    if by_itself || !connector.auth_type.needs_user() {
        let consent = Consent::Account(vendor::account_in(tx));
        return authorize(engine, space, tx, connection, &connector, consent);
    }
    Ok(())
}

impl Moves for Connection {
    fn step(engine: &Engine, space: &WorkspaceRuntime, tx: &mut Tx, connection: Self) -> Result<(), ApiError> {
        let failure = connection.due.as_ref().and_then(|due| due.failure.clone());
        match (connection.state, failure) {
            (_, Some(failure)) => fail(engine, space, tx, connection, failure),
            (ConnectionState::Building, None) => finish_building(engine, space, tx, connection),
            (_, None) => move_in(engine, space, tx, connection, ConnectionEvent::Finish, None),
        }
    }

    fn give_up(space: &WorkspaceRuntime, tx: &mut Tx, mut connection: Self, error: ApiError) -> Result<(), ApiError> {
        // An event that the state does not allow changes nothing.
        connection.apply(ConnectionEvent::Fail, space.clock.now()).ok();
        connection.due = None;
        connection.errors = vec![error.clone()];
        end_session(space, tx, &connection, Some(&error)).ok();
        connection.error = Some(error);
        tx.put(connection)?;
        Ok(())
    }
}

/// A connection fails by its workspace's progress.
fn fail(
    engine: &Engine,
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    connection: Connection,
    failure: Failure,
) -> Result<(), ApiError> {
    let event = match failure.state {
        ConnectionState::ConfigurationError => ConnectionEvent::FailConfiguration,
        ConnectionState::SetupFailed => ConnectionEvent::FailSetup,
        ConnectionState::Building
        | ConnectionState::ClientActionRequired
        | ConnectionState::Ready
        | ConnectionState::Disconnecting
        | ConnectionState::Disconnected
        | ConnectionState::Error => ConnectionEvent::Fail,
    };
    let error = failure.error.map(ApiError::configuration);
    if connection.state == ConnectionState::Building {
        return move_in(engine, space, tx, connection, event, error);
    }
    // A user who fails to act: nothing but a cancel leads out of CLIENT_ACTION_REQUIRED.
    move_in(engine, space, tx, connection, ConnectionEvent::Cancel, error)
}
