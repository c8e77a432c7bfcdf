//! The stub vendor's OAuth 2.0 server: clients, consent, codes and tokens. It knows nothing of how connections move.
//!
//! Invariant: a code can be exchanged once, by the client that asked for it, within ten minutes.
//!
//! Source: RFC 6749 (§4.1 codes, §5 tokens, §6 refresh), RFC 7636 (PKCE), RFC 7009 (revocation).

use std::sync::PoisonError;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde_json::{Value, json};
use url::Url;

use crate::base::error::ApiError;
use crate::base::ids::Index;
use crate::engine::directory::Directory;
use crate::engine::oauth_codes::{Asking, Challenge, Code};
use crate::engine::{Engine, WorkspaceRuntime};
use crate::nouns::connection::connect::integration_for;
use crate::nouns::connection::model::attempt::Theme;
use crate::nouns::connector::model::Connector;
use crate::nouns::stub_vendor::rules::{Refusal, consent};

/// How long a code can be exchanged, on the workspace's clock. Source: RFC 6749 §4.1.2 (10 minutes at most).
const CODE_LIVES: Duration = Duration::from_mins(10);

/// The platform's own client at the vendor of a connector. Source: SEED (“shared OAuth client”).
pub fn shared_client(connector: &Connector) -> OauthClient {
    OauthClient { id: format!("membrane-{}", connector.key()), secret: format!("shared-secret-of-{}", connector.key()) }
}

/// The credentials of an OAuth client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthClient {
    pub id: String,
    pub secret: String,
}

/// Reads an authorization request. An error is for the person in front of the page, because no address to send the
/// browser back to has been verified.
pub fn asking(
    engine: &Engine,
    space: &WorkspaceRuntime,
    connector: &str,
    field: impl Fn(&str) -> Option<String>,
) -> Result<Asking, ApiError> {
    let world = space.world();
    let connector = Directory::new(&world, &engine.catalog).find_connector(connector)?;
    let wrong = |what: &str| ApiError::bad_request(format!("the app asks wrongly: {what}"));
    let client_id = field("client_id").ok_or_else(|| wrong("`client_id` is missing"))?;
    if !clients(space, &connector).iter().any(|client| client.id == client_id) {
        return Err(wrong(&format!("`{client_id}` is no client of {}", connector.meta.name)));
    }
    let redirect_uri = field("redirect_uri").ok_or_else(|| wrong("`redirect_uri` is missing"))?;
    let redirect_uri = Url::parse(&redirect_uri).ok().filter(|uri| is_ours_or_local(engine, space, uri));
    let redirect_uri =
        redirect_uri.ok_or_else(|| wrong("`redirect_uri` is no address that the client has registered"))?;
    if field("response_type").as_deref() != Some("code") {
        return Err(wrong("`response_type` is not `code`"));
    }
    let challenge = match (field("code_challenge"), field("code_challenge_method").as_deref()) {
        (None, _) => None,
        (Some(challenge), Some("S256")) => Some(Challenge::S256(challenge)),
        (Some(challenge), None | Some("plain")) => Some(Challenge::Plain(challenge)),
        (Some(_), Some(_)) => return Err(wrong("`code_challenge_method` is neither `S256` nor `plain`")),
    };
    let scopes = field("scope").map(|scope| scope.split_whitespace().map(str::to_owned).collect());
    Ok(Asking {
        connector,
        scopes: scopes.unwrap_or_default(),
        client_id,
        redirect_uri,
        state: field("state"),
        challenge,
        theme: Theme::named(field("theme").as_deref()),
    })
}

/// The clients that the vendor knows: those of the workspace's integrations and connections, and the
/// platform's where it is shared.
fn clients(space: &WorkspaceRuntime, connector: &Connector) -> Vec<OauthClient> {
    let world = space.world();
    let own = world.integrations.iter().filter(|integration| integration.connector_id.as_ref() == Some(&connector.id));
    let own = own.filter_map(|integration| integration.oauth_client());
    let brought = world.connections.iter().filter(|connection| {
        connection.connector.as_ref() == Some(&connector.id) && connection.connector_parameters.is_some()
    });
    let brought = brought.filter_map(|connection| integration_for(&world, connection)?.oauth_client());
    let shared = connector.shared_oauth_client.then(|| shared_client(connector));
    own.chain(brought).map(|(id, secret)| OauthClient { id, secret }).chain(shared).collect()
}

