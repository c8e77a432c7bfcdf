//! This module is the engine, which every service function gets: one [`Engine`] per server, and one [`WorkspaceRuntime`] per
//! workspace in it. Invariant: a workspace's state changes only through its [`Partition`]; the engine itself keeps
//! what need not survive a restart.

pub mod catalog;
pub mod directory;
pub mod moves;
pub mod oauth_codes;
pub mod scenario_runs;
pub mod snapshot;
pub mod tokens;
pub mod view;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, OnceCell, broadcast};
use tokio_util::sync::CancellationToken;

use directory::Directory;
use view::ViewContext;

use crate::base::clock::{Clock, monotonic, real_sleep};
use crate::base::config::Config;
use crate::base::error::ApiError;
use crate::base::ids::{Id, Ids};
use crate::base::metrics::Metrics;
use crate::engine::catalog::Catalog;
use crate::engine::oauth_codes::Codes;
use crate::engine::scenario_runs::ScenarioRuns;
use crate::engine::snapshot::Snapshot;
use crate::engine::tokens::{Caller, Keyring};
use crate::fault::Book;
use crate::journal::Journal;
use crate::nouns::connection_request::model::ConnectSpec;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::workspace::model::Workspace;
use crate::sandbox::{Limits, Sandbox};
use crate::store::{Db, Partition, World};
use crate::upstream::raw_server::{RawServer, ScriptedAnswer};
use crate::upstream::stub_server::StubServer;
use crate::upstream::{Client, Egress};

/// A call that a snippet's `membrane` client makes to the API, with the rights of the snippet's caller.
#[derive(Debug, Clone, Deserialize)]
pub struct InnerCall {
    pub method: String,
    /// The path starts at the root and includes the query.
    pub path: String,
    /// The headers of the call; a token among them is ignored.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: Option<String>,
}

/// The answer to a call that a snippet made.
#[derive(Debug, Clone, Serialize)]
pub struct InnerAnswer {
    pub status: u16,
    /// The headers of the answer, with lower-case names.
    pub headers: BTreeMap<String, String>,
    pub text: String,
    /// The call made the run log with this id, if it ran an action.
    #[serde(skip)]
    pub run_id: Option<String>,
}

/// The door answers a snippet's call of the API; the API, which lies above, sets it.
pub type InnerCalls = Box<dyn Fn(Cx, InnerCall) -> BoxFuture<'static, InnerAnswer> + Send + Sync>;

/// The engine of one server.
pub struct Engine {
    pub config: Config,
    /// The catalog has external apps, connectors, their actions and stubs.
    pub catalog: Arc<Catalog>,
    pub db: Db,
    /// The client sends the calls to external apps.
    pub http: Client,
    /// The rule says which hosts may be called.
    pub egress: Arc<Egress>,
    pub sandbox: Sandbox,
    /// This journal has the requests that belong to no workspace.
    pub journal: Journal,
    pub metrics: Metrics,
    /// The signal wakes the worker that does what falls due.
    pub wake: Notify,
    /// The engine started at this instant of real time.
    pub started: Instant,
    pub(crate) stub_server: OnceCell<StubServer>,
    raw_server: OnceCell<RawServer>,
    pub(crate) door: OnceLock<InnerCalls>,
    base: OnceLock<String>,
    spaces: RwLock<HashMap<String, Arc<WorkspaceRuntime>>>,
    first: OnceLock<String>,
    deleted_first: OnceLock<Arc<WorkspaceRuntime>>,
    workspaces_made: AtomicU64,
    /// The snapshots of each workspace, under the workspace's key.
    pub(crate) snapshots: Mutex<HashMap<String, Vec<Arc<Snapshot>>>>,
    snapshots_made: AtomicU64,
    /// Holding this lock makes sure that only one workspace is made, reset or deleted at a time.
    pub(crate) workspaces_turn: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("base", &self.base).finish_non_exhaustive()
    }
}

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
    names: Mutex<HashSet<String>>,
    landed: Notify,
}

