//! The fields of field mappings. Pure types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::elements::model::fields::stored_type;

/// Which way fields are mapped. Source: SDK `FieldMappingDirection`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the external app to the user's own.
    Import,
    /// From the user's own app to the external one.
    Export,
    /// Both ways.
    Both,
}

/// Calls a macro with the fields of field mappings.
macro_rules! field_mapping {
    ($do:ident) => {
        $do! {
            /// A field mapping, or an instance of one. Source: SDK `BaseFieldMapping`.
            FieldMapping {
                noun: "field mapping", plural: "field-mappings", singular: "field-mapping",
                instance: "field-mapping-instance", source: "SDK",
                holders: Connections, body: FieldMappingBody, seed: SeedFieldMapping, view: FieldMappingView as "FieldMapping",
                parent: field_mapping, field_mapping_id as "fieldMappingId", "fieldMappingKey", field_mapping_revision,
                universal: universal_field_mapping_id as "universalFieldMappingId",
                fields: {
                    /// The id of the data source whose records are mapped.
                    data_source_id: String,
                    /// The UUID of that data source; an alternative to `dataSourceId`.
                    data_source_uuid: String,
                    /// The key of that data source; an alternative to `dataSourceId`.
                    data_source_key: String,
                    /// The JSON Schema of the fields of the user's own app.
                    app_schema: serde_json::Value,
                    /// Which way fields are mapped.
                    direction: Direction,
                    /// What an imported record comes to where `importValue` says nothing, a value with formulas.
                    default_import_value: serde_json::Value,
                    /// What an exported record comes to where `exportValue` says nothing, a value with formulas.
                    default_export_value: serde_json::Value,
                    /// What an imported record comes to in the user's own app, a value with formulas over the record's fields.
                    import_value: serde_json::Value,
                    /// What an exported record comes to in the external app, a value with formulas over the app's own fields.
                    export_value: serde_json::Value,
                    /// As `importValue`, over the unified fields of the record.
                    unified_import_value: serde_json::Value,
                    /// As `exportValue`, for the unified fields of the record.
                    unified_export_value: serde_json::Value,
                    /// The fields of `importValue` that users may not change.
                    frozen_import_fields: serde_json::Value,
                    /// The fields of `exportValue` that users may not change.
                    frozen_export_fields: serde_json::Value,
                    /// The fields of `unifiedExportValue` that users may not change.
                    frozen_unified_export_fields: serde_json::Value,
                }
            }
        }
    };
}

field_mapping!(stored_type);

pub(crate) use field_mapping;
