//! A tenant (called customer on the wire): an isolated scope of connections.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;

use crate::base::clock::Timestamp;
use crate::base::ids::Id;
use crate::base::patch::Patch;

/// A tenant, stored and on the wire alike. Source: SDK `BaseCustomer`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    /// Id.
    pub id: Id<Tenant>,
    /// For people.
    pub name: String,
    /// Your system's id: the token's tenant key.
    pub internal_id: String,
    /// The user's own.
    #[serde(skip_serializing_if = "JsonMap::is_empty", default)]
    pub fields: JsonMap,
    /// The user's own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meta: Option<JsonMap>,
    /// Secret; only in the tenant's own `/self`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub credentials: Option<Value>,
    /// A test tenant.
    pub is_test: bool,
    /// Counted for billing.
    pub is_billable: bool,
    /// Whether it was ever used.
    pub is_active: bool,
    /// A limit, or null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ai_credits_rolling30_day_limit: Option<f64>,
    /// When a token last brought news of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_active_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Set when archived.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub archived_at: Option<Timestamp>,
}

impl Tenant {
    /// A tenant first seen now.
    pub fn new(id: Id<Tenant>, internal_id: String, name: Option<String>, now: Timestamp) -> Self {
        Self {
            id,
            name: name.unwrap_or_else(|| internal_id.clone()),
            internal_id,
            fields: JsonMap::new(),
            meta: None,
            credentials: None,
            is_test: false,
            is_billable: true,
            is_active: true,
            ai_credits_rolling30_day_limit: None,
            last_active_at: Some(now),
            created_at: now,
            archived_at: None,
        }
    }

    /// Whether `text` (lower case) is in name or internal id.
    pub fn matches(&self, text: &str) -> bool {
        self.name.to_lowercase().contains(text) || self.internal_id.to_lowercase().contains(text)
    }
}

/// Editable fields. Source: SDK `CreateCustomerRequest`, `UpdateCustomerRequest`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TenantBody {
    /// For people.
    pub name: Patch<String>,
    /// Your system's id.
    pub internal_id: Patch<String>,
    /// The user's own.
    pub fields: Patch<JsonMap>,
    /// The user's own.
    pub meta: Patch<JsonMap>,
    /// Secret.
    pub credentials: Patch<Value>,
    /// At least 0, or null.
    pub ai_credits_rolling30_day_limit: Patch<f64>,
}