impl InFlight {
    /// Returns whether the work of this name is running.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// Marks the work as running, and returns false when it runs already.
    pub(crate) fn begin(&self, name: &str) -> bool {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned())
    }

    /// Whether something of which this holds is under way.
    pub(crate) fn any(&self, holds: impl Fn(&str) -> bool) -> bool {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|name| holds(name))
    }

    /// Marks the work as ended, and wakes whoever waits for it.
    pub(crate) fn end(&self, name: &str) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        self.landed.notify_waiters();
    }

    /// Returns whether no work is running, or whatever runs waits for the clock itself.
    pub(crate) fn rests(&self, clock: &Clock) -> bool {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).is_empty() || clock.next_waking().is_some()
    }

    /// Waits until no work is running, or whatever runs waits for the clock itself.
    pub(crate) async fn settled(&self, clock: &Clock) {
        loop {
            let landed = self.landed.notified();
            if self.names.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
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

/// The context of a call says who asks, and in which workspace; every service function gets one.
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

impl Engine {
    /// Makes an engine over an open database, without workspaces. It fails when the HTTP client cannot be set up.
    pub fn new(config: Config, catalog: Arc<Catalog>, db: Db) -> Result<Arc<Self>, ApiError> {
        let egress = Arc::new(Egress::new(config.allow_egress.clone()));
        let http = Client::new(Arc::clone(&egress)).map_err(ApiError::internal)?;
        let limits = Limits { wall: Duration::from_millis(config.code_timeout_ms), memory_mb: config.code_memory_mb };
        Ok(Arc::new(Self {
            sandbox: Sandbox::new(limits, config.js_worker.clone()),
            journal: Journal::new(config.journal_limit),
            metrics: Metrics::default(),
            wake: Notify::new(),
            started: monotonic(),
            stub_server: OnceCell::new(),
            raw_server: OnceCell::new(),
            door: OnceLock::new(),
            base: OnceLock::new(),
            spaces: RwLock::default(),
            first: OnceLock::new(),
            deleted_first: OnceLock::new(),
            workspaces_made: AtomicU64::new(0),
            snapshots: Mutex::default(),
            snapshots_made: AtomicU64::new(0),
            workspaces_turn: tokio::sync::Mutex::default(),
            config,
            catalog,
            db,
            http,
            egress,
        }))
    }

    /// Returns the address that clients use, without a trailing slash; it is empty until the server listens.
    pub fn base(&self) -> &str {
        self.base.get().map_or("", String::as_str)
    }

    pub(crate) fn set_base(&self, base: String) {
        self.base.set(base).ok();
    }

    /// Returns an address whose next request gets this answer, which may go wrong on the wire.
    pub(crate) async fn address_of(&self, play: ScriptedAnswer) -> Result<url::Url, ApiError> {
        let server = self.raw_server.get_or_try_init(RawServer::start).await.map_err(ApiError::internal)?;
        Ok(server.address_of(play))
    }

    /// Returns the workspace with this key.
    pub fn space(&self, key: &str) -> Option<Arc<WorkspaceRuntime>> {
        self.spaces.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Returns all workspaces, sorted by key.
    pub fn spaces(&self) -> Vec<Arc<WorkspaceRuntime>> {
        let mut all: Vec<_> = self.spaces.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        all.sort_by(|a, b| a.key.cmp(&b.key));
        all
    }

    /// Returns the open page with this ticket, and its workspace.
    pub(crate) fn visit(&self, name: &str) -> Option<(Arc<WorkspaceRuntime>, Visit)> {
        let space = self.space(name.rsplit_once('.')?.0)?;
        let visit = space.visit(name)?;
        Some((space, visit))
    }

    /// Returns the workspace that existed at the start, or a 404 when it was deleted.
    pub fn first_space(&self) -> Result<Arc<WorkspaceRuntime>, ApiError> {
        let key = self.first.get().map_or("", String::as_str);
        self.space(key).ok_or_else(|| ApiError::not_found("the first workspace was deleted"))
    }

    /// Returns the workspace whose state new workspaces start from: the first one, even when it was deleted.
    pub fn start_space(&self) -> Result<Arc<WorkspaceRuntime>, ApiError> {
        self.first_space().or_else(|error| self.deleted_first.get().cloned().ok_or(error))
    }

    /// Returns a number for the key of the next workspace that is given none.
    pub(crate) fn next_workspace(&self) -> u64 {
        self.workspaces_made.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn next_snapshot(&self) -> u64 {
        self.snapshots_made.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Adds a workspace, or replaces it after a reset.
    pub(crate) fn add(&self, space: Arc<WorkspaceRuntime>) {
        self.first.get_or_init(|| space.key.clone());
        self.spaces.write().unwrap_or_else(PoisonError::into_inner).insert(space.key.clone(), space);
    }

    pub(crate) fn remove(&self, key: &str) -> Option<Arc<WorkspaceRuntime>> {
        let removed = self.spaces.write().unwrap_or_else(PoisonError::into_inner).remove(key)?;
        if self.first.get().is_some_and(|first| first == key) {
            self.deleted_first.get_or_init(|| Arc::clone(&removed));
        }
        Some(removed)
    }
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
    fn visit(&self, name: &str) -> Option<Visit> {
        let visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        visits.iter().find(|(known, _)| known == name).map(|(_, visit)| visit.clone())
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
