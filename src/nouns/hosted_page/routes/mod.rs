//! Hosted pages for connecting in a browser: in a popup, in the client's frame, or in the app's own window.
//!
//! Invariant: a page carries a ticket or the name of a `Visit`, never a
//! token. Source: SDK (`connect()`, `ui.connect()`).

pub mod attempt;
pub mod configuration;
pub mod embed;

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::json;

use crate::base::error::ApiError;
use crate::call::router::Route;
use crate::call::subject::Subject;
use crate::call::{Call, Query, Reply};
use crate::engine::view::{Secrets, logo_on_page};
use crate::engine::{Cx, Visit};
use crate::nouns::connection as connections;
use crate::nouns::connection::connect as connecting;
use crate::nouns::connection::connect::Ending;
use crate::nouns::connection::model::attempt::Theme;
use crate::nouns::connection::model::{Connection, ConnectionState};
use crate::nouns::connection::shown;
use crate::nouns::connection_request::model::ConnectSpec;
use crate::nouns::hosted_page::routes::attempt::{closed, connect_page, ended, failed};
use crate::nouns::hosted_page::routes::embed::logo_of;
use crate::nouns::integration::model::Integration;
use crate::pages as screens;
use crate::pages::{ChoosePage, ConnectionPage, Offered, Trail, in_full};

/// How long the first page is held back while a connector is being built, so that it usually need not be replaced.
const FIRST_PAGE: Duration = Duration::from_millis(500);
/// How long a page that waits for a connection holds its request open.
const NEXT_PAGE: Duration = Duration::from_secs(20);

/// `POST /screens/connect`, `POST /screens/integrations/{integration}/connect`,
/// `GET /embed/integrations/{integration}/connect`, any token: answers a connect page in the
/// client's frame; when nothing is named, a page to choose from. 400 for a body that is no
/// form. Source: SDK (`ui.connect()`, `openNewConnection()`).
pub(crate) async fn connect(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    if !call.body.is_empty() && !call.is_form() {
        return Err(ApiError::bad_request("this page is opened by a form: `application/x-www-form-urlencoded`"));
    }
    let fields = if call.body.is_empty() { call.query() } else { call.form() };
    let mut spec = spec_of(&fields)?;
    if let Ok(integration) = call.param("integration") {
        spec.integration_id = Some(integration.to_owned());
    }
    // A connection request has begun its attempt already; its connection is shown.
    let request = spec.connection_request_id.as_ref().and_then(|id| cx.world().connection_requests.get(id).cloned());
    if let (true, Some(request)) = (spec.names_nothing(), request) {
        spec.connection_id = request.connection.as_ref().map(ToString::to_string);
    }
    if spec.names_nothing() && spec.connection_key.is_none() {
        return choose(&cx, spec);
    }
    begin(&call, &cx, spec).await
}

/// `GET /embed/connections/{connection}/refresh`, any token: answers the connect page of a connection that exists.
pub(crate) async fn reconnect(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let mut spec = spec_of(&call.query())?;
    spec.connection_id = Some(call.param("connection")?.to_owned());
    begin(&call, &cx, spec).await
}

/// `POST /connect` as the client's form, any token: answers the connect page in a popup, a hidden frame or the app's
/// own window. Errors are told to the window that waits. Source: SDK `connect()`.
pub(crate) async fn connect_form(call: &Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let payload = call.form().text("payload").ok_or_else(|| ApiError::bad_request("the form has no `payload`"))?;
    let spec: ConnectSpec = crate::call::json_of_field("payload", &payload)?;
    let spec = spec.about(spec_of(&call.query())?);
    let attempt = spec.attempt();
    match begin(call, &cx, spec).await {
        Ok(reply) => Ok(reply),
        // The window that opened this page waits for a message, so the error is sent as one.
        Err(error) => match cx.tenant() {
            Ok(tenant) => failed(&cx.space, tenant.id.clone(), &attempt.unwrap_or_default(), &error),
            Err(_) => Err(error),
        },
    }
}

