//! This module serves the external app behind a connector: its stubs, the requests it got, the
//! tokens its vendor issued.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::text::http_address;
use crate::call::Call;
use crate::call::contract::{Done, Json, JsonBody};
use crate::call::router::Route;
use crate::control::{List, control, space};
use crate::engine::WorkspaceRuntime;
use crate::engine::directory::Directory;
use crate::journal::{Entry, Side};
use crate::nouns::stub::model::{StoredStub, StubSpec};
use crate::nouns::stub_vendor::model::Grant;

/// A workspace has at most this many stubs, those of its seed included. Each request to an app looks at all of the app's.
const MOST_STUBS: usize = 5_000;

/// The control routes of the apps behind connectors.
pub(super) fn routes() -> Vec<Route> {
    vec![
        control(
            "setUpstream",
            Method::PUT,
            "/workspaces/{key}/upstreams/{connector}",
            "Sends the calls of a connector to another address, or back to its stubs.",
            set,
        ).example(r#"{"url": "http://127.0.0.1:9000"}"#),
        control(
            "listStubs",
            Method::GET,
            "/workspaces/{key}/upstreams/{connector}/stubs",
            "Lists the stubs of an app: those of the workspace, then those of the catalog.",
            stubs,
        ),
        control(
            "addStub",
            Method::POST,
            "/workspaces/{key}/upstreams/{connector}/stubs",
            "Adds a stub, which wins over the catalog.",
            add_stub,
        ).example(r#"{"request": {"method": "GET", "path": "/user"}, "respond": {"json": {"login": "ada"}}}"#),
        control(
            "clearStubs",
            Method::DELETE,
            "/workspaces/{key}/upstreams/{connector}/stubs",
            "Removes the workspace's own stubs of an app.",
            clear_stubs,
        ),
        control(
            "getStub",
            Method::GET,
            "/workspaces/{key}/upstreams/{connector}/stubs/{id}",
            "Answers a stub.",
            get_stub,
        ),
        control(
            "replaceStub",
            Method::PUT,
            "/workspaces/{key}/upstreams/{connector}/stubs/{id}",
            "Replaces what a stub matches and answers.",
            put_stub,
        ).example(r#"{"request": {"method": "GET", "path": "/repos/{owner}/{repo}"}, "times": 1, "respond": {"status": 404, "json": {"message": "Not Found"}}}"#),
        control(
            "removeStub",
            Method::DELETE,
            "/workspaces/{key}/upstreams/{connector}/stubs/{id}",
            "Removes a stub.",
            remove_stub,
        ),
        control(
            "listRequests",
            Method::GET,
            "/workspaces/{key}/upstreams/{connector}/requests",
            "Lists the requests that an app got.",
            requests,
        ),
        control(
            "listTokens",
            Method::GET,
            "/workspaces/{key}/upstreams/{connector}/tokens",
            "Lists the tokens that a vendor granted.",
            tokens,
        ),
        control(
            "changeToken",
            Method::POST,
            "/workspaces/{key}/upstreams/{connector}/tokens/{id}/{event}",
            "Lets a token expire, be revoked, be refused when it is refreshed, or have other scopes.",
            token_event,
        ).example(r#"{"scopes": ["read:user"]}"#),
    ]
}

/// Returns the key of the connector that the route names, or a 404.
fn connector(call: &Call, space: &WorkspaceRuntime) -> Result<String, ApiError> {
    let world = space.world();
    let directory = Directory::new(&world, &call.engine.catalog);
    Ok(directory.find_connector(call.param("connector")?)?.key().to_owned())
}

/// Where the calls of an app go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StubsBody {
    /// The app's calls go to this address, such as `http://127.0.0.1:9000`; when null or absent,
    /// they go to the stub server.
    url: Option<String>,
}

/// Where the calls of an app go now.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Upstream {
    /// The key of the connector.
    connector: String,
    /// The address; null for the stub server.
    url: Option<String>,
}

async fn set(call: Call, JsonBody(body): JsonBody<StubsBody>) -> Result<Json<Upstream>, ApiError> {
    let space = space(&call)?;
    let key = connector(&call, &space)?;
    if let Some(url) = &body.url
        && http_address(url).is_none()
    {
        return Err(ApiError::bad_request(format!(
            "`url` is `{url}`; it is an http address such as http://127.0.0.1:9000"
        )));
    }
    let mut tx = space.data.begin().await;
    let mut workspace = (*tx.workspace).clone();
    match &body.url {
        Some(url) => workspace.mock.upstreams.insert(key.clone(), url.clone()),
        None => workspace.mock.upstreams.remove(&key),
    };
    tx.put_workspace(workspace)?;
    tx.commit().await?;
    Ok(Json(Upstream { connector: key, url: body.url }))
}

/// Whose a stub is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum StubOf {
    /// It was added to the workspace, by a seed or a call.
    Workspace,
    /// It is the catalog's.
    Catalog,
}

/// A stub as it is stored.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StoredStub")]
pub(super) struct StubView {
    #[serde(flatten)]
    pub(super) spec: StubSpec,
    /// The id.
    pub(super) id: String,
    /// Whose it is; absent where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<StubOf>,
}

fn shown(stub: &StoredStub, from: Option<StubOf>) -> StubView {
    StubView { spec: stub.spec.clone(), id: stub.id.to_string(), from }
}

/// Returns the workspace's own stubs, then the catalog's; `from` tells them apart.
pub(super) async fn stubs(call: Call) -> Result<Json<List<StubView>>, ApiError> {
    let space = space(&call)?;
    let key = connector(&call, &space)?;
    let world = space.world();
    let own = world.stubs.with_key(&key).map(|stub| shown(stub, Some(StubOf::Workspace)));
    let of_catalog = call.engine.catalog.stubs.get(&key).into_iter().flatten();
    let items = own.chain(of_catalog.map(|stub| shown(stub, Some(StubOf::Catalog)))).collect();
    Ok(Json(List { items }))
}

async fn add_stub(call: Call, JsonBody(spec): JsonBody<StubSpec>) -> Result<Json<StubView>, ApiError> {
    let space = space(&call)?;
    let key = connector(&call, &space)?;
    let stub = add(&space, &key, spec).await?;
    Ok(Json(shown(&stub, None)))
}

/// Adds a stub to a workspace, and fails with a 400 when it makes no sense or there are too many.
pub(crate) async fn add(space: &WorkspaceRuntime, connector: &str, spec: StubSpec) -> Result<StoredStub, ApiError> {
    spec.check()?;
    let stub =
        StoredStub { id: space.ids.id(), connector_key: connector.to_owned(), spec, created_at: space.clock.now() };
    let mut tx = space.data.begin().await;
    if tx.stubs.len() >= MOST_STUBS {
        return Err(ApiError::bad_request(format!("a workspace has at most {MOST_STUBS} stubs; delete some")));
    }
    tx.put(stub.clone())?;
    tx.commit().await?;
    Ok(stub)
}

async fn clear_stubs(call: Call) -> Result<Done, ApiError> {
    let space = space(&call)?;
    let key = connector(&call, &space)?;
    let mut tx = space.data.begin().await;
    let ids: Vec<String> = tx.stubs.with_key(&key).map(|stub| stub.id.to_string()).collect();
    for id in ids {
        tx.remove::<StoredStub>(&id);
    }
    tx.commit().await?;
    Ok(Done)
}

fn no_stub(id: &str) -> ApiError {
    ApiError::not_found(format!("stub not found: `{id}`; the catalog's stubs cannot be changed, only overridden"))
}

async fn get_stub(call: Call) -> Result<Json<StubView>, ApiError> {
    let id = call.param("id")?;
    let world = space(&call)?.world();
    Ok(Json(shown(world.stubs.get(id).ok_or_else(|| no_stub(id))?, None)))
}

/// Replaces what a stub matches and answers; the stub keeps its place in the order.
async fn put_stub(call: Call, JsonBody(spec): JsonBody<StubSpec>) -> Result<Json<StubView>, ApiError> {
    let space = space(&call)?;
    let id = call.param("id")?;
    spec.check()?;
    let mut tx = space.data.begin().await;
    let known = tx.stubs.get(id).map(|stub| (**stub).clone()).ok_or_else(|| no_stub(id))?;
    let stub = StoredStub { spec, ..known };
    tx.put(stub.clone())?;
    tx.commit().await?;
    Ok(Json(shown(&stub, None)))
}

async fn remove_stub(call: Call) -> Result<Done, ApiError> {
    let space = space(&call)?;
    let id = call.param("id")?;
    let mut tx = space.data.begin().await;
    if tx.stubs.get(id).is_none() {
        return Err(no_stub(id));
    }
    tx.remove::<StoredStub>(id);
    tx.commit().await?;
    Ok(Done)
}

/// Returns the requests that the app got, oldest first.
pub(super) async fn requests(call: Call) -> Result<Json<List<Entry>>, ApiError> {
    let space = space(&call)?;
    let key = connector(&call, &space)?;
    let is_its = |entry: &Entry| entry.side == Side::Upstream && entry.route.as_deref() == Some(&key);
    Ok(Json(List { items: space.journal.entries().into_iter().filter(is_its).collect() }))
}

/// What a vendor granted.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Token")]
#[serde(rename_all = "camelCase")]
pub(super) struct GrantView {
    /// The id.
    pub(super) id: String,
    /// The account that consented.
    pub(super) account: String,
    /// What was granted.
    pub(super) scopes: Vec<String>,
    /// When the access token expires, on the workspace's clock; null when it does not.
    pub(super) expires_at: Option<Timestamp>,
    /// Whether it was taken back.
    pub(super) revoked: bool,
    /// Whether the vendor refuses to refresh it.
    pub(super) refuse_refresh: bool,
    /// The last six characters of the access token.
    pub(super) access_token_ends_with: String,
}

fn shown_grant(grant: &Grant) -> GrantView {
    let tail = |token: &str| token.chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect::<String>();
    GrantView {
        id: grant.id.to_string(),
        account: grant.account.clone(),
        scopes: grant.scopes.clone(),
        expires_at: grant.expires_at,
        revoked: grant.revoked,
        refuse_refresh: grant.refuse_refresh,
        access_token_ends_with: tail(&grant.access_token),
    }
}

/// Returns what the vendor granted. Of each access token only the last six characters are shown.
pub(super) async fn tokens(call: Call) -> Result<Json<List<GrantView>>, ApiError> {
    let space = space(&call)?;
    let key = connector(&call, &space)?;
    let world = space.world();
    let own = world.grants.iter().filter(|grant| grant.connector_key == key);
    Ok(Json(List { items: own.map(|grant| shown_grant(grant)).collect() }))
}

/// What an event of a token says beside its name.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TokenEventBody {
    /// For `scopes`: what is granted instead.
    scopes: Option<Vec<String>>,
}

