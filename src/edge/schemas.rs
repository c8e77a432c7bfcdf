//! This module has the shapes of bodies in the OpenAPI documents. Invariant: they are derived from the types that are
//! read and written, so they cannot differ from the code.

use std::borrow::Cow;

use http::Method;
use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value};

use crate::base::error::ApiError;
use crate::call::router::Route;
use crate::fault::Rule;
use crate::nouns::attempt_log::model::AttemptLog;
use crate::nouns::connection::ConnectionView;
use crate::nouns::connection::connect::routes::RequestView;
use crate::nouns::connection::model::ConnectionBody;
use crate::nouns::connection_request::model::ConnectSpec;
use crate::nouns::connector::model::ConnectorBody;
use crate::nouns::connector::routes::{AppView, ConnectorView};
use crate::nouns::external_event::{EventView, PullTelemetry, PullView, SubscriptionView, WebhookView};
use crate::nouns::flow_run::FlowRunView;
use crate::nouns::flow_run::model::FlowRunBody;
use crate::nouns::integration::IntegrationView;
use crate::nouns::integration::model::IntegrationBody;
use crate::nouns::run_log::model::{ApiLog, RunLog};
use crate::nouns::stub::model::StubSpec;
use crate::nouns::tenant::model::Tenant;
use crate::world::scenario::model::Scenario;
use crate::world::seed::{EachKind, Seeded, each_kind};

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
    read.subschema_for::<FlowRunBody>();
    read.subschema_for::<Rule>();
    read.subschema_for::<StubSpec>();
    read.subschema_for::<Scenario>();
    let mut written = settings().for_serialize().into_generator();
    written.subschema_for::<ApiError>();
    written.subschema_for::<ConnectionView<'static>>();
    written.subschema_for::<IntegrationView<'static>>();
    written.subschema_for::<FlowRunView<'static>>();
    written.subschema_for::<ConnectorView<'static>>();
    written.subschema_for::<AppView<'static>>();
    written.subschema_for::<RequestView<'static>>();
    written.subschema_for::<RunLog>();
    written.subschema_for::<ApiLog>();
    written.subschema_for::<AttemptLog>();
    written.subschema_for::<SubscriptionView<'static>>();
    written.subschema_for::<EventView<'static>>();
    written.subschema_for::<PullView<'static>>();
    written.subschema_for::<PullTelemetry<'static>>();
    written.subschema_for::<WebhookView<'static>>();
    written.subschema_for::<Tenant>();
    let Ok(()) = each_kind(&mut ShapesOfKinds { read: &mut read, written: &mut written });
    let mut all = read.take_definitions(true);
    all.extend(written.take_definitions(true));
    all
}

/// Returns the name of the shape that a route is sent, when it has one.
pub(crate) fn sent(route: &Route) -> Option<Cow<'static, str>> {
    let method = route.method.as_ref()?;
    let (creates, changes) = (method == Method::POST, method == Method::PATCH || method == Method::PUT);
    let named = match route.path.strip_prefix("/__mock/workspaces/{key}").unwrap_or(&route.path) {
        "/connection-requests" | "/connections/{connection}/reconnect" if creates => Some("Connect"),
        "/connections" if creates => Some("ConnectionBody"),
        "/connections/{connection}" if changes => Some("ConnectionBody"),
        "/integrations" if creates => Some("IntegrationBody"),
        "/integrations/{selector}" | "/integration" if changes => Some("IntegrationBody"),
        "/connectors" if creates => Some("ConnectorBody"),
        "/connectors/{selector}" if changes => Some("ConnectorBody"),
        "/flow-instances" if creates => Some("FlowBody"),
        "/flow-runs" if creates => Some("FlowRunBody"),
        "/faults/{id}" if changes => Some("Rule"),
        "/upstreams/{connector}/stubs" if creates => Some("Stub"),
        "/upstreams/{connector}/stubs/{id}" if changes => Some("Stub"),
        "/scenarios" if creates => Some("Scenario"),
        _ => None,
    };
    named.map(Cow::Borrowed).or_else(|| ShapeOfRoute::of(route).sent)
}

