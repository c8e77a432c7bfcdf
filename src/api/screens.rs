//! Hosted pages: connecting in a browser, in a window of its own, in the client's frame, or in the app's own window.
//!
//! A page carries a ticket or the name of a [`Visit`], never a token. Source: sdk-client-behaviour §6, §7.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::call::{Call, Query, Reply};
use super::connect::no_connector;
use super::vendor::redirect;
use crate::engine::{Cx, Ended, Space, Visit};
use crate::error::{ApiError, ErrorKey};
use crate::ids::Id;
use crate::model::JsonMap;
use crate::model::connection::{Attempt, Connection, ConnectionState};
use crate::model::connection_request::ConnectSpec;
use crate::model::connector::{AuthType, Connector};
use crate::model::tenant::Tenant;
use crate::screens::{self, ChoosePage, ConnectPage, ConnectionPage, Field, Offered};
use crate::service::connect::oauth::Exchanged;
use crate::service::connect::{self as connecting, Consent};
use crate::service::connections;
use crate::service::directory::Directory;
use crate::service::view::{Lens, Secrets};

/// What a user's own change of mind is called.
const CANCELLED: &str = "the user cancelled";
/// How long a page is held back while a connector is being built: the first one, and those after it.
const BUILDING: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(20)];

/// `POST /screens/connect`, `/screens/integrations/:i/connect`, `GET /embed/integrations/:i/connect`: a connect page in
/// the client's frame. Source: sdk-client-behaviour §7.
pub(super) async fn connect(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    if !call.body.is_empty() && !call.is_form() {
        return Err(ApiError::bad_request("this page is opened by a form: `application/x-www-form-urlencoded`"));
    }
    let fields = if call.body.is_empty() { call.query() } else { call.form() };
    let mut spec = spec_of(&fields)?;
    if let Ok(integration) = call.param("integration") {
        spec.integration_id = Some(integration.to_owned());
    }
    // A request has begun its attempt already.
    let request = spec.connection_request_id.as_ref().and_then(|id| cx.world().connection_requests.get(id).cloned());
    if let (true, Some(request)) = (spec.names_nothing(), request) {
        spec.connection_id = request.connection.as_ref().map(ToString::to_string);
    }
    let theme = theme_of(&fields);
    if spec.names_nothing() && spec.connection_key.is_none() {
        return choose(&cx, spec, &theme);
    }
    begin(&call, &cx, spec, &theme).await
}

/// `GET /embed/connections/:c/refresh`: the same for a connection that exists.
pub(super) async fn reconnect(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let fields = call.query();
    let mut spec = spec_of(&fields)?;
    spec.connection_id = Some(call.param("connection")?.to_owned());
    begin(&call, &cx, spec, &theme_of(&fields)).await
}

/// `POST /connect` as the client's form: popup, hidden frame, or the app's own window. Source: sdk-client-behaviour §6.
pub(super) async fn connect_form(call: &Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let payload = call.form().text("payload").ok_or_else(|| ApiError::bad_request("the form has no `payload`"))?;
    let spec: ConnectSpec = super::call::from_json(payload.as_bytes())?;
    let attempt = spec.attempt();
    match begin(call, &cx, spec, "auto").await {
        Ok(reply) => Ok(reply),
        // Whoever opened the window waits for a message.
        Err(error) => match cx.tenant() {
            Ok(tenant) => failed(&cx.space, &tenant.id, attempt.unwrap_or_default(), None, "Not connected", &error),
            Err(_) => Err(error),
        },
    }
}

/// `GET|POST /connection-popup`: the former name; fields in the query, or JSON in `payload`.
pub(super) async fn popup(call: Call) -> Result<Reply, ApiError> {
    if call.form().text("payload").is_some() {
        return connect_form(&call).await;
    }
    let cx = call.cx()?;
    let fields = call.query();
    begin(&call, &cx, spec_of(&fields)?, &theme_of(&fields)).await
}

/// The client's options as text fields.
fn spec_of(fields: &Query) -> Result<ConnectSpec, ApiError> {
    let parameters =
        fields.text("connectorParameters").map(|text| super::call::from_json(text.as_bytes())).transpose()?;
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
        hosted: true,
        ..ConnectSpec::default()
    })
}

fn theme_of(fields: &Query) -> String {
    fields.text("theme").filter(|theme| theme == "light" || theme == "dark").unwrap_or_else(|| "auto".into())
}

/// Begins an attempt and shows where it stands.
async fn begin(call: &Call, cx: &Cx, spec: ConnectSpec, theme: &str) -> Result<Reply, ApiError> {
    begin_within(call, cx, spec, theme, BUILDING[0]).await
}

