//! Named snapshots of a workspace, kept in memory.
//!
//! Invariant: taking a snapshot and restoring it cost the same, however much has happened since.

use std::sync::{Arc, PoisonError};

use crate::base::error::ApiError;
use crate::engine::snapshot::{FaultState, Snapshot};
use crate::engine::{Engine, WorkspaceRuntime};
use crate::world::spaces::{replace, to_its_end};

/// The most snapshots of one workspace.
const MOST_SNAPSHOTS: usize = 1_000;

/// Takes a snapshot and answers it; one with the same name is replaced. Fails with 400 when the workspace has too many.
pub fn take(engine: &Engine, space: &WorkspaceRuntime, name: Option<String>) -> Result<Arc<Snapshot>, ApiError> {
    let mut all = engine.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
    let id = format!("snapshot-{}", engine.next_snapshot());
    let own = all.entry(space.key.clone()).or_default();
    let name = name.unwrap_or_else(|| id.clone());
    if own.iter().filter(|known| known.name != name).count() >= MOST_SNAPSHOTS {
        return Err(ApiError::bad_request(format!("a workspace has at most {MOST_SNAPSHOTS} snapshots; delete some")));
    }
    own.retain(|known| known.name != name);
    let snapshot = Arc::new(Snapshot {
        id,
        name,
        at: space.clock.now(),
        workspace: space.key.clone(),
        world: space.world(),
        clock: space.clock.mode(),
        cues: FaultState::of(space),
    });
    own.push(Arc::clone(&snapshot));
    Ok(snapshot)
}

/// The snapshots of a workspace, oldest first.
pub fn list(engine: &Engine, workspace: &str) -> Vec<Arc<Snapshot>> {
    let all = engine.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
    all.get(workspace).cloned().unwrap_or_default()
}

/// Answers a snapshot of a workspace by id or name; 404 when there is none.
pub fn get(engine: &Engine, workspace: &str, id: &str) -> Result<Arc<Snapshot>, ApiError> {
    let found = list(engine, workspace).into_iter().find(|known| known.id == id || known.name == id);
    found.ok_or_else(|| ApiError::not_found(format!("snapshot not found: `{id}`; list them with GET …/snapshots")))
}

/// A snapshot of any workspace by its id; none when there is none.
pub fn find(engine: &Engine, id: &str) -> Option<Arc<Snapshot>> {
    let all = engine.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
    all.values().flatten().find(|known| known.id == id).cloned()
}

/// Removes a snapshot; 404 when there is none.
pub fn remove(engine: &Engine, workspace: &str, id: &str) -> Result<(), ApiError> {
    let gone = get(engine, workspace, id)?;
    let mut all = engine.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(own) = all.get_mut(workspace) {
        own.retain(|known| known.id != gone.id);
    }
    Ok(())
}

/// Restores a snapshot: records, clock, faults and scenarios, and also the key and secret that the
/// workspace had. 404 when there is none.
pub async fn restore(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    id: &str,
) -> Result<Arc<WorkspaceRuntime>, ApiError> {
    let snapshot = get(engine, &space.key, id)?;
    to_its_end(engine, |engine| async move { restore_here(&engine, &snapshot).await }).await
}

async fn restore_here(engine: &Arc<Engine>, snapshot: &Snapshot) -> Result<Arc<WorkspaceRuntime>, ApiError> {
    let key = &snapshot.workspace;
    let current = engine.space(key).ok_or_else(|| crate::world::spaces::no_workspace(engine, key))?;
    let mut world = (*snapshot.world).clone();
    // The webhooks that waited then have been sent since, so they are not sent again.
    world.drop_waiting_webhooks();
    let mut workspace = (*world.workspace).clone();
    workspace.clock = snapshot.clock;
    world.workspace = Arc::new(workspace);
    let fresh = replace(engine, &current, Arc::new(world), Arc::clone(&current.origin)).await?;
    snapshot.cues.clone().give(&fresh);
    Ok(fresh)
}
