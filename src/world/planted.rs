//! What the demo seed has planted in this process, with which the next servers start.
//!
//! Invariant: a server starts from it only where planting anew would give the same, but for ids and moments that nobody chose.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::base::clock::{ClockMode, Timestamp, real_now};
use crate::base::config::{Config, Database, SeedChoice};
use crate::base::error::ApiError;
use crate::base::ids::Ids;
use crate::engine::catalog::Catalog;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::store::{Db, Partition, World};
use crate::world::spaces::space_of;

/// The result of planting the demo seed a short time ago in this process, with which further servers of the same
/// process start faster. It is used for a minute only, because it has the dates of then, and only for servers whose
/// clock and ids nobody chose.
pub(super) struct Planted {
    image: Vec<u8>,
    origin: Arc<World>,
    sequence: u64,
    at: Timestamp,
}

static PLANTED: Mutex<Option<Arc<Planted>>> = Mutex::new(None);

impl Planted {
    const FRESH: Duration = Duration::from_mins(1);

    fn is_for(config: &Config) -> bool {
        config.seed == SeedChoice::Demo
            && config.database == Database::Memory
            && config.clock == ClockMode::default()
            && config.rng_seed.is_none()
            && config.workspace_key.is_none()
            && config.workspace_secret.is_none()
    }

    /// What was planted, for a server that may start from it.
    pub(super) fn of(config: &Config) -> Option<Arc<Self>> {
        let known = PLANTED.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let fresh = real_now() < known.at.plus(Self::FRESH);
        (Self::is_for(config) && fresh).then_some(known)
    }

    /// Keeps what a server has planted, where others may start from it.
    pub(super) async fn keep(engine: &Engine, space: &WorkspaceRuntime) -> Result<(), ApiError> {
        if Self::is_for(&engine.config) {
            let (image, origin) = (engine.db.image().await?, Arc::clone(&space.origin));
            let planted = Self { image, origin, sequence: space.ids.sequence(), at: real_now() };
            *PLANTED.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(planted));
        }
        Ok(())
    }

    /// Opens a server's engine that starts from it.
    pub(super) async fn open(&self, config: Config, catalog: Arc<Catalog>) -> Result<Arc<Engine>, ApiError> {
        let db = Db::open(&config, Some(&self.image)).await?;
        let engine = Engine::new(config, catalog, db)?;
        let ids = Arc::new(Ids::new(None, &self.origin.workspace.key));
        ids.continue_after(self.sequence);
        let data = Partition::new(engine.db.clone(), Arc::clone(&ids), Arc::clone(&self.origin));
        engine.add(space_of(&engine, data, ids, Arc::clone(&self.origin)));
        Ok(engine)
    }
}