/// Whether an address may get a code: the fake's own callback, an integration's own, and every
/// local address count as registered.
fn is_ours_or_local(engine: &Engine, space: &WorkspaceRuntime, uri: &Url) -> bool {
    let local = match uri.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let is_ours = || engine.is_own_origin(uri.origin().ascii_serialization().as_bytes());
    let own = || space.world().integrations.iter().any(|i| i.o_auth_callback_uri.as_deref() == Some(uri.as_str()));
    matches!(uri.scheme(), "http" | "https") && (local || is_ours() || own())
}

impl Asking {
    /// The account allows the request: answers the address that the browser goes to next, with a code.
    pub fn allow(self, space: &WorkspaceRuntime, account: &str) -> Url {
        let code = format!("mock-code-{}", space.ids.secret(16));
        let mut back = self.redirect_uri.clone();
        back.query_pairs_mut().append_pair("code", &code);
        self.with_state(&mut back);
        let now = space.clock.now();
        let mut codes = space.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|_, code| code.expires_at > now);
        codes.insert(code, Code { asking: self, account: account.to_owned(), expires_at: now.plus(CODE_LIVES) });
        back
    }

    /// The request is refused: answers the address that the browser goes to next, with the error and
    /// why. Source: RFC 6749 §4.1.2.1.
    pub fn refuse(self, error: &str, why: &str) -> Url {
        let mut back = self.redirect_uri.clone();
        back.query_pairs_mut().append_pair("error", error).append_pair("error_description", why);
        self.with_state(&mut back);
        back
    }

    fn with_state(&self, back: &mut Url) {
        if let Some(state) = &self.state {
            back.query_pairs_mut().append_pair("state", state);
        }
    }
}

/// An answer of the token or revocation endpoint.
#[derive(Debug)]
pub(super) struct TokenAnswer {
    pub status: u16,
    /// The body, which is always JSON.
    pub body: Value,
}

impl TokenAnswer {
    fn no_client() -> Self {
        Self::refused(401, "invalid_client", "the client is unknown or its secret is wrong")
    }

    fn refused(status: u16, error: &str, description: &str) -> Self {
        Self { status, body: json!({ "error": error, "error_description": description }) }
    }
}

/// Exchanges a code or a refresh token for tokens. A refusal is an answer of RFC 6749; an error says that the connector
/// is unknown or the fake failed.
pub(super) async fn token(
    engine: &Engine,
    space: &WorkspaceRuntime,
    connector: &str,
    headers: &HeaderMap,
    field: impl Fn(&str) -> Option<String>,
) -> Result<TokenAnswer, ApiError> {
    let world = space.world();
    let connector = Directory::new(&world, &engine.catalog).find_connector(connector)?;
    let Some(client) = known_client(space, &connector, headers, &field) else { return Ok(TokenAnswer::no_client()) };
    let now = space.clock.now();
    let granted = match field("grant_type").as_deref() {
        Some("authorization_code") => {
            let code = field("code").unwrap_or_default();
            // The code is removed, so that it is good for one try.
            let code = space.codes.lock().unwrap_or_else(PoisonError::into_inner).remove(&code);
            let Some(code) = code.filter(|code| code.expires_at > now) else {
                return Ok(TokenAnswer::refused(400, "invalid_grant", "the code is unknown, used or expired"));
            };
            if let Some(why) = mismatch(&code, &connector, &client, &field) {
                return Ok(TokenAnswer::refused(400, "invalid_grant", why));
            }
            let mut tx = space.data.begin().await;
            let grant = {
                let Asking { scopes, client_id, .. } = code.asking;
                consent(&mut tx, &space.ids, now, &connector, &code.account, scopes, Some(client_id))?
            };
            tx.commit().await?;
            grant
        }
        Some("refresh_token") => {
            let mut tx = space.data.begin().await;
            let token = field("refresh_token").unwrap_or_default();
            match crate::nouns::stub_vendor::rules::refresh(&mut tx, &space.ids, now, &connector, &client.id, &token)? {
                Ok(grant) => {
                    tx.commit().await?;
                    grant
                }
                Err(Refusal::InvalidGrant) => {
                    tx.commit().await?;
                    return Ok(TokenAnswer::refused(400, "invalid_grant", "the refresh token is unknown or revoked"));
                }
            }
        }
        Some(_) => {
            return Ok(TokenAnswer::refused(400, "unsupported_grant_type", "codes and refresh tokens are exchanged"));
        }
        None => return Ok(TokenAnswer::refused(400, "invalid_request", "`grant_type` is missing")),
    };
    Ok(TokenAnswer { status: 200, body: Value::Object(granted.oauth_credentials(now)) })
}

