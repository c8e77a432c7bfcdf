//! How a fake is started: every setting that a test may want another value for.

use std::time::Duration;

use crate::base::clock::ClockMode;
use crate::base::clock::Timestamp;
use crate::base::config::{Config, Database, SeedChoice};
use crate::server::Server;
use crate::testing::{MockMembrane, TestError};

/// The builder holds the settings with which a fake will start.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `start`"]
pub struct MockMembraneBuilder {
    pub(super) config: Config,
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

    /// Names this origin in what clients are told: pages, `apiUri`, pictures, callbacks. It is for servers that are reached
    /// under another name than the one they listen on.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::builder().public_url("http://mock:6262").start().await?;
    /// assert_eq!(mock.uri(), "http://mock:6262");
    /// assert!(mock.own_address().starts_with("http://127.0.0.1:"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn public_url(mut self, origin: impl Into<String>) -> Self {
        self.config.public_url = Some(origin.into().trim_end_matches('/').to_owned());
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
