//! This module is the engine, which every service function gets: one [`Engine`] per server, and one [`WorkspaceRuntime`] per
//! workspace in it. Invariant: a workspace's state changes only through its [`crate::store::Partition`]; the engine itself keeps
//! what need not survive a restart.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde::Serialize;
use tokio::sync::{Notify, OnceCell, broadcast};

use crate::base::clock::monotonic;
use crate::base::config::{Config, LONGEST_SNIPPET_MS, MOST_SNIPPET_MB};
use crate::base::error::ApiError;
use crate::base::metrics::Metrics;
use crate::engine::catalog::Catalog;
use crate::engine::past::Past;
use crate::engine::reached::Reached;
use crate::engine::snapshot::Snapshot;
use crate::journal::{Entry, Journal};
use crate::sandbox::{Limits, Sandbox};
use crate::store::Db;
use crate::upstream::raw_server::{RawServer, ScriptedAnswer};
use crate::upstream::stub_server::StubServer;
use crate::upstream::{Client, Egress};

mod advances;
pub mod catalog;
mod context;
pub mod directory;
pub mod moves;
pub mod oauth_codes;
pub mod past;
mod reached;
mod runtime;
pub mod scenario_runs;
pub mod snapshot;
pub mod tokens;
pub mod view;

pub use context::Cx;
pub use runtime::WorkspaceRuntime;
pub(crate) use runtime::{AttemptEnd, Visit};

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

/// A call of the faked API that was answered.
#[derive(Debug, Clone)]
pub struct Called {
    /// The key of its workspace; none for a call that belongs to none.
    pub workspace: Option<String>,
    pub entry: Arc<Entry>,
}

/// Who listens to calls may be so many behind before some are lost to it.
const MOST_CALLS_BEHIND: usize = 1_024;

/// The workspaces in which something may be due by now. Invariant: whoever makes something due, or moves a clock, adds its
/// workspace; so the worker looks at these alone, and what the others hold costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Woken {
    keys: Mutex<BTreeSet<String>>,
    some: Notify,
}

impl Woken {
    fn add(&self, key: String) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        self.some.notify_one();
    }

    /// Takes the keys that were added since.
    pub(crate) fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.keys.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until one is added, or one was since it was last waited for.
    pub(crate) async fn any(&self) {
        self.some.notified().await;
    }
}

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
    /// Each call of any workspace, once it is in a journal.
    calls: broadcast::Sender<Called>,
    pub metrics: Metrics,
    /// The worker, which does what falls due, looks at these next.
    pub(crate) woken: Woken,
    /// The engine started at this instant of real time.
    pub started: Instant,
    pub(crate) stub_server: OnceCell<StubServer>,
    raw_server: OnceCell<RawServer>,
    pub(crate) door: OnceLock<InnerCalls>,
    own_address: OnceLock<String>,
    reached: Reached,
    spaces: RwLock<HashMap<String, Arc<WorkspaceRuntime>>>,
    first: OnceLock<String>,
    deleted_first: OnceLock<Arc<WorkspaceRuntime>>,
    /// The OpenAPI documents, each made when it is first asked for: of the faked API, and of that and the control API.
    pub(crate) documents: [OnceLock<Bytes>; 2],
    /// The snapshots of each workspace, under the workspace's key.
    pub(crate) snapshots: Mutex<HashMap<String, Vec<Arc<Snapshot>>>>,
    snapshots_made: AtomicU64,
    /// What the workspaces met that are gone.
    pub(crate) past: Past,
    /// Holding this lock makes sure that only one workspace is made, reset or deleted at a time.
    pub(crate) workspaces_turn: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("base", &self.base()).finish_non_exhaustive()
    }
}

