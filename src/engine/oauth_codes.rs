//! OAuth codes that the stub vendors gave out and nobody has exchanged yet. In memory: they live for minutes.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::base::clock::Timestamp;
use crate::nouns::connection::model::attempt::Theme;
use crate::nouns::connector::model::Connector;

/// A client that asks for a user's consent.
#[derive(Debug, Clone)]
pub struct Asking {
    /// Whose API.
    pub connector: Arc<Connector>,
    /// What for.
    pub scopes: Vec<String>,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: Url,
    pub(crate) state: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    /// What the consent page looks like. Source: our choice: the pages before it have told.
    pub theme: Theme,
}

#[derive(Debug, Clone)]
pub(crate) enum Challenge {
    Plain(String),
    S256(String),
}

impl Challenge {
    pub(crate) fn is_met_by(&self, verifier: &str) -> bool {
        match self {
            Self::Plain(challenge) => challenge == verifier,
            Self::S256(challenge) => *challenge == URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)),
        }
    }
}

/// A code that was given out.
#[derive(Debug, Clone)]
pub struct Code {
    pub(crate) asking: Asking,
    pub(crate) account: String,
    pub(crate) expires_at: Timestamp,
}

/// Codes that can still be exchanged. In memory: they live for minutes.
pub type Codes = HashMap<String, Code>;
