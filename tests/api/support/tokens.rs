//! Tokens that are signed by hand.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::Value;

/// A token of any algorithm, right or wrong.
pub(crate) fn signed(algorithm: Algorithm, key: &EncodingKey, claims: &Value) -> String {
    membrane_mock::auth::install_crypto();
    jsonwebtoken::encode(&Header::new(algorithm), claims, key).unwrap()
}

/// A token as whoever holds a workspace's secret signs it.
pub(crate) fn by_secret(secret: &str, claims: &Value) -> String {
    signed(Algorithm::HS256, &EncodingKey::from_secret(secret.as_bytes()), claims)
}
