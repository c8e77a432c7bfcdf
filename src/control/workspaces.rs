//! This module serves workspaces, so that each test can have one of its own, forked from a seeded one.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::clock::{ClockMode, real_now};
use crate::base::error::ApiError;
use crate::call::{Call, Reply};
use crate::control::space;
use crate::engine::tokens::mint;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::nouns::workspace::model::{MockSettings, Settings};
use crate::nouns::workspace::{merge_settings, merged_mock};
use crate::world::export::Export;
use crate::world::seed::SeedDocument;
use crate::world::spaces::{Fork, NewWorkspace, Start};
use crate::world::{catalog, export, snapshots, spaces};

const DAY: Duration = Duration::from_hours(24);

/// Returns a workspace with its credentials, its settings, and tokens that are valid for a day.
pub(super) fn shown(engine: &Engine, space: &WorkspaceRuntime) -> Result<Value, ApiError> {
    let world = space.world();
    let workspace = &world.workspace;
    let expires = real_now().plus(DAY);
    let token = |tenant, manager| mint(&workspace.key, &workspace.secret, tenant, manager, expires);
    Ok(json!({
        "id": workspace.id,
        "key": workspace.key,
        "secret": workspace.secret,
        "name": workspace.name,
        "apiUri": engine.base(),
        "tenantKey": workspace.default_tenant,
        "tenantToken": token(Some(&workspace.default_tenant), false)?,
        "managerToken": token(None, true)?,
        "settings": workspace.settings,
        "mock": workspace.mock,
        "clock": { "now": space.clock.now(), "mode": space.clock.mode() },
    }))
}

pub(super) async fn list(call: Call) -> Result<Reply, ApiError> {
    let spaces = call.engine.spaces();
    let items: Result<Vec<Value>, ApiError> = spaces.iter().map(|space| shown(&call.engine, space)).collect();
    Reply::json(&json!({ "items": items? }))
}

pub(super) async fn get(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&shown(&call.engine, &*space(&call)?)?)
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct CreateBody {
    key: Option<String>,
    secret: Option<String>,
    /// The workspace starts from this seed: `demo`, `none`, or a whole seed document as JSON. It excludes `from`.
    seed: Option<Value>,
    /// The workspace starts as a copy: of the workspace with this key as it is now, of the snapshot with this id, or of
    /// an exported workspace given as JSON.
    from: Option<Value>,
    settings: Option<Value>,
    mock: Option<Value>,
    /// The clock is `system`, or a moment at which time stands still; when absent, it is that of the original.
    clock: Option<String>,
}

/// Makes a workspace. Unless `seed` or `from` says otherwise, it starts from what the first workspace started from.
pub(super) async fn create(call: Call) -> Result<Reply, ApiError> {
    let body: CreateBody = call.json()?;
    let clock: Option<ClockMode> =
        body.clock.as_deref().map(|text| text.parse().map_err(ApiError::bad_request)).transpose()?;
    if body.seed.is_some() && body.from.is_some() {
        return Err(ApiError::bad_request("give `seed` or `from`, not both"));
    }
    let fresh = match &body.seed {
        Some(seed) => {
            let seed = seed_of(&call.engine, seed)?;
            let (settings, mock) = changed(&seed.workspace.settings, &seed.workspace.mock(), body.settings, body.mock)?;
            let new = NewWorkspace {
                key: body.key,
                secret: body.secret,
                seed: Some(seed),
                clock,
                settings: Some(settings),
                mock: Some(mock),
            };
            spaces::create(&call.engine, new).await?
        }
        None => {
            let (from, start) = match &body.from {
                Some(from) => start_of(&call.engine, from)?,
                None => (call.engine.start_space()?, Start::Origin),
            };
            let world = match &start {
                Start::Origin => Arc::clone(&from.origin),
                Start::Now => from.world(),
                Start::Snapshot(snapshot) => snapshot.world(),
            };
            let known = &world.workspace;
            let (settings, mock) = changed(&known.settings, &known.mock, body.settings, body.mock)?;
            let fork = Fork { key: body.key, secret: body.secret, clock, settings: Some(settings), mock: Some(mock) };
            spaces::fork(&call.engine, &from, start, fork).await?
        }
    };
    Reply::json(&shown(&call.engine, &fresh)?)
}

/// Returns a workspace's records, clock and faults in a form that `from` of a new workspace takes.
pub(super) async fn export(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&export::of(&*space(&call)?).await?)
}

