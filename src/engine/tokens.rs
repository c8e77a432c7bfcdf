//! This module verifies and mints tokens, and says who the caller is.
//!
//! Invariant: the algorithm that a token names must belong to the kind of key that verifies it: HMAC only with the
//! workspace secret, the others only with a registered public key of their family. So neither `none` nor a public key
//! used as a secret gets in.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::clock::{Timestamp, real_now};
use crate::base::error::ApiError;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::nouns::tenant::model::{Tenant, check_tenant_key};
use crate::nouns::workspace::model::{TokenClock, Workspace};
use crate::store::World;

/// The caller of the API, as its token says. Source: SEED, DOC; the last kind is assumed.
#[derive(Debug, Clone)]
pub enum Caller {
    /// The token names a tenant, who sees only what is its own.
    Tenant(Arc<Tenant>),
    /// The token has a manager's rights, perhaps on behalf of a tenant.
    Manager(Option<Arc<Tenant>>),
    /// The token names neither, so the caller reads only workspace-level elements.
    Workspace,
}

impl Caller {
    /// Returns the tenant for whom the caller speaks.
    pub fn tenant(&self) -> Option<&Arc<Tenant>> {
        match self {
            Self::Tenant(tenant) | Self::Manager(Some(tenant)) => Some(tenant),
            Self::Manager(None) | Self::Workspace => None,
        }
    }

    /// Returns whether the caller has a manager's rights.
    pub fn is_manager(&self) -> bool {
        matches!(self, Self::Manager(_))
    }

    /// Returns whether the caller may see what belongs to this tenant: a tenant sees its own, a manager everything.
    pub fn may_see(&self, owner: &str) -> bool {
        match self {
            Self::Tenant(tenant) => tenant.id == *owner,
            Self::Manager(_) => true,
            Self::Workspace => false,
        }
    }

    /// Returns whether a call that names no tenant is about this one; a manager's own
    /// tenant is its default scope (`docs/behaviour.md#token-admin`).
    pub fn means(&self, owner: &str) -> bool {
        self.may_see(owner) && self.tenant().is_none_or(|tenant| tenant.id == *owner)
    }

    /// Returns the same caller with its tenant as the workspace holds it now.
    #[must_use]
    pub fn in_world(self, world: &World) -> Self {
        let now = |tenant: Arc<Tenant>| world.tenants.get(tenant.id.as_str()).cloned().unwrap_or(tenant);
        match self {
            Self::Tenant(tenant) => Self::Tenant(now(tenant)),
            Self::Manager(tenant) => Self::Manager(tenant.map(now)),
            Self::Workspace => Self::Workspace,
        }
    }

    /// Returns the caller as the journal shows it, such as `tenant:acme`.
    pub fn shown(&self) -> String {
        match self {
            Self::Tenant(tenant) => format!("tenant:{}", tenant.internal_id),
            Self::Manager(Some(tenant)) => format!("manager:{}", tenant.internal_id),
            Self::Manager(None) => "manager".into(),
            Self::Workspace => "workspace".into(),
        }
    }
}

/// The claims of a token, in both vocabularies. Source: SEED, DOC, SDK; PG for `isAdmin`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Claims {
    workspace_key: Option<String>,
    iss: Option<String>,
    tenant_key: Option<Value>,
    id: Option<Value>,
    name: Option<Value>,
    fields: Option<Value>,
    is_admin: Option<Value>,
    #[serde(deserialize_with = "present")]
    exp: Option<Value>,
    #[serde(deserialize_with = "present")]
    nbf: Option<Value>,
}

/// Reads a claim so that `null` is not taken for one that is missing.
fn present<'de, D: Deserializer<'de>>(claim: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(claim).map(Some)
}

/// What a valid token says.
#[derive(Debug, Clone, Default)]
pub struct Verified {
    /// The token names the tenant with this key; absent when it names none.
    pub tenant_key: Option<String>,
    pub name: Option<String>,
    pub fields: Option<JsonMap>,
    /// The token has a manager's rights.
    pub is_manager: bool,
    /// A sentence about each claim that says nothing, because its value is of the wrong type.
    pub unread: Vec<String>,
}

