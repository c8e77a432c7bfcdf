//! One element taken out of its workspace: its portable form, and what it depends on. Source: OAS (`export`, `dependencies`);
//! the client's editors PUT the portable form back.
//!
//! Invariant: the portable form is what an archive has of the element, so it names others by what is the same everywhere.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::json::{member, set_member};
use crate::call::{Call, Reply};
use crate::elements::routes::found_instance;
use crate::elements::{self, Kind, SeedForm};
use crate::engine::directory::Directory;
use crate::engine::view::Secrets;
use crate::nouns::connection as connections;
use crate::nouns::connection::ConnectionView;
use crate::nouns::connector::model::Connector;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::Integration;
use crate::nouns::references::{self, Reference};
use crate::nouns::tenant::model::Tenant;
use crate::store::World;
use crate::world::seed::{SeedConnector, SeedIntegration};

/// The portable form of an element: what is null is left out. What it stands below, it says by UUID. Source: SDK
/// `BaseMembraneInterfaceExportProperties`.
pub(super) fn portable<E: Kind>(element: &E, world: &World) -> Result<Value, ApiError> {
    let mut element = element.clone();
    element.port(world);
    let mut portable = whole(&E::Seed::of(&element))?;
    references::to_uuids(&mut portable, world, element.place().tenant.as_ref());
    let integration = element.place().integration.as_ref().and_then(|id| world.integrations.get(id.as_str()));
    let parent = element.place().parent.as_ref().and_then(|id| E::table(world).get(id.as_str()));
    for (name, uuid) in [
        ("integrationUuid", integration.map(|integration| &integration.meta.uuid)),
        ("parentUuid", parent.map(|parent| &parent.meta().uuid)),
    ] {
        if let Some(uuid) = uuid {
            set_member(&mut portable, name, uuid.as_str());
        }
    }
    Ok(portable)
}

/// The app that an element is for where it is for one alone.
pub(super) fn app_alone<E: Kind>(element: &E, directory: Directory<'_>) -> Option<Arc<ExternalApp>> {
    let place = element.place();
    let is_alone = place.integration.is_none() && place.connection.is_none();
    place.external_app.as_ref().filter(|_| is_alone).and_then(|id| directory.app(id.as_str()))
}

/// The portable form with the app that the element is for where it is for one alone.
pub(super) fn portable_for<E: Kind>(element: &E, directory: Directory<'_>) -> Result<Value, ApiError> {
    let mut portable = portable(element, directory.world)?;
    if let Some(app) = app_alone(element, directory) {
        set_member(&mut portable, "externalAppUuid", app.meta.uuid.as_str());
    }
    Ok(portable)
}

/// A description as JSON, without fields that are null.
pub(super) fn whole(description: &impl Serialize) -> Result<Value, ApiError> {
    let mut whole = serde_json::to_value(description).map_err(ApiError::internal)?;
    if let Some(fields) = whole.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    Ok(whole)
}

/// `GET …/export` of an element, any token: answers its portable form.
pub(crate) async fn export<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (element, _) = elements::get::<E>(&cx, &E::selector(&call)?)?;
    let world = cx.world();
    Reply::json(&portable_for(&*element, cx.directory(&world))?)
}

/// `GET …/export` of an instance, any token: answers its portable form.
pub(crate) async fn export_instance<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let element = found_instance::<E>(&cx, &call).await?;
    let world = cx.world();
    Reply::json(&portable_for(&*element, cx.directory(&world))?)
}

/// The portable form of an integration, without its parameters and elements; none where it has no connector.
pub(super) fn integration_form(directory: Directory<'_>, integration: &Integration) -> Result<Option<Value>, ApiError> {
    let connector = directory.connector_for(integration);
    connector.map(|connector| whole(&SeedIntegration::of(integration, &connector))).transpose()
}

/// The portable form of a connector, without the actions of its app.
pub(super) fn connector_form(directory: Directory<'_>, connector: &Connector) -> Result<Value, ApiError> {
    let app = connector.external_app_id.as_ref().and_then(|id| directory.find_app(id.as_str()).ok());
    whole(&SeedConnector::of(connector, app.and_then(|app| app.meta.key.clone())))
}

