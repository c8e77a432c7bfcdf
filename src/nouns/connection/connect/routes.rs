//! The handlers of `/connect`, `/connection-requests` and auth options.
//!
//! Invariant: what a user would type is never shown back, and neither are credentials.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::json::set_member;
use crate::call::router::Route;
use crate::call::subject::{Subject, scope_in};
use crate::call::{Call, Reply};
use crate::engine::Cx;
use crate::nouns::connection::connect as connecting;
use crate::nouns::connection::routes::shown;
use crate::nouns::connection_request::model::{ConnectSpec, ConnectionRequest};
use crate::nouns::connector::model::{AuthType, Connector};
use crate::nouns::integration::model::{Integration, ONLY_OPTION};

use crate::engine::directory::Connectable;
use crate::engine::view::Secrets;

/// `POST /connect`, a tenant's token: begins to connect and answers the connection; a browser's form gets a hosted
/// page. 400 when nothing is named, 404 for an unknown target. Source: SEED (`connect`), SDK `ConnectPayload`.
pub(crate) async fn connect(call: Call) -> Result<Reply, ApiError> {
    if call.is_form() {
        return crate::nouns::hosted_page::connect_form(&call).await;
    }
    let cx = call.cx()?;
    let connection = connecting::begin(&cx, call.json()?).await?;
    shown(&cx, &connection, Secrets::Hidden)
}

/// `POST /connections/{connection}/reconnect`, any token: connects the connection of the path again and answers it. 404
/// when there is none. Source: real-use.
pub(crate) async fn reconnect(call: Call) -> Result<Reply, ApiError> {
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

/// `POST /connections/ensure`, a tenant's token: answers the tenant's connection to the app at `appUrl`, begun if there
/// is none. 400 for a wrong address.
pub(crate) async fn ensure(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: EnsureBody = call.json()?;
    let connection = connecting::ensure(&cx, &body.app_url, body.name).await?;
    shown(&cx, &connection, Secrets::Hidden)
}

/// A connection request, with what it asks for. Source: SDK `ConnectionRequest`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ConnectionRequest")]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestView<'a> {
    /// The id of the request.
    request_id: &'a str,
    /// The id of the tenant that is asked to connect.
    tenant_id: &'a str,
    /// What the request asks for, without what the user would type.
    #[serde(flatten)]
    spec: ConnectSpec,
    /// Whether the user has finished, and how it ended.
    status: crate::nouns::connection_request::model::RequestStatus,
    /// The id of the connection; present once it is READY.
    #[serde(skip_serializing_if = "Option::is_none")]
    result_connection_id: Option<String>,
    /// Why connecting failed; present when it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    result_error: Option<&'a ApiError>,
    /// When the request was made, on the workspace's clock.
    created_at: crate::base::clock::Timestamp,
    /// The address of the page on which the user connects.
    url: String,
}

fn shown_request(cx: &Cx, request: &ConnectionRequest) -> Result<Reply, ApiError> {
    let world = cx.world();
    let connection = request.connection.as_ref().and_then(|id| world.connections.get(id.as_str()));
    let page = connection.and_then(|connection| connecting::page_address(cx.engine.base(), &cx.space.key, connection));
    let done = request.status == crate::nouns::connection_request::model::RequestStatus::Success;
    Reply::json(&RequestView {
        request_id: request.id.as_str(),
        tenant_id: request.tenant.as_str(),
        // What the user would type is not shown to others.
        spec: ConnectSpec { input: None, connection_parameters: None, ..request.spec.clone() },
        status: request.status,
        result_connection_id: connection.filter(|_| done).map(|connection| connection.id.to_string()),
        result_error: request.error.as_ref(),
        created_at: request.created_at,
        url: page
            .unwrap_or_else(|| format!("{}/screens/connections?connectionRequestId={}", cx.engine.base(), request.id)),
    })
}

