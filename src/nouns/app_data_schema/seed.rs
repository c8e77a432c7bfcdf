//! App data schemas as seeds and archives describe them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::json::schema::check_schema;
use crate::elements::kind::fields_of_a_seed_form;
use crate::elements::model::{Meta, title_of};
use crate::elements::origin::Origin;
use crate::elements::{Kind as _, SeedForm};
use crate::nouns::app_data_schema::model::AppDataSchema;

/// An app data schema in a seed. Fields of a real export that have no meaning here are ignored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeedAppDataSchema {
    /// The key; the folder's name when absent.
    #[serde(default)]
    pub key: String,
    /// The name that people see; derived from the key when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// A description for people.
    #[serde(default)]
    pub description: Option<String>,
    /// The JSON Schema of the data.
    #[serde(default)]
    pub schema: Option<Value>,
    /// Code of the user's own beside the schema.
    #[serde(default)]
    pub code: Option<String>,
    /// Any JSON object of the user's own.
    #[serde(default)]
    pub meta: Option<JsonMap>,
    /// The UUID, which is the same in every workspace that it was exported to; one is made when absent.
    #[serde(default)]
    pub uuid: Option<String>,
    #[serde(skip)]
    pub(crate) origin: Origin,
}

impl SeedForm for SeedAppDataSchema {
    type Of = AppDataSchema;

    /// The fields of an export. Source: SDK `AppDataSchemaExportProperties`.
    fn of(known: &AppDataSchema) -> Self {
        Self {
            key: known.meta.key.clone().unwrap_or_default(),
            name: Some(known.meta.name.clone()),
            description: known.meta.description.clone(),
            schema: known.schema.clone(),
            code: known.code.clone(),
            meta: known.meta.meta.clone(),
            uuid: Some(known.meta.uuid.clone()),
            origin: Origin::default(),
        }
    }

    fn fresh(&self, id: Id<AppDataSchema>, now: Timestamp) -> AppDataSchema {
        let name = self.name.clone().unwrap_or_else(|| title_of(&self.key));
        let meta = Meta::planted(("app-data-schema", id.as_str()), &self.key, &name, self.description.clone(), now);
        AppDataSchema { schema: self.schema.clone(), code: self.code.clone(), ..AppDataSchema::blank(id, meta) }
    }

    fn redefine(known: &mut AppDataSchema, fresh: AppDataSchema) {
        known.schema = fresh.schema;
        known.code = fresh.code;
    }

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        self.schema.as_ref().map_or(Ok(()), |of| check_schema(of, "schema")).map_err(|error| ("schema", error))
    }

    fields_of_a_seed_form!();
}