/// The keys that may have signed a workspace's tokens.
pub struct Keyring {
    secret: Option<DecodingKey>,
    public: Vec<(AlgorithmFamily, DecodingKey)>,
    secret_disabled: bool,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring").field("public", &self.public.len()).finish_non_exhaustive()
    }
}

impl Keyring {
    /// Reads a workspace's keys. A public key that cannot be read is skipped here, because it
    /// is refused when it is registered.
    pub fn of(workspace: &Workspace) -> Self {
        let secret_disabled = workspace.settings.disable_secret_key_auth;
        Self {
            secret: (!secret_disabled).then(|| DecodingKey::from_secret(workspace.secret.as_bytes())),
            public: workspace.public_keys.iter().filter_map(|key| read_public_key(&key.public_key)).collect(),
            secret_disabled,
        }
    }
}

/// Reads a PEM public key of any family, or returns nothing when it is none.
pub fn read_public_key(pem: &str) -> Option<(AlgorithmFamily, DecodingKey)> {
    let pem = pem.trim().replace("\\n", "\n");
    let bytes = pem.as_bytes();
    DecodingKey::from_rsa_pem(bytes)
        .map(|key| (AlgorithmFamily::Rsa, key))
        .or_else(|_| DecodingKey::from_ec_pem(bytes).map(|key| (AlgorithmFamily::Ec, key)))
        .or_else(|_| DecodingKey::from_ed_pem(bytes).map(|key| (AlgorithmFamily::Ed, key)))
        .ok()
}

/// Returns the workspace key that a token claims, without verifying it; only the journal uses it.
pub fn claimed_workspace(token: &str) -> Option<String> {
    let claims = read_claims(token)?;
    claims.workspace_key.or(claims.iss)
}

fn read_claims(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Checks a token's signature, algorithm, time and claims, and returns its workspace and what it says, or a
/// 401. Source: SEED, DOC; times: `docs/behaviour.md#token-time`.
pub fn verify(engine: &Engine, token: &str) -> Result<(Arc<WorkspaceRuntime>, Verified), ApiError> {
    if token.starts_with("pat-") {
        return Err(ApiError::not_authenticated(
            "membrane-mock knows no personal access tokens; sign a JWT with the workspace secret",
        ));
    }
    let unreadable = || ApiError::not_authenticated("the token is not a JWT: three base64url parts joined by dots");
    let claims = read_claims(token).ok_or_else(unreadable)?;
    let workspace_key = agree("workspaceKey", claims.workspace_key, "iss", claims.iss)?.ok_or_else(|| {
        ApiError::not_authenticated("the token names no workspace; put `workspaceKey` (or `iss`) in it")
    })?;
    let space = engine.space(&workspace_key).ok_or_else(|| {
        ApiError::not_authenticated(format!(
            "the token names the workspace `{workspace_key}`, which does not exist here"
        ))
    })?;
    check_signature(&space, token)?;
    check_time(&space, claims.exp.as_ref(), claims.nbf.as_ref())?;
    let (tenant_key, older) = (key_of("tenantKey", claims.tenant_key)?, key_of("id", claims.id)?);
    let tenant_key = agree("tenantKey", tenant_key, "id", older)?;
    let unread = unread_claims([
        ("name", "text", claims.name.as_ref(), Value::is_string),
        ("fields", "an object", claims.fields.as_ref(), Value::is_object),
        ("isAdmin", "`true` or `false`", claims.is_admin.as_ref(), |claim| truth(claim).is_some()),
    ]);
    let verified = Verified {
        tenant_key: tenant_key.filter(|key| !key.is_empty()),
        name: claims.name.and_then(|name| name.as_str().map(str::to_owned)),
        fields: claims.fields.and_then(|fields| fields.as_object().cloned()),
        is_manager: claims.is_admin.as_ref().and_then(truth) == Some(true),
        unread,
    };
    Ok((space, verified))
}

/// A claim as [`unread_claims`] looks at it: its name, what it has to be, its value, and whether a value is that.
type ReadClaim<'a> = (&'static str, &'static str, Option<&'a Value>, fn(&Value) -> bool);