/// `POST /connection-requests`, a tenant's token: makes a request to connect and answers it. 400 when it names nothing,
/// 404 for an unknown target.
pub(crate) async fn create_request(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let spec: ConnectSpec = call.json()?;
    shown_request(&cx, &*connecting::request(&cx, spec).await?)
}

/// `GET` or `PATCH /connection-requests/{id}`, any token: answers a request as it is. 404
/// when the caller may not see it.
pub(crate) async fn get_request(call: Call) -> Result<Reply, ApiError> {
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
    connector_parameters: Option<Value>,
}

/// Answers the ways to authenticate as a bare array; empty when the integration switches its only
/// one off. Source: SDK `GeneratedConnectorOption`.
fn options_of(
    cx: &Cx,
    connector: &Connector,
    integration: Option<&Integration>,
    given: Option<&Value>,
) -> Result<Reply, ApiError> {
    if integration.is_some_and(Integration::is_option_disabled) {
        return Reply::json(&[(); 0]);
    }
    let mut option = json!({ "key": ONLY_OPTION, "type": connector.auth_type, "title": connector.meta.name });
    if connector.auth_type == AuthType::ClientCredentials
        && let Some(option) = option.as_object_mut()
    {
        // The client takes the option whose key is the one that it was given, mostly none; only then does it use a
        // hidden frame instead of a popup (SDK `connect()`).
        option.shift_remove("key");
    }
    if let Some(schema) = &connector.parameters_schema {
        set_member(&mut option, "connectorParametersSchema", schema.clone());
    }
    if connector.input_schema.is_some() {
        let mut presets = integration.map(Integration::presets).unwrap_or_default();
        presets.extend(given.and_then(Value::as_object).cloned().unwrap_or_default());
        set_member(&mut option, "inputSchema", connector.form_without(&presets));
    }
    if connector.auth_type.is_oauth() {
        set_member(&mut option, "oAuthCallbackUri", format!("{}/oauth-callback", cx.engine.base()));
    }
    Reply::json(&[option])
}

/// `POST /connection-options`, any token: answers the ways to authenticate of the connector, integration or connection
/// that the body names. 400 when it names none or there is no connector yet.
pub(crate) async fn connection_options(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: OptionsBody = call.json()?;
    let world = cx.world();
    let directory = cx.directory(&world);
    let given = body.connector_parameters.as_ref();
    if let Some(text) = body.connector_id.or(body.connector_key) {
        return options_of(&cx, &*directory.find_connector(&text)?, None, given);
    }
    if let Some(text) = body.integration_id.or(body.integration_key) {
        let (connector, integration) = match directory.connectable(&text)? {
            Connectable::Connector(connector) => (Some(connector), None),
            Connectable::App(app) => (directory.connector_of_app(&app), None),
            Connectable::Integration(integration) => (directory.connector_for(&integration), Some(integration)),
        };
        return options_of(&cx, &*connector.ok_or_else(no_connector)?, integration.as_deref(), given);
    }
    if let Some(text) = body.connection_id {
        let connection = directory.connection(&cx.caller, &text)?;
        let connector = directory.connector_behind(&connection);
        let integration = connecting::integration_for(&world, &connection);
        return options_of(&cx, &*connector.ok_or_else(no_connector)?, integration.as_ref(), given);
    }
    Err(ApiError::bad_request(
        "name one of `integrationId`, `integrationKey`, `connectorId`, `connectorKey`, `connectionId`",
    ))
}

pub(crate) fn no_connector() -> ApiError {
    ApiError::bad_request("it has no connector yet; connect to it first")
}

/// `POST /connectors/{selector}/generate-options`, any token: answers the ways to authenticate of a
/// connector; 404 when there is none.
pub(crate) async fn generate_options(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connector = crate::nouns::connector::get(&cx, call.param("selector")?)?;
    options_of(&cx, &connector, None, None)
}

/// What a call that begins to connect is about: what its JSON body names beside path and query.
pub(crate) fn about(call: &Call, route: &Route) -> Option<Subject> {
    let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    Subject::of_scope(call, route, &scope_in(&body, call.scope()))
}