fn mismatch(
    code: &Code,
    connector: &Connector,
    client: &OauthClient,
    field: impl Fn(&str) -> Option<String>,
) -> Option<&'static str> {
    if code.asking.connector.id != connector.id || code.asking.client_id != client.id {
        return Some("the code was given to another client");
    }
    if field("redirect_uri").as_deref() != Some(code.asking.redirect_uri.as_str()) {
        return Some("`redirect_uri` is not the one that the code was asked for with");
    }
    match (&code.asking.challenge, field("code_verifier")) {
        (None, _) => None,
        (Some(challenge), Some(verifier)) if challenge.is_met_by(&verifier) => None,
        (Some(_), _) => Some("`code_verifier` does not fit the code's challenge"),
    }
}

fn known_client(
    space: &WorkspaceRuntime,
    connector: &Connector,
    headers: &HeaderMap,
    field: impl Fn(&str) -> Option<String>,
) -> Option<OauthClient> {
    client_of(headers, field).filter(|given| clients(space, connector).contains(given))
}

/// The client that authenticates by header or in the body; none when neither does. Source: RFC 6749 §2.3.1.
fn client_of(headers: &HeaderMap, field: impl Fn(&str) -> Option<String>) -> Option<OauthClient> {
    let basic = headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let Some(basic) = basic else {
        return Some(OauthClient { id: field("client_id")?, secret: field("client_secret")? });
    };
    let pair = String::from_utf8(STANDARD.decode(basic).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let decoded = |text: &str| url::form_urlencoded::parse(text.as_bytes()).next().map(|(text, _)| text.into_owned());
    Some(OauthClient { id: decoded(id)?, secret: decoded(secret)? })
}

/// Revokes a token of the client that asks; an unknown token is no error. Source: RFC 7009 §2.1, §2.2.
pub(super) async fn revoke(
    engine: &Engine,
    space: &WorkspaceRuntime,
    connector: &str,
    headers: &HeaderMap,
    field: impl Fn(&str) -> Option<String>,
) -> Result<TokenAnswer, ApiError> {
    let connector = Directory::new(&space.world(), &engine.catalog).find_connector(connector)?;
    let Some(client) = known_client(space, &connector, headers, &field) else { return Ok(TokenAnswer::no_client()) };
    let Some(token) = field("token") else {
        return Ok(TokenAnswer::refused(400, "invalid_request", "`token` is missing"));
    };
    let mut tx = space.data.begin().await;
    if tx.grants.with(Index::Token, &[&token]).any(|grant| grant.has(&token) && !grant.is_of(&client.id)) {
        return Ok(TokenAnswer::refused(400, "invalid_grant", "the token was issued to another client"));
    }
    crate::nouns::stub_vendor::rules::revoke(&mut tx, &token)?;
    tx.commit().await?;
    Ok(TokenAnswer { status: 200, body: json!({}) })
}