/// Returns the workspace and the state that `from` names: a workspace by key, a snapshot by id, or an exported
/// workspace itself. It fails when there is none of that name.
fn start_of(engine: &Engine, from: &Value) -> Result<(Arc<WorkspaceRuntime>, Start), ApiError> {
    let Some(name) = from.as_str() else {
        let exported: Export = serde_path_to_error::deserialize(from).map_err(|error| {
            ApiError::bad_request(format!(
                "`from` is the key of a workspace, the id of a snapshot, or an export; field `{}`: {}",
                error.path(),
                error.inner()
            ))
        })?;
        return Ok((engine.start_space()?, Start::Snapshot(exported.snapshot()?)));
    };
    if let Some(space) = engine.space(name) {
        return Ok((space, Start::Now));
    }
    let unknown = || spaces::no_workspace(engine, name);
    let snapshot = snapshots::find(engine, name).ok_or_else(unknown)?;
    let space = engine.space(&snapshot.workspace).ok_or_else(unknown)?;
    Ok((space, Start::Snapshot(snapshot)))
}

fn seed_of(engine: &Engine, seed: &Value) -> Result<Arc<SeedDocument>, ApiError> {
    match seed {
        Value::String(name) if name == "demo" => catalog::demo().map_err(ApiError::internal),
        Value::String(name) if name == "none" || name == "empty" => Ok(Arc::default()),
        Value::Object(_) => {
            let document: SeedDocument = serde_path_to_error::deserialize(seed).map_err(|error| {
                ApiError::bad_request(format!("`seed`: field `{}`: {}", error.path(), error.inner()))
            })?;
            let checked = document.check().and_then(|()| document.check_connectors(&engine.catalog.connector_keys()));
            checked.map_err(|error| ApiError::bad_request(format!("`seed`: {}", error.message)))?;
            Ok(Arc::new(document))
        }
        _ => Err(ApiError::bad_request("`seed` is \"demo\", \"none\" or a whole seed document")),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct PatchBody {
    settings: Option<Value>,
    mock: Option<Value>,
}

/// Merges changes into the platform's settings and the fake's own, and returns the workspace.
pub(super) async fn patch(call: Call) -> Result<Reply, ApiError> {
    let body: PatchBody = call.json()?;
    let space = space(&call)?;
    change(&space, body.settings, body.mock).await?;
    Reply::json(&shown(&call.engine, &space)?)
}

async fn change(space: &WorkspaceRuntime, settings: Option<Value>, mock: Option<Value>) -> Result<(), ApiError> {
    let mut tx = space.data.begin().await;
    let mut workspace = (*tx.workspace).clone();
    (workspace.settings, workspace.mock) = changed(&workspace.settings, &workspace.mock, settings, mock)?;
    tx.put_workspace(workspace)?;
    tx.commit().await?;
    Ok(())
}

/// Returns both kinds of settings with the changes merged into them, or a 400 that names the wrong field.
fn changed(
    settings: &Settings,
    mock: &MockSettings,
    settings_change: Option<Value>,
    mock_change: Option<Value>,
) -> Result<(Settings, MockSettings), ApiError> {
    let mut settings = settings.clone();
    if let Some(change) = settings_change {
        merge_settings(&mut settings, change)?;
    }
    let mock = mock_change.map_or_else(|| Ok(mock.clone()), |change| merged_mock(mock, change))?;
    Ok((settings, mock))
}

pub(super) async fn delete(call: Call) -> Result<Reply, ApiError> {
    spaces::delete(&call.engine, call.param("key")?).await?;
    Ok(Reply::empty())
}

pub(super) async fn progress(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&space(&call)?.world().workspace.mock.progress)
}

/// Merges changes into the progress settings of each kind of element, and returns all of them.
pub(super) async fn set_progress(call: Call) -> Result<Reply, ApiError> {
    let space = space(&call)?;
    let change_of: Value = call.json()?;
    change(&space, None, Some(json!({ "progress": change_of }))).await?;
    Reply::json(&space.world().workspace.mock.progress)
}

/// Returns the webhooks to the app, oldest first: what was sent, how often it was tried, and when it is tried next.
pub(super) async fn webhooks(call: Call) -> Result<Reply, ApiError> {
    let world = space(&call)?.world();
    let items: Vec<_> = world.deliveries.iter().cloned().collect();
    Reply::json(&json!({ "items": items }))
}
