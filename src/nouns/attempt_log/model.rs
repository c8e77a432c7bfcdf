//! A record of an attempt to connect that has ended. It is written once, in the transaction that ends the attempt.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::nouns::connection::model::Connection;
use crate::nouns::tenant::model::Tenant;

/// The result of an attempt to connect. Source: SDK `ConnectionAttemptLogApiResponse`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AttemptStatus {
    /// The connection became READY.
    Success,
    /// The connection did not become READY: something failed, or the user cancelled.
    Error,
}

/// An attempt to connect that has ended; stored and sent in the
/// same form. Source: SDK `ConnectionAttemptLogApiResponse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptLog {
    /// The id of the record.
    pub id: Id<AttemptLog>,
    /// The id of the tenant that owns the connection.
    pub user_id: Id<Tenant>,
    /// The id of the tenant; the same as `userId`, under its newer name.
    pub tenant_id: Id<Tenant>,
    /// The id of the connection's integration; absent when none was found yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_id: Option<String>,
    /// The id of the connection. It may no longer exist: a first attempt on a hosted page
    /// leaves no connection when it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    /// The id of the external app; absent when none was found yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_app_id: Option<String>,
    /// The id of the connector; absent when none was found yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector_id: Option<String>,
    /// The connector version that the connection asked for; absent when it asked for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector_version: Option<String>,
    /// The auth option that the connection asked for; absent when it asked for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_option_key: Option<String>,
    /// The id of the connection request that the attempt answers; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_request_id: Option<String>,
    /// Whether the connection became READY.
    pub status: AttemptStatus,
    /// Why the attempt failed; absent when it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ApiError>,
    /// When the attempt ended, on the workspace's clock.
    pub created_at: Timestamp,
}

impl AttemptLog {
    /// Makes the record of an attempt to connect `connection` that ended now; with an error it is a failure.
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
