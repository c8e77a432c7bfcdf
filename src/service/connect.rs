//! Connecting: everything that makes a connection, connects one again, or moves one on its way to READY.
//!
//! Invariant: all ways in (JSON, forms, requests, `POST /connections`, ensure, autoConnect, pokes) go through
//! [`begin`] and [`complete`].

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::directory::{Directory, Offer};
use super::vendor;
use crate::auth::Caller;
use crate::clock::Timestamp;
use crate::engine::{Cx, Engine, Space};
use crate::error::{ApiError, ErrorKey};
use crate::ids::Id;
use crate::model::JsonMap;
use crate::model::connection::{Connection, ConnectionEvent, ConnectionState, check_connection_key};
use crate::model::connection_request::{ConnectSpec, ConnectionRequest, RequestStatus};
use crate::model::connector::{Apply, AuthType, Connector};
use crate::model::element::{Meta, key_of};
use crate::model::external_app::ExternalApp;
use crate::model::integration::Integration;
use crate::model::progress::{Failure, Progress};
use crate::model::{rank, schema};
use crate::store::Tx;

/// What a connection will be of.
enum Target {
    /// A connector, through its integration (made on demand).
    Known { integration: Id<Integration>, connector: Arc<Connector> },
    /// Nothing fits yet: a connector has to be built.
    Build { app: Option<Arc<ExternalApp>>, name: String },
}

/// Begins to connect, or to connect again. Source: SEED (`connect`), decision 1, 3, 5.
pub async fn begin(cx: &Cx, spec: ConnectSpec) -> Result<Arc<Connection>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let id = begin_in(cx, &mut tx, spec, None)?;
    finish(cx, tx, &id).await
}

/// The same, with credentials given: READY at once.
pub async fn begin_with_credentials(
    cx: &Cx,
    spec: ConnectSpec,
    credentials: JsonMap,
) -> Result<Arc<Connection>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let id = begin_in(cx, &mut tx, spec, Some(credentials))?;
    finish(cx, tx, &id).await
}

async fn finish(cx: &Cx, tx: Tx, id: &Id<Connection>) -> Result<Arc<Connection>, ApiError> {
    let world = tx.commit().await?;
    cx.engine.wake.notify_one();
    world.connections.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a new connection is missing"))
}

fn begin_in(cx: &Cx, tx: &mut Tx, spec: ConnectSpec, credentials: Option<JsonMap>) -> Result<Id<Connection>, ApiError> {
    if let Some(key) = &spec.connection_key {
        check_connection_key(key)?;
    }
    let known = match (&spec.connection_id, &spec.connection_key) {
        (Some(id), _) => Some(directory(cx, tx).connection(&cx.caller, id)?),
        (None, Some(key)) => own_with_key(cx, tx, key)?,
        (None, None) => None,
    };
    match known {
        Some(connection) => again(cx, tx, &connection, &spec, credentials),
        None => fresh(cx, tx, spec, credentials),
    }
}

fn directory<'a>(cx: &'a Cx, world: &'a crate::store::World) -> Directory<'a> {
    Directory::new(world, &cx.engine.catalog)
}

fn own_with_key(cx: &Cx, tx: &Tx, key: &str) -> Result<Option<Arc<Connection>>, ApiError> {
    let tenant = cx.tenant()?;
    let mut with_key = tx.connections.with_key(key);
    Ok(with_key.find(|connection| !connection.is_archived() && connection.tenant == tenant.id).cloned())
}

/// Connects the same record again.
fn again(
    cx: &Cx,
    tx: &mut Tx,
    connection: &Connection,
    spec: &ConnectSpec,
    credentials: Option<JsonMap>,
) -> Result<Id<Connection>, ApiError> {
    connection.meta.refuse_archived("connection")?;
    let (now, id) = (cx.space.clock.now(), connection.id.clone());
    let mut connection = connection.clone();
    if let Some(name) = &spec.name {
        connection.meta.name.clone_from(name);
    }
    connection.request.clone_from(&spec.connection_request_id);
    if connection.state == ConnectionState::Building {
        tx.put(connection)?;
        return Ok(id);
    }
    let connector = connection.connector.as_ref().and_then(|id| directory(cx, tx).connector(id.as_str()));
    match connector {
        Some(connector) => {
            connection.apply(ConnectionEvent::Reconnect, now)?;
            ask_user(cx, &mut connection, now);
            connection.meta.touch(&cx.space.ids, &cx.space.clock);
            tx.put(connection.clone())?;
            maybe_complete(cx, tx, connection, &connector, spec, credentials)?;
        }
        None => {
            connection.apply(ConnectionEvent::Rebuild, now)?;
            connection.due = cx.world().workspace.mock.progress.connection_building.due(now);
            connection.meta.touch(&cx.space.ids, &cx.space.clock);
            tx.put(connection)?;
        }
    }
    Ok(id)
}

