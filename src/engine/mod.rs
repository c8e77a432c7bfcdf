//! The engine: what every service function gets. One [`Engine`] per server, one [`Space`] per workspace in it.

pub mod catalog;
pub mod directory;
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
use crate::upstream::raw_server::{Play, RawServer};
use crate::upstream::stub_server::StubServer;
use crate::upstream::{Client, Egress};

/// A call of the API from inside: what `membrane` in a snippet does, with the caller's own rights.
#[derive(Debug, Clone, Deserialize)]
pub struct InnerCall {
    /// Method.
    pub method: String,
    /// Path from the root, with its query.
    pub path: String,
    /// Headers; a token among them is not looked at.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Body.
    #[serde(default)]
    pub body: Option<String>,
}

/// What a call from inside was answered.
#[derive(Debug, Clone, Serialize)]
pub struct InnerAnswer {
    /// Status.
    pub status: u16,
    /// Headers, their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// Body.
    pub text: String,
    /// The run that it started, if it did.
    #[serde(skip)]
    pub run_id: Option<String>,
}

/// Answers a call of the API from inside; set by the API, which lies above.
pub type Door = Box<dyn Fn(Cx, InnerCall) -> BoxFuture<'static, InnerAnswer> + Send + Sync>;

/// A server's engine.
pub struct Engine {
    /// Settings.
    pub config: Config,
    /// External apps, connectors, their actions and stubs.
    pub catalog: Arc<Catalog>,
    /// The database.
    pub db: Db,
    /// Calls external apps.
    pub http: Client,
    /// Which hosts may be called.
    pub egress: Arc<Egress>,
    /// Runs snippets.
    pub sandbox: Sandbox,
    /// Requests that belong to no workspace.
    pub journal: Journal,
    /// Numbers for dashboards.
    pub metrics: Metrics,
    /// Wakes the worker.
    pub wake: Notify,
    /// When the engine started.
    pub started: Instant,
    pub(crate) stub_server: OnceCell<StubServer>,
    raw_server: OnceCell<RawServer>,
    pub(crate) door: OnceLock<Door>,
    base: OnceLock<String>,
    spaces: RwLock<HashMap<String, Arc<Space>>>,
    first: OnceLock<String>,
    deleted_first: OnceLock<Arc<Space>>,
    workspaces_made: AtomicU64,
    /// Checkpoints, per workspace.
    pub(crate) snapshots: Mutex<HashMap<String, Vec<Arc<Snapshot>>>>,
    snapshots_made: AtomicU64,
    /// Workspaces are made, reset and deleted one at a time.
    pub(crate) workspaces_turn: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("base", &self.base).finish_non_exhaustive()
    }
}

/// A workspace in a running engine.
#[derive(Debug)]
pub struct Space {
    /// Its key.
    pub key: String,
    /// Its part of the store.
    pub data: Arc<Partition>,
    /// Its time.
    pub clock: Clock,
    /// Its ids.
    pub ids: Arc<Ids>,
    /// Its journal.
    pub journal: Journal,
    /// What breaks calls on cue.
    pub faults: Book,
    /// Scenarios that were begun.
    pub scenario_runs: ScenarioRuns,
    /// What is sent over HTTP by the worker just now.
    pub(crate) in_flight: InFlight,
    /// Codes that the stub vendors gave out.
    pub(crate) codes: Mutex<Codes>,
    /// Connections are refreshed by one caller at a time.
    refreshing: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// How attempts to connect end: for the pages that wait.
    pub(crate) attempts: broadcast::Sender<Ended>,
    /// Pages that are open, the oldest first.
    visits: Mutex<VecDeque<(String, Visit)>>,
    /// Faults that touched requests which are on their way to stubs, by connector.
    upstream_marks: Mutex<HashMap<String, Vec<String>>>,
    /// How often each route was called.
    uses: Mutex<HashMap<String, u64>>,
    /// How often each stub has answered.
    pub(crate) stub_uses: Mutex<HashMap<String, u32>>,
    /// How often each connection or action in BUILDING was read.
    pub(crate) reads: Mutex<HashMap<String, u64>>,
    /// What a reset goes back to.
    pub(crate) origin: Arc<World>,
    keyring: Mutex<Option<(Arc<Workspace>, Arc<Keyring>)>>,
}

