//! The stub vendor behind each connector: it issues grants and answers requests to the app from stubs.
//!
//! Invariant: a token dies at the vendor ([`Grant`]), and the engine learns of it by a 401 or a refused
//! refresh, as from a real vendor.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use http::HeaderValue;
use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::{Ids, Index};
use crate::base::json::{member, only_size, size_above};
use crate::base::message::headers::bearer;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::journal::{Entry, Side};
use crate::nouns::connector::model::{Apply, AuthType, Connector};
use crate::nouns::stub::model::{NearestStub, StoredStub, StubRequest, nearest};
use crate::nouns::stub_vendor::model::{Grant, TokenStanding};
use crate::store::{Tx, World};
use crate::upstream::stub_server::{Answerer, StubReply, StubServer};

/// The account that consents when neither a call nor the workspace names one.
pub const DEFAULT_ACCOUNT: &str = "demo@example.com";

/// The account that consents in a workspace when a call names none.
pub fn account_in(world: &World) -> String {
    world.workspace.mock.account.clone().unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned())
}

/// Why a vendor refuses a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The refresh token is unknown or revoked, or the grant was told to refuse. Source: RFC 6749 §5.2 `invalid_grant`.
    InvalidGrant,
}

/// Issues a grant because an account consents. Only OAuth connectors have grants.
pub(crate) fn consent(
    tx: &mut Tx,
    ids: &Ids,
    now: Timestamp,
    connector: &Connector,
    account: &str,
    scopes: Vec<String>,
    client_id: Option<String>,
) -> Result<Grant, ApiError> {
    let oauth = connector.oauth.as_ref();
    let lives = oauth.and_then(|oauth| oauth.expires_in);
    let grant = Grant {
        id: ids.id(),
        connector_key: connector.key().to_owned(),
        account: account.to_owned(),
        access_token: format!("mock-access-{}", ids.secret(20)),
        refresh_token: Some(format!("mock-refresh-{}", ids.secret(20))),
        scopes,
        expires_at: lives.map(|seconds| now.plus(Duration::from_secs(seconds))),
        revoked: false,
        refuse_refresh: false,
        client_id,
        dead_tokens: Vec::new(),
    };
    tx.put(grant.clone())?;
    Ok(grant)
}

/// The credentials that connecting gives: for OAuth, tokens that the vendor issues to `client_id`; for
/// keys, a filled-in form; else none.
pub fn default_credentials(
    tx: &mut Tx,
    ids: &Ids,
    now: Timestamp,
    connector: &Connector,
    account: &str,
    client_id: Option<String>,
) -> Result<JsonMap, ApiError> {
    match connector.auth_type {
        AuthType::Oauth2 | AuthType::Oauth1 => {
            let scopes = connector.oauth.as_ref().map(|oauth| oauth.scopes.clone()).unwrap_or_default();
            Ok(consent(tx, ids, now, connector, account, scopes, client_id)?.oauth_credentials(now))
        }
        AuthType::ClientCredentials => Ok(filled_form(connector, ids)),
        AuthType::IntegrationAppToken | AuthType::MembraneToken | AuthType::Proxy => Ok(JsonMap::new()),
    }
}

/// The form of a connector with keys, with every required field filled in.
fn filled_form(connector: &Connector, ids: &Ids) -> JsonMap {
    let schema = connector.input_schema.clone().unwrap_or_else(Connector::key_form);
    let mut form = JsonMap::new();
    let names = member(&schema, "required").as_array().cloned().unwrap_or_default();
    for name in names.iter().filter_map(Value::as_str) {
        let field = member(member(&schema, "properties"), name);
        let value = member(field, "default")
            .as_str()
            .or_else(|| member(field, "enum").get(0)?.as_str())
            .map_or_else(|| format!("mock-key-{}", ids.secret(12)), str::to_owned);
        form.insert(name.to_owned(), value.into());
    }
    form
}

/// A grant remembers this many of its dead tokens, the latest. A clock that is advanced by a year refreshes thousands of
/// times, and the grant is stored whole each time.
const MOST_DEAD_TOKENS: usize = 100;

