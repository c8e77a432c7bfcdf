//! An app data schema: the shape of one kind of data of the user's own app. An instance is a tenant's version of it.
//!
//! Pure types for whoever stores, changes or shows app data schemas. Invariant: `schema` is a JSON Schema
//! ([`AppDataSchema::apply`]).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::json::patch::Patch;
use crate::base::json::schema::check_schema;
use crate::elements::model::Meta;
use crate::elements::model::place::Place;

/// An app data schema or an instance as stored. The wire form is `AppDataSchemaView`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppDataSchema {
    pub id: Id<AppDataSchema>,
    #[serde(flatten)]
    pub meta: Meta,
    /// Universal, or a tenant's own.
    #[serde(flatten)]
    pub place: Place<AppDataSchema>,
    /// The JSON Schema of the data; absent while none was given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub schema: Option<Value>,
    /// The user's code beside the schema; it is kept and answered, and nothing runs it (assumed).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
    /// Whether an instance was changed since it was copied from its parent.
    #[serde(default)]
    pub is_customized: bool,
    /// The revision that the parent had when it was last copied; none when nothing was copied.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent_revision: Option<String>,
}

impl AppDataSchema {
    /// Changes it as a request body says; fields that the body leaves out stay. Fails with 400 for a wrong schema.
    pub fn apply(&mut self, body: AppDataSchemaBody) -> Result<(), ApiError> {
        if let Some(of) = body.schema.set() {
            check_schema(of, "schema")?;
        }
        let renames = body.name.set().is_some_and(|name| *name != self.meta.name);
        let redefines = !matches!((&body.schema, &body.code), (Patch::Keep, Patch::Keep));
        self.is_customized |= self.place.parent.is_some() && (renames || redefines);
        body.key.apply(&mut self.meta.key);
        body.uuid.apply_required(&mut self.meta.uuid);
        body.name.apply_required(&mut self.meta.name);
        body.description.apply(&mut self.meta.description);
        body.meta.apply(&mut self.meta.meta);
        body.instance_key.apply(&mut self.place.instance_key);
        body.schema.apply(&mut self.schema);
        body.code.apply(&mut self.code);
        Ok(())
    }
}

/// The fields of an app data schema or an instance that a request may set; absent ones keep their value. Source:
/// SDK `AppDataSchemaEditableProperties`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AppDataSchemaBody {
    /// The key that code names it by, unique at its place; derived from `name` when absent on creation.
    pub key: Patch<String>,
    /// The UUID; it is made when absent on creation.
    pub uuid: Patch<String>,
    /// The name that people see; derived from `key` when absent on creation.
    pub name: Patch<String>,
    /// A description for people.
    pub description: Patch<String>,
    /// Any JSON object of your own.
    pub meta: Patch<JsonMap>,
    /// The key of this instance where a tenant has several.
    pub instance_key: Patch<String>,
    /// The JSON Schema of the data.
    pub schema: Patch<Value>,
    /// Code of your own beside the schema.
    pub code: Patch<String>,
    /// On creation: the id of the app data schema that this one begins as a copy of.
    pub app_data_schema_id: Option<String>,
}