/// Work that the worker has begun and does not wait for.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    names: Mutex<HashSet<String>>,
    landed: Notify,
}

impl InFlight {
    /// Whether something is under way.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// Begins something that is not under way; says whether it may.
    pub(crate) fn begin(&self, name: &str) -> bool {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned())
    }

    /// It is over.
    pub(crate) fn end(&self, name: &str) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        self.landed.notify_waiters();
    }

    /// Whether nothing is under way, or what is waits for the clock itself.
    pub(crate) fn rests(&self, clock: &Clock) -> bool {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).is_empty() || clock.next_waking().is_some()
    }

    /// Waits until nothing is under way, or what is waits for the clock itself.
    pub(crate) async fn settled(&self, clock: &Clock) {
        loop {
            let landed = self.landed.notified();
            if self.names.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
                return;
            }
            tokio::select! {
                () = landed => {}
                // Something else may have come to wait for the clock meanwhile.
                () = real_sleep(Duration::from_millis(5)) => {
                    if clock.next_waking().is_some() {
                        return;
                    }
                }
            }
        }
    }
}

/// The end of an attempt to connect.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) tenant: Id<Tenant>,
    pub(crate) message: Value,
}

/// Pages that are remembered per workspace; an older one has to be opened anew.
const MOST_VISITS: usize = 1_000;

/// A hosted page that is open: for whom, and what it will begin. Pages have no token.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) tenant: Id<Tenant>,
    pub(crate) spec: ConnectSpec,
    /// Its attempt has begun: the page looks where it stands.
    pub(crate) waits: bool,
}

/// Who asks, and where.
#[derive(Debug, Clone)]
pub struct Cx {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The workspace.
    pub space: Arc<Space>,
    /// The caller.
    pub caller: Caller,
    /// How many snippets this call is made from within.
    pub depth: u32,
    /// Fires when nobody waits for the call any more.
    pub abandoned: CancellationToken,
}

impl Engine {
    /// An engine over an open database, without workspaces.
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

    /// The address clients use, without a trailing slash. Empty until the server listens.
    pub fn base(&self) -> &str {
        self.base.get().map_or("", String::as_str)
    }

    pub(crate) fn set_base(&self, base: String) {
        self.base.set(base).ok();
    }

    /// The address whose next request gets this answer, however wrong it goes.
    pub(crate) async fn address_of(&self, play: Play) -> Result<url::Url, ApiError> {
        let server = self.raw_server.get_or_try_init(RawServer::start).await.map_err(ApiError::internal)?;
        Ok(server.address_of(play))
    }