/// Returns a sentence about each claim whose value is not what it has to be. Such a claim is left out and the call goes on.
/// Source: our choice: a tester wants to know why a tenant lacks its name.
fn unread_claims<const N: usize>(claims: [ReadClaim<'_>; N]) -> Vec<String> {
    let wrong = |(_, _, value, is_read): &ReadClaim<'_>| value.is_some_and(|value| !value.is_null() && !is_read(value));
    let sentence =
        |(name, what, ..): ReadClaim<'_>| format!("the token's claim `{name}` is not {what}, so it says nothing");
    claims.into_iter().filter(wrong).map(sentence).collect()
}

/// Returns the key of a tenant that a claim names; numbers are allowed, because many databases number their tenants.
fn key_of(name: &str, claim: Option<Value>) -> Result<Option<String>, ApiError> {
    let wrong = |what: &str| Err(ApiError::not_authenticated(format!("the token's `{name}` {what}")));
    let key = match claim {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text,
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => return wrong("is neither text nor a number"),
    };
    // An empty one is none.
    match check_tenant_key(&key) {
        Err(why) if !key.is_empty() => wrong(&format!("{why}; name the tenant, or leave the claim out")),
        _ => Ok(Some(key)),
    }
}

/// Returns a claim that has two names; both may be given if they agree.
fn agree(
    name: &str,
    value: Option<String>,
    older_name: &str,
    older: Option<String>,
) -> Result<Option<String>, ApiError> {
    match (value, older) {
        (Some(a), Some(b)) if a != b => Err(ApiError::not_authenticated(format!(
            "the token contradicts itself: `{name}` is `{a}` and `{older_name}` is `{b}`"
        ))),
        (a, b) => Ok(a.or(b)),
    }
}

/// Returns the truth value of a claim: `true`, 1, "1" or "true", or their opposites; none when it is anything else. Source:
/// SEED, PG, real-use.
fn truth(claim: &Value) -> Option<bool> {
    match claim {
        Value::Bool(value) => Some(*value),
        Value::Number(number) => {
            [(0.0, false), (1.0, true)].into_iter().find_map(|(n, is)| (number.as_f64() == Some(n)).then_some(is))
        }
        Value::String(text) => match text.as_str() {
            "1" | "true" => Some(true),
            "" | "0" | "false" => Some(false),
            _ => None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn check_signature(space: &WorkspaceRuntime, token: &str) -> Result<(), ApiError> {
    let header = jsonwebtoken::decode_header(token).map_err(|error| {
        ApiError::not_authenticated(format!(
            "the token's header cannot be used ({error}); sign with HS256, HS384, HS512 or a registered ES, RS, PS or EdDSA key"
        ))
    })?;
    // Who signs with critical extensions wants a reader that knows them to be asked (RFC 7515 §4.1.11).
    if let Some(critical) = header.crit {
        let names = critical.join("`, `");
        return Err(ApiError::not_authenticated(format!(
            "the token's `crit` names `{names}`, which is not known here"
        )));
    }
    let keyring = space.keyring();
    let family = header.alg.family();
    let keys: Vec<&DecodingKey> = if family == AlgorithmFamily::Hmac {
        if keyring.secret_disabled {
            return Err(ApiError::not_authenticated(
                "this workspace has `disableSecretKeyAuth`; sign with a registered key",
            ));
        }
        keyring.secret.iter().collect()
    } else {
        keyring.public.iter().filter(|(of, _)| *of == family).map(|(_, key)| key).collect()
    };
    if keys.is_empty() {
        return Err(ApiError::not_authenticated(format!(
            "the workspace `{}` has no public key for {:?}; register one with PATCH /workspaces/:id {{publicKeys}}",
            space.key, header.alg
        )));
    }
    let mut validation = Validation::new(header.alg);
    // The time is checked below, against the workspace's own clock.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    if keys.iter().any(|key| jsonwebtoken::decode::<serde::de::IgnoredAny>(token, key, &validation).is_ok()) {
        return Ok(());
    }
    Err(ApiError::not_authenticated(format!(
        "the token's signature is not the workspace `{}`'s; the secret may have been rotated",
        space.key
    )))
}

fn check_time(space: &WorkspaceRuntime, exp: Option<&Value>, nbf: Option<&Value>) -> Result<(), ApiError> {
    let now = match space.world().workspace.mock.token_clock {
        TokenClock::Workspace => space.clock.token_time(),
        TokenClock::System => real_now(),
    };
    let now = now.seconds();
    if let Some(exp) = seconds("exp", exp)?
        && exp <= now
    {
        return Err(ApiError::not_authenticated(format!("the token expired {} s ago", now.saturating_sub(exp))));
    }
    if let Some(nbf) = seconds("nbf", nbf)?
        && nbf > now
    {
        return Err(ApiError::not_authenticated(format!(
            "the token is not valid for another {} s",
            nbf.saturating_sub(now)
        )));
    }
    Ok(())
}

/// Moments from here on, in the year 5138, are taken for milliseconds.
const TOO_FAR: i64 = 100_000_000_000;

fn seconds(name: &str, value: Option<&Value>) -> Result<Option<i64>, ApiError> {
    let Some(value) = value else { return Ok(None) };
    #[expect(clippy::cast_possible_truncation, reason = "a moment in seconds; a fraction is dropped")]
    let number = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64));
    let wrong = |what: &str| Err(ApiError::not_authenticated(format!("the token's `{name}` is {what}")));
    match number {
        None => wrong("not a number of seconds"),
        Some(number) if number >= TOO_FAR => wrong("too far away; it counts seconds, not milliseconds"),
        Some(number) => Ok(Some(number)),
    }
}

/// The claims of a minted token.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Minted<'a> {
    pub workspace_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_key: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_admin: bool,
    /// The tenant's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// The tenant's fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<&'a JsonMap>,
    /// When it ends, in seconds.
    pub exp: i64,
}

