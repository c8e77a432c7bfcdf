//! This module serves snapshots of a workspace: taking, listing, removing and restoring them.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::{Done, Json, JsonBody};
use crate::call::router::Route;
use crate::control::workspaces::{WorkspaceView, shown as shown_workspace};
use crate::control::{List, control, space};
use crate::engine::snapshot::Snapshot;
use crate::world::snapshots;

/// The control routes of snapshots.
pub(super) fn routes() -> Vec<Route> {
    vec![
        control(
            "listSnapshots",
            Method::GET,
            "/workspaces/{key}/snapshots",
            "Lists the snapshots of a workspace.",
            list,
        ),
        control(
            "takeSnapshot",
            Method::POST,
            "/workspaces/{key}/snapshots",
            "Takes a snapshot; one of the same name is replaced.",
            take,
        )
        .example(r#"{"name": "before"}"#),
        control("deleteSnapshot", Method::DELETE, "/workspaces/{key}/snapshots/{id}", "Removes a snapshot.", remove),
        control(
            "restoreSnapshot",
            Method::POST,
            "/workspaces/{key}/snapshots/{id}/restore",
            "Goes back to a snapshot.",
            restore,
        ),
    ]
}

/// The state of a workspace at a moment.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Snapshot")]
pub(super) struct SnapshotView {
    /// The id, which `from` of a new workspace takes.
    pub(super) id: String,
    /// The name; the id when none was given.
    pub(super) name: String,
    /// When it was taken, on the workspace's clock.
    pub(super) at: Timestamp,
    /// The key of the workspace.
    pub(super) workspace: String,
}

fn shown(of: &Snapshot) -> SnapshotView {
    SnapshotView { id: of.id.clone(), name: of.name.clone(), at: of.at, workspace: of.workspace.clone() }
}

/// A snapshot to take.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TakeBody {
    /// The name; the snapshot's id when absent.
    name: Option<String>,
}

async fn take(call: Call, JsonBody(body): JsonBody<TakeBody>) -> Result<Json<SnapshotView>, ApiError> {
    Ok(Json(shown(&*snapshots::take(&call.engine, &*space(&call)?, body.name)?)))
}

pub(super) async fn list(call: Call) -> Result<Json<List<SnapshotView>>, ApiError> {
    let items = snapshots::list(&call.engine, &space(&call)?.key).iter().map(|of| shown(of)).collect();
    Ok(Json(List { items }))
}

async fn remove(call: Call) -> Result<Done, ApiError> {
    snapshots::remove(&call.engine, &space(&call)?.key, call.param("id")?)?;
    Ok(Done)
}

/// Restores a snapshot, and returns the workspace as it is then.
async fn restore(call: Call) -> Result<Json<WorkspaceView>, ApiError> {
    let fresh = snapshots::restore(&call.engine, &space(&call)?, call.param("id")?).await?;
    shown_workspace(&call.engine, &fresh).map(Json)
}
