//! The wire form of a workspace. Invariant: it has no field for the secret.

use serde::Serialize;

use crate::base::JsonMap;
use crate::base::ids::Id;
use crate::nouns::workspace::model::{PublicKey, Settings, Workspace};

/// A workspace as it is shown, without its secret. Source: SDK `Workspace`.
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
    pub(super) fn of(workspace: &'a Workspace) -> Self {
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
