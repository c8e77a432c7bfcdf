//! This module has one workspace's part of the store, and the transactions that change it. Invariant: a workspace has
//! one transaction at a time, and readers see its changes only once SQLite has committed them.

use std::collections::HashSet;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use tokio::sync::{Mutex, OwnedMutexGuard, broadcast, watch};

use crate::base::ids::Ids;
use crate::nouns::run_log::model::{ApiLog, Exchange, RunDetails, RunLog};
use crate::nouns::workspace::model::Workspace;
use crate::store::db::Batch;
use crate::store::{Db, Record, RecordKind, StoreError, World};

/// A listener may be this many changes behind before it loses some.
const MOST_CHANGES: usize = 256;

/// The outbox adds to a transaction, just before it is committed, what its changes mean to the app. It
/// gets the world before the changes.
pub type Outbox = Box<dyn Fn(&World, &mut Tx) -> Result<(), StoreError> + Send + Sync>;

/// A partition is one workspace's part of the store.
pub struct Partition {
    key: String,
    db: Db,
    ids: Arc<Ids>,
    world: ArcSwap<World>,
    // There is one writer at a time: it works on a copy of the world that nobody else can change meanwhile.
    turn: Arc<Mutex<()>>,
    version: watch::Sender<u64>,
    changes: broadcast::Sender<(&'static str, String)>,
    outbox: OnceLock<Outbox>,
    closed: AtomicBool,
}

impl std::fmt::Debug for Partition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Partition").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Partition {
    /// Makes a partition that starts from `world`, which the database holds already.
    pub fn new(db: Db, ids: Arc<Ids>, world: Arc<World>) -> Arc<Self> {
        Arc::new(Self {
            key: world.workspace.key.clone(),
            db,
            ids,
            world: ArcSwap::new(world),
            turn: Arc::new(Mutex::new(())),
            version: watch::Sender::new(0),
            changes: broadcast::Sender::new(MOST_CHANGES),
            outbox: OnceLock::new(),
            closed: AtomicBool::new(false),
        })
    }

    /// Returns the world as last committed.
    pub fn world(&self) -> Arc<World> {
        self.world.load_full()
    }

    /// Returns a channel that wakes at each commit; long polls wait on it.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Returns a channel on which each commit reports its written records as `(kind, id)`.
    pub fn changes(&self) -> broadcast::Receiver<(&'static str, String)> {
        self.changes.subscribe()
    }

    /// Sets what adds to transactions; a second call has no effect.
    pub fn set_outbox(&self, outbox: Outbox) {
        self.outbox.set(outbox).ok();
    }

    /// Returns the database, for reads of logs.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Ends this partition for good, because its workspace was reset or deleted. The caller must hold the turn; whoever
    /// still has the partition reads the past and can write nothing.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.version.send_modify(|version| *version += 1);
    }

    /// Returns whether the partition was ended.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Begins a transaction, after waiting for the one before it.
    pub async fn begin(self: &Arc<Self>) -> Tx {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        Tx {
            world: Box::new((**self.world.load()).clone()),
            batch: Batch::default(),
            partition: Arc::clone(self),
            _turn: turn,
        }
    }
}

/// A transaction: its reads see its own writes, and nothing is kept until [`Tx::commit`].
#[derive(Debug)]
pub struct Tx {
    // In a box: what waits for something while it has a transaction stays small.
    world: Box<World>,
    batch: Batch,
    partition: Arc<Partition>,
    _turn: OwnedMutexGuard<()>,
}

impl Deref for Tx {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Tx {
    /// Drops everything written so far and keeps the transaction open, so nobody else writes in between.
    pub fn roll_back(&mut self) {
        (*self.world, self.batch) = ((**self.partition.world.load()).clone(), Batch::default());
    }

    /// Writes a record, and keeps its place in the order of creation if it exists. It fails when the
    /// record cannot be written as JSON.
    pub fn put<R: Record>(&mut self, record: R) -> Result<(), StoreError> {
        let id = record.record_id().to_string();
        let body = serde_json::to_string(&record)?;
        let table = R::table_mut(&mut self.world);
        let seq = table.position(&id).unwrap_or_else(|| self.partition.ids.sequence());
        table.put(seq, record);
        self.batch.removals.retain(|(kind, removed)| *kind != R::KIND.name() || *removed != id);
        self.batch.puts.push((R::KIND.name(), id, seq, body));
        Ok(())
    }

    /// Removes a record for good; nothing happens when there is none.
    pub fn remove<R: Record>(&mut self, id: &str) {
        R::table_mut(&mut self.world).remove(id);
        self.batch.removals.push((R::KIND.name(), id.to_owned()));
    }

    /// Returns the ids of the records of a kind that this transaction has written.
    pub fn changed<R: Record>(&self) -> Vec<String> {
        let of_kind = self.batch.puts.iter().filter(|(kind, ..)| *kind == R::KIND.name());
        let mut seen = HashSet::new();
        of_kind.map(|(_, id, ..)| id).filter(|id| seen.insert(id.as_str())).cloned().collect()
    }

    /// Writes the workspace's own record.
    pub fn put_workspace(&mut self, workspace: Workspace) -> Result<(), StoreError> {
        let body = serde_json::to_string(&workspace)?;
        self.batch.puts.push((RecordKind::Workspace.name(), workspace.id.to_string(), 0, body));
        self.world.workspace = Arc::new(workspace);
        Ok(())
    }

    /// Adds a run log under the number `seq`, its place in the order of creation.
    pub fn add_run(&mut self, seq: u64, log: &RunLog, details: &RunDetails) -> Result<(), StoreError> {
        self.batch.runs.push((seq, log.id.to_string(), serde_json::to_string(log)?, serde_json::to_string(details)?));
        Ok(())
    }

    /// Adds an external API log.
    pub fn add_api_log(&mut self, log: &ApiLog, exchange: &Exchange) -> Result<(), StoreError> {
        self.batch.api_logs.push((
            self.partition.ids.sequence(),
            log.id.to_string(),
            serde_json::to_string(log)?,
            serde_json::to_string(exchange)?,
        ));
        Ok(())
    }

    /// Commits, then publishes the new world and returns it. It runs to its end even when the caller goes
    /// away, so that readers see what SQLite holds. It fails with [`StoreError::Closed`] when the
    /// workspace was reset or deleted meanwhile.
    pub async fn commit(mut self) -> Result<Arc<World>, StoreError> {
        if self.partition.is_closed() {
            return Err(StoreError::Closed);
        }
        let partition = Arc::clone(&self.partition);
        if let Some(outbox) = partition.outbox.get() {
            outbox(&partition.world(), &mut self)?;
        }
        if self.batch.is_empty() {
            return Ok(Arc::new(*self.world));
        }
        let runtime = self.partition.db.runtime().clone();
        let task = runtime.spawn(async move {
            let Self { world, batch, partition, _turn } = self;
            let put: Vec<_> = match partition.changes.receiver_count() {
                0 => Vec::new(),
                _ => batch.puts.iter().map(|(kind, id, ..)| (*kind, id.clone())).collect(),
            };
            partition.db.commit(&partition.key, batch).await?;
            let world = Arc::new(*world);
            partition.world.store(Arc::clone(&world));
            partition.version.send_modify(|version| *version += 1);
            for change in put {
                partition.changes.send(change).ok();
            }
            Ok(world)
        });
        task.await.unwrap_or(Err(StoreError::CutOff))
    }
}