/// Makes a new record.
fn fresh(cx: &Cx, tx: &mut Tx, spec: ConnectSpec, credentials: Option<JsonMap>) -> Result<Id<Connection>, ApiError> {
    let tenant = Arc::clone(cx.tenant()?);
    let now = cx.space.clock.now();
    let target = target_of(cx, tx, &spec)?;
    let (integration, connector, app, default_name) = match &target {
        Target::Known { integration, connector } => {
            let name = tx.integrations.get(integration.as_str()).map(|i| i.meta.name.clone());
            let name = name.unwrap_or_else(|| connector.meta.name.clone());
            (Some(integration.clone()), Some(connector.id.clone()), connector.external_app_id.clone(), name)
        }
        Target::Build { app, name } => (None, None, app.as_ref().map(|app| app.id.clone()), name.clone()),
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
        external_app: app,
        auth_option_key: spec.auth_option_key.clone(),
        state: ConnectionState::Building,
        former: None,
        credentials: None,
        connector_parameters: spec.connector_parameters.clone(),
        input: spec.input.clone().or_else(|| spec.connection_parameters.clone()),
        error: None,
        errors: Vec::new(),
        intent: spec.intent.clone(),
        ticket: None,
        request: spec.connection_request_id.clone(),
        replaces_others: spec.connection_key.is_none() && !spec.allow_multiple_connections.unwrap_or(false),
        due: None,
        next_credentials_refresh_at: None,
        last_active_at: None,
        is_test: tenant.is_test,
    };
    let id = connection.id.clone();
    match target {
        Target::Known { connector, integration } => {
            if credentials.is_none()
                && let Some(failure) = misconfigured(tx, &connector, &integration)
            {
                // The first answer is BUILDING; the worker finds the fault (decision 5).
                connection.due = Progress::Fail(failure).due(now);
                tx.put(connection)?;
                return Ok(id);
            }
            connection.apply(ConnectionEvent::AskUser, now)?;
            ask_user(cx, &mut connection, now);
            tx.put(connection.clone())?;
            maybe_complete(cx, tx, connection, &connector, &spec, credentials)?;
        }
        Target::Build { .. } => {
            connection.due = tx.workspace.mock.progress.connection_building.due(now);
            tx.put(connection)?;
        }
    }
    Ok(id)
}

/// Completes at once what needs no user: credentials or input given, no auth to do, autoConnect.
fn maybe_complete(
    cx: &Cx,
    tx: &mut Tx,
    connection: Connection,
    connector: &Connector,
    spec: &ConnectSpec,
    credentials: Option<JsonMap>,
) -> Result<(), ApiError> {
    let mock = &tx.workspace.mock;
    let by_itself = mock.auto_connect || mock.progress.connection_client_action == Progress::Immediate;
    let input = spec.input.as_ref().or(spec.connection_parameters.as_ref());
    if let Some(credentials) = credentials {
        return authorize(cx.engine.as_ref(), &cx.space, tx, connection, connector, Consent::Credentials(credentials));
    }
    if connector.auth_type == AuthType::ClientCredentials
        && let Some(Value::Object(input)) = input
    {
        return authorize(&cx.engine, &cx.space, tx, connection, connector, Consent::Input(input.clone()));
    }
    if by_itself || !connector.auth_type.needs_user() {
        let consent = Consent::Account(vendor::DEFAULT_ACCOUNT.to_owned());
        return authorize(&cx.engine, &cx.space, tx, connection, connector, consent);
    }
    Ok(())
}