/// `GET /integrations/{selector}/export`, a manager's token: answers its portable form, without parameters.
pub(crate) async fn export_integration(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let world = cx.world();
    let directory = cx.directory(&world);
    let integration: &Integration = directory.find_integration(call.param("selector")?)?;
    let form = integration_form(directory, integration)?;
    Reply::json(&form.ok_or_else(|| {
        ApiError::configuration(format!("integration `{}` has no connector, so it is not exported", integration.key()))
    })?)
}

/// `GET /connections/{connection}/export`, any token: answers the fields of which a connection like it can be made. With
/// `includeSecrets=true` they have its credentials, input and parameters. Source: OAS.
pub(crate) async fn export_connection(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connection = connections::get(&cx, call.param("connection")?)?;
    let world = cx.world();
    let lens = cx.view(&world);
    let is_asked = call.query().flag("includeSecrets") == Some(true);
    let secrets = if is_asked { Secrets::Shown } else { Secrets::Hidden };
    let view: ConnectionView<'_> = lens.connection(&connection, secrets);
    let view = serde_json::to_value(view).map_err(ApiError::internal)?;
    let integration = connection.integration.as_ref().and_then(|id| world.integrations.get(id.as_str()));
    Reply::json(&whole(&json!({
        "key": member(&view, "key"),
        "name": member(&view, "name"),
        "meta": member(&view, "meta"),
        "authOptionKey": member(&view, "authOptionKey"),
        "integrationKey": integration.map(|integration| integration.key()),
        "integrationUuid": integration.map(|integration| &integration.meta.uuid),
        "connectorVersion": member(&view, "connectorVersion"),
        "credentials": member(&view, "credentials"),
        "input": member(&view, "input"),
        "connectorParameters": member(&view, "connectorParameters"),
    }))?)
}

/// What an element depends on. Source: SDK `ActionDependency`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Dependency {
    /// The type in capitals, such as `DataSource`.
    #[serde(rename = "type")]
    of_type: &'static str,
    /// The key, or the id where it is named by that.
    key: String,
    /// The element itself; none where there is no such one.
    #[serde(skip_serializing_if = "Option::is_none")]
    element: Option<Named>,
}

/// The names of an element.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Named {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    name: String,
}

impl Dependency {
    /// One that is named by id is called by its key where it has one, so that it is listed once.
    fn of(reference: Reference<'_>, world: &World, tenant: Option<&Id<Tenant>>) -> Self {
        let element = references::find(world, reference.of_type, reference.named, tenant);
        let key = element.and_then(|it| it.meta.key.clone()).unwrap_or_else(|| reference.named.to_owned());
        let named = |it: references::Named<'_>| Named {
            id: it.id.to_owned(),
            key: it.meta.key.clone(),
            name: it.meta.name.clone(),
        };
        Self { of_type: reference.type_name, key, element: element.map(named) }
    }
}

/// `GET …/dependencies` of an element, any token: answers what its definition names, in the order of types and keys.
pub(crate) async fn dependencies<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (element, _) = elements::get::<E>(&cx, &E::selector(&call)?)?;
    let world = cx.world();
    let mut found = BTreeSet::new();
    let (definition, tenant) = (portable(&*element, &world)?, element.place().tenant.as_ref());
    references::each(&definition, &mut |reference| found.extend([Dependency::of(reference, &world, tenant)]));
    Reply::json(&found)
}

/// `GET /connections/{connection}/dependencies`, any token: answers the integration that it connects.
pub(crate) async fn dependencies_of_connection(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connection = connections::get(&cx, call.param("connection")?)?;
    let world = cx.world();
    let integration = connection.integration.as_ref().and_then(|id| world.integrations.get(id.as_str()));
    let found = integration.map(|integration| Dependency {
        of_type: "Integration",
        key: integration.key().to_owned(),
        element: Some(Named {
            id: integration.id.to_string(),
            key: integration.meta.key.clone(),
            name: integration.meta.name.clone(),
        }),
    });
    Reply::json(&found.into_iter().collect::<Vec<_>>())
}