/// Mints an HS256 token with the claims of SEED's recipes.
pub fn mint(
    workspace_key: &str,
    secret: &str,
    tenant_key: Option<&str>,
    is_manager: bool,
    expires: Timestamp,
) -> Result<String, ApiError> {
    let exp = expires.seconds();
    sign(&Minted { workspace_key, tenant_key, is_admin: is_manager, name: None, fields: None, exp }, secret)
}

/// Signs claims with HS256.
pub fn sign(claims: &Minted<'_>, secret: &str) -> Result<String, ApiError> {
    install_crypto();
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(secret.as_bytes()))
        .map_err(ApiError::internal)
}

#[derive(Serialize)]
struct MintedForApp<'a> {
    iss: &'a str,
    sub: &'a str,
    id: &'a str,
    name: &'a str,
    fields: &'a JsonMap,
    exp: i64,
}

/// How long the user's app may accept a token that it is called with.
const APP_ACCEPTS_FOR: Duration = Duration::from_hours(1);

/// Adds the token that a call to the user's own app carries, under its present and its former name: whose call it is,
/// signed by the workspace. It ends in real time, because the app's clock is real whatever the workspace's says. Source:
/// real-use (the vendor's receivers check it); IAPP:docs/membrane-token.
pub fn sign_for_app(workspace: &Workspace, tenant: &Tenant, headers: &mut HeaderMap) -> Result<(), ApiError> {
    install_crypto();
    let claims = MintedForApp {
        iss: &workspace.key,
        sub: &tenant.internal_id,
        id: &tenant.internal_id,
        name: &tenant.name,
        fields: &tenant.fields,
        exp: real_now().plus(APP_ACCEPTS_FOR).seconds(),
    };
    let key = EncodingKey::from_secret(workspace.secret.as_bytes());
    let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(ApiError::internal)?;
    for name in ["x-membrane-token", "x-integration-app-token"] {
        let mut value = HeaderValue::try_from(&token).map_err(ApiError::internal)?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(())
}

/// Chooses the crypto backend of the token library; calling it again does no harm.
pub fn install_crypto() {
    jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER.install_default().ok();
}
