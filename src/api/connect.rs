//! `/connect`, `/connection-requests`, auth options, and the page behind `clientAction.uiUrl`.

use std::sync::Arc;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Call, Reply};
use super::connections::shown;
use super::vendor::redirect;
use crate::engine::{Cx, Space};
use crate::error::{ApiError, ErrorKey};
use crate::model::JsonMap;
use crate::model::connection::{Connection, ConnectionEvent, ConnectionState};
use crate::model::connection_request::{ConnectSpec, ConnectionRequest};
use crate::model::connector::{AuthType, Connector};
use crate::screens::{self, ConnectPage, Field};
use crate::service::connect::oauth::Exchanged;
use crate::service::connect::{self as connecting, Consent};

use crate::service::directory::{Directory, Offer};
use crate::service::view::{Lens, Secrets};

/// JSON in, a connection out. Source: SEED (`connect`), SDK `ConnectPayload`.
pub(super) async fn connect(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connection = connecting::begin(&cx, call.json()?).await?;
    shown(&cx, &connection, Secrets::Hidden)
}

/// `POST /connections/:id/reconnect`: connect with the id in the path (decision 6).
pub(super) async fn reconnect(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let mut spec: ConnectSpec = call.json()?;
    spec.connection_id = Some(call.param("connection")?.to_owned());
    let connection = connecting::begin(&cx, spec).await?;
    shown(&cx, &connection, Secrets::Hidden)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnsureBody {
    app_url: String,
    #[serde(default)]
    name: Option<String>,
}

pub(super) async fn ensure(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: EnsureBody = call.json()?;
    let connection = connecting::ensure(&cx, &body.app_url, body.name).await?;
    shown(&cx, &connection, Secrets::Hidden)
}

/// A request on the wire. Source: SDK `ConnectionRequest`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestView<'a> {
    request_id: &'a str,
    tenant_id: &'a str,
    #[serde(flatten)]
    spec: ConnectSpec,
    status: crate::model::connection_request::RequestStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_connection_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_error: Option<&'a ApiError>,
    created_at: crate::clock::Timestamp,
    url: String,
}

fn shown_request(cx: &Cx, request: &ConnectionRequest) -> Result<Reply, ApiError> {
    let world = cx.world();
    let connection = request.connection.as_ref().and_then(|id| world.connections.get(id.as_str()));
    let page = connection.and_then(|connection| connecting::page_address(cx.engine.base(), &cx.space.key, connection));
    let done = request.status == crate::model::connection_request::RequestStatus::Success;
    Reply::json(&RequestView {
        request_id: request.id.as_str(),
        tenant_id: request.tenant.as_str(),
        // What the user would type is nobody else's to read.
        spec: ConnectSpec { input: None, connection_parameters: None, ..request.spec.clone() },
        status: request.status,
        result_connection_id: connection.filter(|_| done).map(|connection| connection.id.to_string()),
        result_error: request.error.as_ref(),
        created_at: request.created_at,
        url: page
            .unwrap_or_else(|| format!("{}/screens/connections?connectionRequestId={}", cx.engine.base(), request.id)),
    })
}

pub(super) async fn create_request(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let spec: ConnectSpec = call.json()?;
    if let Some(uri) = &spec.redirect_uri
        && url::Url::parse(uri).is_err()
    {
        return Err(ApiError::bad_request(format!("`redirectUri` is `{uri}`, which is not an address")));
    }
    shown_request(&cx, &*connecting::request(&cx, spec).await?)
}

