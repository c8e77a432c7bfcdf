//! A file. Pure types.

use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::ids::Id;

/// A file that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    pub id: Id<File>,
    /// The secret in the file's address.
    pub ticket: String,
    /// The media type that it was sent as.
    pub content_type: String,
    /// The name that it was sent under.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// The bytes, in base64.
    pub bytes: String,
    pub created_at: Timestamp,
}
