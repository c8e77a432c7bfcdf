//! The engine's side of OAuth 2.0: the address where a user consents, and the exchange of
//! codes and refresh tokens by HTTP.
//!
//! Invariant: every exchange is a real HTTP request, also to the stub vendor, so that faults meet it.
//!
//! Source: SEED (“OAuth”), RFC 6749, RFC 7636 (PKCE is always used).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::json::member;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::nouns::connection::connect::target::integration_for;
use crate::nouns::connection::model::Connection;
use crate::nouns::connection::model::attempt::Theme;
use crate::nouns::connection::model::ticket::ticket_of;
use crate::nouns::connection::outbound::value_of;
use crate::nouns::connector::model::Connector;
use crate::nouns::fault as faults;
use crate::nouns::stub_vendor::{OauthClient, shared_client};
use crate::store::World;
use crate::upstream::OutRequest;

/// How long before they expire credentials are refreshed; credentials that live shortly are refreshed
/// after nine tenths of their life.
const MARGIN: Duration = Duration::from_mins(1);

/// The path by which faults match a vendor's token endpoint, whatever its address is.
const TOKEN_PATH: &str = "/oauth/token";

/// The address where the user's browser goes to consent; none when the connection does not wait for its user.
pub fn authorize_address(
    engine: &Engine,
    space: &WorkspaceRuntime,
    connection: &Connection,
    connector: &Connector,
) -> Option<Url> {
    let ticket = ticket_of(&space.key, connection)?;
    let nominal = connector.oauth.as_ref().map(|oauth| oauth.authorize_uri.as_str()).unwrap_or_default();
    let Endpoint { mut url, is_ours } = Endpoint::of(engine, space, connector, nominal, Ours::Authorize)?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier(space, &ticket)));
    let scopes = connector.oauth.as_ref().map(|oauth| oauth.scopes.join(" ")).unwrap_or_default();
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &client_of(&space.world(), connection, connector).id)
        .append_pair("redirect_uri", &callback(engine, space, connection))
        .append_pair("scope", &scopes)
        .append_pair("state", &ticket)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    if let Some(attempt) = connection.attempt.as_ref().filter(|attempt| is_ours && attempt.theme != Theme::Auto) {
        url.query_pairs_mut().append_pair("theme", &attempt.theme.to_string());
    }
    Some(url)
}

/// What a vendor answered to an exchange.
#[derive(Debug)]
pub enum Exchanged {
    /// The answer with tokens. Source: RFC 6749 §5.1.
    Tokens(JsonMap),
    /// An error code of RFC 6749 §5.2, such as `invalid_grant`.
    Refused(String),
    /// There was no answer, or none that could be read.
    Failed(ApiError),
}

/// Exchanges the code that came back with the user's browser for tokens.
pub(super) async fn exchange_code(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    connection: &Connection,
    connector: &Connector,
    code: &str,
) -> Exchanged {
    let ticket = ticket_of(&space.key, connection).unwrap_or_default();
    let redirect_uri = callback(engine, space, connection);
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri.as_str()),
        ("code_verifier", &verifier(space, &ticket)),
    ];
    ask(engine, space, connection, connector, &fields).await
}

/// Exchanges a refresh token for new tokens.
pub async fn exchange_refresh_token(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    connection: &Connection,
    connector: &Connector,
    refresh_token: &str,
) -> Exchanged {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    ask(engine, space, connection, connector, &fields).await
}