pub(super) async fn get_request(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let id = call.param("id")?;
    let request = cx.world().connection_requests.get(id).cloned();
    let request = request.filter(|request| cx.caller.may_see(request.tenant.as_str()));
    let request = request.ok_or_else(|| ApiError::not_found(format!("connection request not found: `{id}`")))?;
    shown_request(&cx, &request)
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OptionsBody {
    integration_id: Option<String>,
    integration_key: Option<String>,
    connector_id: Option<String>,
    connector_key: Option<String>,
    connection_id: Option<String>,
}

/// The ways to authenticate: a bare array. Source: SDK `GeneratedConnectorOption`.
fn options_of(cx: &Cx, connector: &Connector) -> Result<Reply, ApiError> {
    let mut option = json!({ "key": "default", "type": connector.auth_type, "title": connector.meta.name });
    if let Some(form) = &connector.input_schema {
        option["inputSchema"] = form.clone();
    }
    if connector.auth_type.is_oauth() {
        option["oAuthCallbackUri"] = json!(format!("{}/oauth-callback", cx.engine.base()));
    }
    Reply::json(&[option])
}

pub(super) async fn connection_options(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: OptionsBody = call.json()?;
    let world = cx.world();
    let directory = Directory::new(&world, &cx.engine.catalog);
    if let Some(text) = body.connector_id.or(body.connector_key) {
        return options_of(&cx, &*directory.find_connector(&text)?);
    }
    if let Some(text) = body.integration_id.or(body.integration_key) {
        let connector = match directory.offer(&text)? {
            Offer::Candidate(connector) => Some(connector),
            Offer::App(app) => directory.connector_of_app(&app),
            Offer::Real(integration) => directory.connector_for(&integration),
        };
        return options_of(&cx, &*connector.ok_or_else(no_connector)?);
    }
    if let Some(text) = body.connection_id {
        let connection = directory.connection(&cx.caller, &text)?;
        let connector = connection.connector.as_ref().and_then(|id| directory.connector(id.as_str()));
        return options_of(&cx, &*connector.ok_or_else(no_connector)?);
    }
    Err(ApiError::bad_request(
        "name one of `integrationId`, `integrationKey`, `connectorId`, `connectorKey`, `connectionId`",
    ))
}

fn no_connector() -> ApiError {
    ApiError::bad_request("it has no connector yet; connect to it first")
}

pub(super) async fn generate_options(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connector = crate::service::connectors::get(&cx, call.param("selector")?)?;
    options_of(&cx, &connector)
}

/// The connect page of a connection that waits for its user.
pub(super) async fn page(call: Call) -> Result<Reply, ApiError> {
    match open_page(&call, None) {
        Ok(reply) => Ok(reply),
        Err(error) => closed(&error),
    }
}

fn closed(error: &ApiError) -> Result<Reply, ApiError> {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    Ok(Reply::html(status, screens::message("Not open", &error.message)?))
}

fn open_page(call: &Call, problem: Option<&str>) -> Result<Reply, ApiError> {
    let ticket = call.param("ticket")?;
    let (space, connection) = connecting::redeem(&call.engine, ticket)?;
    let cx = connecting::as_owner(&call.engine, &space, &connection)?;
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
    let page = ConnectPage {
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
        connecting::poke(&call.engine, &space, &connection.id, ConnectionEvent::Cancel, None).await?;
        let problem = ApiError::bad_request("the user cancelled");
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
            open_page(&call, Some(&error.message))
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
    let state = query.text("state").unwrap_or_default();
    let (space, connection) = match connecting::redeem(&call.engine, &state) {
        Ok(open) => open,
        Err(error) => return closed(&error),
    };
    let world = space.world();
    let directory = Directory::new(&world, &call.engine.catalog);
    let connector = connection.connector.as_ref().and_then(|id| directory.connector(id.as_str()));
    let connector = connector.ok_or_else(no_connector)?;
    let Some(code) = query.text("code") else {
        let why = query.text("error").unwrap_or_else(|| "no code came back".into());
        connecting::poke(&call.engine, &space, &connection.id, ConnectionEvent::Cancel, None).await?;
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
    if let Some(mut url) = attempt.redirect_uri.and_then(|uri| url::Url::parse(&uri).ok()) {
        match &result {
            Ok(()) => url.query_pairs_mut().append_pair("connectionId", connection.id.as_str()),
            Err((_, _, problem)) => url
                .query_pairs_mut()
                .append_pair("error", &problem.message)
                .append_pair("errorData", &serde_json::to_string(problem).map_err(ApiError::internal)?),
        };
        return redirect(url.as_str());
    }
    let mut message = json!({ "source": "integration.app" });
    if let Some(id) = attempt.request_id {
        message["requestId"] = id.into();
    }
    let (title, text, failed) = match result {
        Ok(()) => {
            let cx = connecting::as_owner(&call.engine, space, connection)?;
            message["type"] = "newConnectionCreated".into();
            message["connection"] = view_of(&cx, connection)?;
            let (title, what) = match connection.state {
                ConnectionState::Building => ("Almost there", "is being set up"),
                _ => ("Connected", "is connected"),
            };
            (title, format!("{} {what}. You can close this window.", connection.meta.name), false)
        }
        Err((title, text, problem)) => {
            message["type"] = "newConnectionFailure".into();
            message["error"] = problem.message.clone().into();
            message["errorData"] = serde_json::to_value(&problem).map_err(ApiError::internal)?;
            message["connectionId"] = connection.id.to_string().into();
            (title, format!("{text} You can close this window."), true)
        }
    };
    Ok(Reply::html(StatusCode::OK, screens::result(title, &text, failed, &message)?))
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