impl Engine {
    /// Makes an engine over an open database, without workspaces. It fails when the HTTP client cannot be set up.
    pub fn new(config: Config, catalog: Arc<Catalog>, db: Db) -> Result<Arc<Self>, ApiError> {
        let egress = Arc::new(Egress::new(config.allow_egress.clone()));
        let http = Client::new(Arc::clone(&egress)).map_err(ApiError::internal)?;
        let limits = Limits {
            wall: Duration::from_millis(config.code_timeout_ms.min(LONGEST_SNIPPET_MS)),
            memory_mb: config.code_memory_mb.min(MOST_SNIPPET_MB),
        };
        Ok(Arc::new(Self {
            sandbox: Sandbox::new(limits, config.js_worker.clone()),
            journal: Journal::new(config.journal_limit),
            calls: broadcast::Sender::new(MOST_CALLS_BEHIND),
            metrics: Metrics::default(),
            woken: Woken::default(),
            started: monotonic(),
            stub_server: OnceCell::new(),
            raw_server: OnceCell::new(),
            door: OnceLock::new(),
            own_address: OnceLock::new(),
            reached: Reached::default(),
            spaces: RwLock::default(),
            first: OnceLock::new(),
            deleted_first: OnceLock::new(),
            documents: Default::default(),
            snapshots: Mutex::default(),
            snapshots_made: AtomicU64::new(0),
            past: Past::default(),
            workspaces_turn: tokio::sync::Mutex::default(),
            config,
            catalog,
            db,
            http,
            egress,
        }))
    }

    /// Returns the address that the caller of this moment is told, without a trailing slash: the one that the server was told, else
    /// the one that the call came by. Where there is no call it is that of [`Engine::own_base`].
    pub fn base(&self) -> &str {
        self.config.public_url.as_deref().or_else(|| self.reached.now()).unwrap_or_else(|| self.own_address())
    }

    /// Returns the address that is told whoever asks: the one that the server was told, else the one that it listens on. It is empty
    /// until the server listens.
    pub fn own_base(&self) -> &str {
        self.config.public_url.as_deref().unwrap_or_else(|| self.own_address())
    }

    /// Does the work of a call that came by this origin; none where the call does not say, or came by the server's own address.
    pub(crate) async fn reached_by<T>(&self, origin: Option<&str>, work: impl Future<Output = T>) -> T {
        let other = origin.filter(|origin| self.config.public_url.is_none() && *origin != self.own_address());
        reached::by(other.and_then(|origin| self.reached.place_of(origin)), work).await
    }

    /// Returns the address that the server itself listens on, without a trailing slash; it is empty until it does.
    pub fn own_address(&self) -> &str {
        self.own_address.get().map_or("", String::as_str)
    }

    pub(crate) fn set_own_address(&self, address: String) {
        self.own_address.set(address).ok();
    }

    /// Whether this is the origin of the server, by either of its addresses. The one that a call came by counts where a token says
    /// who calls: without, a page elsewhere could have its own name lead here.
    pub(crate) fn is_own_origin(&self, origin: &[u8]) -> bool {
        let reached = self.reached.now().filter(|_| self.config.control_token.is_some());
        [self.own_base(), self.own_address()].into_iter().chain(reached).any(|own| own.as_bytes() == origin)
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

    pub(crate) fn next_snapshot(&self) -> u64 {
        self.snapshots_made.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Adds a workspace, or replaces it after a reset.
    pub(crate) fn add(&self, space: Arc<WorkspaceRuntime>) {
        self.first.get_or_init(|| space.key.clone());
        let key = space.key.clone();
        self.spaces.write().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), space);
        self.woken.add(key);
    }

    /// Lets the worker look at what is due in a workspace.
    pub(crate) fn wake(&self, space: &WorkspaceRuntime) {
        self.woken.add(space.key.clone());
    }

    /// Notes a call in the journal of its workspace, and tells whoever listens.
    pub(crate) fn note_call(&self, space: Option<&WorkspaceRuntime>, entry: Entry) {
        let entry = space.map_or(&self.journal, |space| &space.journal).add(entry);
        if self.calls.receiver_count() == 0 {
            return;
        }
        self.calls.send(Called { workspace: space.map(|space| space.key.clone()), entry }).ok();
    }

    /// Listens to each call of any workspace, once it is in a journal.
    pub fn calls(&self) -> broadcast::Receiver<Called> {
        self.calls.subscribe()
    }

    pub(crate) fn remove(&self, key: &str) -> Option<Arc<WorkspaceRuntime>> {
        let removed = self.spaces.write().unwrap_or_else(PoisonError::into_inner).remove(key)?;
        if self.first.get().is_some_and(|first| first == key) {
            self.deleted_first.get_or_init(|| Arc::clone(&removed));
        }
        Some(removed)
    }
}
