//! The grants of the stub vendor: accounts that consented, and the tokens that they were given.
//!
//! Invariant: credentials that a connection got by OAuth are a grant of its connector's vendor, so they expire and are
//! revoked there instead of on the connection.

use serde::{Deserialize, Serialize};

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::ids::{Id, Index, NameFn};

/// The consent of an account at a vendor, with its tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    pub id: Id<Grant>,
    /// The key of the connector whose vendor this is.
    pub connector_key: String,
    /// The account that consented, such as an email address.
    pub account: String,
    /// The access token that is valid now, unless it expired or was revoked.
    pub access_token: String,
    /// The refresh token; it stays the same when it is used.
    pub refresh_token: Option<String>,
    /// The scopes that the account allowed.
    pub scopes: Vec<String>,
    /// When the access token expires, on the workspace's clock; never when absent.
    pub expires_at: Option<Timestamp>,
    /// Whether the vendor revoked all tokens of the grant.
    pub revoked: bool,
    /// Whether the vendor refuses the next refresh, once.
    pub refuse_refresh: bool,
    /// The id of the OAuth client that asked, which alone may refresh the grant; any client may when there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client_id: Option<String>,
    /// The access tokens that were replaced last, which are refused from then on.
    #[serde(default)]
    pub dead_tokens: Vec<String>,
}

/// What a vendor knows about a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenStanding {
    /// The token is valid.
    Alive,
    /// The vendor issued the token, and it has expired, been replaced or been revoked.
    Dead,
    /// The vendor did not issue the token.
    Unknown,
}

impl Grant {
    /// What it is found by: each token that it has or had.
    pub fn names(&self, name: &mut NameFn<'_>) {
        let refresh = self.refresh_token.as_ref();
        for token in [&self.access_token].into_iter().chain(refresh).chain(&self.dead_tokens) {
            name(Index::Token, &[token]);
        }
    }

    /// What this grant knows about an access token at a moment.
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

    /// Whether `token` is its access or refresh token.
    pub fn has(&self, token: &str) -> bool {
        self.access_token == token || self.refresh_token.as_deref() == Some(token)
    }

    /// Whether a client may use the grant: it was given to this client, or to none in particular.
    pub fn is_of(&self, client_id: &str) -> bool {
        self.client_id.as_deref().is_none_or(|own| own == client_id)
    }

    /// The credentials that a connection keeps, in the form of an OAuth token answer. Source: RFC 6749 §5.1.
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
