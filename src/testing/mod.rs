//! This module is the public test API: it starts a server for the length of a test, and has handles to
//! what a test changes in it.
//!
//! Invariant: it calls the same functions as the control routes, so a test in Rust and one over HTTP see the same
//! behaviour. It returns a [`TestError`] instead of panicking wherever it can.

mod calls;
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
pub use calls::Acted;
pub use connection::{MockConnect, MockConnection, MockTenant};
pub use faults::FaultGuard;
pub use journal::{Asked, Expected, MockJournal};
pub use scenarios::{MockScenario, MockStory};
pub use upstream::{MockUpstream, MountedStub, Stub};
pub use webhooks::MockWebhooks;

use crate::base::clock::{ClockMode, real_now};
use crate::base::config::{Config, Database, SeedChoice};
use crate::base::error::ApiError;
use crate::engine::tokens::mint;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::nouns::workspace::model::{MockSettings, Settings};
use crate::server::{Server, StartError};
use crate::world::spaces::{Fork, ResetTo, Start};
use crate::world::{catalog, report, seed, spaces, worker};
use std::sync::Arc;
use std::time::Duration;

/// The error of a call that a test made to the test API.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// The server did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The engine refused the call, as it would refuse it over HTTP.
    #[error("{0}")]
    Refused(#[from] ApiError),
    /// A call that the test made got no answer, or one that is not what it should be.
    #[error("{0}")]
    Unreadable(String),
}

/// A running fake; it stops when it is dropped. When the test fails, it prints what went wrong on the wire.
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
/// assert_eq!(serde_json::json!(connection.state()), "READY");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct MockMembrane {
    server: Server,
    workspace: MockWorkspace,
}

/// The builder holds the settings with which a fake will start.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `start`"]
pub struct MockMembraneBuilder {
    config: Config,
}

impl MockMembrane {
    /// Starts a fake on a free port, with its state in memory and the demo seed. It fails when the server cannot start.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// assert!(mock.uri().starts_with("http://127.0.0.1:"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start() -> Result<Self, TestError> {
        Self::builder().start().await
    }

    /// Returns a builder for a fake with other settings.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::builder().empty().rng_seed(7).start().await?;
    /// assert!(mock.uri().starts_with("http://127.0.0.1:"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> MockMembraneBuilder {
        MockMembraneBuilder { config: Config::for_tests() }
    }

    fn of(server: Server) -> Result<Self, TestError> {
        let engine = Arc::clone(server.engine());
        let space = engine.first_space()?;
        Ok(Self { workspace: MockWorkspace { engine, key: space.key.clone() }, server })
    }

    /// Returns the address of the server, which clients take as `apiUri` and `uiUri`.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let health = reqwest::get(format!("{}/__mock/health", mock.uri())).await?;
    /// assert!(health.status().is_success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn uri(&self) -> &str {
        self.server.url()
    }

    /// Returns the workspace that existed at the start.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// assert!(!mock.workspace().key().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn workspace(&self) -> MockWorkspace {
        self.workspace.clone()
    }

    /// Makes a new workspace that starts as the first one did and shares nothing with it, so that
    /// tests can run side by side.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let own = mock.fork().await?;
    /// assert_ne!(own.key(), mock.workspace().key());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn fork(&self) -> Result<MockWorkspace, TestError> {
        let engine = self.server.engine();
        let space = spaces::fork(engine, &engine.start_space()?, Start::Origin, Fork::default()).await?;
        Ok(MockWorkspace { engine: Arc::clone(engine), key: space.key.clone() })
    }

    /// Stops the server and waits until it has ended.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.stop();
    /// # Ok(())
    /// # }
    /// ```
    pub fn stop(self) {
        // Dropping the server waits until it has ended.
        drop(self);
    }
}

