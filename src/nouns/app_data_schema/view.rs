//! The wire form of an app data schema and of an instance. It is served in the OpenAPI document, so the comments of
//! fields are for users of the API.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::ids::Id;
use crate::engine::view::ViewContext;
use crate::nouns::app_data_schema::model::AppDataSchema;
use crate::nouns::integration::ElementView;

/// An app data schema, or a tenant's instance of one. Source: SDK `AppDataSchemaApiResponse`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AppDataSchema")]
#[serde(rename_all = "camelCase")]
pub struct AppDataSchemaView<'a> {
    /// The fields that all elements have.
    #[serde(flatten)]
    pub(crate) element: ElementView<'a>,
    /// The state; here it is always `READY`.
    pub(crate) state: &'static str,
    /// The JSON Schema of the data; absent while none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schema: Option<&'a Value>,
    /// Code of your own beside the schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<&'a str>,
    /// Whether an instance was changed since it was copied from what it is an instance of.
    pub(crate) is_customized: bool,
    /// The id of the app data schema that this one is an instance of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) app_data_schema_id: Option<&'a Id<AppDataSchema>>,
    /// The revision that it had when it was last copied; absent when nothing was copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) app_data_schema_revision: Option<&'a str>,
    /// The app data schema that this one is an instance of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) app_data_schema: Option<Box<AppDataSchemaView<'a>>>,
}

impl<'a> ViewContext<'a> {
    /// An app data schema with its parent.
    pub fn app_data_schema(&self, of: &'a AppDataSchema) -> AppDataSchemaView<'a> {
        let table = &self.directory.world.app_data_schemas;
        let parent = of.place.parent.as_ref().and_then(|id| table.get(id.as_str()));
        AppDataSchemaView {
            app_data_schema: parent.map(|parent| Box::new(self.bare_app_data_schema(parent))),
            ..self.bare_app_data_schema(of)
        }
    }

    /// An app data schema alone, as it is inside its instances.
    fn bare_app_data_schema(&self, of: &'a AppDataSchema) -> AppDataSchemaView<'a> {
        AppDataSchemaView {
            element: self.layered(of, None),
            state: "READY",
            schema: of.schema.as_ref(),
            code: of.code.as_deref(),
            is_customized: of.is_customized,
            app_data_schema_id: of.place.parent.as_ref(),
            app_data_schema_revision: of.parent_revision.as_deref(),
            app_data_schema: None,
        }
    }
}
