//! One attempt to connect in a browser, from its connect page to its end.
//!
//! Invariant: the address of the page is an opaque ticket, which stops working when the attempt ends or begins anew.

use std::sync::Arc;

use http::StatusCode;
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::error::{ApiError, ErrorKey};
use crate::base::ids::Id;
use crate::base::json::schema::Choice;
use crate::base::json::{member, schema, words};
use crate::call::router::Route;
use crate::call::subject::Subject;
use crate::call::{Call, Query, Reply};
use crate::engine::view::logo_on_page;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::mapping::formula::plain_text;
use crate::nouns::connection::connect as connecting;
use crate::nouns::connection::connect::{Announcement, Consent, Ending, announce, failure, no_connector};
use crate::nouns::connection::model::Connection;
use crate::nouns::connection::model::attempt::{Attempt, Theme};
use crate::nouns::connector::model::{AuthType, Connector};
use crate::nouns::tenant::model::Tenant;
use crate::pages as screens;
use crate::pages::{ConnectPage, Field, Trail, in_full};

/// `GET /connect/{ticket}`, no token: answers the connect page of a connection that waits for its user, or a page that
/// says that it is no longer open.
pub(crate) async fn page(call: Call) -> Result<Reply, ApiError> {
    match connecting::redeem(&call.engine, call.param("ticket")?) {
        Ok((space, connection)) => connect_page(&call, &space, &connection, None),
        Err(error) => closed(&error),
    }
}

pub(crate) fn closed(error: &ApiError) -> Result<Reply, ApiError> {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let next = "Go back to the app and begin to connect again.";
    Ok(Reply::html(status, screens::problem(Theme::Auto, "Not open", &error.message, next, Trail::default())?))
}

pub(crate) fn connect_page(
    call: &Call,
    space: &Arc<WorkspaceRuntime>,
    connection: &Connection,
    problem: Option<&ApiError>,
) -> Result<Reply, ApiError> {
    let cx = connecting::as_owner(&call.engine, space, connection)?;
    let world = cx.world();
    let connector = connecting::connector_of(&cx.engine, space, connection)?;
    let tenant = cx.tenant()?;
    let typed = call.form();
    let fields = if has_form(&connector) {
        let typed = problem.map(|_| &typed);
        fields_of(&connector, &presets_of(space, connection), &given_to(connection, &connector), typed)
    } else {
        Vec::new()
    };
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    // What is told at a field is not told twice.
    let is_told = fields.iter().any(|field| field.problem.is_some());
    let at = connecting::page_address("", &space.key, connection).ok_or_else(no_connector)?;
    let integration = connecting::integration_for(&world, connection);
    let logos = [integration.as_ref().and_then(|known| known.logo_uri.as_deref()), connector.logo_uri.as_deref()];
    let page = ConnectPage {
        theme: theme_of(connection),
        action: at,
        app: &connector.meta.name,
        logo: logo_on_page(cx.engine.base(), &logos, connector.key()),
        workspace: &world.workspace.name,
        tenant: &tenant.name,
        scopes: connector.oauth.as_ref().map(|oauth| oauth.scopes.clone()).unwrap_or_default(),
        is_oauth: connector.auth_type.is_oauth(),
        again: connection.former.is_some(),
        fields,
        problem: problem.filter(|_| !is_told).map(|error| in_full(&error.message)),
        trail: Trail::connection(&space.key, connection.id.as_str()),
    };
    Ok(Reply::html(status, screens::html(&page)?))
}

/// The theme that the client chose for the pages of a connection's attempt.
fn theme_of(connection: &Connection) -> Theme {
    connection.attempt.as_ref().map(|attempt| attempt.theme).unwrap_or_default()
}

/// The parameters that the integration has set for its users, who are not asked for them.
fn presets_of(space: &WorkspaceRuntime, connection: &Connection) -> JsonMap {
    connecting::integration_for(&space.world(), connection).map(|integration| integration.presets()).unwrap_or_default()
}

