//! A tenant (called customer on the wire): an isolated scope of connections.
//!
//! Invariant: `internal_id` is what tokens name as the tenant key. Credentials are shown only to the tenant itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;

use crate::base::clock::Timestamp;
use crate::base::ids::Id;
use crate::base::json::patch::Patch;

/// A tenant, called customer on the wire; stored and sent in the same form. Source: SDK `BaseCustomer`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    /// The id that the workspace gave the tenant.
    pub id: Id<Tenant>,
    /// The name that people see; it is the tenant key until a token or a request gives another one.
    pub name: String,
    /// The tenant's id in your own system: the tenant key that tokens name. It is unique in the workspace.
    pub internal_id: String,
    /// Your own fields of the tenant, as the last token or request that named any set them; absent when there are none.
    #[serde(skip_serializing_if = "JsonMap::is_empty", default)]
    pub fields: JsonMap,
    /// Any JSON object of your own; absent when none was set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meta: Option<JsonMap>,
    /// The tenant's credentials. They are secret: only the tenant's own `/self` shows them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub credentials: Option<Value>,
    /// Whether the tenant is for tests; nothing here sets it, so it is false.
    pub is_test: bool,
    /// Whether the tenant counts for billing; nothing here changes it, so it is true.
    pub is_billable: bool,
    /// Whether a token of the tenant has been used since it was made.
    pub is_active: bool,
    /// The most AI credits that the tenant may use in 30 days, 0 or more; it is stored and not
    /// enforced. Absent means no limit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ai_credits_rolling30_day_limit: Option<f64>,
    /// When a token last made, changed or restored the tenant; absent when no token has named it yet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_active_at: Option<Timestamp>,
    /// When the tenant was made, on the workspace's clock.
    pub created_at: Timestamp,
    /// When the tenant was archived; absent while it is not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub archived_at: Option<Timestamp>,
}

/// The most letters of a tenant's key.
const LONGEST_KEY: usize = 255;

/// Says what is wrong with a tenant's key, as the end of a sentence: it is blank, too long, or has a control character.
pub fn check_tenant_key(key: &str) -> Result<(), String> {
    if key.trim().is_empty() {
        return Err("is blank".into());
    }
    if key.chars().any(char::is_control) {
        return Err("has a control character in it".into());
    }
    if key.chars().count() > LONGEST_KEY {
        return Err(format!("is longer than {LONGEST_KEY} letters"));
    }
    Ok(())
}

impl Tenant {
    /// Makes an active tenant that a token has just named. Its name is its key unless `name` says otherwise.
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

    /// Whether its name or key contains `text`, which is lower case.
    pub fn matches(&self, text: &str) -> bool {
        self.name.to_lowercase().contains(text) || self.internal_id.to_lowercase().contains(text)
    }
}

/// The fields of a tenant that a request may set. Source: SDK `CreateCustomerRequest`, `UpdateCustomerRequest`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TenantBody {
    pub name: Patch<String>,
    /// The tenant key; the new tenant's id when absent on creation.
    #[serde(alias = "tenantKey")]
    pub internal_id: Patch<String>,
    /// Members are merged into the stored fields; a null member is removed.
    pub fields: Patch<JsonMap>,
    /// Replaces the stored object.
    pub meta: Patch<JsonMap>,
    /// Secret: only the tenant's own `/self` shows it.
    pub credentials: Patch<Value>,
    /// 0 or more; null removes the limit.
    pub ai_credits_rolling30_day_limit: Patch<f64>,
}
