//! Credentials are refreshed before they expire.

use std::sync::Arc;

use crate::base::error::ApiError;
use crate::engine::directory::Directory;
use crate::engine::moves::Works;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::nouns::connection::connect::as_owner;
use crate::nouns::connection::model::Connection;
use crate::nouns::connection::outbound;
use crate::store::World;

/// So much work may be under way in a workspace when a refresh begins; each takes descriptors of clients away.
const MOST_AT_ONCE: usize = 64;

impl Works for Connection {
    /// Thousands may be due at one moment: some go first.
    fn may_begin(space: &WorkspaceRuntime, _: &World, _: &Self) -> bool {
        space.in_flight.len() < MOST_AT_ONCE
    }

    /// Refreshes credentials. What the vendor says, or does not, is on the connection's record.
    async fn work(engine: Arc<Engine>, space: Arc<WorkspaceRuntime>, connection: Arc<Self>) -> Result<(), ApiError> {
        // As it is now that nobody else renews it: it may have been done a moment ago.
        let now = space.clock.now();
        let current = space.world().connections.get(connection.id.as_str()).cloned();
        let Some(connection) = current.filter(|c| c.refresh_due().is_some_and(|at| at <= now)) else { return Ok(()) };
        // One that is out of service is refreshed when it is used again.
        if Directory::new(&space.world(), &engine.catalog).check_usable(&connection).is_ok() {
            let cx = as_owner(&engine, &space, &connection)?;
            let held = connection.credential("access_token");
            outbound::refresh(&cx, &connection.id, held).await?;
        }
        let now = space.clock.now();
        let world = space.world();
        let still_due =
            world.connections.get(connection.id.as_str()).filter(|c| c.refresh_due().is_some_and(|at| at <= now));
        if let Some(still_due) = still_due {
            // Nothing came of it that says when to go on: not before the app turns the credentials down.
            let mut tx = space.data.begin().await;
            let mut connection = (**still_due).clone();
            (connection.next_credentials_refresh_at, connection.next_retry_timestamp) = (None, None);
            tx.put(connection)?;
            tx.commit().await?;
        }
        Ok(())
    }
}
