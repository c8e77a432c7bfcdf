//! The fields of data sources. Pure types.

use crate::elements::model::fields::stored_type;

/// Calls a macro with the fields of data sources.
macro_rules! data_source {
    ($do:ident) => {
        $do! {
            /// A data source, or an instance of one. Source: SDK `BaseDataSource`.
            DataSource {
                noun: "data source", plural: "data-sources", singular: "data-source",
                instance: "data-source-instance", source: "SDK",
                holders: Connections, body: DataSourceBody, seed: SeedDataSource, view: DataSourceView as "DataSource",
                parent: data_source, data_source_id as "dataSourceId", "dataSourceKey", data_source_revision,
                universal: universal_data_source_id as "universalDataSourceId",
                fields: {
                    /// The unified data model of the records, such as `contacts`.
                    udm: String,
                    /// The key of the connector's data collection.
                    collection_key: String,
                    /// The parameters of the collection, by its `parametersSchema`.
                    collection_parameters: serde_json::Value,
                    /// How often changes are asked for, in seconds.
                    pull_updates_interval_seconds: f64,
                    /// How often all records are compared, in seconds.
                    full_sync_interval_seconds: f64,
                }
            }
        }
    };
}

data_source!(stored_type);

pub(crate) use data_source;
