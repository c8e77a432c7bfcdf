//! This module serves workspaces, so that each test can have one of its own, forked from a seeded one.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::clock::{ClockMode, Timestamp, real_now};
use crate::base::error::ApiError;
use crate::base::json::said_at;
use crate::call::Call;
use crate::call::contract::{Done, Json, JsonBody};
use crate::call::router::Route;
use crate::control::{List, control, space};
use crate::engine::past::ReportLine;
use crate::engine::tokens::mint;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::nouns::webhook::model::WebhookDelivery;
use crate::nouns::workspace::model::progress::ProgressSettings;
use crate::nouns::workspace::model::{MockSettings, Settings};
use crate::nouns::workspace::{merge_settings, merged_mock};
use crate::world::export::Export;
use crate::world::seed::SeedDocument;
use crate::world::spaces::{Fork, NewWorkspace, Start, Words};
use crate::world::{catalog, export, report, snapshots, spaces};

/// The control routes of workspaces.
pub(super) fn routes() -> Vec<Route> {
    vec![
        control("listWorkspaces", Method::GET, "/workspaces", "Lists the workspaces with their credentials.", list),
        control(
            "createWorkspace",
            Method::POST,
            "/workspaces",
            "Makes a workspace: from a seed, as a copy of another one, or of what the first one started from.",
            create,
        )
        .example(
            r#"{"label": "syncs contacts", "mock": {"account": "ada@example.com"}, "clock": "2030-01-01T00:00:00Z"}"#,
        ),
        control(
            "getWorkspace",
            Method::GET,
            "/workspaces/{key}",
            "Answers a workspace with its credentials, settings and tokens for a day.",
            get,
        ),
        control(
            "updateWorkspace",
            Method::PATCH,
            "/workspaces/{key}",
            "Merges changes into the settings of the platform and of the fake.",
            patch,
        )
        .example(r#"{"label": "syncs contacts", "settings": {"useMembraneUniverse": true}}"#),
        control(
            "deleteWorkspace",
            Method::DELETE,
            "/workspaces/{key}",
            "Deletes a workspace; its tokens let nobody in any more.",
            delete,
        ),
        control(
            "getProgress",
            Method::GET,
            "/workspaces/{key}/progress",
            "Answers when state machines move by themselves.",
            progress,
        ),
        control(
            "setProgress",
            Method::PUT,
            "/workspaces/{key}/progress",
            "Merges changes into when state machines move by themselves.",
            set_progress,
        )
        .example(r#"{"connection.building": {"after": 5000}, "flowRun": "hold"}"#),
        control(
            "listWebhooks",
            Method::GET,
            "/workspaces/{key}/webhooks",
            "Lists the webhooks to your app with each attempt to send them.",
            webhooks,
        ),
        control(
            "getReport",
            Method::GET,
            "/workspaces/{key}/report",
            "Lists what went wrong in calls of the workspace, and what a tester should look at.",
            report,
        ),
        control(
            "exportWorkspace",
            Method::GET,
            "/workspaces/{key}/export",
            "Answers the workspace as a document that `from` of a new one takes.",
            export,
        ),
    ]
}

const DAY: Duration = Duration::from_hours(24);

/// What time it is in a workspace.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Moment {
    /// The moment.
    pub(super) now: Timestamp,
    /// Whether it goes on with the system.
    pub(super) mode: ClockMode,
}

/// A workspace with its credentials.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Workspace")]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkspaceView {
    /// The id.
    pub(super) id: String,
    /// The key, which tokens name.
    pub(super) key: String,
    /// The secret that tokens are signed with.
    pub(super) secret: String,
    /// The name that people see.
    pub(super) name: String,
    /// What it is for, such as the name of the test that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
    /// The address of the API.
    pub(super) api_uri: String,
    /// The key of the tenant of `tenantToken`.
    pub(super) tenant_key: String,
    /// A token of that tenant, valid for a day of real time.
    pub(super) tenant_token: String,
    /// A token of a manager, valid for a day of real time.
    pub(super) manager_token: String,
    /// The settings of the platform.
    pub(super) settings: Settings,
    /// The settings of the fake.
    pub(super) mock: MockSettings,
    /// What time it is.
    pub(super) clock: Moment,
}