/// Exchanges a refresh token for a new access token. A refusal that a fault asked for is given once.
pub(super) fn refresh(
    tx: &mut Tx,
    ids: &Ids,
    now: Timestamp,
    connector: &Connector,
    client_id: &str,
    refresh_token: &str,
) -> Result<Result<Grant, Refusal>, ApiError> {
    let known = tx
        .grants
        .with(Index::Token, &[refresh_token])
        .find(|grant| grant.connector_key == connector.key() && grant.refresh_token.as_deref() == Some(refresh_token));
    let Some(grant) = known.filter(|grant| !grant.revoked && grant.is_of(client_id)) else {
        return Ok(Err(Refusal::InvalidGrant));
    };
    let mut grant = (**grant).clone();
    if std::mem::take(&mut grant.refuse_refresh) {
        tx.put(grant)?;
        return Ok(Err(Refusal::InvalidGrant));
    }
    let lives = connector.oauth.as_ref().and_then(|oauth| oauth.expires_in);
    let old = std::mem::replace(&mut grant.access_token, format!("mock-access-{}", ids.secret(20)));
    grant.dead_tokens.push(old);
    let excess = grant.dead_tokens.len().saturating_sub(MOST_DEAD_TOKENS);
    grant.dead_tokens.drain(..excess);
    grant.expires_at = lives.map(|seconds| now.plus(Duration::from_secs(seconds)));
    tx.put(grant.clone())?;
    Ok(Ok(grant))
}

/// Revokes the grants of an access or refresh token; an unknown token is no error. Source: RFC 7009 §2.
pub fn revoke(tx: &mut Tx, token: &str) -> Result<(), ApiError> {
    let held: Vec<Grant> = tx
        .grants
        .with(Index::Token, &[token])
        .filter(|grant| grant.has(token))
        .map(|grant| (**grant).clone())
        .collect();
    for mut grant in held {
        grant.revoked = true;
        tx.put(grant)?;
    }
    Ok(())
}

/// The address of a connector's stub in a workspace. The stub server is started by the first call.
pub async fn stub_base(engine: &Arc<Engine>, workspace: &str, connector: &str) -> String {
    let answerer = || Arc::new(Vendors { engine: Arc::downgrade(engine) }) as Arc<dyn Answerer>;
    let start = || async {
        // Not of the seeded source, because nothing that is recorded shows it.
        let key = HeaderValue::from(RandomState::new().build_hasher().finish());
        let server = StubServer::start(answerer(), key).await;
        let (port, key) = server.access();
        engine.http.know_stub_server(port, key);
        server
    };
    let server = engine.stub_server.get_or_init(start).await;
    server.base(workspace, connector)
}

/// Answers for the vendors of all workspaces.
struct Vendors {
    engine: Weak<Engine>,
}

impl Answerer for Vendors {
    fn answer(&self, workspace: &str, connector: &str, request: StubRequest) -> StubReply {
        let Some(engine) = self.engine.upgrade() else {
            return StubReply::json(503, &json!({ "message": "stopping" }));
        };
        let Some(space) = engine.space(workspace) else {
            return StubReply::json(404, &json!({ "message": format!("membrane-mock: no workspace `{workspace}`") }));
        };
        let now = space.clock.now();
        let (mut reply, unmatched) = answer(&engine, &space, connector, &request);
        // The app's time is the workspace's, because it appears in the logs of calls.
        if let Some(date) = now.http_date() {
            reply.headers.entry("date".into()).or_insert(date);
        }
        let entry = Entry::new(Side::Upstream, now, &request.method, &with_query(&request));
        space.journal.add(Entry {
            route: Some(connector.to_owned()),
            status: reply.status,
            tenant: request.tenant,
            unmatched,
            body: kept(request.body),
            faults: space.upstream_mark(connector),
            ..entry
        });
        reply
    }
}

/// The largest body in bytes that the journal keeps; of a larger one it keeps the size.
const LARGEST_KEPT: usize = 64 * 1024;

fn kept(body: Value) -> Option<Value> {
    if body.is_null() {
        return None;
    }
    Some(size_above(&body, LARGEST_KEPT).map_or(body, only_size))
}

fn with_query(request: &StubRequest) -> String {
    if request.query.is_empty() {
        return request.path.clone();
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&request.query).finish();
    format!("{}?{query}", request.path)
}

