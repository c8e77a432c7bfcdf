//! A file of a connector, and a version that was published. Pure types.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::clock::Timestamp;
use crate::base::ids::Id;
use crate::nouns::connector::model::Connector;

/// A file of a connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectorFile {
    pub id: Id<ConnectorFile>,
    pub connector: Id<Connector>,
    /// The path below the connector, such as `data/contacts/list.js`.
    pub path: String,
    pub text: String,
    pub updated_at: Timestamp,
}

/// A version of a connector that was published. Source: SDK `ConnectorVersion`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectorVersion {
    pub id: Id<ConnectorVersion>,
    pub connector: Id<Connector>,
    /// The version, such as `1.2.0`.
    pub version: String,
    /// What changed, in the words of whoever published it.
    pub changelog: String,
    /// The connector as it was, as an archive has it.
    pub spec: Value,
    /// The other files as they were, by their paths.
    pub files: BTreeMap<String, String>,
    pub created_at: Timestamp,
}
