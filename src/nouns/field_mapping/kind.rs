//! What field mappings have of their own as a kind of element.

use http::Method;
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::json::schema::check_schema;
use crate::call::router::{Access, Route, route};
use crate::elements::settings::Setting;
use crate::elements::{Address, routes as elements};
use crate::engine::view::ViewContext;
use crate::nouns::data_source;
use crate::nouns::field_mapping::model::{Direction, FieldMapping, field_mapping};
use crate::nouns::field_mapping::routes;
use crate::nouns::kind::{FieldRules, NoMore, kind_of_fields};

field_mapping!(kind_of_fields);

impl FieldRules for FieldMapping {
    type More<'a> = NoMore;

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        let schema = self.app_schema.as_ref();
        schema.map_or(Ok(()), |schema| check_schema(schema, "appSchema")).map_err(|error| ("appSchema", error))
    }

    /// Which field of a record each of the app's own fields is read from, and the other way round, as the direction says.
    /// Frozen fields are not offered.
    fn settings(&self, lens: &ViewContext<'_>) -> Vec<Setting> {
        let (schema, record) = (self.app_schema.as_ref(), self.record_schema(lens));
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

    fn more<'a>(&'a self, _: &ViewContext<'a>) -> NoMore {
        NoMore {}
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
    /// The JSON Schema of the records of the mapping's data source; none where it names none that is there.
    fn record_schema(&self, lens: &ViewContext<'_>) -> Option<Value> {
        let (directory, world) = (&lens.directory, lens.directory.world);
        let named = [&self.data_source_id, &self.data_source_uuid, &self.data_source_key];
        let named = named.into_iter().find_map(Option::as_deref)?;
        let connection = world.connections.get(self.place.connection.as_ref()?.as_str())?;
        let source = data_source::serving(directory, connection, named).ok()?;
        let connector = directory.connector_behind(connection)?;
        let collection = connector.data_collection(source.collection_key.as_deref()?).ok()?;
        Some(collection.fields_schema.clone())
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
    let settings = settings.filter(|it| it.member.as_deref().is_some_and(|name| !is_frozen(name) && is_written(name)));
    settings.map(|setting| setting.from_fields(&offered)).filter(|setting| !setting.choices.is_empty()).collect()
}