async fn begin_within(
    call: &Call,
    cx: &Cx,
    spec: ConnectSpec,
    theme: &str,
    patience: Duration,
) -> Result<Reply, ApiError> {
    let spec = ConnectSpec { hosted: true, ..spec };
    let spec_again = ConnectSpec { intent: None, integration_id: None, integration_key: None, ..spec.clone() };
    let begun = connecting::begin(cx, spec).await?;
    let now = || cx.world().connections.get(begun.id.as_str()).cloned();
    let building = || Ok(now().is_some_and(|connection| connection.state == ConnectionState::Building));
    connections::wait_while(cx, patience, building).await?;
    let connection = now().unwrap_or(begun);
    match connection.state {
        ConnectionState::ClientActionRequired => connect_page(call, &cx.space, &connection, theme, None),
        ConnectionState::Ready => ended(call, &cx.space, &connection, Ok(())),
        ConnectionState::Building => {
            // The same attempt again, as long as it takes.
            let again = ConnectSpec { connection_id: Some(connection.id.to_string()), hosted: true, ..spec_again };
            let visit = Visit { tenant: connection.tenant.clone(), spec: again, theme: theme.to_owned() };
            let next = format!("/screens/visits/{}", cx.space.open_visit(visit));
            let text = format!("Setting up {}. This page goes on by itself.", connection.meta.name);
            Ok(Reply::html(StatusCode::OK, screens::waiting("Almost there", &text, Some(&next))?))
        }
        _ => {
            let problem = connection.error.clone().unwrap_or_else(|| ApiError::configuration("it cannot be connected"));
            let text = problem.message.clone();
            ended(call, &cx.space, &connection, Err(("Not connected", &text, problem)))
        }
    }
}

/// Nothing is named: the user chooses from what there is.
fn choose(cx: &Cx, spec: ConnectSpec, theme: &str) -> Result<Reply, ApiError> {
    let world = cx.world();
    let directory = Directory::new(&world, &cx.engine.catalog);
    let logo = |connector: &Connector| format!("{}/logos/{}.svg", cx.engine.base(), connector.key());
    let mut offered: Vec<Offered> = Vec::new();
    for integration in world.integrations.iter().filter(|integration| !integration.meta.is_archived()) {
        let Some(connector) = directory.connector_for(integration) else { continue };
        let value = format!("integration:{}", integration.id);
        offered.push(Offered { value, name: integration.meta.name.clone(), logo: logo(&connector) });
    }
    for connector in directory.connectors() {
        if directory.integration_of(&connector).is_none() {
            let value = format!("connector:{}", connector.id);
            offered.push(Offered { value, name: connector.meta.name.clone(), logo: logo(&connector) });
        }
    }
    offered.sort_by_key(|offered| offered.name.to_lowercase());
    let tenant = cx.tenant()?;
    let visit = cx.space.open_visit(Visit { tenant: tenant.id.clone(), spec, theme: theme.to_owned() });
    let page = ChoosePage { theme, workspace: &world.workspace.name, visit: &visit, offered };
    Ok(Reply::html(StatusCode::OK, page.html()?))
}

/// `POST /screens/connection`: one connection, and connecting it again.
pub(super) async fn connection(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let fields = call.form();
    let selector = fields.text("connectionId").ok_or_else(|| ApiError::bad_request("`connectionId` is missing"))?;
    let connection = connections::get(&cx, &selector)?;
    let theme = theme_of(&fields);
    let spec = ConnectSpec { connection_id: Some(connection.id.to_string()), hosted: true, ..ConnectSpec::default() };
    let owner = connecting::as_owner(&cx.engine, &cx.space, &connection)?;
    let tenant = owner.tenant()?;
    let visit = cx.space.open_visit(Visit { tenant: tenant.id.clone(), spec, theme: theme.clone() });
    let world = cx.world();
    let directory = Directory::new(&world, &cx.engine.catalog);
    let connector = connection.connector.as_ref().and_then(|id| directory.connector(id.as_str()));
    let token = connection.credentials.as_ref().and_then(|c| c.get("access_token")).and_then(Value::as_str);
    let account = token.and_then(|token| world.grants.with_key(token).next()).map(|grant| grant.account.clone());
    let page = ConnectionPage {
        theme: &theme,
        name: &connection.meta.name,
        logo: connector.map(|c| format!("{}/logos/{}.svg", cx.engine.base(), c.key())).unwrap_or_default(),
        tenant: &tenant.name,
        account: account.as_deref(),
        connected: connection.is_connected(),
        problem: connection.error.as_ref().map(|error| error.message.as_str()),
        visit: &visit,
    };
    Ok(Reply::html(StatusCode::OK, page.html()?))
}