/// Returns a workspace with its credentials, its settings, and tokens that are valid for a day.
pub(super) fn shown(engine: &Engine, space: &WorkspaceRuntime) -> Result<WorkspaceView, ApiError> {
    let world = space.world();
    let workspace = &world.workspace;
    let expires = real_now().plus(DAY);
    let token = |tenant, manager| mint(&workspace.key, &workspace.secret, tenant, manager, expires);
    Ok(WorkspaceView {
        id: workspace.id.to_string(),
        key: workspace.key.clone(),
        secret: workspace.secret.clone(),
        name: workspace.name.clone(),
        label: workspace.label.clone(),
        api_uri: engine.base().to_owned(),
        tenant_key: workspace.default_tenant.clone(),
        tenant_token: token(Some(&workspace.default_tenant), false)?,
        manager_token: token(None, true)?,
        settings: workspace.settings.clone(),
        mock: workspace.mock.clone(),
        clock: Moment { now: space.clock.now(), mode: space.clock.mode() },
    })
}

pub(super) async fn list(call: Call) -> Result<Json<List<WorkspaceView>>, ApiError> {
    let items: Result<_, ApiError> = call.engine.spaces().iter().map(|space| shown(&call.engine, space)).collect();
    Ok(Json(List { items: items? }))
}

pub(super) async fn get(call: Call) -> Result<Json<WorkspaceView>, ApiError> {
    shown(&call.engine, &*space(&call)?).map(Json)
}

/// A workspace to make. Unless `seed` or `from` says otherwise, it starts from what the first one started from.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct CreateBody {
    /// The key; one is made when absent.
    key: Option<String>,
    /// The secret; one is made when absent.
    secret: Option<String>,
    /// The name that people see; that of the original, or the key, when absent.
    name: Option<String>,
    /// What it is for, such as the name of the test that makes it: reports have it beside the key.
    label: Option<String>,
    /// The workspace starts from this seed: `demo`, `none`, or a whole seed document as JSON. It excludes `from`.
    seed: Option<Value>,
    /// The workspace starts as a copy: of the workspace with this key as it is now, of the snapshot with this id, or of
    /// an exported workspace given as JSON.
    from: Option<Value>,
    /// Changes of the platform's settings.
    #[schemars(with = "Option<Settings>")]
    settings: Option<Value>,
    /// Changes of the fake's settings.
    #[schemars(with = "Option<MockSettings>")]
    mock: Option<Value>,
    /// The clock is `system`, or a moment at which time stands still; when absent, it is that of the original.
    clock: Option<String>,
}

/// Makes a workspace. Unless `seed` or `from` says otherwise, it starts from what the first workspace started from.
async fn create(call: Call, JsonBody(body): JsonBody<CreateBody>) -> Result<Json<WorkspaceView>, ApiError> {
    let clock: Option<ClockMode> =
        body.clock.as_deref().map(|text| text.parse().map_err(ApiError::bad_request)).transpose()?;
    if body.seed.is_some() && body.from.is_some() {
        return Err(ApiError::bad_request("give `seed` or `from`, not both"));
    }
    let words = Words { name: body.name, label: body.label };
    words.check()?;
    let fresh = match &body.seed {
        Some(seed) => {
            let seed = seed_of(&call.engine, seed)?;
            let (settings, mock) = changed(&seed.workspace.settings, &seed.workspace.mock(), body.settings, body.mock)?;
            let new = NewWorkspace {
                key: body.key,
                words,
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
                Start::Snapshot(snapshot) | Start::Export(snapshot) => snapshot.world(),
            };
            let known = &world.workspace;
            let (settings, mock) = changed(&known.settings, &known.mock, body.settings, body.mock)?;
            let (settings, mock) = (Some(settings), Some(mock));
            let fork = Fork { key: body.key, words, secret: body.secret, clock, settings, mock };
            spaces::fork(&call.engine, &from, start, fork).await?
        }
    };
    shown(&call.engine, &fresh).map(Json)
}