/// Puts the ticket of the connect page on the record, and what happens if nobody comes.
fn ask_user(cx: &Cx, connection: &mut Connection, now: Timestamp) {
    connection.ticket = Some(cx.space.ids.secret(12));
    let progress = &cx.world().workspace.mock.progress.connection_client_action;
    connection.due = match progress {
        Progress::Immediate | Progress::Hold => None,
        Progress::After(_) | Progress::Reads(_) | Progress::Fail(_) => progress.due(now),
    };
}

/// Why a connector cannot be authorized with its integration's parameters (decision 5).
fn misconfigured(tx: &Tx, connector: &Connector, integration: &Id<Integration>) -> Option<Failure> {
    if !connector.auth_type.is_oauth() {
        return None;
    }
    let parameters = &tx.integrations.get(integration.as_str())?.parameters;
    let given = |name: &str| parameters.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    let why = match (given("clientId"), given("clientSecret")) {
        (true, true) => return None,
        (false, false) if connector.shared_oauth_client => return None,
        (false, false) => {
            "has no shared OAuth client; set `clientId` and `clientSecret` in the integration's parameters"
        }
        (true, false) => "has a `clientId` but no `clientSecret` in the integration's parameters",
        (false, true) => "has a `clientSecret` but no `clientId` in the integration's parameters",
    };
    Some(Failure {
        state: ConnectionState::ConfigurationError,
        error: Some(format!("connector `{}` {why}", connector.key())),
    })
}

fn free_connection_key(cx: &Cx, tx: &Tx, base: &str) -> String {
    let tenant = cx.caller.tenant().map(|tenant| tenant.id.clone());
    let taken = |key: &str| {
        tx.connections.with_key(key).any(|other| !other.is_archived() && Some(&other.tenant) == tenant.as_ref())
    };
    let base = if base.is_empty() { "connection" } else { base };
    if !taken(base) {
        return base.to_owned();
    }
    (2_u32..).map(|n| format!("{base}-{n}")).find(|key| !taken(key)).unwrap_or_else(|| base.to_owned())
}

/// Works out what to connect to. Source: SEED (“Hand connect one of”).
fn target_of(cx: &Cx, tx: &mut Tx, spec: &ConnectSpec) -> Result<Target, ApiError> {
    let world = (**tx).clone();
    let directory = Directory::new(&world, &cx.engine.catalog);
    if let Some(text) = spec.integration_id.as_ref().or(spec.integration_key.as_ref()) {
        return match directory.offer(text)? {
            Offer::Real(integration) => {
                integration.meta.refuse_archived("integration")?;
                match directory.connector_for(&integration) {
                    Some(connector) => Ok(Target::Known { integration: integration.id.clone(), connector }),
                    None => Ok(build_for(&directory, &integration)),
                }
            }
            Offer::Candidate(connector) => known(cx, tx, &directory, connector),
        };
    }
    if let Some(text) = spec.connector_id.as_ref().or(spec.connector_key.as_ref()) {
        let connector = directory.find_connector(text)?;
        return known(cx, tx, &directory, connector);
    }
    if let Some(text) = &spec.external_app_id {
        let app = directory.find_app(text)?;
        return match directory.connector_of_app(&app) {
            Some(connector) => known(cx, tx, &directory, connector),
            None => Ok(Target::Build { name: app.meta.name.clone(), app: Some(app) }),
        };
    }
    match spec.intent.as_deref().map(str::trim) {
        Some(intent) if !intent.is_empty() => Ok(Target::Build { app: None, name: name_of_intent(intent) }),
        _ => Err(ApiError::bad_request(
            "say what to connect to: `integrationKey`, `integrationId`, `connectorKey`, `connectorId`, \
             `externalAppId`, `intent`, or `connectionId` to connect again",
        )),
    }
}

fn build_for(directory: &Directory<'_>, integration: &Integration) -> Target {
    let app = integration.external_app_id.as_ref().and_then(|id| directory.app(id.as_str()));
    Target::Build { name: integration.meta.name.clone(), app }
}