/// Whether users are asked for something on the connect page: for keys, or for what the vendor's address needs, such as
/// the name of a shop, before they are sent there.
fn has_form(connector: &Connector) -> bool {
    connector.auth_type == AuthType::ClientCredentials
        || connector.auth_type.is_oauth() && connector.input_schema.is_some()
}

/// What a form that comes before the vendor's page was given before, by the app or by the user. Keys are typed anew.
fn given_to(connection: &Connection, connector: &Connector) -> JsonMap {
    let given = connection.input.as_ref().and_then(Value::as_object).filter(|_| connector.auth_type.is_oauth());
    given.cloned().unwrap_or_default()
}

/// The fields of the form, from the connector's input schema without the presets. What was `given` stands in them; a
/// secret of it is not shown, and stays if nothing is typed. What was `typed` and is wrong is kept and told at its field.
fn fields_of(connector: &Connector, presets: &JsonMap, given: &JsonMap, typed: Option<&Query>) -> Vec<Field> {
    let schema = connector.form_without(presets);
    let required = member(&schema, "required").as_array().cloned().unwrap_or_default();
    let Some(properties) = member(&schema, "properties").as_object() else { return Vec::new() };
    let field = |(name, property): (&String, &Value)| {
        let secret = schema::is_sensitive(property);
        let label = member(property, "title").as_str().unwrap_or(name);
        let required = required.iter().any(|wanted| wanted == name) && !(secret && given.contains_key(name));
        let text = typed.and_then(|typed| typed.text(name));
        let told = typed.map(|_| text.as_deref().unwrap_or_default());
        Field {
            name: name.clone(),
            label: label.to_owned(),
            hint: member(property, "description").as_str().unwrap_or_default().to_owned(),
            required,
            secret,
            rules: words::rules_as_text(property, label, required),
            problem: told.and_then(|text| words::complaint(property, label, required, text)).map(|says| in_full(&says)),
            again: secret && text.is_some(),
            value: text
                .or_else(|| given.get(name).or_else(|| property.get("default")).map(plain_text))
                .filter(|_| !secret)
                .unwrap_or_default(),
            choices: choices_of(property),
        }
    };
    properties.iter().map(field).collect()
}

/// `POST /connect/{ticket}`, no token: the buttons of the connect page, `action=connect` or `action=cancel` with the
/// form's fields. Answers the result, a redirect to the vendor, or the form again with what is wrong.
pub(crate) async fn page_answer(call: Call) -> Result<Reply, ApiError> {
    let (space, connection) = match connecting::redeem(&call.engine, call.param("ticket")?) {
        Ok(open) => open,
        Err(error) => return closed(&error),
    };
    if call.form().text("action").as_deref() == Some("cancel") {
        connecting::cancel(&call.engine, &space, &connection).await?;
        return ended(&call.engine, &space, &connection, Ending::Cancelled).await;
    }
    let connector = connecting::connector_of(&call.engine, &space, &connection)?;
    if connector.auth_type.is_oauth() {
        let input = given_to(&connection, &connector).into_iter().chain(typed_into(&call, &connector)).collect();
        let connection = match connecting::keep_input(&space, &connection, &connector, input).await {
            Ok(connection) => connection,
            Err(error) if error.status() == 400 => {
                return connect_page(&call, &space, &connection, Some(&error));
            }
            Err(error) => return Err(error),
        };
        let to = connecting::authorize_address(&call.engine, &space, &connection, &connector);
        return Reply::redirect(to.ok_or_else(no_connector)?.as_str());
    }
    let consent = Consent::Input(typed_into(&call, &connector));
    match connecting::complete(&call.engine, &space, &connection.id, consent).await {
        Ok(connection) => ended(&call.engine, &space, &connection, Ending::Connected).await,
        // The user can correct this: show the form again with the reason.
        Err(error) if error.status() == 400 && error.key != Some(ErrorKey::NotFound) => {
            connect_page(&call, &space, &connection, Some(&error))
        }
        Err(error) => Err(error),
    }
}

