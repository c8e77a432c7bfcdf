//! This module holds the OAuth codes that the stub vendors gave out and nobody has exchanged yet. They are only in
//! memory, because they live for minutes.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::base::clock::Timestamp;
use crate::nouns::connection::model::attempt::Theme;
use crate::nouns::connector::model::Connector;

/// A client's request for a user's consent, as the stub vendor's consent page got it.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The client wants to use the API of this connector's app.
    pub connector: Arc<Connector>,
    /// The client asks for these scopes.
    pub scopes: Vec<String>,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: Url,
    pub(crate) state: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    /// The consent page looks like this. Source: our choice: it is what the pages before it used.
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

/// A code that a stub vendor gave out, and what it can be exchanged for.
#[derive(Debug, Clone)]
pub struct Code {
    pub(crate) asking: Asking,
    pub(crate) account: String,
    pub(crate) expires_at: Timestamp,
}

/// The codes that can still be exchanged, each under its text.
pub type Codes = HashMap<String, Code>;