/// The buttons of the two pages above: `POST /screens/visits/:visit` with `choice`, or with nothing to connect again.
pub(super) async fn visit(call: Call) -> Result<Reply, ApiError> {
    let name = call.param("visit")?;
    let found = call.engine.spaces().into_iter().find_map(|space| Some((space.visit(name)?, space)));
    let Some((visit, space)) = found else {
        return closed(&ApiError::not_found("this page is no longer open; begin to connect again"));
    };
    let tenant = space.world().tenants.get(visit.tenant.as_str()).cloned();
    let Some(tenant) = tenant else { return closed(&ApiError::not_found("this page's tenant is gone")) };
    let cx = Cx::of_tenant(&call.engine, &space, tenant);
    let mut spec = visit.spec;
    if let Some(choice) = call.form().text("choice") {
        match choice.split_once(':') {
            Some(("integration", id)) => spec.integration_id = Some(id.to_owned()),
            Some(("connector", id)) => spec.connector_id = Some(id.to_owned()),
            _ => return closed(&ApiError::bad_request("there is no such choice")),
        }
    }
    match begin_within(&call, &cx, spec, &visit.theme, BUILDING[1]).await {
        Ok(reply) => Ok(reply),
        Err(error) => closed(&error),
    }
}

/// Whether what a page waits for is still being built; answers when it is not, or after a while.
pub(super) async fn visit_state(call: Call) -> Result<Reply, ApiError> {
    let name = call.param("visit")?;
    let found = call.engine.spaces().into_iter().find_map(|space| Some((space.visit(name)?, space)));
    let (visit, space) = found.ok_or_else(|| ApiError::not_found("this page is no longer open"))?;
    let tenant = space.world().tenants.get(visit.tenant.as_str()).cloned();
    let cx = Cx::of_tenant(&call.engine, &space, tenant.ok_or_else(|| ApiError::not_found("its tenant is gone"))?);
    let id = visit.spec.connection_id.unwrap_or_default();
    let building = || {
        let world = space.world();
        Ok(world.connections.get(&id).is_some_and(|connection| connection.state == ConnectionState::Building))
    };
    connections::wait_while(&cx, BUILDING[1], building).await?;
    Reply::json(&json!({ "building": building()? }))
}

/// `GET /screens/connections?connectionRequestId=`: where the user of a request goes. Source: SDK `getConnectionRequestUrl`.
pub(super) async fn request(call: Call) -> Result<Reply, ApiError> {
    let id = call.query().text("connectionRequestId").unwrap_or_default();
    for space in call.engine.spaces() {
        let world = space.world();
        let Some(request) = world.connection_requests.get(&id) else { continue };
        let connection = request.connection.as_ref().and_then(|id| world.connections.get(id.as_str()));
        let page = connection.and_then(|c| connecting::page_address(call.engine.base(), &space.key, c));
        return match page {
            Some(page) => redirect(&page),
            None => Ok(Reply::html(StatusCode::OK, screens::message("Done", "This request has been answered.")?)),
        };
    }
    closed(&ApiError::not_found("there is no such request"))
}

/// The connect page of a connection that waits for its user.
pub(super) async fn page(call: Call) -> Result<Reply, ApiError> {
    match connecting::redeem(&call.engine, call.param("ticket")?) {
        Ok((space, connection)) => connect_page(&call, &space, &connection, "auto", None),
        Err(error) => closed(&error),
    }
}

fn closed(error: &ApiError) -> Result<Reply, ApiError> {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    Ok(Reply::html(status, screens::message("Not open", &error.message)?))
}

fn connect_page(
    call: &Call,
    space: &Arc<Space>,
    connection: &Connection,
    theme: &str,
    problem: Option<&str>,
) -> Result<Reply, ApiError> {
    let cx = connecting::as_owner(&call.engine, space, connection)?;
    let world = cx.world();
    let directory = Directory::new(&world, &cx.engine.catalog);
    let connector = connection.connector.as_ref().and_then(|id| directory.connector(id.as_str()));
    let connector = connector.ok_or_else(no_connector)?;
    let tenant = cx.tenant()?;
    let typed = call.form();
    let fields = match connector.auth_type {
        AuthType::ClientCredentials => fields_of(&connector, |name| typed.text(name)),
        _ => Vec::new(),
    };
    let action = connecting::page_address("", &space.key, connection).ok_or_else(no_connector)?;
    let page = ConnectPage {
        theme,
        action,
        app: &connector.meta.name,
        logo: format!("{}/logos/{}.svg", cx.engine.base(), connector.key()),
        workspace: &world.workspace.name,
        tenant: &tenant.name,
        scopes: connector.oauth.as_ref().map(|oauth| oauth.scopes.clone()).unwrap_or_default(),
        is_oauth: connector.auth_type.is_oauth(),
        again: connection.former.is_some(),
        fields,
        problem,
    };
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(Reply::html(status, page.html()?))
}

