//! One workspace at run time: its part of the store, its clock, its ids, and what is in memory alone.
//!
//! Invariant: nothing here outlives a reset, for which a new one is made.

use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use sha2::Digest as _;
use sha2::Sha256;
use tokio::sync::Notify;
use tokio::sync::broadcast;

use crate::base::clock::{Clock, real_sleep};
use crate::base::config::Config;
use crate::base::ids::{Id, Ids};
use crate::engine::advances::Advances;
use crate::engine::oauth_codes::Codes;
use crate::engine::scenario_runs::ScenarioRuns;
use crate::engine::tokens::Keyring;
use crate::fault::Book;
use crate::journal::Journal;
use crate::nouns::connection_request::model::ConnectSpec;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::workspace::model::Workspace;
use crate::store::{Partition, World};

/// A workspace in a running engine.
#[derive(Debug)]
pub struct WorkspaceRuntime {
    pub key: String,
    /// The partition holds the workspace's records and commits changes to them.
    pub data: Arc<Partition>,
    pub clock: Clock,
    /// All ids and random text of the workspace come from here.
    pub ids: Arc<Ids>,
    pub journal: Journal,
    /// The book has the workspace's fault rules and what they did.
    pub faults: Book,
    /// These are the scenarios that were started in the workspace.
    pub scenario_runs: ScenarioRuns,
    /// The set has what the worker is sending over HTTP now.
    pub(crate) in_flight: InFlight,
    /// How many changes that fell due were made so far, by whoever asked or in the background.
    moved: AtomicUsize,
    /// How far an advance of the clock has come.
    pub(crate) advances: Advances,
    /// The stub vendors gave out these OAuth codes, which nobody has exchanged yet.
    pub(crate) codes: Mutex<Codes>,
    /// The locks make sure that only one caller at a time refreshes a connection.
    refreshing: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// The channel tells waiting pages how a connect attempt ended.
    pub(crate) attempts: broadcast::Sender<AttemptEnd>,
    /// The open pages, each under its ticket, the oldest first.
    visits: Mutex<VecDeque<(String, Visit)>>,
    /// Under each connector's key are the faults that touched the request on its way to the stub.
    upstream_marks: Mutex<HashMap<String, Vec<String>>>,
    /// The map counts the calls of each route.
    uses: Mutex<HashMap<String, u64>>,
    /// The map counts the answers of each stub.
    pub(crate) stub_uses: Mutex<HashMap<String, u32>>,
    /// The map counts how often each connection or action in BUILDING was read.
    pub(crate) reads: Mutex<HashMap<String, u64>>,
    /// A reset goes back to this state.
    pub(crate) origin: Arc<World>,
    keyring: Mutex<Option<(Arc<Workspace>, Arc<Keyring>)>>,
}

/// The set of work that the worker has begun and does not wait for. Invariant: a name is in
/// it only while its work runs.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    work: Mutex<Work>,
    landed: Notify,
}

#[derive(Debug, Default)]
struct Work {
    names: HashSet<String>,
    /// How often work has begun so far.
    begun: u64,
}

impl InFlight {
    fn lock(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether the work of this name is running.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.lock().names.contains(name)
    }

    /// Marks the work as running, and returns false when it runs already.
    pub(crate) fn begin(&self, name: &str) -> bool {
        let mut work = self.lock();
        let may = work.names.insert(name.to_owned());
        work.begun += u64::from(may);
        may
    }

    /// How much is under way.
    pub(crate) fn len(&self) -> usize {
        self.lock().names.len()
    }

    /// How often work has begun so far.
    pub(crate) fn begun(&self) -> u64 {
        self.lock().begun
    }

    /// Whether something of which this holds is under way.
    pub(crate) fn any(&self, holds: impl Fn(&str) -> bool) -> bool {
        self.lock().names.iter().any(|name| holds(name))
    }

    /// Marks the work as ended, and wakes whoever waits for it.
    pub(crate) fn end(&self, name: &str) {
        self.lock().names.remove(name);
        self.landed.notify_waiters();
    }

    /// Returns whether no work has begun since `begun` was counted, and none is running or whatever runs waits for the
    /// clock itself. What began and ended meanwhile may have made something due.
    pub(crate) fn rests_since(&self, begun: u64, clock: &Clock) -> bool {
        let work = self.lock();
        work.begun == begun && (work.names.is_empty() || clock.next_waking().is_some())
    }

    /// Waits until no work is running, or whatever runs waits for the clock itself.
    pub(crate) async fn settled(&self, clock: &Clock) {
        loop {
            let landed = self.landed.notified();
            if self.len() == 0 {
                return;
            }
            tokio::select! {
                () = landed => {}
                // Something else may have begun to wait for the clock meanwhile.
                () = real_sleep(Duration::from_millis(5)) => {
                    if clock.next_waking().is_some() {
                        return;
                    }
                }
            }
        }
    }
}

/// The result of a connect attempt, for the pages that wait for it.
#[derive(Debug, Clone)]
pub(crate) struct AttemptEnd {
    pub(crate) tenant: Id<Tenant>,
    pub(crate) message: Value,
}

/// A workspace remembers this many pages; an older one has to be opened again.
const MOST_VISITS: usize = 1_000;

/// An open hosted page: its tenant, and the connect attempt that it will begin. Pages carry no token, so the ticket of
/// the visit stands for the tenant.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) tenant: Id<Tenant>,
    pub(crate) spec: ConnectSpec,
    /// The attempt has begun, so the page shows its progress.
    pub(crate) waits: bool,
}

