//! The public test API: a server for the length of a test, and handles to what a test moves.
//!
//! Thin over the functions that the control routes call. Fails with a [`TestError`] rather than a panic wherever it
//! can.

mod connection;
mod faults;
mod journal;
mod scenarios;
mod upstream;
mod webhooks;

pub use crate::base::clock::Timestamp;
pub use crate::base::operation::Operation;
pub use crate::fault::{By, Fault, Which, act, any_call, connect, flow_run, proxy, route, upstream};
pub use crate::journal::{Entry, Side};
pub use crate::nouns::connection::model::{ConnectionEvent, ConnectionState};
pub use crate::nouns::webhook::model::DeliveryState;
pub use crate::nouns::workspace::model::progress::{Progress, ProgressSettings};
pub use crate::nouns::workspace::model::{ConnectionStates, TokenClock};
pub use connection::{MockConnect, MockConnection, MockTenant};
pub use faults::FaultGuard;
pub use journal::{Asked, Expected, MockJournal};
pub use scenarios::{MockScenario, MockStory};
pub use upstream::{MockUpstream, MountedStub, Stub};
pub use webhooks::MockWebhooks;

use crate::base::clock::{ClockMode, real_now};
use crate::base::config::Target;
use crate::base::config::{Config, SeedChoice};
use crate::base::error::ApiError;
use crate::engine::tokens::mint;
use crate::engine::{Engine, Space};
use crate::nouns::workspace::model::{MockSettings, Settings};
use crate::server::{Server, StartError};
use crate::world::spaces;
use crate::world::spaces::{Fork, ResetTo, Start};
use crate::world::{catalog, report, seed, worker};
use std::sync::Arc;
use std::time::Duration;

/// Why a test's own call failed.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// The server did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The engine refused.
    #[error("{0}")]
    Refused(#[from] ApiError),
}

/// A running fake. Stops when dropped.
///
/// ```
/// use membrane_mock::testing::MockMembrane;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mock = MockMembrane::start().await?;
/// let acme = mock.workspace().tenant("acme");
/// let connection = acme.connect("hubspot").key("hubspot-prod").ready().await?;
///
/// let answer: serde_json::Value = reqwest::Client::new()
///     .post(format!("{}/act", mock.uri()))
///     .bearer_auth(acme.token())
///     .json(&serde_json::json!({"key": "list-contacts", "connectionKey": "hubspot-prod"}))
///     .send().await?.json().await?;
///
/// assert!(answer["output"]["results"].is_array());
/// assert_eq!(connection.state(), membrane_mock::model::connection::ConnectionState::Ready);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct MockMembrane {
    server: Server,
    workspace: MockWorkspace,
}

/// How a fake is started.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `start`"]
pub struct MockMembraneBuilder {
    config: Config,
}

impl MockMembrane {
    /// Free port, memory, demo seed.
    pub async fn start() -> Result<Self, TestError> {
        Self::builder().start().await
    }

    /// Chooses otherwise.
    pub fn builder() -> MockMembraneBuilder {
        MockMembraneBuilder { config: Config::for_tests() }
    }

    fn of(server: Server) -> Result<Self, TestError> {
        let engine = Arc::clone(server.engine());
        let space = engine.first_space()?;
        Ok(Self { workspace: MockWorkspace { engine, key: space.key.clone() }, server })
    }

    /// The address for `apiUri` and `uiUri`.
    pub fn uri(&self) -> &str {
        self.server.url()
    }

    /// The workspace that was there at the start.
    pub fn workspace(&self) -> MockWorkspace {
        self.workspace.clone()
    }

    /// A workspace of one's own: starts as the first one did, shares nothing with it.
    pub async fn fork(&self) -> Result<MockWorkspace, TestError> {
        let engine = self.server.engine();
        let space = spaces::fork(engine, &engine.start_space()?, Start::Origin, Fork::default()).await?;
        Ok(MockWorkspace { engine: Arc::clone(engine), key: space.key.clone() })
    }

    /// Stops it and waits until it has.
    pub fn stop(self) {
        // As a drop does: it waits too.
        drop(self);
    }
}

