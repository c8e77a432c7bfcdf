//! The fields of app data schemas. Pure types.

use crate::elements::model::fields::stored_type;

/// Calls a macro with the fields of app data schemas.
macro_rules! app_data_schema {
    ($do:ident) => {
        $do! {
            /// An app data schema, the shape of one kind of data of the user's own app, or a tenant's version of it. Source:
            /// SDK `BaseAppDataSchema`.
            AppDataSchema {
                noun: "app data schema", plural: "app-data-schemas", singular: "app-data-schema",
                instance: "app-data-schema-instance", source: "SDK",
                holders: Tenants, body: AppDataSchemaBody, seed: SeedAppDataSchema,
                view: AppDataSchemaView as "AppDataSchema",
                parent: app_data_schema, app_data_schema_id as "appDataSchemaId", "appDataSchemaKey",
                app_data_schema_revision,
                fields: {
                    /// The JSON Schema of the data.
                    schema: serde_json::Value,
                    /// Code of your own beside the schema; it is kept and answered, and nothing runs it (assumed).
                    code: String,
                }
            }
        }
    };
}

app_data_schema!(stored_type);

pub(crate) use app_data_schema;
