//! The context of a call: who asks, and where. It lends what is needed to find and to show things.

use std::sync::Arc;

use crate::engine::directory::Directory;
use crate::engine::view::ViewContext;
use tokio_util::sync::CancellationToken;

use crate::base::error::ApiError;
use crate::engine::tokens::Caller;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::nouns::tenant::model::Tenant;
use crate::store::World;

/// The context of a call says who asks, and in which workspace; every verb gets one.
#[derive(Debug, Clone)]
pub struct Cx {
    pub engine: Arc<Engine>,
    pub space: Arc<WorkspaceRuntime>,
    pub caller: Caller,
    /// This many snippets wait for this call; it is 0 for a call that a client made.
    pub depth: u32,
    /// The token is cancelled when nobody waits for the call any more.
    pub abandoned: CancellationToken,
}

impl Cx {
    /// What can be found in a state of the workspace.
    pub fn directory<'a>(&'a self, world: &'a World) -> Directory<'a> {
        Directory::new(world, &self.engine.catalog)
    }

    /// What wire forms of a state of the workspace are made with, for this caller.
    pub fn view<'a>(&'a self, world: &'a World) -> ViewContext<'a> {
        ViewContext { directory: self.directory(world), base: self.engine.base(), caller: &self.caller }
    }

    /// Makes the context of a tenant that acts from a hosted page, without a token.
    pub(crate) fn of_tenant(engine: &Arc<Engine>, space: &Arc<WorkspaceRuntime>, tenant: Arc<Tenant>) -> Self {
        Self {
            engine: Arc::clone(engine),
            space: Arc::clone(space),
            caller: Caller::Tenant(tenant),
            depth: 0,
            abandoned: CancellationToken::new(),
        }
    }

    /// Lets the worker look at what is due in the workspace.
    pub fn wake(&self) {
        self.engine.wake(&self.space);
    }

    /// Returns the workspace's state as last committed.
    pub fn world(&self) -> Arc<World> {
        self.space.world()
    }

    /// Refuses a caller that is neither a tenant nor a manager, on tenant-level reads
    /// (`docs/behaviour.md#caller-neither`).
    pub fn tenant_or_manager(&self) -> Result<(), ApiError> {
        if self.caller.is_manager() { Ok(()) } else { self.tenant().map(|_| ()) }
    }

    /// Returns the tenant of a tenant-level call, or a 400 when the
    /// token names none (`docs/behaviour.md#caller-neither`).
    pub fn tenant(&self) -> Result<&Arc<crate::nouns::tenant::model::Tenant>, ApiError> {
        self.caller.tenant().ok_or_else(|| {
            ApiError::bad_request(
                "this call belongs to a tenant; put a `tenantKey` in the token (a manager token may carry one too)",
            )
        })
    }
}