impl Drop for MockMembrane {
    /// A test that fails gets to see what went wrong on the wire. Nothing is said of one that passes.
    fn drop(&mut self) {
        if std::thread::panicking() {
            for line in report::lines(self.server.engine()) {
                #[expect(clippy::print_stderr, reason = "a failing test's own output")]
                {
                    eprintln!("membrane-mock: {line}");
                }
            }
        }
    }
}

impl MockMembraneBuilder {
    /// A folder or file, instead of the demo.
    pub fn seed(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.config.seed = SeedChoice::Path(path.into());
        self
    }

    /// Nothing but the catalog.
    pub fn empty(mut self) -> Self {
        self.config.seed = SeedChoice::Empty;
        self
    }

    /// Keeps state in a file.
    pub fn database(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.config.database = Target::File(path.into());
        self
    }

    /// Time that stands still at `now` until advanced.
    pub fn manual_clock(mut self, now: Timestamp) -> Self {
        self.config.clock = ClockMode::standing_at(now);
        self
    }

    /// Ids that repeat from run to run.
    pub fn rng_seed(mut self, seed: u64) -> Self {
        self.config.rng_seed = Some(seed);
        self
    }

    /// Hosts that may be called beyond loopback.
    pub fn allow_egress(mut self, host: impl Into<String>) -> Self {
        self.config.allow_egress.push(host.into());
        self
    }

    /// What control calls must carry.
    pub fn control_token(mut self, token: impl Into<String>) -> Self {
        self.config.control_token = Some(token.into());
        self
    }

    /// Runs snippets in child processes of this `membrane-mock` binary, which contain everything that a snippet can do;
    /// on threads of this process otherwise (see [`crate::sandbox`]). Default: the environment variable
    /// `MEMBRANE_MOCK_JS_WORKER`.
    pub fn js_worker(mut self, binary: impl Into<std::path::PathBuf>) -> Self {
        self.config.js_worker = Some(binary.into());
        self
    }

    /// The memory that a snippet may take, in megabytes; held in child processes only.
    pub fn code_memory_mb(mut self, limit: u64) -> Self {
        self.config.code_memory_mb = limit;
        self
    }

    /// Wall-clock limit of a snippet.
    pub fn code_timeout(mut self, limit: Duration) -> Self {
        self.config.code_timeout_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Starts it.
    pub async fn start(self) -> Result<MockMembrane, TestError> {
        MockMembrane::of(Server::start(self.config).await?)
    }
}

/// A workspace of a running fake.
#[derive(Debug, Clone)]
pub struct MockWorkspace {
    engine: Arc<Engine>,
    key: String,
}

impl MockWorkspace {
    fn space(&self) -> Result<Arc<Space>, ApiError> {
        self.engine.space(&self.key).ok_or_else(|| spaces::no_workspace(&self.engine, &self.key))
    }

    /// The address for `apiUri` and `uiUri`.
    pub fn uri(&self) -> &str {
        self.engine.base()
    }

    /// The key that tokens name.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The secret that tokens are signed with; empty when the workspace was deleted.
    pub fn secret(&self) -> String {
        self.space().map(|space| space.world().workspace.secret.clone()).unwrap_or_default()
    }

    /// A tenant; made when first used.
    pub fn tenant(&self, key: &str) -> MockTenant {
        MockTenant { workspace: self.clone(), key: key.to_owned() }
    }

    /// A manager's token, good for an hour.
    pub fn manager_token(&self) -> String {
        self.token(None, true)
    }

    fn token(&self, tenant: Option<&str>, manager: bool) -> String {
        let expires = real_now().plus(Duration::from_hours(1));
        mint(&self.key, &self.secret(), tenant, manager, expires).unwrap_or_default()
    }

    /// The external app behind a connector.
    pub fn upstream(&self, connector: &str) -> MockUpstream {
        MockUpstream { workspace: self.clone(), connector: connector.to_owned() }
    }

    /// Time in this workspace.
    pub fn clock(&self) -> MockClock {
        MockClock { workspace: self.clone() }
    }