/// The values that a field may have; any value when the list is empty.
fn choices_of(property: &Value) -> Vec<Choice> {
    match schema::choices(property) {
        Some(choices) => choices,
        None if member(property, "type") == "boolean" => ["true", "false"].map(|it| Choice::plain(it.into())).to_vec(),
        None => Vec::new(),
    }
}

/// What the user has typed into the form of a connector. An empty field stands for nothing typed.
fn typed_into(call: &Call, connector: &Connector) -> JsonMap {
    let form = call.form();
    let schema = connector.form_without(&JsonMap::new());
    let properties = member(&schema, "properties").as_object();
    let typed = properties.into_iter().flatten();
    typed.filter_map(|(name, property)| Some((name.clone(), schema::typed(property, &form.text(name)?)))).collect()
}

/// `GET /oauth-callback`, no token: where the vendor sends the user's browser back to, with a code or an error. Answers
/// the result of the attempt. Source: RFC 6749 §4.1.2.
pub(crate) async fn oauth_callback(call: Call) -> Result<Reply, ApiError> {
    let query = call.query();
    let Some(state) = query.text("state") else {
        return closed(&ApiError::bad_request("the vendor gave no `state` back; begin to connect again"));
    };
    let (space, connection) = match connecting::redeem(&call.engine, &state) {
        Ok(open) => open,
        // The vendor's answer is in order, but it comes too late.
        Err(error) => {
            let page = screens::message(Theme::Auto, "Not open", &error.message, Trail::default())?;
            return Ok(Reply::html(StatusCode::OK, page));
        }
    };
    let connector = connecting::connector_of(&call.engine, &space, &connection)?;
    let Some(code) = query.text("code") else {
        let why = query.text("error").unwrap_or_else(|| "no code came back".into());
        // What a vendor says in words is for the user, its code for who reads the log.
        let why = query.text("error_description").map_or_else(|| why.clone(), |said| format!("{said} ({why})"));
        let ending = connecting::refuse(&call.engine, &space, &connection, &why).await?;
        return ended(&call.engine, &space, &connection, ending).await;
    };
    match connecting::come_back(&call.engine, &space, &connection, &connector, &code).await {
        Ok(done) => ended(&call.engine, &space, &done, Ending::Connected).await,
        Err(error) => ended(&call.engine, &space, &connection, Ending::Failed(error)).await,
    }
}

/// Ends an attempt in the browser: a redirect to the address that the caller gave, else a page that
/// tells the window that opened it.
pub(crate) async fn ended(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    connection: &Connection,
    ending: Ending,
) -> Result<Reply, ApiError> {
    let trail = Trail::connection(&space.key, connection.id.as_str());
    shown(announce(engine, space, connection, ending).await?, theme_of(connection), trail)
}

/// Answers like [`ended`], for an attempt that failed before there was a connection.
pub(crate) fn failed(
    space: &WorkspaceRuntime,
    tenant: Id<Tenant>,
    attempt: &Attempt,
    problem: &ApiError,
) -> Result<Reply, ApiError> {
    shown(failure(space, tenant, attempt, None, problem, false)?, attempt.theme, Trail::failures(&space.key))
}

fn shown(end: Announcement, theme: Theme, trail: Trail) -> Result<Reply, ApiError> {
    match end.redirect {
        Some(url) => Reply::redirect(url.as_str()),
        None => {
            let page = screens::result(theme, end.title, &end.text, end.failed, &end.message, trail)?;
            Ok(Reply::html(StatusCode::OK, page))
        }
    }
}

/// What a call of a connect page is about: its ticket names workspace and connection.
pub(crate) fn about_ticket(call: &Call, route: &Route) -> Option<Subject> {
    Subject::of_page(call, route, || {
        let (space, connection) = connecting::redeem(&call.engine, call.param("ticket").ok()?).ok()?;
        Some((space, Some(connection)))
    })
}

/// What the browser's return from a vendor is about: the `state` that it brings back is the ticket.
pub(crate) fn about_state(call: &Call, route: &Route) -> Option<Subject> {
    Subject::of_page(call, route, || {
        let (space, connection) = connecting::redeem(&call.engine, &call.query().text("state")?).ok()?;
        Some((space, Some(connection)))
    })
}
