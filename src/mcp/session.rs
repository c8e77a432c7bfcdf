//! Whom the tools act for: a tenant of a workspace, at an address.

use std::time::Duration;

use crate::base::clock::real_now;
use crate::client::{Client, Tokens};
use crate::engine::tokens::mint;

/// A token of a tool's call is good for this long.
const TOKEN_LASTS: Duration = Duration::from_hours(1);

/// A tenant of a workspace, at an address.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// The address of the API.
    pub(crate) api: String,
    pub(crate) workspace: String,
    pub(crate) secret: String,
    pub(crate) tenant: String,
    /// What control calls carry; none where the server asks for none.
    pub(crate) control_token: Option<String>,
}

impl Session {
    /// Signs a token, which is good for so long. The error is a sentence for the user.
    pub(super) fn token(&self, tenant: Option<&str>, is_manager: bool, lasts: Duration) -> Result<String, String> {
        let token = mint(&self.workspace, &self.secret, tenant, is_manager, real_now().plus(lasts));
        token.map_err(|error| error.message.clone())
    }

    /// A client with tokens of this tenant, signed now.
    pub(crate) fn client(&self) -> Result<Client, String> {
        let tokens = Tokens {
            tenant: self.token(Some(&self.tenant), false, TOKEN_LASTS)?,
            manager: self.token(Some(&self.tenant), true, TOKEN_LASTS)?,
            control: self.control_token.clone(),
        };
        Client::new(&self.api, tokens)
    }
}
