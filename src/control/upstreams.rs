//! This module serves the external app behind a connector: its stubs, the requests it got, the
//! tokens its vendor issued.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::json::set_member;
use crate::base::text::http_address;
use crate::call::{Call, Reply};
use crate::control::space;
use crate::engine::WorkspaceRuntime;
use crate::engine::directory::Directory;
use crate::journal::Side;
use crate::nouns::stub::model::{StoredStub, StubSpec};
use crate::nouns::stub_vendor::model::Grant;

/// Returns the key of the connector that the route names, or a 404.
fn connector(call: &Call, space: &WorkspaceRuntime) -> Result<String, ApiError> {
    let world = space.world();
    let directory = Directory::new(&world, &call.engine.catalog);
    Ok(directory.find_connector(call.param("connector")?)?.key().to_owned())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StubsBody {
    /// The app's calls go to this address, such as `http://127.0.0.1:9000`; when null or absent,
    /// they go to the stub server.
    url: Option<String>,
}

pub(super) async fn set(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let key = connector(&call, &space)?;
    let body: StubsBody = call.json()?;
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
    Reply::json(&json!({ "connector": key, "url": body.url }))
}

fn shown(stub: &StoredStub) -> Result<Value, ApiError> {
    let mut value = serde_json::to_value(&stub.spec).map_err(ApiError::internal)?;
    set_member(&mut value, "id", json!(stub.id));
    Ok(value)
}

/// Returns the workspace's own stubs, then the catalog's; `from` tells them apart.
pub(super) async fn stubs(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let key = connector(&call, &space)?;
    let world = space.world();
    let mut items = Vec::new();
    for stub in world.stubs.with_key(&key) {
        let mut value = shown(stub)?;
        set_member(&mut value, "from", "workspace");
        items.push(value);
    }
    for stub in call.engine.catalog.stubs.get(&key).into_iter().flatten() {
        let mut value = shown(stub)?;
        set_member(&mut value, "from", "catalog");
        items.push(value);
    }
    Reply::json(&json!({ "items": items }))
}

pub(super) async fn add_stub(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let key = connector(&call, &space)?;
    let stub = add(&space, &key, call.json()?).await?;
    Reply::json(&shown(&stub)?)
}

/// Adds a stub to a workspace, and fails with a 400 when it makes no sense.
pub(crate) async fn add(space: &WorkspaceRuntime, connector: &str, spec: StubSpec) -> Result<StoredStub, ApiError> {
    spec.check()?;
    let stub =
        StoredStub { id: space.ids.id(), connector_key: connector.to_owned(), spec, created_at: space.clock.now() };
    let mut tx = space.data.begin().await;
    tx.put(stub.clone())?;
    tx.commit().await?;
    Ok(stub)
}

pub(super) async fn clear_stubs(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let key = connector(&call, &space)?;
    let mut tx = space.data.begin().await;
    let ids: Vec<String> = tx.stubs.with_key(&key).map(|stub| stub.id.to_string()).collect();
    for id in ids {
        tx.remove::<StoredStub>(&id);
    }
    tx.commit().await?;
    Ok(Reply::empty())
}

fn no_stub(id: &str) -> ApiError {
    ApiError::not_found(format!("stub not found: `{id}`; the catalog's stubs cannot be changed, only overridden"))
}

pub(super) async fn get_stub(call: Call) -> Result<Reply, ApiError> {
    let id = call.param("id")?;
    let world = space(&call)?.world();
    Reply::json(&shown(world.stubs.get(id).ok_or_else(|| no_stub(id))?)?)
}

/// Replaces what a stub matches and answers; the stub keeps its place in the order.
pub(super) async fn put_stub(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let id = call.param("id")?;
    let spec: StubSpec = call.json()?;
    spec.check()?;
    let mut tx = space.data.begin().await;
    let known = tx.stubs.get(id).map(|stub| (**stub).clone()).ok_or_else(|| no_stub(id))?;
    let stub = StoredStub { spec, ..known };
    tx.put(stub.clone())?;
    tx.commit().await?;
    Reply::json(&shown(&stub)?)
}

pub(super) async fn remove_stub(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let id = call.param("id")?;
    let mut tx = space.data.begin().await;
    if tx.stubs.get(id).is_none() {
        return Err(no_stub(id));
    }
    tx.remove::<StoredStub>(id);
    tx.commit().await?;
    Ok(Reply::empty())
}

/// Returns the requests that the app got, oldest first.
pub(super) async fn requests(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let key = connector(&call, &space)?;
    let entries = space.journal.entries();
    let items: Vec<_> = entries
        .into_iter()
        .filter(|entry| entry.side == Side::Upstream && entry.route.as_deref() == Some(&key))
        .collect();
    Reply::json(&json!({ "items": items }))
}

fn shown_grant(grant: &Grant) -> Value {
    let tail = |token: &str| token.chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect::<String>();
    json!({
        "id": grant.id,
        "account": grant.account,
        "scopes": grant.scopes,
        "expiresAt": grant.expires_at,
        "revoked": grant.revoked,
        "refuseRefresh": grant.refuse_refresh,
        "accessTokenEndsWith": tail(&grant.access_token),
    })
}

/// Returns what the vendor granted. Of each access token only the last six characters are shown.
pub(super) async fn tokens(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let key = connector(&call, &space)?;
    let world = space.world();
    let items: Vec<Value> =
        world.grants.iter().filter(|grant| grant.connector_key == key).map(|grant| shown_grant(grant)).collect();
    Reply::json(&json!({ "items": items }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScopesBody {
    scopes: Vec<String>,
}

/// Applies an event to a grant at its vendor: `expire`, `revoke` or `refuse-refresh`, or `scopes`
/// with the scopes to grant instead.
pub(super) async fn token_event(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let id = call.param("id")?;
    let mut tx = space.data.begin().await;
    let key = connector(&call, &space)?;
    let grant = tx.grants.get(id).map(|grant| (**grant).clone()).filter(|grant| grant.connector_key == key);
    let mut grant = grant.ok_or_else(|| ApiError::not_found(format!("token not found: `{id}`")))?;
    match call.param("event")? {
        "expire" => grant.expires_at = Some(space.clock.now()),
        "revoke" => grant.revoked = true,
        "refuse-refresh" => grant.refuse_refresh = true,
        "scopes" => {
            let body: ScopesBody = call.json()?;
            grant.scopes = body.scopes;
        }
        other => {
            return Err(ApiError::bad_request(format!(
                "`{other}` is no event; it is expire, revoke, refuse-refresh or scopes"
            )));
        }
    }
    tx.put(grant.clone())?;
    tx.commit().await?;
    Reply::json(&shown_grant(&grant))
}