impl Drop for MockMembrane {
    /// Prints what went wrong on the wire when the test fails, and nothing when it passes.
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
    /// Starts with the seed in this folder or file instead of the demo. Starting fails when the seed cannot be read.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let missing = MockMembrane::builder().seed("/no/such/seed").start().await;
    /// assert!(missing.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn seed(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.config.seed = SeedChoice::Path(path.into());
        self
    }

    /// Starts with a workspace that has nothing but the catalog.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::builder().empty().start().await?;
    /// assert!(!mock.workspace().key().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn empty(mut self) -> Self {
        self.config.seed = SeedChoice::Empty;
        self
    }

    /// Keeps state in this file, which is made when it is missing, instead of in memory.
    ///
    /// ```no_run
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::builder().database("target/membrane.db").start().await?;
    /// # drop(mock);
    /// # Ok(())
    /// # }
    /// ```
    pub fn database(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.config.database = Database::File(path.into());
        self
    }

    /// Starts with a clock that stands still at `now` until a test advances it.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::builder().manual_clock("2025-01-01T00:00:00Z".parse()?).start().await?;
    /// assert_eq!(mock.workspace().clock().now().to_string(), "2025-01-01T00:00:00.000Z");
    /// # Ok(())
    /// # }
    /// ```
    pub fn manual_clock(mut self, now: Timestamp) -> Self {
        self.config.clock = ClockMode::standing_at(now);
        self
    }

    /// Makes generated ids the same on every run.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::builder().rng_seed(7).start().await?;
    /// # drop(mock);
    /// # Ok(())
    /// # }
    /// ```
    pub fn rng_seed(mut self, seed: u64) -> Self {
        self.config.rng_seed = Some(seed);
        self
    }

    /// Allows calls to this host; without it, only loopback is called.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::builder().allow_egress("api.example.com").start().await?;
    /// # drop(mock);
    /// # Ok(())
    /// # }
    /// ```
    pub fn allow_egress(mut self, host: impl Into<String>) -> Self {
        self.config.allow_egress.push(host.into());
        self
    }

    /// Requires this token of every call to the control API.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::builder().control_token("s3cret").start().await?;
    /// let health = format!("{}/__mock/health", mock.uri());
    /// assert_eq!(reqwest::get(&health).await?.status(), 401);
    /// assert!(reqwest::Client::new().get(&health).bearer_auth("s3cret").send().await?.status().is_success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn control_token(mut self, token: impl Into<String>) -> Self {
        self.config.control_token = Some(token.into());
        self
    }

    /// Runs snippets in child processes of this `membrane-mock` binary, which contain everything that a
    /// snippet can do. Without a binary they run on threads of this process (see [`crate::sandbox`]). The
    /// default is the environment variable `MEMBRANE_MOCK_JS_WORKER`.
    ///
    /// ```no_run
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::builder().js_worker("target/debug/membrane-mock").start().await?;
    /// # drop(mock);
    /// # Ok(())
    /// # }
    /// ```
    pub fn js_worker(mut self, binary: impl Into<std::path::PathBuf>) -> Self {
        self.config.js_worker = Some(binary.into());
        self
    }

    /// Limits the memory of a snippet, in megabytes. Only child processes can hold it to that.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::builder().code_memory_mb(128).start().await?;
    /// # drop(mock);
    /// # Ok(())
    /// # }
    /// ```
    pub fn code_memory_mb(mut self, limit: u64) -> Self {
        self.config.code_memory_mb = limit;
        self
    }

    /// Limits the real time that a snippet may run; the default in tests is 5 s.
    ///
    /// ```
    /// use std::time::Duration;
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::builder().code_timeout(Duration::from_secs(1)).start().await?;
    /// # drop(mock);
    /// # Ok(())
    /// # }
    /// ```
    pub fn code_timeout(mut self, limit: Duration) -> Self {
        self.config.code_timeout_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Starts the fake. It fails when the server cannot start, or when the seed or the database cannot be read.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::builder().start().await?;
    /// assert!(mock.uri().starts_with("http://127.0.0.1:"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start(self) -> Result<MockMembrane, TestError> {
        MockMembrane::of(Server::start(self.config).await?)
    }
}

/// A workspace of a running fake; a clone is another handle to the same workspace.
#[derive(Debug, Clone)]
pub struct MockWorkspace {
    engine: Arc<Engine>,
    key: String,
}