/// The form's fields, from the connector's input schema.
fn fields_of(connector: &Connector, typed: impl Fn(&str) -> Option<String>) -> Vec<Field> {
    let schema = connector.input_schema.clone().unwrap_or_else(Connector::key_form);
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let field = |(name, property): (&String, &Value)| {
        let secret = property["isSensitive"] == Value::Bool(true) || property["format"] == "password";
        Field {
            name: name.clone(),
            label: property["title"].as_str().unwrap_or(name).to_owned(),
            hint: property["description"].as_str().unwrap_or_default().to_owned(),
            required: required.iter().any(|wanted| wanted == name),
            secret,
            value: typed(name)
                .filter(|_| !secret)
                .or_else(|| property["default"].as_str().map(str::to_owned))
                .unwrap_or_default(),
            choices: property["enum"]
                .as_array()
                .map(|choices| choices.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                .unwrap_or_default(),
        }
    };
    properties.iter().map(field).collect()
}

/// The page's buttons: `action=connect` or `action=cancel`, and the form's fields.
pub(super) async fn page_answer(call: Call) -> Result<Reply, ApiError> {
    let (space, connection) = match connecting::redeem(&call.engine, call.param("ticket")?) {
        Ok(open) => open,
        Err(error) => return closed(&error),
    };
    if call.form().text("action").as_deref() == Some("cancel") {
        connecting::cancel(&call.engine, &space, &connection).await?;
        let problem = ApiError::bad_request(CANCELLED);
        return ended(&call, &space, &connection, Err(("Cancelled", "Nothing was connected.", problem)));
    }
    let world = space.world();
    let directory = Directory::new(&world, &call.engine.catalog);
    let connector = connection.connector.as_ref().and_then(|id| directory.connector(id.as_str()));
    let connector = connector.ok_or_else(no_connector)?;
    if connector.auth_type.is_oauth() {
        let to = connecting::oauth::authorize_address(&call.engine, &space, &connection, &connector);
        return redirect(to.ok_or_else(no_connector)?.as_str());
    }
    let consent = consent_of(&call, &connector);
    match connecting::complete(&call.engine, &space, &connection.id, consent).await {
        Ok(connection) => ended(&call, &space, &connection, Ok(())),
        // The user's to correct: the form again, with what is wrong.
        Err(error) if error.status() == 400 && error.key != Some(ErrorKey::NotFound) => {
            connect_page(&call, &space, &connection, "auto", Some(&error.message))
        }
        Err(error) => Err(error),
    }
}

fn consent_of(call: &Call, connector: &Connector) -> Consent {
    let form = call.form();
    let mut input = JsonMap::new();
    for field in fields_of(connector, |_| None) {
        if let Some(value) = form.text(&field.name) {
            input.insert(field.name, value.into());
        }
    }
    Consent::Input(input)
}

/// The vendor sends the user's browser back: with a code, or with an error. Source: RFC 6749 §4.1.2.
pub(super) async fn oauth_callback(call: Call) -> Result<Reply, ApiError> {
    let query = call.query();
    let Some(state) = query.text("state") else {
        return closed(&ApiError::bad_request("the vendor gave no `state` back; begin to connect again"));
    };
    let (space, connection) = match connecting::redeem(&call.engine, &state) {
        Ok(open) => open,
        // Nothing is wrong with the vendor's answer; it comes too late.
        Err(error) => return Ok(Reply::html(StatusCode::OK, screens::message("Not open", &error.message)?)),
    };
    let world = space.world();
    let directory = Directory::new(&world, &call.engine.catalog);
    let connector = connection.connector.as_ref().and_then(|id| directory.connector(id.as_str()));
    let connector = connector.ok_or_else(no_connector)?;
    let Some(code) = query.text("code") else {
        // In the client's frame the page is still there, and its user may try again.
        let attempt = connection.attempt.clone().unwrap_or_default();
        let retries = attempt.hosted && attempt.request_id.is_none() && attempt.redirect_uri.is_none();
        let why = query.text("error").unwrap_or_else(|| "no code came back".into());
        if !retries {
            connecting::cancel(&call.engine, &space, &connection).await?;
        }
        let problem =
            ApiError::connection(ErrorKey::AccessTokenExpired, format!("{} said: {why}", connector.meta.name));
        let text = format!("{} said: {why}. Nothing was connected.", connector.meta.name);
        return ended(&call, &space, &connection, Err(("Not connected", &text, problem)));
    };
    match connecting::oauth::exchange_code(&call.engine, &space, &connection, &connector, &code).await {
        Exchanged::Tokens(tokens) => {
            let done = connecting::complete(&call.engine, &space, &connection.id, Consent::Granted(tokens)).await?;
            ended(&call, &space, &done, Ok(()))
        }
        Exchanged::Refused(why) => {
            let text = format!("{} refused the code: {why}. Begin to connect again.", connector.meta.name);
            let problem = ApiError::connection(ErrorKey::AccessTokenExpired, text.clone());
            ended(&call, &space, &connection, Err(("Not connected", &text, problem)))
        }
        Exchanged::Failed(error) => closed(&error),
    }
}

/// The end of an attempt: back to where the caller said, else a page that tells the window that waits.
///
/// Source: sdk-client-behaviour §6 (messages), DOC:custom-connection-ui (`connectionId`, `error`, `errorData`).
fn ended(
    call: &Call,
    space: &Arc<Space>,
    connection: &Connection,
    result: Result<(), (&str, &str, ApiError)>,
) -> Result<Reply, ApiError> {
    let attempt = connection.attempt.clone().unwrap_or_default();
    if let Err((title, text, problem)) = result {
        let shown = ApiError::clone(&problem);
        return failed(space, &connection.tenant, attempt, Some((connection, text)), title, &shown);
    }
    if let Some(mut url) = attempt.address() {
        url.query_pairs_mut().append_pair("connectionId", connection.id.as_str());
        return redirect(url.as_str());
    }
    let cx = connecting::as_owner(&call.engine, space, connection)?;
    let mut message = json!({ "source": "integration.app", "type": "newConnectionCreated" });
    if let Some(id) = attempt.request_id {
        message["requestId"] = id.into();
    }
    message["connection"] = view_of(&cx, connection)?;
    let (title, what) = match connection.state {
        ConnectionState::Building => ("Almost there", "is being set up"),
        _ => ("Connected", "is connected"),
    };
    space.attempts.send(Ended { tenant: connection.tenant.clone(), message: message.clone() }).ok();
    let text = format!("{} {what}. You can close this window.", connection.meta.name);
    Ok(Reply::html(StatusCode::OK, screens::result(title, &text, false, &message)?))
}

/// The same for an attempt that came to nothing.
fn failed(
    space: &Space,
    tenant: &Id<Tenant>,
    attempt: Attempt,
    of: Option<(&Connection, &str)>,
    title: &str,
    problem: &ApiError,
) -> Result<Reply, ApiError> {
    let data = serde_json::to_value(problem).map_err(ApiError::internal)?;
    if let Some(mut url) = attempt.address() {
        url.query_pairs_mut().append_pair("error", &problem.message).append_pair("errorData", &data.to_string());
        return redirect(url.as_str());
    }
    let mut message = json!({ "source": "integration.app", "type": "newConnectionFailure" });
    if let Some(id) = attempt.request_id {
        message["requestId"] = id.into();
    }
    message["cancelled"] = (problem.message == CANCELLED).into();
    message["error"] = problem.message.clone().into();
    message["errorData"] = data;
    if let Some((connection, _)) = of {
        message["connectionId"] = connection.id.to_string().into();
    }
    space.attempts.send(Ended { tenant: tenant.clone(), message: message.clone() }).ok();
    let text = format!("{} You can close this window.", of.map_or(problem.message.as_str(), |(_, text)| text));
    Ok(Reply::html(StatusCode::OK, screens::result(title, &text, true, &message)?))
}

fn view_of(cx: &Cx, connection: &Connection) -> Result<Value, ApiError> {
    let world = cx.world();
    let lens =
        Lens { directory: Directory::new(&world, &cx.engine.catalog), base: cx.engine.base(), caller: &cx.caller };
    serde_json::to_value(lens.connection(connection, Secrets::Hidden)).map_err(ApiError::internal)
}

/// What this server is, for whoever opens its address.
pub(super) async fn welcome(call: Call) -> Result<Reply, ApiError> {
    Ok(Reply::html(StatusCode::OK, screens::welcome(call.engine.base())?))
}