impl WorkspaceRuntime {
    /// Makes a workspace from what the database holds; a reset goes back to `origin`.
    pub(crate) fn new(config: &Config, data: Arc<Partition>, ids: Arc<Ids>, origin: Arc<World>) -> Arc<Self> {
        let workspace = Arc::clone(&data.world().workspace);
        Arc::new(Self {
            key: workspace.key.clone(),
            clock: Clock::new(workspace.clock),
            journal: Journal::new(config.journal_limit),
            faults: Book::new(seed_of(config, &workspace.key)),
            scenario_runs: ScenarioRuns::default(),
            in_flight: InFlight::default(),
            moved: AtomicUsize::new(0),
            advances: Advances::default(),
            codes: Mutex::default(),
            attempts: broadcast::Sender::new(64),
            visits: Mutex::default(),
            refreshing: Mutex::default(),
            upstream_marks: Mutex::default(),
            uses: Mutex::default(),
            stub_uses: Mutex::default(),
            reads: Mutex::default(),
            keyring: Mutex::default(),
            data,
            ids,
            origin,
        })
    }

    /// Returns the workspace's state as last committed.
    pub fn world(&self) -> Arc<World> {
        self.data.world()
    }

    /// Returns the keys that sign this workspace's tokens; they are parsed once per change of the workspace.
    pub fn keyring(&self) -> Arc<Keyring> {
        let workspace = Arc::clone(&self.world().workspace);
        let mut cached = self.keyring.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, keyring)) = cached.as_ref()
            && Arc::ptr_eq(of, &workspace)
        {
            return Arc::clone(keyring);
        }
        let keyring = Arc::new(Keyring::of(&workspace));
        *cached = Some((workspace, Arc::clone(&keyring)));
        keyring
    }

    /// Notes that these faults touched the next request that an app's stub gets.
    pub(crate) fn mark_upstream(&self, connector: Option<&str>, rules: &[String]) {
        if let (Some(connector), false) = (connector, rules.is_empty()) {
            let mut marks = self.upstream_marks.lock().unwrap_or_else(PoisonError::into_inner);
            marks.insert(connector.to_owned(), rules.to_vec());
        }
    }

    /// Returns the faults that touched the request which a stub has got, and forgets them.
    pub(crate) fn upstream_mark(&self, connector: &str) -> Vec<String> {
        self.upstream_marks.lock().unwrap_or_else(PoisonError::into_inner).remove(connector).unwrap_or_default()
    }

    /// Counts a call of a route.
    pub(crate) fn count_use(&self, method: &str, route: &str) {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        *uses.entry(format!("{method} {route}")).or_default() += 1;
    }

    /// Returns how often a route was called; the method `ANY` counts every method.
    pub(crate) fn uses_of(&self, method: &str, route: &str) -> u64 {
        let uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        if method != "ANY" {
            return uses.get(&format!("{method} {route}")).copied().unwrap_or(0);
        }
        uses.iter()
            .filter(|(name, _)| name.split_once(' ').is_some_and(|(_, of)| of == route))
            .map(|(_, count)| count)
            .sum()
    }

    /// Remembers an open page, and returns its ticket: the workspace's key and a secret. The page knows nothing else.
    pub(crate) fn open_visit(&self, visit: Visit) -> String {
        let name = format!("{}.{}", self.key, self.ids.secret(16));
        let mut visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        if visits.len() == MOST_VISITS {
            visits.pop_front();
        }
        visits.push_back((name.clone(), visit));
        name
    }

    /// Returns the open page with this ticket.
    pub(super) fn visit(&self, name: &str) -> Option<Visit> {
        let visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        visits.iter().find(|(known, _)| known == name).map(|(_, visit)| visit.clone())
    }

    /// Returns how many changes that fell due were made so far.
    pub(crate) fn moved(&self) -> usize {
        self.moved.load(Ordering::Relaxed)
    }

    /// Counts changes that fell due and were made.
    pub(crate) fn count_moved(&self, changes: usize) {
        self.moved.fetch_add(changes, Ordering::Relaxed);
    }

    /// Returns the lock that a caller must hold while it refreshes a connection.
    pub(crate) fn refresh_turn(&self, connection: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(connection.to_owned()).or_default())
    }

    /// Counts a read of an element in BUILDING, and returns how often it was read.
    pub(crate) fn count_read(&self, id: &str) -> u64 {
        let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        let count = reads.entry(id.to_owned()).or_default();
        *count += 1;
        *count
    }

    /// Forgets how often an element was read.
    pub(crate) fn forget_reads(&self, id: &str) {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Returns how often an element in BUILDING was read.
    pub(crate) fn reads_of(&self, id: &str) -> u64 {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied().unwrap_or(0)
    }
}

/// Returns the seed of the chance in faults, which derives from the server's seed and the workspace's key.
fn seed_of(config: &Config, key: &str) -> u64 {
    // The hash is one that stays the same whatever compiler built this.
    let hash =
        Sha256::new().chain_update(config.rng_seed.unwrap_or_default().to_le_bytes()).chain_update(key).finalize();
    let bits = hash.iter().take(7).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    // The seed has as many bits as a JavaScript number, because a story may go through other languages and back.
    bits >> 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_began_and_ended_meanwhile_is_no_rest() {
        let (in_flight, clock) = (InFlight::default(), Clock::default());
        let before = in_flight.begun();
        assert!(in_flight.rests_since(before, &clock));
        assert!(in_flight.begin("run"));
        assert!(!in_flight.begin("run"), "it runs already");
        assert!(!in_flight.rests_since(in_flight.begun(), &clock), "it runs");
        in_flight.end("run");
        assert!(!in_flight.rests_since(before, &clock), "what it changed is not looked at yet");
        assert!(in_flight.rests_since(in_flight.begun(), &clock));
    }
}
