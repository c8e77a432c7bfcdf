//! This module has the handles with which a test connects tenants to apps and changes their connections. Invariant: a
//! test takes the same steps as a user on the hosted pages, so connections pass through the same states.

use crate::base::error::ApiError;
use crate::engine::Cx;
use crate::engine::tokens::Verified;
use crate::nouns::connection::connect::{self as connecting, Consent, Ending};
use crate::nouns::connection::model::{Connection, ConnectionEvent, ConnectionState};
use crate::nouns::connection_request::model::ConnectSpec;
use crate::nouns::{stub_vendor as vendor, tenant as tenants};
use crate::testing::{MockWorkspace, TestError};
use serde_json::Value;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A handle to a tenant of a workspace.
#[derive(Debug, Clone)]
pub struct MockTenant {
    pub(super) workspace: MockWorkspace,
    pub(super) key: String,
}

impl MockTenant {
    /// Returns the tenant key, which tokens name.
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
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Mints a token of this tenant that is valid for an hour of real time.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// let own = reqwest::Client::new().get(format!("{}/self", mock.uri()));
    /// assert!(own.bearer_auth(acme.token()).send().await?.status().is_success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn token(&self) -> String {
        self.workspace.token(Some(&self.key), false)
    }

    /// Prepares to connect to an app by the key of its integration or connector.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// acme.connect("hubspot").key("hubspot-prod").ready().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect(&self, key: &str) -> MockConnect {
        MockConnect { tenant: self.clone(), target: key.to_owned(), spec: ConnectSpec::default(), account: None }
    }

    /// Returns the account that consents when a test names none.
    fn account(&self) -> Result<String, ApiError> {
        Ok(vendor::account_in(&self.workspace.space()?.world()))
    }

    async fn cx(&self) -> Result<Cx, ApiError> {
        let space = self.workspace.space()?;
        let verified = Verified { tenant_key: Some(self.key.clone()), ..Verified::default() };
        let caller = tenants::admit(&space, verified).await?;
        Ok(Cx {
            engine: Arc::clone(&self.workspace.engine),
            space,
            caller,
            depth: 0,
            abandoned: CancellationToken::new(),
        })
    }
}

/// A connection that a test is about to make.
#[derive(Debug, Clone)]
#[must_use = "nothing connects until `begin` or `ready`"]
pub struct MockConnect {
    tenant: MockTenant,
    target: String,
    spec: ConnectSpec,
    account: Option<String>,
}

impl MockConnect {
    /// Gives the connection this key, by which calls can name it.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// acme.connect("hubspot").key("hubspot-prod").ready().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn key(mut self, key: &str) -> Self {
        self.spec.connection_key = Some(key.to_owned());
        self
    }

    /// Lets this account consent at the app.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// let connection = acme.connect("hubspot").account("ada@example.com").complete().await?;
    /// assert_eq!(connection.account().as_deref(), Some("ada@example.com"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// Fills these values into the form of a connector that asks for keys, under the names of its fields.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// let connection = acme.connect("stripe").input(json!({"apiKey": "sk_test_1"})).complete().await?;
    /// assert_eq!(json!(connection.state()), "READY");
    /// # Ok(())
    /// # }
    /// ```
    pub fn input(mut self, input: Value) -> Self {
        self.spec.input = Some(input);
        self
    }

    /// Begins to connect, and leaves the connection waiting for its user. It fails as `POST /connect` does.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// let connection = acme.connect("hubspot").begin().await?;
    /// assert_eq!(serde_json::json!(connection.state()), "CLIENT_ACTION_REQUIRED");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn begin(mut self) -> Result<MockConnection, TestError> {
        let cx = self.tenant.cx().await?;
        let is_integration = {
            let world = cx.world();
            cx.directory(&world).integration(&self.target).is_some()
        };
        if is_integration {
            self.spec.integration_key = Some(self.target);
        } else {
            self.spec.connector_key = Some(self.target);
        }
        let connection = connecting::begin(&cx, self.spec).await?;
        Ok(MockConnection { tenant: self.tenant, id: connection.id.to_string() })
    }

    /// Begins to connect, and lets the user go through the hosted pages: consent at the app's vendor as
    /// [`Self::account`] and code exchange, or the filled-in form.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// let connection = acme.connect("hubspot").account("ada@example.com").complete().await?;
    /// assert_eq!(serde_json::json!(connection.state()), "READY");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn complete(self) -> Result<MockConnection, TestError> {
        let account = self.account.clone().map_or_else(|| self.tenant.account(), Ok)?;
        let input = self.spec.input.as_ref().and_then(Value::as_object).cloned();
        let connection = self.begin().await?;
        if let Some(record) = connection.record().filter(|record| record.state == ConnectionState::ClientActionRequired)
        {
            let space = connection.tenant.workspace.space()?;
            let engine = &connection.tenant.workspace.engine;
            let done = connecting::consent(engine, &space, &record, &account, input).await?;
            connecting::announce(engine, &space, &done, Ending::Connected).await?;
        }
        Ok(connection)
    }

    /// Begins to connect, and lets the user give up.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// let connection = acme.connect("hubspot").cancel().await?;
    /// assert_ne!(serde_json::json!(connection.state()), "READY");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn cancel(self) -> Result<MockConnection, TestError> {
        let connection = self.begin().await?;
        connection.cancel().await?;
        Ok(connection)
    }

    /// Begins to connect, and lets the app's vendor send the user back with an error, such as `access_denied`.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// let connection = acme.connect("hubspot").fail("access_denied").await?;
    /// assert_ne!(serde_json::json!(connection.state()), "READY");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn fail(self, error: &str) -> Result<MockConnection, TestError> {
        let connection = self.begin().await?;
        connection.fail(error).await?;
        Ok(connection)
    }

    /// Begins to connect, and lets the user consent as [`Self::account`], so that the connection becomes READY.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// let connection = acme.connect("hubspot").ready().await?;
    /// assert_eq!(serde_json::json!(connection.state()), "READY");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(self) -> Result<MockConnection, TestError> {
        let account = self.account.clone().map_or_else(|| self.tenant.account(), Ok)?;
        let connection = self.begin().await?;
        if connection.state() == ConnectionState::ClientActionRequired {
            connection.complete_as(&account).await?;
        }
        Ok(connection)
    }
}

