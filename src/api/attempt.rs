//! One attempt to connect in a browser, from its page to its end. Its address is an opaque ticket.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::call::{Call, Reply};
use super::connect::no_connector;
use super::screens::theme_of;
use super::vendor::redirect;
use crate::engine::{Ended, Engine, Space};
use crate::error::{ApiError, ErrorKey};
use crate::ids::Id;
use crate::model::JsonMap;
use crate::model::connection::{Attempt, Connection, ConnectionState};
use crate::model::connector::{AuthType, Connector};
use crate::model::tenant::Tenant;
use crate::screens::{self, ConnectPage, Field};
use crate::service::connect::oauth::Exchanged;
use crate::service::connect::{self as connecting, Consent};
use crate::service::directory::Directory;
use crate::service::view::{Lens, Secrets, drawn_logo};

/// The connect page of a connection that waits for its user.
pub(super) async fn page(call: Call) -> Result<Reply, ApiError> {
    match connecting::redeem(&call.engine, call.param("ticket")?) {
        Ok((space, connection)) => connect_page(&call, &space, &connection, &theme_of(&call.query()), None),
        Err(error) => closed(&error),
    }
}

pub(super) fn closed(error: &ApiError) -> Result<Reply, ApiError> {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    Ok(Reply::html(status, screens::problem("Not open", &error.message)?))
}