async fn ask(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    connection: &Connection,
    connector: &Connector,
    fields: &[(&str, &str)],
) -> Exchanged {
    let nominal = connector.oauth.as_ref().map(|oauth| oauth.token_uri.as_str()).unwrap_or_default();
    let Some(endpoint) = Endpoint::of(engine, space, connector, nominal, Ours::Token) else {
        return Exchanged::Failed(ApiError::internal("the server has no address yet"));
    };
    let client = client_of(&space.world(), connection, connector);
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = STANDARD.encode(format!("{}:{}", encoded(&client.id), encoded(&client.secret)));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    if let Ok(mut basic) = HeaderValue::try_from(format!("Basic {pair}")) {
        basic.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, basic);
    }
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = OutRequest { method: Method::POST, url: endpoint.url, headers, body: body.into() };
    let go = async |request| {
        if endpoint.is_ours { engine.http.send_home(&request).await } else { engine.http.send(request).await }
    };
    let meant = request.url.clone();
    let call = || faults::upstream_call(space, connection, connector, &Method::POST, TOKEN_PATH);
    let response = match faults::send(engine, space, call, Some(&connection.id), &meant, request, go).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return Exchanged::Failed(error.into()),
        Err(error) => return Exchanged::Failed(error),
    };
    match (response.status.is_success(), value_of(&response.body)) {
        (true, Value::Object(tokens)) if tokens.contains_key("access_token") => Exchanged::Tokens(tokens),
        // A 5xx tells nothing about the grant, whatever its body says.
        (false, answer) if response.status.is_client_error() && member(&answer, "error").is_string() => {
            Exchanged::Refused(member(&answer, "error").as_str().unwrap_or_default().to_owned())
        }
        _ => Exchanged::Failed(ApiError::action_run(format!(
            "the token endpoint of {} answered {} with something that is no token",
            connector.meta.name,
            response.status.as_u16()
        ))),
    }
}

/// When credentials have to be refreshed: a little before they expire; none when they never do.
pub fn refresh_due(credentials: &JsonMap, now: Timestamp) -> Option<Timestamp> {
    let lives = Duration::from_secs(credentials.get("expires_in").and_then(Value::as_u64)?);
    Some(now.plus(lives.saturating_sub((lives / 10).min(MARGIN))))
}

struct Endpoint {
    url: Url,
    is_ours: bool,
}

/// The two addresses of the stub vendor.
#[derive(Debug, Clone, Copy)]
enum Ours {
    Authorize,
    Token,
}

impl Endpoint {
    /// The real vendor when the user named its host, else the stub vendor. The stub vendor answers also beside a user's
    /// own fake of an app, which need not know OAuth.
    fn of(engine: &Engine, space: &WorkspaceRuntime, connector: &Connector, nominal: &str, ours: Ours) -> Option<Self> {
        let named = Url::parse(nominal).ok();
        let named = named.filter(|url| url.host_str().is_some_and(|host| engine.egress.names(host)));
        if let Some(url) = named {
            return Some(Self { url, is_ours: false });
        }
        // A browser goes to the one, and the server itself asks the other.
        let (base, page) = match ours {
            Ours::Authorize => (engine.base(), "authorize"),
            Ours::Token => (engine.own_address(), "token"),
        };
        let mut url = Url::parse(base).ok()?;
        url.path_segments_mut().ok()?.clear().extend(["vendor", &space.key, connector.key(), "oauth", page]);
        Some(Self { url, is_ours: true })
    }
}

/// The OAuth client of the connection or its integration, else
/// the platform's (`docs/behaviour.md#connector-oauth-client`).
pub(crate) fn client_of(world: &World, connection: &Connection, connector: &Connector) -> OauthClient {
    let own = integration_for(world, connection).and_then(|integration| integration.oauth_client());
    own.map_or_else(|| shared_client(connector), |(id, secret)| OauthClient { id, secret })
}

/// The address that the vendor sends the browser back to.
fn callback(engine: &Engine, space: &WorkspaceRuntime, connection: &Connection) -> String {
    let own = integration_for(&space.world(), connection).and_then(|integration| integration.o_auth_callback_uri);
    own.filter(|uri| !uri.is_empty()).unwrap_or_else(|| format!("{}/oauth-callback", engine.base()))
}

/// The PKCE verifier. It is derived from the attempt's ticket and the workspace's secret, so it need not be stored.
fn verifier(space: &WorkspaceRuntime, ticket: &str) -> String {
    let secret = &space.world().workspace.secret;
    hex::encode(Sha256::new().chain_update(secret).chain_update(ticket).finalize())
}
