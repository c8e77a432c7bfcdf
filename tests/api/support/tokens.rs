//! Callers by the tokens that they bear.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use membrane_mock::testing::MockWorkspace;
use serde_json::Value;

use crate::support::{Api, Bed};

/// A token of any algorithm, right or wrong.
pub(crate) fn signed(algorithm: Algorithm, key: &EncodingKey, claims: &Value) -> String {
    membrane_mock::engine::tokens::install_crypto();
    jsonwebtoken::encode(&Header::new(algorithm), claims, key).unwrap()
}

/// A token as whoever holds a workspace's secret signs it.
pub(crate) fn by_secret(secret: &str, claims: &Value) -> String {
    signed(Algorithm::HS256, &EncodingKey::from_secret(secret.as_bytes()), claims)
}

impl Api {
    /// Whoever bears these claims, signed with a workspace's secret.
    pub(crate) fn bearing(workspace: &MockWorkspace, claims: &Value) -> Self {
        Self::new(workspace.uri(), by_secret(&workspace.secret(), claims))
    }

    /// A tenant of any workspace.
    pub(crate) fn tenant_of(workspace: &MockWorkspace, key: &str) -> Self {
        Self::new(workspace.uri(), workspace.tenant(key).token())
    }

    /// A manager of any workspace.
    pub(crate) fn manager_of(workspace: &MockWorkspace) -> Self {
        Self::new(workspace.uri(), workspace.manager_token())
    }
}

impl Bed {
    /// Whoever bears these claims, signed with this workspace's secret.
    pub(crate) fn bearing(&self, claims: &Value) -> Api {
        Api::bearing(&self.ws, claims)
    }
}