pub(super) fn connect_page(
    call: &Call,
    space: &Arc<Space>,
    connection: &Connection,
    theme: &str,
    problem: Option<&str>,
) -> Result<Reply, ApiError> {
    let cx = connecting::as_owner(&call.engine, space, connection)?;
    let world = cx.world();
    let directory = Directory::new(&world, &cx.engine.catalog);
    let connector = directory.connector_behind(connection);
    let connector = connector.ok_or_else(no_connector)?;
    let tenant = cx.tenant()?;
    let typed = call.form();
    let fields = match connector.auth_type {
        AuthType::ClientCredentials => fields_of(&connector, |name| typed.text(name)),
        _ => Vec::new(),
    };
    let at = connecting::page_address("", &space.key, connection).ok_or_else(no_connector)?;
    let page = ConnectPage {
        theme,
        action: format!("{at}?theme={theme}"),
        app: &connector.meta.name,
        logo: drawn_logo(cx.engine.base(), connector.key()),
        workspace: &world.workspace.name,
        tenant: &tenant.name,
        scopes: connector.oauth.as_ref().map(|oauth| oauth.scopes.clone()).unwrap_or_default(),
        is_oauth: connector.auth_type.is_oauth(),
        again: connection.former.is_some(),
        fields,
        problem,
    };
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(Reply::html(status, screens::html(&page)?))
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
        return ended(&call.engine, &space, &connection, Ending::Cancelled);
    }
    let world = space.world();
    let directory = Directory::new(&world, &call.engine.catalog);
    let connector = directory.connector_behind(&connection);
    let connector = connector.ok_or_else(no_connector)?;
    if connector.auth_type.is_oauth() {
        let to = connecting::oauth::authorize_address(&call.engine, &space, &connection, &connector);
        return redirect(to.ok_or_else(no_connector)?.as_str());
    }
    let consent = consent_of(&call, &connector);
    match connecting::complete(&call.engine, &space, &connection.id, consent).await {
        Ok(connection) => ended(&call.engine, &space, &connection, Ending::Connected),
        // The user's to correct: the form again, with what is wrong.
        Err(error) if error.status() == 400 && error.key != Some(ErrorKey::NotFound) => {
            connect_page(&call, &space, &connection, &theme_of(&call.query()), Some(&error.message))
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
    let connector = directory.connector_behind(&connection);
    let connector = connector.ok_or_else(no_connector)?;
    let Some(code) = query.text("code") else {
        // In the client's frame the page is still there, and its user may try again.
        let attempt = connection.attempt.clone().unwrap_or_default();
        let retries = attempt.hosted && attempt.request_id.is_none() && attempt.redirect_uri.is_none();
        let why = query.text("error").unwrap_or_else(|| "no code came back".into());
        if !retries {
            connecting::cancel(&call.engine, &space, &connection).await?;
        }
        let why = format!("{} said: {why}. Nothing was connected.", connector.meta.name);
        return ended(&call.engine, &space, &connection, refusal(why));
    };
    match connecting::oauth::exchange_code(&call.engine, &space, &connection, &connector, &code).await {
        Exchanged::Tokens(tokens) => {
            let done = connecting::complete(&call.engine, &space, &connection.id, Consent::Granted(tokens)).await?;
            ended(&call.engine, &space, &done, Ending::Connected)
        }
        Exchanged::Refused(why) => {
            let why = format!("{} refused the code: {why}. Begin to connect again.", connector.meta.name);
            ended(&call.engine, &space, &connection, refusal(why))
        }
        Exchanged::Failed(error) => ended(&call.engine, &space, &connection, Ending::Failed(error)),
    }
}

fn refusal(why: String) -> Ending {
    Ending::Failed(ApiError::connection(ErrorKey::AccessTokenExpired, why))
}

/// How an attempt to connect ended.
pub(super) enum Ending {
    /// Well.
    Connected,
    /// Its user did not want to.
    Cancelled,
    /// With an error.
    Failed(ApiError),
}

/// The end of an attempt: back to where the caller said, else a page that tells the window that waits.
///
/// Source: sdk-client-behaviour §6 (messages), DOC:custom-connection-ui (`connectionId`, `error`, `errorData`).
pub(super) fn ended(
    engine: &Arc<Engine>,
    space: &Arc<Space>,
    connection: &Connection,
    ending: Ending,
) -> Result<Reply, ApiError> {
    let attempt = connection.attempt.clone().unwrap_or_default();
    match ending {
        Ending::Connected => {}
        Ending::Cancelled => {
            let problem = ApiError::bad_request("the user cancelled: nothing was connected");
            return failed(space, connection.tenant.clone(), &attempt, Some(connection), &problem, true);
        }
        Ending::Failed(problem) => {
            return failed(space, connection.tenant.clone(), &attempt, Some(connection), &problem, false);
        }
    }
    if let Some(mut url) = attempt.address() {
        url.query_pairs_mut().append_pair("connectionId", connection.id.as_str());
        return redirect(url.as_str());
    }
    let cx = connecting::as_owner(engine, space, connection)?;
    let world = cx.world();
    let lens = Lens { directory: Directory::new(&world, &engine.catalog), base: engine.base(), caller: &cx.caller };
    let mut message = message_of(&attempt, "newConnectionCreated");
    message["connection"] =
        serde_json::to_value(lens.connection(connection, Secrets::Hidden)).map_err(ApiError::internal)?;
    let (title, what) = match connection.state {
        ConnectionState::Building => ("Almost there", "is being set up"),
        _ => ("Connected", "is connected"),
    };
    let text = format!("{} {what}. You can close this window.", connection.meta.name);
    let page = screens::result(title, &text, false, &message)?;
    space.attempts.send(Ended { tenant: connection.tenant.clone(), message }).ok();
    Ok(Reply::html(StatusCode::OK, page))
}

/// The same for an attempt that came to nothing, perhaps before there was a connection.
pub(super) fn failed(
    space: &Space,
    tenant: Id<Tenant>,
    attempt: &Attempt,
    connection: Option<&Connection>,
    problem: &ApiError,
    cancelled: bool,
) -> Result<Reply, ApiError> {
    let data = serde_json::to_value(problem).map_err(ApiError::internal)?;
    if let Some(mut url) = attempt.address() {
        url.query_pairs_mut().append_pair("error", &problem.message).append_pair("errorData", &data.to_string());
        return redirect(url.as_str());
    }
    let mut message = message_of(attempt, "newConnectionFailure");
    message["error"] = problem.message.clone().into();
    message["errorData"] = data;
    if let Some(connection) = connection {
        message["connectionId"] = connection.id.to_string().into();
    }
    // For our own page in the client's frame, which then closes.
    message["cancelled"] = cancelled.into();
    let title = if cancelled { "Cancelled" } else { "Not connected" };
    let page = screens::result(title, &problem.message, true, &message)?;
    space.attempts.send(Ended { tenant, message }).ok();
    Ok(Reply::html(StatusCode::OK, page))
}

fn message_of(attempt: &Attempt, kind: &str) -> Value {
    let mut message = json!({ "source": "integration.app", "type": kind });
    if let Some(id) = &attempt.request_id {
        message["requestId"] = id.as_str().into();
    }
    message
}