/// `GET|POST /connection-popup`, any token: the former name of the connect page. Options are in the query or the form,
/// or as JSON in its field `payload`. A body of JSON is answered with the connection, as `POST /connect` is.
pub(crate) async fn popup(call: Call) -> Result<Reply, ApiError> {
    if call.form().text("payload").is_some() {
        return connect_form(&call).await;
    }
    let cx = call.cx()?;
    if call.method == Method::POST && call.has_body() && !call.is_form() {
        // What asks in JSON is answered in JSON, as at `/connect`.
        let spec: ConnectSpec = call.json()?;
        let connection = connecting::begin(&cx, spec.about(spec_of(&call.query())?)).await?;
        return shown(&cx, &connection, Secrets::Hidden);
    }
    let fields = if call.is_form() { call.form() } else { call.query() };
    begin(&call, &cx, spec_of(&fields)?).await
}

/// Reads the client's options from text fields. 400 when `connectorParameters` is no JSON.
fn spec_of(fields: &Query) -> Result<ConnectSpec, ApiError> {
    let parameters = fields.text("connectorParameters");
    let parameters = parameters.map(|text| crate::call::json_of_field("connectorParameters", &text)).transpose()?;
    Ok(ConnectSpec {
        integration_id: fields.text("integrationId"),
        integration_key: fields.text("integrationKey"),
        connector_id: fields.text("connectorId"),
        connector_key: fields.text("connectorKey"),
        connector_version: fields.text("connectorVersion"),
        external_app_id: fields.text("externalAppId"),
        intent: fields.text("intent"),
        connection_id: fields.text("connectionId"),
        connection_key: fields.text("connectionKey"),
        name: fields.text("name"),
        allow_multiple_connections: fields.flag("allowMultipleConnections"),
        connector_parameters: parameters,
        auth_option_key: fields.text("authOptionKey"),
        redirect_uri: fields.text("redirectUri"),
        request_id: fields.text("requestId"),
        custom_state: fields.text("customState"),
        connection_request_id: fields.text("connectionRequestId"),
        theme: theme_of(fields),
        ..ConnectSpec::default()
    })
}

pub(crate) fn theme_of(fields: &Query) -> Theme {
    Theme::named(fields.text("theme").as_deref())
}

/// Begins an attempt and answers the page for its state.
async fn begin(call: &Call, cx: &Cx, spec: ConnectSpec) -> Result<Reply, ApiError> {
    let spec = ConnectSpec { hosted: true, ..spec };
    let begun = connecting::begin(cx, spec.clone()).await?;
    standing(call, cx, &begun, spec, FIRST_PAGE).await
}

/// Answers the page for an attempt's state, once it has left BUILDING or `patience` has passed.
async fn standing(
    call: &Call,
    cx: &Cx,
    begun: &Arc<Connection>,
    spec: ConnectSpec,
    patience: Duration,
) -> Result<Reply, ApiError> {
    let connection = built(cx, begun, patience).await?;
    match connection.state {
        ConnectionState::ClientActionRequired => connect_page(call, &cx.space, &connection, None),
        ConnectionState::Ready => ended(&cx.engine, &cx.space, &connection, Ending::Connected).await,
        ConnectionState::Building => {
            // The next page continues the same attempt, as often as it takes.
            let theme = spec.theme;
            let again = ConnectSpec { connection_id: Some(connection.id.to_string()), ..spec };
            let visit = Visit { tenant: connection.tenant.clone(), spec: again, waits: true };
            let next = format!("/screens/visits/{}", cx.space.open_visit(visit));
            let text = format!("Setting up {}. This page goes on by itself.", connection.meta.name);
            let trail = Trail::connection(&cx.space.key, connection.id.as_str());
            let page = screens::waiting(theme, "Almost there", &text, Some(&next), trail)?;
            Ok(Reply::html(StatusCode::OK, page))
        }
        _ => {
            let problem = connection.error.clone().unwrap_or_else(|| ApiError::configuration("it cannot be connected"));
            ended(&cx.engine, &cx.space, &connection, Ending::Failed(problem)).await
        }
    }
}

