//! This module is the public test API: it starts a server for the length of a test, and has handles to
//! what a test changes in it.
//!
//! Invariant: it calls the same functions as the control routes, so a test in Rust and one over HTTP see the same
//! behaviour. It returns a [`TestError`] instead of panicking wherever it can.

use std::sync::Arc;

use crate::base::config::Config;
use crate::server::Server;
use crate::world::catalog;
use crate::world::report;
use crate::world::seed;
use crate::world::spaces;
use crate::world::spaces::Fork;
use crate::world::spaces::Start;

mod builder;
mod calls;
mod connection;
mod faults;
mod journal;
mod scenarios;
mod upstream;
mod webhooks;
mod workspace;

pub use crate::base::clock::Timestamp;
pub use crate::base::error::{ApiError, ErrorKey, ErrorType};
pub use crate::base::operation::Operation;
pub use crate::fault::{By, Fault, Firing, Which, act, any_call, connect, flow_run, proxy, route, upstream};
pub use crate::journal::{Entry, Side};
pub use crate::nouns::connection::model::{ConnectionEvent, ConnectionState};
pub use crate::nouns::webhook::model::{DeliveryState, WebhookDelivery};
pub use crate::nouns::workspace::model::progress::{Progress, ProgressSettings};
pub use crate::nouns::workspace::model::{ConnectionStates, MockSettings, Settings, TokenClock};
pub use crate::server::StartError;
pub use crate::world::seed::SeedError;
pub use builder::MockMembraneBuilder;
pub use calls::Acted;
pub use connection::{MockConnect, MockConnection, MockTenant};
pub use faults::FaultGuard;
pub use journal::{Asked, Expected, MockJournal};
pub use scenarios::{MockScenario, MockStory};
pub use upstream::{MockUpstream, MountedStub, Stub};
pub use webhooks::MockWebhooks;
pub use workspace::{MockClock, MockWorkspace};

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

    /// Returns the address by which this machine reaches the server: [`Self::uri`], unless a public one was given.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// assert_eq!(mock.own_address(), mock.uri());
    /// # Ok(())
    /// # }
    /// ```
    pub fn own_address(&self) -> &str {
        self.server.own_address()
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