fn name_of_intent(intent: &str) -> String {
    let words: Vec<&str> = intent
        .split_whitespace()
        .filter(|word| {
            !["connect", "my", "our", "the", "a", "an", "to", "account"].contains(&word.to_lowercase().as_str())
        })
        .collect();
    let name = if words.is_empty() { intent.to_owned() } else { words.join(" ") };
    name.chars().take(60).collect()
}

/// A connector's integration, made on demand (SEED).
fn known(cx: &Cx, tx: &mut Tx, directory: &Directory<'_>, connector: Arc<Connector>) -> Result<Target, ApiError> {
    if let Some(integration) = directory.integration_of(&connector) {
        return Ok(Target::Known { integration: integration.id.clone(), connector });
    }
    let integration = new_integration(&cx.space, directory, &connector);
    let id = integration.id.clone();
    tx.put(integration)?;
    Ok(Target::Known { integration: id, connector })
}

/// The integration that a connector becomes: under its synthetic id, with the connector's key when that is free.
pub fn new_integration(space: &Space, directory: &Directory<'_>, connector: &Connector) -> Integration {
    let synthetic = Integration::synthetic_id(&connector.id);
    let id = if directory.world.integrations.get(synthetic.as_str()).is_none() { synthetic } else { space.ids.id() };
    let base = connector.key().to_owned();
    let key = if directory.integration_with_key(&base).is_none() {
        base
    } else {
        (2_u32..)
            .map(|n| format!("{base}-{n}"))
            .find(|key| directory.integration_with_key(key).is_none())
            .unwrap_or_default()
    };
    let mut meta = Meta::new(&space.ids, space.clock.now(), Some(key), Some(connector.meta.name.clone()));
    meta.description.clone_from(&connector.meta.description);
    Integration {
        id,
        meta,
        connector_id: Some(connector.id.clone()),
        connector_version: None,
        external_app_id: connector.external_app_id.clone(),
        parameters: JsonMap::new(),
        options_config: None,
        o_auth_callback_uri: None,
        logo_uri: connector.logo_uri.clone(),
        is_test: false,
    }
}

/// How a user answers.
#[derive(Debug, Clone)]
pub enum Consent {
    /// Consents at the vendor, as this account.
    Account(String),
    /// Fills in the form.
    Input(JsonMap),
    /// Brings credentials along.
    Credentials(JsonMap),
}

/// The user has acted: the connection becomes READY.
pub async fn complete(
    engine: &Engine,
    space: &Space,
    id: &Id<Connection>,
    consent: Consent,
) -> Result<Arc<Connection>, ApiError> {
    let mut tx = space.data.begin().await;
    let connection = tx.connections.get(id.as_str()).map(|c| (**c).clone());
    let connection = connection.ok_or_else(|| ApiError::not_found(format!("connection not found: `{id}`")))?;
    let world = (*tx).clone();
    let directory = Directory::new(&world, &engine.catalog);
    let connector = connection.connector.as_ref().and_then(|id| directory.connector(id.as_str()));
    let Some(connector) = connector else {
        return Err(ApiError::bad_request("the connection has no connector yet; wait until it has left BUILDING"));
    };
    authorize(engine, space, &mut tx, connection, &connector, consent)?;
    let world = tx.commit().await?;
    world.connections.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a connection is missing"))
}

fn authorize(
    engine: &Engine,
    space: &Space,
    tx: &mut Tx,
    mut connection: Connection,
    connector: &Connector,
    consent: Consent,
) -> Result<(), ApiError> {
    let now = space.clock.now();
    let credentials = match consent {
        Consent::Credentials(credentials) => credentials,
        Consent::Input(input) if connector.auth_type == AuthType::ClientCredentials => {
            let form = connector.input_schema.clone().unwrap_or_else(Connector::key_form);
            schema::check_value(&form, &Value::Object(input.clone()), "the connection's input")?;
            connection.input = Some(Value::Object(input.clone()));
            input
        }
        Consent::Input(_) => vendor::default_credentials(tx, &space.ids, now, connector, vendor::DEFAULT_ACCOUNT)?,
        Consent::Account(account) => vendor::default_credentials(tx, &space.ids, now, connector, &account)?,
    };
    connection.apply(ConnectionEvent::Finish, now)?;
    connection.next_credentials_refresh_at = credentials
        .get("expires_in")
        .and_then(Value::as_u64)
        .map(|seconds| now.plus(std::time::Duration::from_secs(seconds)));
    connection.credentials = Some(credentials);
    connection.meta.touch(&space.ids, &space.clock);
    if connection.replaces_others {
        replace_others(space, tx, &connection)?;
        connection.replaces_others = false;
    }
    settle_request(tx, &connection, RequestStatus::Success, None)?;
    tx.put(connection)?;
    engine.wake.notify_one();
    Ok(())
}