/// Applies an event to a grant at its vendor: `expire`, `revoke` or `refuse-refresh`, or `scopes`
/// with the scopes to grant instead.
async fn token_event(call: Call, JsonBody(body): JsonBody<TokenEventBody>) -> Result<Json<GrantView>, ApiError> {
    let space = space(&call)?;
    let id = call.param("id")?;
    let mut tx = space.data.begin().await;
    let key = connector(&call, &space)?;
    let grant = tx.grants.get(id).map(|grant| (**grant).clone()).filter(|grant| grant.connector_key == key);
    let mut grant = grant.ok_or_else(|| ApiError::not_found(format!("token not found: `{id}`")))?;
    if body.scopes.is_some() && call.param("event")? != "scopes" {
        return Err(ApiError::bad_request("`scopes` is for the event `scopes` alone"));
    }
    match call.param("event")? {
        "expire" => grant.expires_at = Some(space.clock.now()),
        "revoke" => grant.revoked = true,
        "refuse-refresh" => grant.refuse_refresh = true,
        "scopes" => {
            let missing = || ApiError::bad_request("`scopes` is missing: the list of what is granted instead");
            grant.scopes = body.scopes.ok_or_else(missing)?;
        }
        other => {
            return Err(ApiError::bad_request(format!(
                "`{other}` is no event; it is expire, revoke, refuse-refresh or scopes"
            )));
        }
    }
    tx.put(grant.clone())?;
    tx.commit().await?;
    Ok(Json(shown_grant(&grant)))
}
