//! The handle to a workspace, and to its clock.

use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::clock::real_now;
use crate::base::error::ApiError;
use crate::engine::Engine;
use crate::engine::WorkspaceRuntime;
use crate::engine::tokens::mint;
use crate::nouns::workspace::model::MockSettings;
use crate::nouns::workspace::model::Settings;
use crate::nouns::workspace::model::progress::ProgressSettings;
use crate::testing::MockJournal;
use crate::testing::MockTenant;
use crate::testing::MockUpstream;
use crate::testing::TestError;
use crate::world::spaces;
use crate::world::spaces::Fork;
use crate::world::spaces::ResetTo;
use crate::world::spaces::Start;
use crate::world::worker;

/// A workspace of a running fake; a clone is another handle to the same workspace.
#[derive(Debug, Clone)]
pub struct MockWorkspace {
    pub(super) engine: Arc<Engine>,
    pub(super) key: String,
}

impl MockWorkspace {
    pub(super) fn space(&self) -> Result<Arc<WorkspaceRuntime>, ApiError> {
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
        self.engine.own_base()
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

    pub(super) fn token(&self, tenant: Option<&str>, manager: bool) -> String {
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

    pub(super) async fn change(&self, change: impl FnOnce(&mut Settings, &mut MockSettings)) -> Result<(), TestError> {
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
    pub(super) workspace: MockWorkspace,
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