/// Archives the tenant's other connections of the integration (decision 3).
fn replace_others(space: &Space, tx: &mut Tx, connection: &Connection) -> Result<(), ApiError> {
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
        other.meta.archived_at = Some(space.clock.now());
        other.meta.touch(&space.ids, &space.clock);
        tx.put(other)?;
    }
    Ok(())
}

fn settle_request(
    tx: &mut Tx,
    connection: &Connection,
    status: RequestStatus,
    error: Option<ApiError>,
) -> Result<(), ApiError> {
    let request = connection.request.as_ref().and_then(|id| tx.connection_requests.get(id)).map(|r| (**r).clone());
    if let Some(mut request) = request {
        request.status = status;
        request.connection = Some(connection.id.clone());
        request.error = error;
        tx.put(request)?;
    }
    Ok(())
}

/// Makes a request to connect, and begins it. Source: docs-http-api §7.
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
    let connection = begin_in(cx, &mut tx, spec, None)?;
    let mut request = tx.connection_requests.get(id.as_str()).map_or(request, |r| (**r).clone());
    request.connection = Some(connection);
    tx.put(request)?;
    let world = tx.commit().await?;
    cx.engine.wake.notify_one();
    let request = world.connection_requests.get(id.as_str()).cloned();
    request.ok_or_else(|| ApiError::internal("a new request is missing"))
}

/// Moves a connection by an event, as a poke or the worker does.
pub async fn poke(
    engine: &Engine,
    space: &Space,
    id: &Id<Connection>,
    event: ConnectionEvent,
    error: Option<ApiError>,
) -> Result<Arc<Connection>, ApiError> {
    let mut tx = space.data.begin().await;
    let connection = tx.connections.get(id.as_str()).map(|c| (**c).clone());
    let connection = connection.ok_or_else(|| ApiError::not_found(format!("connection not found: `{id}`")))?;
    move_in(engine, space, &mut tx, connection, event, error)?;
    let world = tx.commit().await?;
    engine.wake.notify_one();
    world.connections.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a connection is missing"))
}

/// Moves a connection by an event within a transaction, with what the event brings along.
pub fn move_in(
    engine: &Engine,
    space: &Space,
    tx: &mut Tx,
    mut connection: Connection,
    event: ConnectionEvent,
    error: Option<ApiError>,
) -> Result<(), ApiError> {
    let now = space.clock.now();
    if event == ConnectionEvent::Finish {
        let world = (**tx).clone();
        let directory = Directory::new(&world, &engine.catalog);
        let connector = connection.connector.as_ref().and_then(|id| directory.connector(id.as_str()));
        let connector = connector.ok_or_else(|| {
            ApiError::bad_request("the connection has no connector yet; use the event `finishBuilding` first")
        })?;
        let consent = Consent::Account(vendor::DEFAULT_ACCOUNT.to_owned());
        return authorize(engine, space, tx, connection, &connector, consent);
    }
    connection.apply(event, now)?;
    match event {
        ConnectionEvent::AskUser | ConnectionEvent::Reconnect => {
            connection.ticket = Some(space.ids.secret(12));
        }
        ConnectionEvent::LoseCredentials => {
            let error = error.unwrap_or_else(|| {
                ApiError::connection(ErrorKey::AccessTokenExpired, "the external app no longer accepts the credentials")
            });
            connection.error = Some(error);
        }
        ConnectionEvent::FailConfiguration | ConnectionEvent::FailSetup | ConnectionEvent::Fail => {
            let error = error.unwrap_or_else(|| failure_of(event));
            connection.errors = vec![error.clone()];
            connection.error = Some(error.clone());
            settle_request(tx, &connection, RequestStatus::Error, Some(error))?;
        }
        ConnectionEvent::Cancel => {
            connection.ticket =
                if connection.state == ConnectionState::ClientActionRequired { connection.ticket.take() } else { None };
            settle_request(tx, &connection, RequestStatus::Cancelled, None)?;
        }
        ConnectionEvent::Disconnect => {
            if let Some(token) = connection.credentials.as_ref().and_then(|c| c["access_token"].as_str()) {
                let token = token.to_owned();
                vendor::revoke(tx, &token)?;
            }
        }
        ConnectionEvent::Finalize | ConnectionEvent::Rebuild => {
            connection.due = tx.workspace.mock.progress.connection_building.due(now);
        }
        ConnectionEvent::Disconnected | ConnectionEvent::Finish => {}
    }
    connection.meta.touch(&space.ids, &space.clock);
    tx.put(connection)?;
    Ok(())
}

