//! The fields of data link tables, and the links in their instances. Pure types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::ids::Id;
use crate::elements::model::fields::stored_type;

/// Calls a macro with the fields of data link tables.
macro_rules! data_link_table {
    ($do:ident) => {
        $do! {
            /// A data link table, or a connection's instance of one. Source: SDK `BaseDataLinkTable`.
            DataLinkTable {
                noun: "data link table", plural: "data-link-tables", singular: "data-link-table",
                instance: "data-link-table-instance", source: "SDK",
                holders: Connections, body: DataLinkTableBody, seed: SeedDataLinkTable,
                view: DataLinkTableView as "DataLinkTable",
                parent: data_link_table, data_link_table_id as "dataLinkTableId", "dataLinkTableKey",
                data_link_table_revision,
                universal: universal_data_link_table_id as "universalDataLinkTableId",
                fields: {}
            }
        }
    };
}

data_link_table!(stored_type);

pub(crate) use data_link_table;

/// Which way a link holds. Source: SDK `DataLinkDirection`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LinkDirection {
    /// From the external record to the user's own.
    Import,
    /// From the user's own record to the external one.
    Export,
    /// Both ways.
    Both,
}

impl LinkDirection {
    /// Whether a link of this direction is one of the other: one of both ways is each.
    pub fn covers(self, other: Self) -> bool {
        self == Self::Both || other == Self::Both || self == other
    }
}

/// A link between a record of an external app and one of the user's own. Source: SDK `DataLink`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataLink {
    /// The id of the link.
    #[schemars(with = "String")]
    pub id: Id<DataLink>,
    /// The instance of the table that has it.
    #[schemars(with = "String")]
    pub data_link_table_instance_id: Id<DataLinkTable>,
    /// The id of the record in the external app.
    pub external_record_id: String,
    /// The id of the record in the user's own app.
    pub app_record_id: String,
    /// Which way it holds.
    pub direction: LinkDirection,
    /// When it was made, on the workspace's clock.
    pub created_at: Timestamp,
}
