//! How attempts to connect went, one record each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::nouns::connection::model::Connection;
use crate::nouns::tenant::model::Tenant;

/// How an attempt went. Source: SDK `ConnectionAttemptLogApiResponse`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AttemptStatus {
    /// The connection became READY.
    Success,
    /// It did not; the user's own no included.
    Error,
}

/// One attempt, as stored and as answered. Source: SDK `ConnectionAttemptLogApiResponse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptLog {
    /// Id.
    pub id: Id<AttemptLog>,
    /// Whose.
    pub user_id: Id<Tenant>,
    /// The same under its newer name.
    pub tenant_id: Id<Tenant>,
    /// To which integration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_id: Option<String>,
    /// Of which connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    /// To which app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_app_id: Option<String>,
    /// By which connector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector_id: Option<String>,
    /// Of which version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector_version: Option<String>,
    /// By which of its auth options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_option_key: Option<String>,
    /// Which request it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_request_id: Option<String>,
    /// How it went.
    pub status: AttemptStatus,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ApiError>,
    /// When it ended.
    pub created_at: Timestamp,
}

impl AttemptLog {
    /// An attempt to connect `connection` that ended now.
    pub fn of(id: Id<AttemptLog>, connection: &Connection, error: Option<ApiError>, now: Timestamp) -> Self {
        let status = if error.is_some() { AttemptStatus::Error } else { AttemptStatus::Success };
        Self {
            id,
            user_id: connection.tenant.clone(),
            tenant_id: connection.tenant.clone(),
            integration_id: connection.integration.as_ref().map(ToString::to_string),
            connection_id: Some(connection.id.to_string()),
            external_app_id: connection.external_app.as_ref().map(ToString::to_string),
            connector_id: connection.connector.as_ref().map(ToString::to_string),
            connector_version: connection.connector_version.clone(),
            auth_option_key: connection.auth_option_key.clone(),
            connection_request_id: connection.request.clone(),
            status,
            error,
            created_at: now,
        }
    }
}
