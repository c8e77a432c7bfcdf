//! The stub vendor behind each connector: it stands in for the external app and for its OAuth server.
//!
//! `model.rs` holds the grants that it issued, `rules.rs` issues and revokes them and answers requests from stubs,
//! `oauth.rs` is the OAuth 2.0 server, `routes.rs` has its endpoints and the consent page.
//! Invariant: a token dies at the vendor, and the engine learns of it as from a real one:
//! by a 401 or a refused refresh.

pub mod model;
mod oauth;
pub mod routes;
mod rules;

pub use oauth::{OauthClient, asking, shared_client};
pub use rules::{DEFAULT_ACCOUNT, account_in, default_credentials, revoke, stub_base};