fn answer(
    engine: &Engine,
    space: &WorkspaceRuntime,
    connector_key: &str,
    request: &StubRequest,
) -> (StubReply, Option<Value>) {
    let world = space.world();
    let now = space.clock.now();
    let directory = crate::engine::directory::Directory::new(&world, &engine.catalog);
    let connector = directory.find_connector(connector_key).ok();
    let token = connector.as_deref().and_then(|connector| carried(connector, request));
    if let Some(token) = &token {
        let of_vendor = world.grants.with(Index::Token, &[token]).filter(|grant| grant.connector_key == connector_key);
        let dead = of_vendor.map(|grant| grant.standing(token, now)).any(|standing| standing == TokenStanding::Dead);
        if dead {
            let body = json!({ "message": "Bad credentials", "error": "invalid_token" });
            return (StubReply::json(401, &body), None);
        }
    }
    let own: Vec<&Arc<StoredStub>> = world.stubs.with_key(connector_key).collect();
    let shared = engine.catalog.stubs.get(connector_key).into_iter().flatten();
    // Lower priorities come first, then newer stubs; all of the workspace's own come before the catalog's.
    let mut own: Vec<&Arc<StoredStub>> = own.into_iter().rev().collect();
    own.sort_by_key(|stub| stub.spec.priority);
    let mut shared: Vec<&Arc<StoredStub>> = shared.collect();
    shared.sort_by_key(|stub| stub.spec.priority);
    let stubs: Vec<&Arc<StoredStub>> = own.into_iter().chain(shared).collect();
    let matching = stubs.iter().find(|stub| stub.spec.mismatches(request).is_empty() && use_up(space, stub));
    let Some(stub) = matching else { return unmatched(connector_key, &stubs, request) };
    if let Some(reply) = token.as_deref().and_then(|token| lacks_scope(&world, connector_key, token, stub, now)) {
        return (reply, None);
    }
    match stub.spec.body_for(request, now) {
        Ok((body, content_type)) => {
            let mut headers = stub.spec.respond.headers.clone();
            headers.retain(|name, _| !name.eq_ignore_ascii_case("content-length"));
            (StubReply { status: stub.spec.respond.status, headers, content_type, body }, None)
        }
        Err(error) => (StubReply::json(500, &json!({ "message": error.message })), None),
    }
}

/// The 403 for a token that lacks a scope which the stub asks for; none when it lacks none. Source: RFC 6750 §3.1.
fn lacks_scope(world: &World, connector: &str, token: &str, stub: &StoredStub, now: Timestamp) -> Option<StubReply> {
    let mut of_vendor = world.grants.with(Index::Token, &[token]).filter(|grant| grant.connector_key == connector);
    let grant = of_vendor.find(|grant| grant.standing(token, now) == TokenStanding::Alive)?;
    let lacking: Vec<&str> =
        stub.spec.scopes.iter().filter(|scope| !grant.scopes.contains(scope)).map(String::as_str).collect();
    if lacking.is_empty() {
        return None;
    }
    let scope = lacking.join(" ");
    let message = format!("the token was not granted `{scope}`");
    let mut reply = StubReply::json(403, &json!({ "message": message, "error": "insufficient_scope", "scope": scope }));
    let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
    reply.headers = BTreeMap::from([("www-authenticate".to_owned(), challenge)]);
    Some(reply)
}

/// Counts a use of a stub; false when it has none left.
fn use_up(space: &WorkspaceRuntime, stub: &StoredStub) -> bool {
    let Some(times) = stub.spec.times else { return true };
    let mut counts = space.stub_uses.lock().unwrap_or_else(PoisonError::into_inner);
    let used = counts.entry(stub.id.to_string()).or_default();
    let left = *used < times;
    *used += u32::from(left);
    left
}

/// The token or key that a request carries, read from where the connector puts it; none for basic authentication.
fn carried(connector: &Connector, request: &StubRequest) -> Option<String> {
    match &connector.apply {
        Apply::Bearer { .. } => {
            let header = request.headers.get("authorization")?;
            bearer(header).map(str::to_owned)
        }
        Apply::Header { name, prefix, .. } => {
            let header = request.headers.get(&name.to_lowercase())?;
            Some(header.strip_prefix(prefix.as_str()).unwrap_or(header).to_owned())
        }
        Apply::Query { name, .. } => request.query.get(name).cloned(),
        Apply::Basic { .. } => None,
    }
}

/// A 404 that names the nearest stub and what differs.
fn unmatched(connector: &str, stubs: &[&Arc<StoredStub>], request: &StubRequest) -> (StubReply, Option<Value>) {
    let near = nearest(stubs.iter().map(|stub| &stub.spec), request).map(|(stub, differs)| NearestStub {
        name: stub.name.clone(),
        method: stub.request.method.clone(),
        path: stub.request.path.clone(),
        differs,
    });
    let message = format!(
        "membrane-mock: no stub of `{connector}` answers {} {}{}",
        request.method,
        request.path,
        match &near {
            Some(near) => format!("; the nearest is {} {}", near.method, near.path),
            None => "; it has none".to_owned(),
        }
    );
    let mut reply = StubReply::json(404, &json!({ "message": message, "nearest": near }));
    reply.headers = BTreeMap::from([("x-membrane-mock".to_owned(), "unmatched".to_owned())]);
    (reply, Some(json!(near)))
}