impl MockWorkspace {
    fn space(&self) -> Result<Arc<WorkspaceRuntime>, ApiError> {
        self.engine.space(&self.key).ok_or_else(|| spaces::no_workspace(&self.engine, &self.key))
    }

    /// Returns the address of the server, which clients take as `apiUri` and `uiUri`.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// assert_eq!(mock.workspace().uri(), mock.uri());
    /// # Ok(())
    /// # }
    /// ```
    pub fn uri(&self) -> &str {
        self.engine.base()
    }

    /// Returns the key that tokens of this workspace name.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// assert!(!mock.workspace().key().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the secret that tokens are signed with; it is empty when the workspace was deleted.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// assert!(!mock.workspace().secret().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn secret(&self) -> String {
        self.space().map(|space| space.world().workspace.secret.clone()).unwrap_or_default()
    }

    /// Returns a handle to the tenant with this key, who is made when first used.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// assert_eq!(mock.workspace().tenant("acme").key(), "acme");
    /// # Ok(())
    /// # }
    /// ```
    pub fn tenant(&self, key: &str) -> MockTenant {
        MockTenant { workspace: self.clone(), key: key.to_owned() }
    }

    /// Mints a manager's token that is valid for an hour of real time.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let workspace = mock.workspace();
    /// let list = reqwest::Client::new().get(format!("{}/workspaces", workspace.uri()));
    /// assert!(list.bearer_auth(workspace.manager_token()).send().await?.status().is_success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn manager_token(&self) -> String {
        self.token(None, true)
    }

    fn token(&self, tenant: Option<&str>, manager: bool) -> String {
        let expires = real_now().plus(Duration::from_hours(1));
        mint(&self.key, &self.secret(), tenant, manager, expires).unwrap_or_default()
    }

    /// Returns a handle to the external app behind the connector with this key.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// assert!(mock.workspace().upstream("hubspot").requests().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn upstream(&self, connector: &str) -> MockUpstream {
        MockUpstream { workspace: self.clone(), connector: connector.to_owned() }
    }

    /// Returns a handle to the clock of this workspace.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// assert!(mock.workspace().clock().now().millis() > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn clock(&self) -> MockClock {
        MockClock { workspace: self.clone() }
    }

    /// Returns the requests so far, to the API and to external apps, in order.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().journal().acts().expect(0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn journal(&self) -> MockJournal {
        MockJournal::of(self)
    }

    /// Changes the platform's settings of this workspace. It fails when the workspace is gone.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let workspace = mock.workspace();
    /// workspace.settings(|settings| settings.disable_secret_key_auth = true).await?;
    /// let own = reqwest::Client::new().get(format!("{}/self", workspace.uri()));
    /// assert_eq!(own.bearer_auth(workspace.tenant("acme").token()).send().await?.status(), 401);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn settings(&self, change: impl FnOnce(&mut Settings)) -> Result<(), TestError> {
        self.change(|settings, _| change(settings)).await
    }

    /// Changes the fake's own settings of this workspace. It fails when the workspace is gone.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().mock_settings(|settings| settings.upstream_retries = 1).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn mock_settings(&self, change: impl FnOnce(&mut MockSettings)) -> Result<(), TestError> {
        self.change(|_, mock| change(mock)).await
    }

    /// Changes when the state machines of this workspace move on. It fails when the workspace is gone.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().progress(|progress| *progress = Default::default()).await?;
    /// # Ok(())
    /// # }
    /// ```
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

    /// Puts the workspace back to what it started from. It fails when the workspace is gone.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let workspace = mock.workspace();
    /// let connection = workspace.tenant("acme").connect("github").ready().await?;
    /// workspace.reset().await?;
    /// assert_eq!(serde_json::json!(connection.state()), "DISCONNECTED");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn reset(&self) -> Result<(), TestError> {
        spaces::reset(&self.engine, &self.key, ResetTo::Seed).await?;
        Ok(())
    }

    /// Makes a new workspace that starts as this one is now. It fails when this one is gone.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let copy = mock.workspace().fork().await?;
    /// assert_ne!(copy.key(), mock.workspace().key());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn fork(&self) -> Result<Self, TestError> {
        let space = spaces::fork(&self.engine, &self.space()?, Start::Now, Fork::default()).await?;
        Ok(Self { engine: Arc::clone(&self.engine), key: space.key.clone() })
    }

    /// Runs everything that is due on the clock, and returns how many steps that took.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().settle().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn settle(&self) -> Result<usize, TestError> {
        Ok(worker::settle(&self.engine, &self.space()?).await?)
    }
}