/// Answers the connection once it has left BUILDING, or as it is after `patience`.
async fn built(cx: &Cx, begun: &Arc<Connection>, patience: Duration) -> Result<Arc<Connection>, ApiError> {
    let now = || cx.world().connections.get(begun.id.as_str()).cloned();
    let building = || Ok(now().is_some_and(|connection| connection.state == ConnectionState::Building));
    connections::wait_while(cx, patience, building).await?;
    Ok(now().unwrap_or_else(|| Arc::clone(begun)))
}

/// Answers the page on which the user chooses an app, for a call that names nothing.
fn choose(cx: &Cx, spec: ConnectSpec) -> Result<Reply, ApiError> {
    let world = cx.world();
    let directory = cx.directory(&world);
    let mut offered: Vec<Offered> = Vec::new();
    let open = |integration: &&Arc<Integration>| !integration.meta.is_archived() && !integration.is_option_disabled();
    for integration in world.integrations.iter().filter(open) {
        let Some(connector) = directory.connector_for(integration) else { continue };
        let value = format!("integration:{}", integration.id);
        offered.push(Offered {
            value,
            name: integration.meta.name.clone(),
            logo: logo_of(cx, integration, Some(&connector)),
        });
    }
    for connector in directory.connectors() {
        if directory.integration_of(&connector).is_none() {
            let value = format!("connector:{}", connector.id);
            let logo = logo_on_page(cx.engine.base(), &[connector.logo_uri.as_deref()], connector.key());
            offered.push(Offered { value, name: connector.meta.name.clone(), logo });
        }
    }
    offered.sort_by_key(|offered| offered.name.to_lowercase());
    let tenant = cx.tenant()?;
    let theme = spec.theme;
    let visit = cx.space.open_visit(Visit { tenant: tenant.id.clone(), spec, waits: false });
    let trail = Trail::connections(&cx.space.key);
    let page = ChoosePage { theme, workspace: &world.workspace.name, visit: &visit, offered, trail };
    Ok(Reply::html(StatusCode::OK, screens::html(&page)?))
}

/// `POST /screens/connection`, any token: answers a page of one connection with a button to connect again. 400 without
/// `connectionId`, 404 for an unknown one.
pub(crate) async fn connection(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let fields = call.form();
    let selector = fields.text("connectionId").ok_or_else(|| ApiError::bad_request("`connectionId` is missing"))?;
    let connection = connections::get(&cx, &selector)?;
    let theme = theme_of(&fields);
    let spec = ConnectSpec { connection_id: Some(connection.id.to_string()), theme, ..ConnectSpec::default() };
    let owner = connecting::as_owner(&cx.engine, &cx.space, &connection)?;
    let tenant = owner.tenant()?;
    let visit = cx.space.open_visit(Visit { tenant: tenant.id.clone(), spec, waits: false });
    let world = cx.world();
    let directory = cx.directory(&world);
    let connector = directory.connector_behind(&connection);
    let integration = connecting::integration_for(&world, &connection);
    let logos = [
        integration.as_ref().and_then(|known| known.logo_uri.as_deref()),
        connector.as_ref().and_then(|known| known.logo_uri.as_deref()),
    ];
    let token = connection.credential("access_token");
    let account = token.and_then(|token| world.grants.with_key(token).next()).map(|grant| grant.account.clone());
    let page = ConnectionPage {
        theme,
        name: &connection.meta.name,
        logo: logo_on_page(cx.engine.base(), &logos, connector.as_ref().map_or("", |known| known.key())),
        tenant: &tenant.name,
        account: account.as_deref(),
        connected: connection.is_connected(),
        problem: connection.error.as_ref().map(|error| in_full(&error.message)),
        trail: Trail::connection(&cx.space.key, connection.id.as_str()),
        visit: &visit,
    };
    Ok(Reply::html(StatusCode::OK, screens::html(&page)?))
}

