//! What the stub vendor has granted: its book of accounts and tokens.
//!
//! Invariant: credentials that a connection got by connecting are in the book of its connector's vendor, so expiry
//! and revocation happen there rather than being set on the connection.

use serde::{Deserialize, Serialize};

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::ids::Id;

/// One consent of one account at one vendor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// Id.
    pub id: Id<Grant>,
    /// The connector whose vendor this is.
    pub connector_key: String,
    /// Who consented, at the vendor.
    pub account: String,
    /// The token or key that calls carry now.
    pub access_token: String,
    /// What a new one is had with.
    pub refresh_token: Option<String>,
    /// Allowed.
    pub scopes: Vec<String>,
    /// When the access token dies; never when absent.
    pub expires_at: Option<Timestamp>,
    /// Whether the vendor took it back.
    pub revoked: bool,
    /// Whether the vendor refuses the next refresh.
    pub refuse_refresh: bool,
    /// The OAuth client that asked for it, which alone may refresh it; any, when nobody asked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client_id: Option<String>,
    /// Access tokens that were replaced.
    #[serde(default)]
    pub dead_tokens: Vec<String>,
}

/// What the vendor says of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenStanding {
    /// Good.
    Alive,
    /// Issued here and dead: expired, replaced or revoked.
    Dead,
    /// Never issued here.
    Unknown,
}

impl Grant {
    /// What this grant says of `token`.
    pub fn standing(&self, token: &str, now: Timestamp) -> TokenStanding {
        if self.access_token == token {
            let expired = self.expires_at.is_some_and(|at| at <= now);
            return if self.revoked || expired { TokenStanding::Dead } else { TokenStanding::Alive };
        }
        if self.dead_tokens.iter().any(|dead| dead == token) {
            return TokenStanding::Dead;
        }
        TokenStanding::Unknown
    }

    /// Whether this is its access or refresh token.
    pub fn has(&self, token: &str) -> bool {
        self.access_token == token || self.refresh_token.as_deref() == Some(token)
    }

    /// Whether it was given to this client.
    pub fn is_of(&self, client_id: &str) -> bool {
        self.client_id.as_deref().is_none_or(|own| own == client_id)
    }

    /// The credentials a connection keeps: an OAuth token answer. Source: RFC 6749 §5.1.
    pub fn oauth_credentials(&self, now: Timestamp) -> JsonMap {
        let mut credentials = JsonMap::new();
        credentials.insert("access_token".into(), self.access_token.clone().into());
        credentials.insert("token_type".into(), "bearer".into());
        if let Some(token) = &self.refresh_token {
            credentials.insert("refresh_token".into(), token.clone().into());
        }
        if let Some(at) = self.expires_at {
            credentials.insert("expires_in".into(), (at.since(now) / 1000).into());
        }
        credentials.insert("scope".into(), self.scopes.join(" ").into());
        credentials
    }
}
