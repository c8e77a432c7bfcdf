//! Named checkpoints of a workspace: taking one and going back to it costs the same however much has happened since.

use std::sync::{Arc, PoisonError};

use crate::base::error::ApiError;
use crate::engine::snapshot::{Cues, Snapshot};
use crate::engine::{Engine, Space};
use crate::world::spaces::{replace, to_its_end};

/// Snapshots of one workspace.
const MOST_SNAPSHOTS: usize = 1_000;

/// Takes a snapshot; one of the same name is replaced.
pub fn take(engine: &Engine, space: &Space, name: Option<String>) -> Result<Arc<Snapshot>, ApiError> {
    let mut all = engine.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
    let id = format!("snapshot-{}", engine.next_snapshot());
    let own = all.entry(space.key.clone()).or_default();
    if own.len() >= MOST_SNAPSHOTS {
        return Err(ApiError::bad_request(format!("a workspace has at most {MOST_SNAPSHOTS} snapshots; delete some")));
    }
    let name = name.unwrap_or_else(|| id.clone());
    own.retain(|known| known.name != name);
    let snapshot = Arc::new(Snapshot {
        id,
        name,
        at: space.clock.now(),
        workspace: space.key.clone(),
        world: space.world(),
        clock: space.clock.mode(),
        cues: Cues::of(space),
    });
    own.push(Arc::clone(&snapshot));
    Ok(snapshot)
}

/// A workspace's snapshots, oldest first.
pub fn list(engine: &Engine, workspace: &str) -> Vec<Arc<Snapshot>> {
    let all = engine.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
    all.get(workspace).cloned().unwrap_or_default()
}

/// One of a workspace's snapshots, by id or name.
pub fn get(engine: &Engine, workspace: &str, id: &str) -> Result<Arc<Snapshot>, ApiError> {
    let found = list(engine, workspace).into_iter().find(|known| known.id == id || known.name == id);
    found.ok_or_else(|| ApiError::not_found(format!("snapshot not found: `{id}`; list them with GET …/snapshots")))
}

/// Any workspace's snapshot, by id.
pub fn find(engine: &Engine, id: &str) -> Option<Arc<Snapshot>> {
    let all = engine.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
    all.values().flatten().find(|known| known.id == id).cloned()
}

/// Forgets a snapshot.
pub fn remove(engine: &Engine, workspace: &str, id: &str) -> Result<(), ApiError> {
    let gone = get(engine, workspace, id)?;
    let mut all = engine.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(own) = all.get_mut(workspace) {
        own.retain(|known| known.id != gone.id);
    }
    Ok(())
}

/// Goes back to a snapshot: state, clock, faults and scenarios. Key and secret are those of the snapshot.
pub async fn restore(engine: &Arc<Engine>, space: &Arc<Space>, id: &str) -> Result<Arc<Space>, ApiError> {
    let snapshot = get(engine, &space.key, id)?;
    to_its_end(engine, |engine| async move { restore_here(&engine, &snapshot).await }).await
}

async fn restore_here(engine: &Arc<Engine>, snapshot: &Snapshot) -> Result<Arc<Space>, ApiError> {
    let key = &snapshot.workspace;
    let current = engine.space(key).ok_or_else(|| crate::world::spaces::no_workspace(engine, key))?;
    let mut world = (*snapshot.world).clone();
    // What waited then has been sent since.
    world.drop_waiting_webhooks();
    let mut workspace = (*world.workspace).clone();
    workspace.clock = snapshot.clock;
    world.workspace = Arc::new(workspace);
    let fresh = replace(engine, &current, Arc::new(world), Arc::clone(&current.origin)).await?;
    snapshot.cues.clone().give(&fresh);
    Ok(fresh)
}
