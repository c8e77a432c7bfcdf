//! The handlers of `/workspaces`, for managers. Invariant: no answer contains the secret.

use serde::Serialize;
use serde_json::json;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::call::{Call, Reply};
use crate::nouns::workspace::model::{PublicKey, Settings, Workspace};
use crate::nouns::workspace::rules as workspaces;

/// A workspace as it is shown, without its secret. Source: SDK `Workspace`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkspaceView<'a> {
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

/// `GET /org-workspace-id`, any token: answers the id of the token's workspace, which the workspace CLI asks for before it
/// pushes.
pub(crate) async fn own_id(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    Reply::json(&json!({ "id": cx.world().workspace.id }))
}

/// `GET /workspaces`, a manager's token: answers a list of one, the token's workspace;
/// empty when `workspaceKey` names another.
pub(crate) async fn list(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let world = cx.world();
    let wanted = call.query().text("workspaceKey");
    let fits = wanted.is_none_or(|key| key == world.workspace.key);
    let items: Vec<_> = fits.then(|| WorkspaceView::of(&world.workspace)).into_iter().collect();
    Reply::json(&json!({ "items": items }))
}

/// `GET /workspaces/{selector}`, a manager's token: answers the token's workspace by id or key; 404 for any other.
pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&WorkspaceView::of(&*workspaces::get(&call.cx()?, call.param("selector")?)?))
}

/// `PATCH /workspaces/{selector}`, a manager's token: changes the token's workspace and answers it. 400 for a wrong
/// field or setting, 404 for another workspace.
pub(crate) async fn patch(call: Call) -> Result<Reply, ApiError> {
    let workspace = workspaces::update(&call.cx()?, call.param("selector")?, call.json()?).await?;
    Reply::json(&WorkspaceView::of(&workspace))
}