    /// The workspace with this key.
    pub fn space(&self, key: &str) -> Option<Arc<Space>> {
        self.spaces.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// All workspaces, by key.
    pub fn spaces(&self) -> Vec<Arc<Space>> {
        let mut all: Vec<_> = self.spaces.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        all.sort_by(|a, b| a.key.cmp(&b.key));
        all
    }

    /// An open page by its name.
    pub(crate) fn visit(&self, name: &str) -> Option<(Arc<Space>, Visit)> {
        let space = self.space(name.rsplit_once('.')?.0)?;
        let visit = space.visit(name)?;
        Some((space, visit))
    }

    /// The workspace that was there at the start.
    pub fn first_space(&self) -> Result<Arc<Space>, ApiError> {
        let key = self.first.get().map_or("", String::as_str);
        self.space(key).ok_or_else(|| ApiError::not_found("the first workspace was deleted"))
    }

    /// What new workspaces start from: the first workspace, also when it was deleted.
    pub fn start_space(&self) -> Result<Arc<Space>, ApiError> {
        self.first_space().or_else(|error| self.deleted_first.get().cloned().ok_or(error))
    }

    /// A number for the key of the next workspace that is given none.
    pub(crate) fn next_workspace(&self) -> u64 {
        self.workspaces_made.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn next_snapshot(&self) -> u64 {
        self.snapshots_made.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Adds a workspace, or replaces it after a reset.
    pub(crate) fn add(&self, space: Arc<Space>) {
        self.first.get_or_init(|| space.key.clone());
        self.spaces.write().unwrap_or_else(PoisonError::into_inner).insert(space.key.clone(), space);
    }

    pub(crate) fn remove(&self, key: &str) -> Option<Arc<Space>> {
        let removed = self.spaces.write().unwrap_or_else(PoisonError::into_inner).remove(key)?;
        if self.first.get().is_some_and(|first| first == key) {
            self.deleted_first.get_or_init(|| Arc::clone(&removed));
        }
        Some(removed)
    }
}

impl Space {
    /// A workspace as the database holds it; a reset goes back to `origin`.
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

    /// The workspace's state as last committed.
    pub fn world(&self) -> Arc<World> {
        self.data.world()
    }

    /// The keys that sign this workspace's tokens, parsed once per change of the workspace.
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

    /// The next request that an app's stub gets was touched by these faults.
    pub(crate) fn mark_upstream(&self, connector: Option<&str>, rules: &[String]) {
        if let (Some(connector), false) = (connector, rules.is_empty()) {
            let mut marks = self.upstream_marks.lock().unwrap_or_else(PoisonError::into_inner);
            marks.insert(connector.to_owned(), rules.to_vec());
        }
    }

    /// The faults that touched the request which a stub has got.
    pub(crate) fn upstream_mark(&self, connector: &str) -> Vec<String> {
        self.upstream_marks.lock().unwrap_or_else(PoisonError::into_inner).remove(connector).unwrap_or_default()
    }

    /// Counts a call of a route.
    pub(crate) fn count_use(&self, method: &str, route: &str) {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        *uses.entry(format!("{method} {route}")).or_default() += 1;
    }

    /// How often a route was called; `ANY` by any method.
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

    /// Remembers who a page is for; the name it returns, which begins with the workspace's key, is all the page knows.
    pub(crate) fn open_visit(&self, visit: Visit) -> String {
        let name = format!("{}.{}", self.key, self.ids.secret(16));
        let mut visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        if visits.len() == MOST_VISITS {
            visits.pop_front();
        }
        visits.push_back((name.clone(), visit));
        name
    }

    /// Who a page is for.
    fn visit(&self, name: &str) -> Option<Visit> {
        let visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        visits.iter().find(|(known, _)| known == name).map(|(_, visit)| visit.clone())
    }

    /// Whose turn it is to refresh a connection.
    pub(crate) fn refresh_turn(&self, connection: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(connection.to_owned()).or_default())
    }

    /// Counts a read of something in BUILDING and says how often it was read.
    pub(crate) fn count_read(&self, id: &str) -> u64 {
        let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        let count = reads.entry(id.to_owned()).or_default();
        *count += 1;
        *count
    }

    /// Forgets how often something was read.
    pub(crate) fn forget_reads(&self, id: &str) {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// How often something in BUILDING was read.
    pub(crate) fn reads_of(&self, id: &str) -> u64 {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied().unwrap_or(0)
    }
}

/// What chance in faults derives from: the server's seed, and the workspace's key.
fn seed_of(config: &Config, key: &str) -> u64 {
    // A hash that stays the same whatever compiler built this.
    let hash =
        Sha256::new().chain_update(config.rng_seed.unwrap_or_default().to_le_bytes()).chain_update(key).finalize();
    let bits = hash.iter().take(7).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    // As many bits as a JavaScript number has: a story goes through other languages and back.
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

    /// A tenant that acts without a token: from a hosted page.
    pub(crate) fn of_tenant(engine: &Arc<Engine>, space: &Arc<Space>, tenant: Arc<Tenant>) -> Self {
        Self {
            engine: Arc::clone(engine),
            space: Arc::clone(space),
            caller: Caller::Tenant(tenant),
            depth: 0,
            abandoned: CancellationToken::new(),
        }
    }

    /// The workspace's state as last committed.
    pub fn world(&self) -> Arc<World> {
        self.space.world()
    }

    /// Refuses a caller that is neither a tenant nor a manager on tenant-level reads
    /// (`docs/behaviour.md#caller-neither`).
    pub fn tenant_or_manager(&self) -> Result<(), ApiError> {
        if self.caller.is_manager() { Ok(()) } else { self.tenant().map(|_| ()) }
    }

    /// The tenant of a tenant-level call (`docs/behaviour.md#caller-neither`).
    pub fn tenant(&self) -> Result<&Arc<crate::nouns::tenant::model::Tenant>, ApiError> {
        self.caller.tenant().ok_or_else(|| {
            ApiError::bad_request(
                "this call belongs to a tenant; put a `tenantKey` in the token (a manager token may carry one too)",
            )
        })
    }
}