/// The visit that a page's button names, and its tenant as the caller; 404 when the visit is over.
fn visited(call: &Call) -> Result<(Cx, Visit), ApiError> {
    let gone = || ApiError::not_found("this page is no longer open; begin to connect again");
    let (space, visit) = call.engine.visit(call.param("visit")?).ok_or_else(gone)?;
    let tenant = space.world().tenants.get(visit.tenant.as_str()).cloned().ok_or_else(gone)?;
    Ok((Cx::of_tenant(&call.engine, &space, tenant), visit))
}

/// `POST /screens/visits/{visit}`, no token: the button of a page. It connects to the `choice` of the form, or to what
/// the visit names; errors are shown as a page.
pub(crate) async fn visit(call: Call) -> Result<Reply, ApiError> {
    let begun = async {
        let (cx, visit) = visited(&call)?;
        let mut spec = visit.spec;
        if let Some(choice) = call.form().text("choice") {
            match choice.split_once(':') {
                Some(("integration", id)) => spec.integration_id = Some(id.to_owned()),
                Some(("connector", id)) => spec.connector_id = Some(id.to_owned()),
                _ => return Err(ApiError::bad_request("there is no such choice")),
            }
        }
        let waited_for = spec.connection_id.as_ref().filter(|_| visit.waits);
        let waited_for = waited_for.and_then(|id| cx.world().connections.get(id).cloned());
        match waited_for {
            Some(connection) => standing(&call, &cx, &connection, spec, NEXT_PAGE).await,
            None => begin(&call, &cx, spec).await,
        }
    };
    begun.await.or_else(|error| closed(&error))
}

/// `GET /screens/visits/{visit}`, no token: answers `{building}` once the connection has
/// left BUILDING, or after a while.
pub(crate) async fn visit_state(call: Call) -> Result<Reply, ApiError> {
    let (cx, visit) = visited(&call)?;
    let id = visit.spec.connection_id.unwrap_or_default();
    let connection = cx.world().connections.get(&id).cloned();
    let building = match connection {
        Some(connection) => built(&cx, &connection, NEXT_PAGE).await?.state == ConnectionState::Building,
        None => false,
    };
    Reply::json(&json!({ "building": building }))
}

/// `GET /screens/connections?connectionRequestId=`, no token: redirects the user of a request to its connect page; a
/// page says so when the request is unknown or answered. Source: SDK `getConnectionRequestUrl`.
pub(crate) async fn request(call: Call) -> Result<Reply, ApiError> {
    let id = call.query().text("connectionRequestId").unwrap_or_default();
    let spaces = call.engine.spaces();
    let mut having = spaces.iter().filter(|space| space.world().connection_requests.get(&id).is_some());
    let (Some(space), others) = (having.next(), having.count()) else {
        return closed(&ApiError::not_found("there is no such request"));
    };
    if others > 0 {
        // The address names no workspace, and a forked workspace keeps the ids of its source.
        return closed(&ApiError::bad_request(
            "several workspaces have this request, one being a copy of another; use the request's `url`",
        ));
    }
    let world = space.world();
    let connection = world.connection_requests.get(&id).and_then(|request| request.connection.as_ref());
    let connection = connection.and_then(|id| world.connections.get(id.as_str()));
    match connection.and_then(|c| connecting::page_address(call.engine.base(), &space.key, c)) {
        Some(page) => Reply::redirect(&page),
        None => {
            let text = "This request has been answered. You can close this window.";
            let trail = Trail::connections(&space.key);
            Ok(Reply::html(StatusCode::OK, screens::message(Theme::Auto, "Done", text, trail)?))
        }
    }
}

/// `GET /`, no token: answers a page that says what this server is.
pub(crate) async fn welcome(call: Call) -> Result<Reply, ApiError> {
    Ok(Reply::html(StatusCode::OK, screens::welcome(call.engine.base())?))
}

/// What a call of an open page is about: the visit that its address names.
pub(crate) fn about_visit(call: &Call, route: &Route) -> Option<Subject> {
    Subject::of_page(call, route, || {
        let (space, visit) = call.engine.visit(call.param("visit").ok()?)?;
        let connection = visit.spec.connection_id.and_then(|id| space.world().connections.get(&id).cloned());
        Some((space, connection))
    })
}
