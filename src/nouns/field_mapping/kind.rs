//! What field mappings have of their own as a kind of element.

use std::sync::Arc;

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::json::schema::check_schema;
use crate::call::router::{Access, Route, route};
use crate::elements::settings::Setting;
use crate::elements::{Address, Spot, routes as elements};
use crate::engine::view::ViewContext;
use crate::nouns::data_source::model::DataSource;
use crate::nouns::field_mapping::model::{Direction, FieldMapping, field_mapping};
use crate::nouns::field_mapping::routes;
use crate::nouns::kind::{FieldRules, kind_of_fields};
use crate::nouns::references::find;
use crate::store::World;

field_mapping!(kind_of_fields);

/// What an instance's answer has of its connection's data source, for a form. Source: SDK `FieldMappingApiResponse`; real-use
/// (`externalSchema`).
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct More {
    /// The id of the connection's instance of the data source; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    data_source_instance_id: Option<String>,
    /// The JSON Schema of the records of the data source; absent where it has no collection.
    #[serde(skip_serializing_if = "Option::is_none")]
    data_source_schema: Option<Value>,
    /// The same by its former name.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_schema: Option<Value>,
}

impl FieldRules for FieldMapping {
    type More<'a> = More;

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        let schema = self.app_schema.as_ref();
        schema.map_or(Ok(()), |schema| check_schema(schema, "appSchema")).map_err(|error| ("appSchema", error))
    }

    /// An export has the data source by its UUID or key. Source: SDK `FieldMappingExportProperties`.
    fn port(&mut self, world: &World) {
        let source =
            self.data_source_id.as_deref().and_then(|id| find(world, "data-source", id, self.place.tenant.as_ref()));
        if let Some(source) = source {
            self.data_source_uuid = Some(source.meta.uuid.clone());
            self.data_source_id = None;
        }
    }

    /// Which field of a record each of the app's own fields is read from, and the other way round, as the direction says.
    /// Frozen fields are not offered.
    fn settings(&self, lens: &ViewContext<'_>) -> Vec<Setting> {
        let (schema, record) = (self.app_schema.as_ref(), self.source(lens).map(|(_, schema)| schema));
        let direction = self.direction.unwrap_or(Direction::Import);
        let mut settings = Vec::new();
        if direction != Direction::Export {
            settings.extend(choices("importValue", schema, record.as_ref(), self.frozen_import_fields.as_ref()));
        }
        if direction != Direction::Import {
            settings.extend(choices("exportValue", record.as_ref(), schema, self.frozen_export_fields.as_ref()));
        }
        settings
    }

    fn more<'a>(&'a self, lens: &ViewContext<'a>) -> More {
        let (source, schema) = self.source(lens).unzip();
        let instance = source.filter(|source| source.place.connection.is_some());
        More {
            data_source_instance_id: instance.map(|source| source.id.to_string()),
            external_schema: schema.clone(),
            data_source_schema: schema,
        }
    }

    /// Source: SDK `FieldMappingAccessor`; OAS (`run`).
    fn routes(base: &str, of: Address) -> Vec<Route> {
        let at = |below: &str| format!("{base}/{below}");
        match of {
            Address::Instance => Vec::new(),
            Address::Element => vec![
                route(Some(Method::POST), at("setup"), Access::Anyone, "SDK", elements::setup::<Self>),
                route(Some(Method::GET), at("app-schema"), Access::Anyone, "SDK", routes::app_schema),
                route(Some(Method::POST), at("run"), Access::Anyone, "OAS", routes::run),
            ],
        }
    }
}

impl FieldMapping {
    /// The connection's version of the mapping's data source, with the JSON Schema of its records; none where it names none that
    /// is there.
    fn source(&self, lens: &ViewContext<'_>) -> Option<(Arc<DataSource>, Value)> {
        let (directory, world) = (&lens.directory, lens.directory.world);
        let named = [&self.data_source_id, &self.data_source_uuid, &self.data_source_key];
        let named = named.into_iter().find_map(Option::as_deref)?;
        let connection = world.connections.get(self.place.connection.as_ref()?.as_str())?;
        let instance_key = self.place.instance_key.as_deref();
        let source = directory.serving::<DataSource>(Spot::of(connection, instance_key), named).ok()?;
        let connector = directory.connector_behind(connection)?;
        let collection = connector.data_collection(source.collection_at(&connector)?).ok()?;
        Some((source, collection.fields_schema.clone()))
    }
}

/// The names of the properties of a JSON Schema.
fn names(schema: Option<&Value>) -> Vec<String> {
    let properties = schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    properties.into_iter().flat_map(JsonMap::keys).cloned().collect()
}

/// A setting for each property of the schema `of`, which is read from one of the properties of `from`; without those, nothing
/// can be chosen. What an app alone writes is not written, and what is frozen stays.
fn choices(field: &'static str, of: Option<&Value>, from: Option<&Value>, frozen: Option<&Value>) -> Vec<Setting> {
    let offered = names(from);
    let is_frozen = |name: &str| {
        frozen.is_some_and(|frozen| match frozen {
            Value::Array(all) => all.iter().any(|one| one == name),
            Value::Object(all) => all.get(name).is_some_and(|is| *is == Value::Bool(true)),
            _ => false,
        })
    };
    let is_written = |name: &str| {
        let property = of.and_then(|of| of.get("properties")).and_then(|properties| properties.get(name));
        !property.and_then(|property| property.get("readOnly")).is_some_and(|is| *is == Value::Bool(true))
    };
    let settings = Setting::of_properties(field, of).into_iter();
    let settings = settings.filter(|it| it.path.first().is_some_and(|name| !is_frozen(name) && is_written(name)));
    settings.map(|setting| setting.from_fields(&offered)).filter(|setting| !setting.choices.is_empty()).collect()
}
