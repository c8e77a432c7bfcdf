//! This module has the shapes of bodies in the OpenAPI documents. Invariant: they are derived from the types that are
//! read and written, so they cannot differ from the code.

use http::Method;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::base::error::ApiError;
use crate::call::router::Route;
use crate::fault::Rule;
use crate::nouns::action::model::ActionBody;
use crate::nouns::action::view::ActionView;
use crate::nouns::attempt_log::model::AttemptLog;
use crate::nouns::connection::connect::routes::RequestView;
use crate::nouns::connection::model::ConnectionBody;
use crate::nouns::connection::view::ConnectionView;
use crate::nouns::connection_request::model::ConnectSpec;
use crate::nouns::connector::model::ConnectorBody;
use crate::nouns::connector::routes::{AppView, ConnectorView};
use crate::nouns::flow::model::FlowBody;
use crate::nouns::flow::view::FlowView;
use crate::nouns::flow_run::model::FlowRunBody;
use crate::nouns::flow_run::view::FlowRunView;
use crate::nouns::integration::model::IntegrationBody;
use crate::nouns::integration::view::IntegrationView;
use crate::nouns::run_log::model::{ApiLog, RunLog};
use crate::nouns::stub::model::StubSpec;
use crate::nouns::tenant::model::Tenant;
use crate::world::scenario::model::Scenario;

/// Returns `components.schemas`: the types that are read, and the types that are written, which
/// win where both have a name.
pub(crate) fn components() -> Map<String, Value> {
    let settings =
        || SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut read = settings().for_deserialize().into_generator();
    read.subschema_for::<ConnectSpec>();
    read.subschema_for::<ConnectionBody>();
    read.subschema_for::<IntegrationBody>();
    read.subschema_for::<ConnectorBody>();
    read.subschema_for::<ActionBody>();
    read.subschema_for::<FlowBody>();
    read.subschema_for::<FlowRunBody>();
    read.subschema_for::<Rule>();
    read.subschema_for::<StubSpec>();
    read.subschema_for::<Scenario>();
    let mut written = settings().for_serialize().into_generator();
    written.subschema_for::<ApiError>();
    written.subschema_for::<ConnectionView<'static>>();
    written.subschema_for::<IntegrationView<'static>>();
    written.subschema_for::<ActionView<'static>>();
    written.subschema_for::<FlowView<'static>>();
    written.subschema_for::<FlowRunView<'static>>();
    written.subschema_for::<ConnectorView<'static>>();
    written.subschema_for::<AppView<'static>>();
    written.subschema_for::<RequestView<'static>>();
    written.subschema_for::<RunLog>();
    written.subschema_for::<ApiLog>();
    written.subschema_for::<AttemptLog>();
    written.subschema_for::<Tenant>();
    let mut all = read.take_definitions(true);
    all.extend(written.take_definitions(true));
    all
}

/// Returns the name of the shape that a route is sent, when it has one.
pub(crate) fn sent(route: &Route) -> Option<&'static str> {
    let method = route.method.as_ref()?;
    let (creates, changes) = (method == Method::POST, method == Method::PATCH || method == Method::PUT);
    match route.path.strip_prefix("/__mock/workspaces/{key}").unwrap_or(&route.path) {
        "/connection-requests" | "/connections/{connection}/reconnect" if creates => Some("Connect"),
        "/connections" if creates => Some("ConnectionBody"),
        "/connections/{connection}" if changes => Some("ConnectionBody"),
        "/integrations" if creates => Some("IntegrationBody"),
        "/integrations/{selector}" | "/integration" if changes => Some("IntegrationBody"),
        "/connectors" if creates => Some("ConnectorBody"),
        "/connectors/{selector}" if changes => Some("ConnectorBody"),
        "/actions" if creates => Some("ActionBody"),
        "/actions/{selector}" | "/action" if changes => Some("ActionBody"),
        "/flows" | "/flow-instances" if creates => Some("FlowBody"),
        "/flows/{selector}" | "/flow" if changes => Some("FlowBody"),
        "/flow-runs" if creates => Some("FlowRunBody"),
        "/faults/{id}" if changes => Some("Rule"),
        "/upstreams/{connector}/stubs" if creates => Some("Stub"),
        "/upstreams/{connector}/stubs/{id}" if changes => Some("Stub"),
        "/scenarios" if creates => Some("Scenario"),
        _ => None,
    }
}

/// Returns the name of the shape that a route answers, or of an item of its list, when it has one.
pub(crate) fn answered(route: &Route) -> Option<&'static str> {
    let path = route.path.as_str();
    // A call below an element's address, which does something to the element, answers the element.
    let of = |element: &str| {
        path.strip_prefix(element)
            .is_some_and(|rest| matches!(rest, "" | "/restore" | "/setup" | "/refresh" | "/reset"))
    };
    match path {
        "/connections" | "/connections/ensure" | "/connections/{connection}/reconnect" => Some("Connection"),
        _ if of("/connections/{connection}") && !path.ends_with("/setup") && !path.ends_with("/reset") => {
            Some("Connection")
        }
        "/integrations" => Some("Integration"),
        _ if of("/integrations/{selector}") || of("/integration") => Some("Integration"),
        "/actions" | "/action-instances" => Some("Action"),
        _ if ["/actions/{selector}", "/action", "/action-instance", "/connections/{connection}/actions/{selector}"]
            .into_iter()
            .any(of) =>
        {
            Some("Action")
        }
        "/flows" | "/flow-instances" | "/integrations/{integration}/flows" | "/connections/{connection}/flows" => {
            Some("Flow")
        }
        _ if ["/flows/{selector}", "/flow", "/flow-instance", "/flow-instances/{selector}"].into_iter().any(of)
            || of("/connections/{connection}/flows/{selector}") =>
        {
            Some("Flow")
        }
        "/flow-runs" | "/flow-runs/{id}" | "/flow-runs/{id}/stop" => Some("FlowRun"),
        "/flows/{selector}/run" | "/flow/run" | "/connections/{connection}/flows/{selector}/run" => Some("FlowRun"),
        "/integrations/{integration}/actions" | "/connections/{connection}/actions" => Some("Action"),
        "/connectors" | "/connectors/{selector}" => Some("Connector"),
        "/external-apps" | "/external-apps/{selector}" => Some("ExternalApp"),
        "/connection-requests" | "/connection-requests/{id}" => Some("ConnectionRequest"),
        "/action-run-logs" | "/action-run-logs/{id}" | "/action-run-logs/{id}/details" => Some("RunLog"),
        "/external-api-logs" | "/external-api-logs/{id}" | "/external-api-logs/{id}/details" => Some("ApiLog"),
        "/connection-attempt-logs" | "/connection-attempt-logs/{id}" => Some("AttemptLog"),
        _ if ["/customers", "/tenants", "/users"].contains(&path) => Some("Tenant"),
        _ => None,
    }
}
