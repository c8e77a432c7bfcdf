//! This module has the shapes of bodies in the OpenAPI documents. Invariant: they are derived from the types that are
//! read and written, so they cannot differ from the code.

use std::borrow::Cow;
use std::collections::BTreeSet;

use http::Method;
use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::Value;

use crate::base::error::ApiError;
use crate::base::json::set_member;
use crate::call::contract::ShapeOf;
use crate::call::router::Route;
use crate::nouns::attempt_log::model::AttemptLog;
use crate::nouns::connection::ConnectionView;
use crate::nouns::connection::connect::routes::RequestView;
use crate::nouns::connection::model::ConnectionBody;
use crate::nouns::connection_request::model::ConnectSpec;
use crate::nouns::connector::model::ConnectorBody;
use crate::nouns::connector::{AppView, ConnectorView};
use crate::nouns::external_event::{EventView, PullTelemetry, PullView, SubscriptionView, WebhookView};
use crate::nouns::flow_run::FlowRunView;
use crate::nouns::flow_run::model::FlowRunBody;
use crate::nouns::integration::IntegrationView;
use crate::nouns::integration::model::IntegrationBody;
use crate::nouns::run_log::model::{ApiLog, RunLog};
use crate::nouns::tenant::model::Tenant;
use crate::world::seed::{EachKind, Seeded, each_kind};

/// Where the document has its shapes.
const AT: &str = "#/components/schemas/";

/// Where shapes that are read are said to be until all shapes are known.
const READ_AT: &str = "#/components/read/";

/// The shapes of a document while it is written.
pub(crate) struct Shapes {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Shapes {
    /// Begins with the shapes of the faked API.
    pub(crate) fn new() -> Self {
        let settings = |at: &str| {
            let at = at.trim_start_matches('#').trim_end_matches('/').to_owned();
            SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = at.into())
        };
        let mut read = settings(READ_AT).for_deserialize().into_generator();
        read.subschema_for::<ConnectSpec>();
        read.subschema_for::<ConnectionBody>();
        read.subschema_for::<IntegrationBody>();
        read.subschema_for::<ConnectorBody>();
        read.subschema_for::<FlowRunBody>();
        let mut written = settings(AT).for_serialize().into_generator();
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
        Self { read, written }
    }

    /// The shape of something that is read.
    pub(crate) fn read(&mut self, shape: ShapeOf) -> Value {
        shape(&mut self.read).to_value()
    }

    /// The shape of something that is written.
    pub(crate) fn written(&mut self, shape: ShapeOf) -> Value {
        shape(&mut self.written).to_value()
    }

    /// Whether an object of a shape that is read has to have a field.
    pub(crate) fn requires(&self, shape: &Value) -> bool {
        let name = shape.get("$ref").and_then(Value::as_str).and_then(|at| at.strip_prefix(READ_AT));
        let shape = name.and_then(|name| self.read.definitions().get(name)).unwrap_or(shape);
        let names = shape.get("required").and_then(Value::as_array);
        names.is_some_and(|names| !names.is_empty()) || shape.get("anyOf").is_some()
    }

    /// Puts the shapes into the document that refers to them. What is read and what is written may differ though the type is
    /// one: then the first has `Input` at the end of its name.
    pub(crate) fn finish(mut self, document: &mut Value) {
        let (read, mut all) = (self.read.take_definitions(true), self.written.take_definitions(true));
        let differs = |name: &str, shape: &Value| {
            let mut shape = shape.clone();
            refer(&mut shape, &BTreeSet::new());
            all.get(name).is_some_and(|known| *known != shape)
        };
        let mut renamed: BTreeSet<String> =
            read.iter().filter(|(name, shape)| differs(name, shape)).map(|(name, _)| name.clone()).collect();
        // What refers to something that differs differs as well.
        loop {
            let more: Vec<String> = read
                .iter()
                .filter(|(name, shape)| {
                    all.contains_key(*name) && !renamed.contains(*name) && refers_to(shape, &renamed)
                })
                .map(|(name, _)| name.clone())
                .collect();
            if more.is_empty() {
                break;
            }
            renamed.extend(more);
        }
        for (name, mut shape) in read {
            refer(&mut shape, &renamed);
            let name = if renamed.contains(&name) { format!("{name}Input") } else { name };
            all.insert(name, shape);
        }
        refer(document, &renamed);
        if let Some(components) = document.get_mut("components") {
            set_member(components, "schemas", all);
        }
    }
}

/// Whether a shape that is read refers to one of these.
fn refers_to(value: &Value, names: &BTreeSet<String>) -> bool {
    match value {
        Value::Object(fields) => {
            let at = fields.get("$ref").and_then(Value::as_str).and_then(|at| at.strip_prefix(READ_AT));
            at.is_some_and(|name| names.contains(name)) || fields.values().any(|field| refers_to(field, names))
        }
        Value::Array(items) => items.iter().any(|item| refers_to(item, names)),
        _ => false,
    }
}

/// Lets what refers to shapes that are read refer to where they are.
fn refer(value: &mut Value, renamed: &BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(at)) = fields.get_mut("$ref")
                && let Some(name) = at.strip_prefix(READ_AT)
            {
                let end = if renamed.contains(name) { "Input" } else { "" };
                *at = format!("{AT}{name}{end}");
            }
            fields.values_mut().for_each(|field| refer(field, renamed));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| refer(item, renamed)),
        _ => {}
    }
}

/// Returns the name of the shape that a route is sent, when it has one.
pub(crate) fn sent(route: &Route) -> Option<Cow<'static, str>> {
    let method = route.method.as_ref()?;
    let (creates, changes) = (method == Method::POST, method == Method::PATCH || method == Method::PUT);
    let named = match route.path.as_str() {
        "/connection-requests" | "/connections/{connection}/reconnect" if creates => Some("Connect"),
        "/connections" if creates => Some("ConnectionBody"),
        "/connections/{connection}" if changes => Some("ConnectionBody"),
        "/integrations" if creates => Some("IntegrationBody"),
        "/integrations/{selector}" | "/integration" if changes => Some("IntegrationBody"),
        "/connectors" if creates => Some("ConnectorBody"),
        "/connectors/{selector}" if changes => Some("ConnectorBody"),
        "/flow-instances" if creates => Some("FlowBody"),
        "/flow-runs" if creates => Some("FlowRunBody"),
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