/// Returns the name of the shape that a route answers, or of an item of its list, when it has one.
pub(crate) fn answered(route: &Route) -> Option<Cow<'static, str>> {
    let path = route.path.as_str();
    let of = |element: &str| is_element(path, element);
    let named = match path {
        "/connections" | "/connections/ensure" | "/connections/{connection}/reconnect" => Some("Connection"),
        _ if of("/connections/{connection}") && !path.ends_with("/setup") && !path.ends_with("/reset") => {
            Some("Connection")
        }
        "/integrations" => Some("Integration"),
        _ if of("/integrations/{selector}") || of("/integration") => Some("Integration"),
        "/flow-runs" | "/flow-runs/{id}" | "/flow-runs/{id}/stop" => Some("FlowRun"),
        "/flows/{selector}/run" | "/flow/run" | "/connections/{connection}/flows/{selector}/run" => Some("FlowRun"),
        "/connectors" | "/connectors/{selector}" => Some("Connector"),
        "/external-apps" | "/external-apps/{selector}" => Some("ExternalApp"),
        "/connection-requests" | "/connection-requests/{id}" => Some("ConnectionRequest"),
        "/action-run-logs" | "/action-run-logs/{id}" | "/action-run-logs/{id}/details" => Some("RunLog"),
        "/external-api-logs" | "/external-api-logs/{id}" | "/external-api-logs/{id}/details" => Some("ApiLog"),
        "/connection-attempt-logs" | "/connection-attempt-logs/{id}" => Some("AttemptLog"),
        "/external-event-log-records"
        | "/external-event-log-records/{id}"
        | "/external-event-log-records/{id}/details" => Some("ExternalEventLogRecord"),
        "/external-event-pulls" | "/external-event-pulls/{id}" | "/external-event-subscriptions/{id}/pull-events" => {
            Some("ExternalEventPull")
        }
        "/external-event-pulls/{id}/telemetry" => Some("ExternalEventPullTelemetry"),
        "/incoming-webhooks" | "/incoming-webhooks/{id}" | "/incoming-webhooks/{id}/details" => Some("IncomingWebhook"),
        "/external-event-subscriptions" => Some("ExternalEventSubscription"),
        _ if path.starts_with("/external-event-subscriptions/")
            && route.is_faked()
            && !path.ends_with("/dependencies") =>
        {
            Some("ExternalEventSubscription")
        }
        _ if ["/customers", "/tenants", "/users"].contains(&path) => Some("Tenant"),
        _ => None,
    };
    named.map(Cow::Borrowed).or_else(|| ShapeOfRoute::of(route).answered)
}

/// Returns whether a GET of the route's path answers a list of elements.
pub(crate) fn lists_elements(route: &Route) -> bool {
    ShapeOfRoute::of(route).lists
}

/// The shapes of each kind of element.
struct ShapesOfKinds<'a> {
    read: &'a mut SchemaGenerator,
    written: &'a mut SchemaGenerator,
}

impl EachKind for ShapesOfKinds<'_> {
    type Error = std::convert::Infallible;

    fn kind<K: Seeded>(&mut self) -> Result<(), Self::Error> {
        self.read.subschema_for::<K::Body>();
        self.written.subschema_for::<K::View<'static>>();
        Ok(())
    }
}

/// The shapes of a route that every kind of element has.
struct ShapeOfRoute<'a> {
    route: &'a Route,
    sent: Option<Cow<'static, str>>,
    answered: Option<Cow<'static, str>>,
    /// Whether a list of elements is answered.
    lists: bool,
}

impl<'a> ShapeOfRoute<'a> {
    fn of(route: &'a Route) -> Self {
        let mut shape = Self { route, sent: None, answered: None, lists: false };
        let Ok(()) = each_kind(&mut shape);
        shape
    }
}

impl EachKind for ShapeOfRoute<'_> {
    type Error = std::convert::Infallible;

    fn kind<K: Seeded>(&mut self) -> Result<(), Self::Error> {
        let (plural, singular, path) = (K::PLURAL, K::SINGULAR, self.route.path.as_str());
        let list = format!("/{plural}");
        let ones = [
            format!("/{plural}/{{selector}}"),
            format!("/{singular}"),
            format!("/{}", K::INSTANCE),
            format!("/{}s/{{instance}}", K::INSTANCE),
            format!("/integrations/{{integration}}/{plural}/{{selector}}"),
            format!("/connections/{{connection}}/{plural}/{{selector}}"),
        ];
        let is_sent = match self.route.method.as_ref() {
            Some(method) if *method == Method::POST => path == list,
            Some(method) if *method == Method::PATCH || *method == Method::PUT => ones.iter().any(|one| path == one),
            Some(_) | None => false,
        };
        let lists = [
            list,
            format!("/{}s", K::INSTANCE),
            format!("/integrations/{{integration}}/{plural}"),
            format!("/connections/{{connection}}/{plural}"),
        ];
        let is_list = lists.iter().any(|list| path == list);
        self.lists |= is_list;
        let is_answered = is_list || ones.iter().any(|one| is_element(path, one));
        if is_sent {
            self.sent = Some(K::Body::schema_name());
        }
        if is_answered {
            self.answered = Some(<K::View<'static> as JsonSchema>::schema_name());
        }
        Ok(())
    }
}

/// Whether a path is an element's address, or a call below it that does something to the element and answers it.
fn is_element(path: &str, element: &str) -> bool {
    let rest = path.strip_prefix(element);
    rest.is_some_and(|rest| matches!(rest, "" | "/restore" | "/setup" | "/refresh" | "/reset" | "/clone"))
}