/// A handle to a connection of a tenant.
#[derive(Debug, Clone)]
pub struct MockConnection {
    tenant: MockTenant,
    id: String,
}

impl MockConnection {
    /// Returns the connection's id.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// let connection = acme.connect("hubspot").ready().await?;
    /// assert!(!connection.id().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    fn record(&self) -> Option<Arc<Connection>> {
        self.tenant.workspace.space().ok()?.world().connections.get(&self.id).cloned()
    }

    /// Returns the state of the connection now, or DISCONNECTED when it is gone.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// let connection = acme.connect("hubspot").ready().await?;
    /// assert_eq!(serde_json::json!(connection.state()), "READY");
    /// # Ok(())
    /// # }
    /// ```
    pub fn state(&self) -> ConnectionState {
        self.record().map_or(ConnectionState::Disconnected, |connection| connection.state)
    }

    /// Lets the user consent as this account. It fails when the state of the connection does not allow that.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// let connection = acme.connect("hubspot").begin().await?;
    /// connection.complete_as("ada@example.com").await?;
    /// assert_eq!(serde_json::json!(connection.state()), "READY");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn complete_as(&self, account: &str) -> Result<(), TestError> {
        let space = self.tenant.workspace.space()?;
        let consent = Consent::Account(account.to_owned());
        connecting::complete(&self.tenant.workspace.engine, &space, &self.id.as_str().into(), consent).await?;
        Ok(())
    }

    fn open(&self) -> Result<Arc<Connection>, TestError> {
        Ok(self.record().ok_or_else(|| ApiError::not_found(format!("connection not found: `{}`", self.id)))?)
    }

    /// Lets the user give up connecting. It fails when the connection is gone.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// let connection = acme.connect("hubspot").begin().await?;
    /// connection.cancel().await?;
    /// assert_ne!(serde_json::json!(connection.state()), "READY");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn cancel(&self) -> Result<(), TestError> {
        let space = self.tenant.workspace.space()?;
        let (engine, record) = (&self.tenant.workspace.engine, self.open()?);
        connecting::cancel(engine, &space, &record).await?;
        connecting::announce(engine, &space, &record, Ending::Cancelled).await?;
        Ok(())
    }

    /// Lets the app's vendor send the user back with an error, such as `access_denied`.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// let connection = acme.connect("hubspot").begin().await?;
    /// connection.fail("access_denied").await?;
    /// assert_ne!(serde_json::json!(connection.state()), "READY");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn fail(&self, error: &str) -> Result<(), TestError> {
        let space = self.tenant.workspace.space()?;
        let (engine, record) = (&self.tenant.workspace.engine, self.open()?);
        let ending = connecting::refuse(engine, &space, &record, error).await?;
        connecting::announce(engine, &space, &record, ending).await?;
        Ok(())
    }

    /// Returns the account that consented at the app, or nothing when that is not known.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// let connection = acme.connect("hubspot").account("ada@example.com").complete().await?;
    /// assert_eq!(connection.account().as_deref(), Some("ada@example.com"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn account(&self) -> Option<String> {
        let space = self.tenant.workspace.space().ok()?;
        let token = self.record()?.credentials.as_ref()?.get("access_token")?.as_str()?.to_owned();
        let world = space.world();
        world.grants.with_key(&token).next().map(|grant| grant.account.clone())
    }

    /// Moves the connection by an event. It fails when the state of the connection does not allow the event.
    pub async fn poke(&self, event: ConnectionEvent) -> Result<(), TestError> {
        let space = self.tenant.workspace.space()?;
        connecting::poke(&self.tenant.workspace.engine, &space, &self.id.as_str().into(), event, None).await?;
        Ok(())
    }
}