/// A handle to the clock of a workspace.
#[derive(Debug, Clone)]
pub struct MockClock {
    workspace: MockWorkspace,
}

impl MockClock {
    /// Returns the time in the workspace, or 1970 when the workspace is gone.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::builder().manual_clock("2025-01-01T00:00:00Z".parse()?).start().await?;
    /// assert_eq!(mock.workspace().clock().now().to_string(), "2025-01-01T00:00:00.000Z");
    /// # Ok(())
    /// # }
    /// ```
    pub fn now(&self) -> Timestamp {
        self.workspace.space().map_or(Timestamp::from_millis(0), |space| space.clock.now())
    }

    /// Moves time forward, runs everything that falls due on the way, and returns how many steps that took.
    ///
    /// ```
    /// use std::time::Duration;
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::builder().manual_clock("2025-01-01T00:00:00Z".parse()?).start().await?;
    /// let clock = mock.workspace().clock();
    /// clock.advance(Duration::from_secs(60)).await?;
    /// assert_eq!(clock.now().to_string(), "2025-01-01T00:01:00.000Z");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn advance(&self, by: Duration) -> Result<usize, TestError> {
        let space = self.workspace.space()?;
        let moved = worker::advance(&self.workspace.engine, &space, by).await?;
        crate::control::keep_clock(&space).await?;
        Ok(moved)
    }
}

/// Reads a seed without starting anything, so that tests can check their own seed files. The error names the file
/// and the field that is wrong.
///
/// ```
/// use membrane_mock::testing::check_seed;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let missing = check_seed(std::path::Path::new("/no/such/seed"));
/// assert!(missing.is_err());
/// # Ok(())
/// # }
/// ```
pub fn check_seed(path: &std::path::Path) -> Result<(), seed::SeedError> {
    crate::edge::announce_routes();
    let seed = seed::SeedDocument::read(path)?;
    seed.check_connectors(&catalog::catalog()?.connector_keys())
}

/// This module has the test API for tests without an async runtime.
pub mod blocking {
    use super::{Config, MockWorkspace, Server, TestError};

    /// A running fake for tests that are not async; it stops when it is dropped.
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
        /// Starts a fake on a free port, with its state in memory and the demo seed. It
        /// fails when the server cannot start.
        ///
        /// ```
        /// let mock = membrane_mock::testing::blocking::MockMembrane::start()?;
        /// assert!(mock.uri().starts_with("http://127.0.0.1:"));
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        pub fn start() -> Result<Self, TestError> {
            Ok(Self { inner: super::MockMembrane::of(Server::start_blocking(Config::for_tests())?)? })
        }

        /// Returns the address of the server, which clients take as `apiUri` and `uiUri`.
        ///
        /// ```
        /// let mock = membrane_mock::testing::blocking::MockMembrane::start()?;
        /// assert_eq!(mock.uri(), mock.workspace().uri());
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        pub fn uri(&self) -> &str {
            self.inner.uri()
        }

        /// Returns the workspace that existed at the start.
        ///
        /// ```
        /// let mock = membrane_mock::testing::blocking::MockMembrane::start()?;
        /// assert!(!mock.workspace().key().is_empty());
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        pub fn workspace(&self) -> MockWorkspace {
            self.inner.workspace()
        }

        /// Waits for an async call of the test API, and returns what it returns.
        ///
        /// ```
        /// let mock = membrane_mock::testing::blocking::MockMembrane::start()?;
        /// mock.run(mock.workspace().settle())?;
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        pub fn run<F: Future>(&self, call: F) -> F::Output {
            self.inner.server.runtime().block_on(call)
        }
    }
}
