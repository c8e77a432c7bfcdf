//! This module serves snapshots of a workspace: taking, listing, removing and restoring them.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::call::{Call, Reply};
use crate::control::check_no_body;
use crate::control::space;
use crate::control::workspaces::shown as shown_workspace;
use crate::engine::snapshot::Snapshot;
use crate::world::snapshots;

fn shown(snapshot: &Snapshot) -> Value {
    json!({ "id": snapshot.id, "name": snapshot.name, "at": snapshot.at, "workspace": snapshot.workspace })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TakeBody {
    name: Option<String>,
}

pub(super) async fn take(call: Call) -> Result<Reply, ApiError> {
    let body: TakeBody = call.json()?;
    Reply::json(&shown(&*snapshots::take(&call.engine, &*space(&call)?, body.name)?))
}

pub(super) async fn list(call: Call) -> Result<Reply, ApiError> {
    let items: Vec<Value> = snapshots::list(&call.engine, &space(&call)?.key).iter().map(|s| shown(s)).collect();
    Reply::json(&json!({ "items": items }))
}

pub(super) async fn remove(call: Call) -> Result<Reply, ApiError> {
    snapshots::remove(&call.engine, &space(&call)?.key, call.param("id")?)?;
    Ok(Reply::empty())
}

/// Restores a snapshot, and returns the workspace as it is then.
pub(super) async fn restore(call: Call) -> Result<Reply, ApiError> {
    check_no_body(&call)?;
    let fresh = snapshots::restore(&call.engine, &space(&call)?, call.param("id")?).await?;
    Reply::json(&shown_workspace(&call.engine, &fresh)?)
}
