//! `/workspaces`.

use serde::Serialize;
use serde_json::json;

use super::call::{Call, Reply};
use crate::error::ApiError;
use crate::ids::Id;
use crate::model::JsonMap;
use crate::model::workspace::{PublicKey, Settings, Workspace};
use crate::service::workspaces;

/// A workspace on the wire, without its secret. Source: SDK `Workspace`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkspaceView<'a> {
    id: &'a Id<Workspace>,
    key: &'a str,
    settings: &'a Settings,
    public_keys: &'a [PublicKey],
    #[serde(flatten)]
    extra: &'a JsonMap,
    is_disabled: bool,
    is_throttled: bool,
}

impl<'a> WorkspaceView<'a> {
    fn of(workspace: &'a Workspace) -> Self {
        Self {
            id: &workspace.id,
            key: &workspace.key,
            settings: &workspace.settings,
            public_keys: &workspace.public_keys,
            extra: &workspace.extra,
            is_disabled: false,
            is_throttled: false,
        }
    }
}

/// The caller's workspace is all a workspace token sees.
pub(super) async fn list(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let world = cx.world();
    let wanted = call.query().text("workspaceKey");
    let fits = wanted.is_none_or(|key| key == world.workspace.key);
    let items: Vec<_> = fits.then(|| WorkspaceView::of(&world.workspace)).into_iter().collect();
    Reply::json(&json!({ "items": items }))
}

pub(super) async fn get(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&WorkspaceView::of(&*workspaces::get(&call.cx()?, call.param("selector")?)?))
}

pub(super) async fn patch(call: Call) -> Result<Reply, ApiError> {
    let workspace = workspaces::update(&call.cx()?, call.param("selector")?, call.json()?).await?;
    Reply::json(&WorkspaceView::of(&workspace))
}
