//! One element taken out of its workspace: its portable form, and what it depends on. Source: OAS (`export`, `dependencies`);
//! the client's editors PUT the portable form back.
//!
//! Invariant: the portable form is what an archive has of the element, so it names others by what is the same everywhere.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::json::member;
use crate::call::{Call, Reply};
use crate::elements::routes::found_instance;
use crate::elements::{self, Kind, SeedForm};
use crate::engine::view::Secrets;
use crate::nouns::connection as connections;
use crate::nouns::connection::ConnectionView;
use crate::nouns::integration::model::Integration;
use crate::nouns::model::for_each_kind;
use crate::store::World;
use crate::world::seed::SeedIntegration;

/// The portable form of an element: what is null or empty is left out.
pub(super) fn portable<E: Kind>(element: &E, world: &World) -> Result<Value, ApiError> {
    let mut element = element.clone();
    element.port(world);
    whole(&E::Seed::of(&element))
}

/// A description as JSON, without fields that are null or empty.
pub(super) fn whole(description: &impl Serialize) -> Result<Value, ApiError> {
    let mut whole = serde_json::to_value(description).map_err(ApiError::internal)?;
    if let Some(fields) = whole.as_object_mut() {
        let is_nothing = |value: &Value| match value {
            Value::Null => true,
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        };
        fields.retain(|_, value| !is_nothing(value));
    }
    Ok(whole)
}

/// `GET …/export` of an element, any token: answers its portable form.
pub(crate) async fn export<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (element, _) = elements::get::<E>(&cx, &E::selector(&call)?)?;
    Reply::json(&portable(&*element, &cx.world())?)
}

/// `GET …/export` of an instance, any token: answers its portable form.
pub(crate) async fn export_instance<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let element = found_instance::<E>(&cx, &call).await?;
    Reply::json(&portable(&*element, &cx.world())?)
}

/// `GET /integrations/{selector}/export`, a manager's token: answers its portable form, without parameters.
pub(crate) async fn export_integration(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let world = cx.world();
    let directory = cx.directory(&world);
    let integration: &Integration = directory.find_integration(call.param("selector")?)?;
    let connector = directory.connector_for(integration).ok_or_else(|| {
        ApiError::configuration(format!("integration `{}` has no connector, so it is not exported", integration.key()))
    })?;
    Reply::json(&whole(&SeedIntegration::of(integration, &connector))?)
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
    fn of(of_type: &'static str, named: &str, element: Option<Named>) -> Self {
        let key = element.as_ref().and_then(|it| it.key.clone()).unwrap_or_else(|| named.to_owned());
        Self { of_type, key, element }
    }
}

macro_rules! dependency_types {
    (
        records { $($records:tt)* }
        elements {
            $($(#[$doc:meta])* $kind:ident($name:literal) in $table:ident: $element:ty, by $key:expr $(, waits $agenda:expr)? $(, queues $queue:expr)?;)*
        }
    ) => {
        /// The dependency that a field of a definition names: `dataSourceKey: contacts`, `dataSource: {key: contacts}` or
        /// `dataSource: contacts`.
        fn named_by(field: &str, value: &Value, world: &World) -> Option<Dependency> {
            let (stem, is_member) = match field.strip_suffix("Key").or_else(|| field.strip_suffix("Id")) {
                Some(stem) => (stem, true),
                None => (field, false),
            };
            let named = value.as_str().or_else(|| {
                let named = [member(value, "key"), member(value, "id")].into_iter().find_map(Value::as_str);
                named.filter(|_| !is_member)
            })?;
            // A kind is called `DataSource` in the list, and `dataSource` in fields.
            $(if stem.chars().next().is_some_and(char::is_lowercase) && stem.eq_ignore_ascii_case(stringify!($kind)) {
                let found = world.$table.get(named).or_else(|| {
                    let live = world.$table.with_key(named).filter(|it| !it.meta.is_archived());
                    live.min_by_key(|it| it.place.specificity())
                });
                let element = found.map(|it| Named {
                    id: it.id.to_string(),
                    key: it.meta.key.clone(),
                    name: it.meta.name.clone(),
                });
                return Some(Dependency::of(stringify!($kind), named, element));
            })*
            None
        }

        /// The dependency that an object with a type and an id names, as the elements of a package do.
        fn named_by_type(of_type: &str, named: &str, world: &World) -> Option<Dependency> {
            $(if of_type == $name {
                let by_uuid = || world.$table.iter().find(|it| it.meta.uuid == named);
                let element = world.$table.get(named).or_else(by_uuid).map(|it| Named {
                    id: it.id.to_string(),
                    key: it.meta.key.clone(),
                    name: it.meta.name.clone(),
                });
                return Some(Dependency::of(stringify!($kind), named, element));
            })*
            None
        }
    };
}

for_each_kind!(dependency_types);

fn collect(of: &Value, world: &World, found: &mut BTreeSet<Dependency>) {
    match of {
        Value::Object(fields) => {
            if let (Some(of_type), Some(id)) = (member(of, "type").as_str(), member(of, "id").as_str()) {
                found.extend(named_by_type(of_type, id, world));
            }
            for (field, value) in fields {
                found.extend(named_by(field, value, world));
                collect(value, world, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, world, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `GET …/dependencies` of an element, any token: answers what its definition names, in the order of types and keys.
pub(crate) async fn dependencies<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (element, _) = elements::get::<E>(&cx, &E::selector(&call)?)?;
    let world = cx.world();
    let mut found = BTreeSet::new();
    collect(&portable(&*element, &world)?, &world, &mut found);
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