/// Returns a workspace's records, clock and faults in a form that `from` of a new workspace takes.
async fn export(call: Call) -> Result<Json<Export>, ApiError> {
    export::of(&*space(&call)?).await.map(Json)
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
        return Ok((engine.start_space()?, Start::Export(exported.snapshot()?)));
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
                let path = error.path().to_string();
                ApiError::bad_request(format!("`seed`: field `{path}`: {}", said_at(&path, error.inner())))
            })?;
            let checked = document.check().and_then(|()| document.check_connectors(&engine.catalog.connector_keys()));
            checked.map_err(|error| ApiError::bad_request(format!("`seed`: {}", error.message)))?;
            Ok(Arc::new(document))
        }
        _ => Err(ApiError::bad_request("`seed` is \"demo\", \"none\" or a whole seed document")),
    }
}

/// Changes of a workspace's name, label and settings; what is left out stays.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct PatchBody {
    /// The name that people see.
    name: Option<String>,
    /// What it is for; an empty text is none.
    label: Option<String>,
    /// Changes of the platform's settings.
    #[schemars(with = "Option<Settings>")]
    settings: Option<Value>,
    /// Changes of the fake's settings.
    #[schemars(with = "Option<MockSettings>")]
    mock: Option<Value>,
}

/// Merges changes into a workspace, and returns it.
async fn patch(call: Call, JsonBody(body): JsonBody<PatchBody>) -> Result<Json<WorkspaceView>, ApiError> {
    let space = space(&call)?;
    change(&space, body).await?;
    shown(&call.engine, &space).map(Json)
}

async fn change(space: &WorkspaceRuntime, changes: PatchBody) -> Result<(), ApiError> {
    let words = Words { name: changes.name, label: changes.label };
    words.check()?;
    let mut tx = space.data.begin().await;
    let mut workspace = (*tx.workspace).clone();
    (workspace.settings, workspace.mock) =
        changed(&workspace.settings, &workspace.mock, changes.settings, changes.mock)?;
    workspace.name = words.name.unwrap_or(workspace.name);
    workspace.label = words.label.or(workspace.label).filter(|label| !label.is_empty());
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

async fn delete(call: Call) -> Result<Done, ApiError> {
    spaces::delete(&call.engine, call.param("key")?).await?;
    Ok(Done)
}

pub(super) async fn progress(call: Call) -> Result<Json<ProgressSettings>, ApiError> {
    Ok(Json(space(&call)?.world().workspace.mock.progress.clone()))
}

/// Changes of progress settings; what is left out stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct ProgressBody(#[schemars(with = "ProgressSettings")] Value);

/// Merges changes into the progress settings of each kind of element, and returns all of them.
async fn set_progress(
    call: Call,
    JsonBody(ProgressBody(changes)): JsonBody<ProgressBody>,
) -> Result<Json<ProgressSettings>, ApiError> {
    let space = space(&call)?;
    let mock = Some(json!({ "progress": changes }));
    change(&space, PatchBody { mock, ..PatchBody::default() }).await?;
    Ok(Json(space.world().workspace.mock.progress.clone()))
}

/// Returns what [`report::of_workspace`] tells.
pub(super) async fn report(call: Call) -> Result<Json<List<ReportLine>>, ApiError> {
    Ok(Json(List { items: report::of_workspace(&*space(&call)?) }))
}

/// Returns the webhooks to the app, oldest first: what was sent, how often it was tried, and when it is tried next.
pub(super) async fn webhooks(call: Call) -> Result<Json<List<Arc<WebhookDelivery>>>, ApiError> {
    let world = space(&call)?.world();
    Ok(Json(List { items: world.deliveries.iter().cloned().collect() }))
}