    /// Every request to the API and to external apps, in order.
    pub fn journal(&self) -> MockJournal {
        MockJournal::of(self)
    }

    /// Changes the platform's settings.
    pub async fn settings(&self, change: impl FnOnce(&mut Settings)) -> Result<(), TestError> {
        self.change(|settings, _| change(settings)).await
    }

    /// Changes the fake's own settings.
    pub async fn mock_settings(&self, change: impl FnOnce(&mut MockSettings)) -> Result<(), TestError> {
        self.change(|_, mock| change(mock)).await
    }

    /// Changes when state machines move.
    pub async fn progress(&self, change: impl FnOnce(&mut ProgressSettings)) -> Result<(), TestError> {
        self.change(|_, mock| change(&mut mock.progress)).await
    }

    async fn change(&self, change: impl FnOnce(&mut Settings, &mut MockSettings)) -> Result<(), TestError> {
        let space = self.space()?;
        let mut tx = space.data.begin().await;
        let mut workspace = (*tx.workspace).clone();
        change(&mut workspace.settings, &mut workspace.mock);
        tx.put_workspace(workspace).map_err(ApiError::from)?;
        tx.commit().await.map_err(ApiError::from)?;
        Ok(())
    }

    /// Puts it back to what it started from.
    pub async fn reset(&self) -> Result<(), TestError> {
        spaces::reset(&self.engine, &self.key, ResetTo::Seed).await?;
        Ok(())
    }

    /// A workspace that starts as this one stands.
    pub async fn fork(&self) -> Result<Self, TestError> {
        let space = spaces::fork(&self.engine, &self.space()?, Start::Now, Fork::default()).await?;
        Ok(Self { engine: Arc::clone(&self.engine), key: space.key.clone() })
    }

    /// Runs everything that is due; returns how much that was.
    pub async fn settle(&self) -> Result<usize, TestError> {
        Ok(worker::settle(&self.engine, &self.space()?).await?)
    }
}

/// Time in a workspace.
#[derive(Debug, Clone)]
pub struct MockClock {
    workspace: MockWorkspace,
}

impl MockClock {
    /// The time there; 1970 when the workspace is gone.
    pub fn now(&self) -> Timestamp {
        self.workspace.space().map_or(Timestamp::from_millis(0), |space| space.clock.now())
    }

    /// Moves time forward and everything that falls due on the way; returns how much that was.
    pub async fn advance(&self, by: Duration) -> Result<usize, TestError> {
        let space = self.workspace.space()?;
        let moved = worker::advance(&self.workspace.engine, &space, by).await?;
        crate::control::keep_clock(&space).await?;
        Ok(moved)
    }
}

/// Reads a seed without starting anything: to test one's own seed files.
pub fn check_seed(path: &std::path::Path) -> Result<(), seed::SeedError> {
    crate::edge::announce_routes();
    let seed = seed::SeedDocument::read(path)?;
    seed.check_connectors(&catalog::catalog()?.connector_keys())
}

/// The same for tests without a runtime.
pub mod blocking {
    use super::{Config, MockWorkspace, Server, TestError};

    /// A running fake for tests that are not async.
    ///
    /// ```
    /// let mock = membrane_mock::testing::blocking::MockMembrane::start()?;
    /// let acme = mock.workspace().tenant("acme");
    /// let connection = mock.run(acme.connect("github").ready())?;
    /// assert!(!connection.id().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Debug)]
    pub struct MockMembrane {
        inner: super::MockMembrane,
    }

    impl MockMembrane {
        /// Free port, memory, demo seed.
        pub fn start() -> Result<Self, TestError> {
            Ok(Self { inner: super::MockMembrane::of(Server::start_blocking(Config::for_tests())?)? })
        }

        /// The address for `apiUri` and `uiUri`.
        pub fn uri(&self) -> &str {
            self.inner.uri()
        }

        /// The workspace that was there at the start.
        pub fn workspace(&self) -> MockWorkspace {
            self.inner.workspace()
        }

        /// Waits for one of the async calls.
        pub fn run<F: Future>(&self, call: F) -> F::Output {
            self.inner.server.runtime().block_on(call)
        }
    }
}