fn failure_of(event: ConnectionEvent) -> ApiError {
    ApiError::configuration(match event {
        ConnectionEvent::FailConfiguration => "the integration's parameters are wrong; set them and connect again",
        ConnectionEvent::FailSetup => "the connector could not be built; try a different intent",
        _ => "the connection broke",
    })
}

/// Ends BUILDING at once, whatever the progress.
pub async fn finish_building_now(engine: &Engine, space: &Space, id: &Id<Connection>) -> Result<(), ApiError> {
    let mut tx = space.data.begin().await;
    let connection = tx.connections.get(id.as_str()).map(|c| (**c).clone());
    let connection = connection.ok_or_else(|| ApiError::not_found(format!("connection not found: `{id}`")))?;
    finish_building(engine, space, &mut tx, connection)?;
    tx.commit().await?;
    engine.wake.notify_one();
    Ok(())
}

/// BUILDING is over: finds or builds the connector, then asks the user. Source: SEED (“The first such connect”).
pub fn finish_building(
    engine: &Engine,
    space: &Space,
    tx: &mut Tx,
    mut connection: Connection,
) -> Result<(), ApiError> {
    let now = space.clock.now();
    let world = (**tx).clone();
    let directory = Directory::new(&world, &engine.catalog);
    let connector = match connection.connector.as_ref().and_then(|id| directory.connector(id.as_str())) {
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
    connection.apply(ConnectionEvent::AskUser, now)?;
    connection.ticket = Some(space.ids.secret(12));
    connection.meta.touch(&space.ids, &space.clock);
    tx.put(connection.clone())?;
    let mock = &tx.workspace.mock;
    let by_itself = mock.auto_connect || mock.progress.connection_client_action == Progress::Immediate;
    if by_itself || !connector.auth_type.needs_user() {
        let consent = Consent::Account(vendor::DEFAULT_ACCOUNT.to_owned());
        return authorize(engine, space, tx, connection, &connector, consent);
    }
    Ok(())
}

fn best_match(directory: &Directory<'_>, connection: &Connection) -> Option<Arc<Connector>> {
    let intent = connection.intent.as_deref()?;
    let connectors: Vec<Arc<Connector>> = directory.connectors().collect();
    let text = |connector: &Arc<Connector>| {
        format!("{} {} {}", connector.meta.name, connector.key(), connector.categories.join(" "))
    };
    let best = rank::best(intent, connectors, text).into_iter().next()?;
    // A connector that shares no word of its name with the intent is not what was meant.
    (rank::score(&best.meta.name, intent) > 0.0 || rank::score(best.key(), intent) > 0.0).then_some(best)
}

/// Builds a workspace connector named after the intent or app, with a stub upstream and key auth (decision 5).
fn build_connector(
    space: &Space,
    tx: &mut Tx,
    directory: &Directory<'_>,
    connection: &Connection,
) -> Result<Arc<Connector>, ApiError> {
    let app = connection.external_app.as_ref().and_then(|id| directory.app(id.as_str()));
    let name = match (&app, &connection.intent) {
        (Some(app), _) => app.meta.name.clone(),
        (None, Some(intent)) => name_of_intent(intent),
        (None, None) => connection.meta.name.clone(),
    };
    let base = key_of(&name);
    let base = if base.is_empty() { "connector".to_owned() } else { base };
    let key = if directory.find_connector(&base).is_err() {
        base
    } else {
        (2_u32..).map(|n| format!("{base}-{n}")).find(|key| directory.find_connector(key).is_err()).unwrap_or_default()
    };
    let site = app.as_ref().and_then(|app| app.app_uri.clone());
    let connector = Connector {
        id: space.ids.id(),
        base_uri: site.unwrap_or_else(|| format!("https://api.{key}.example")),
        meta: Meta::new(&space.ids, space.clock.now(), Some(key), Some(name)),
        external_app_id: app.map(|app| app.id.clone()),
        logo_uri: None,
        categories: Vec::new(),
        version: "1.0.0".into(),
        auth_type: AuthType::ClientCredentials,
        input_schema: Some(Connector::key_form()),
        parameters_schema: None,
        oauth: None,
        apply: Apply::Bearer { field: "apiKey".into() },
        test: None,
        shared_oauth_client: true,
        popularity: 0,
        is_public: false,
        extra: JsonMap::new(),
    };
    tx.put(connector.clone())?;
    Ok(Arc::new(connector))
}

/// The connection of an app's address, found or begun. Source: OAS `/connections/ensure`.
pub async fn ensure(cx: &Cx, app_url: &str, name: Option<String>) -> Result<Arc<Connection>, ApiError> {
    let host = host_of(app_url)?;
    let world = cx.world();
    let directory = Directory::new(&world, &cx.engine.catalog);
    let app = directory.apps().find(|app| app.owns_host(&host));
    let existing = {
        let mut own = directory.connections(&cx.caller).rev();
        let wanted = name_of_host(&host);
        own.find(|connection| match &app {
            Some(app) => connection.external_app.as_ref() == Some(&app.id),
            None => connection.intent.as_deref() == Some(&wanted),
        })
    };
    if let Some(connection) = existing {
        return Ok(Arc::clone(connection));
    }
    let spec = match app {
        Some(app) => ConnectSpec { external_app_id: Some(app.id.to_string()), name, ..ConnectSpec::default() },
        None => ConnectSpec { intent: Some(name_of_host(&host)), name, ..ConnectSpec::default() },
    };
    begin(cx, spec).await
}

fn name_of_host(host: &str) -> String {
    host.trim_start_matches("www.").to_owned()
}

/// Source: SDK `EnsureConnectionRequest`: a host with a dot that is no IPv4 address.
fn host_of(app_url: &str) -> Result<String, ApiError> {
    let wrong = || {
        ApiError::bad_request(format!("`appUrl` is `{app_url}`; it is an address or a domain such as slack.com"))
            .with_data(json!({ "field": "appUrl" }))
    };
    if app_url.is_empty() || app_url.chars().count() > 2000 {
        return Err(wrong());
    }
    let full = if app_url.contains("://") { app_url.to_owned() } else { format!("https://{app_url}") };
    match url::Url::parse(&full).map_err(|_| wrong())?.host() {
        Some(url::Host::Domain(host)) if host.contains('.') => Ok(host.to_lowercase()),
        _ => Err(wrong()),
    }
}

/// The address of the page on which the user goes on, for a connection that waits for one. The ticket names workspace
/// and connection, so the page needs no token (decision 20).
pub fn page_address(base: &str, workspace: &str, connection: &Connection) -> Option<String> {
    let ticket = connection.ticket.as_ref()?;
    let text = format!("{workspace}/{}/{ticket}", connection.id);
    Some(format!("{base}/connect/{}", URL_SAFE_NO_PAD.encode(text)))
}

/// The workspace and connection that a ticket names, if it is the connection's present one.
pub fn redeem(engine: &Engine, ticket: &str) -> Result<(Arc<Space>, Arc<Connection>), ApiError> {
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

/// Who may act on a connection from outside: for pokes and pages, which have no token.
pub fn as_owner(engine: &Arc<Engine>, space: &Arc<Space>, connection: &Connection) -> Result<Cx, ApiError> {
    let tenant = space.world().tenants.get(connection.tenant.as_str()).cloned();
    let tenant = tenant.ok_or_else(|| ApiError::internal("a connection's tenant is missing"))?;
    Ok(Cx { engine: Arc::clone(engine), space: Arc::clone(space), caller: Caller::Tenant(tenant) })
}
