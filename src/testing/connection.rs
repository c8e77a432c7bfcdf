//! Tenants and their connections, as a test sees them.

use crate::base::error::ApiError;
use crate::engine::Cx;
use crate::engine::tokens::Verified;
use crate::nouns::connection::connect as connecting;
use crate::nouns::connection::connect::Consent;
use crate::nouns::connection::connect::attempt;
use crate::nouns::connection::connect::attempt::Ending;
use crate::nouns::connection::model::{Connection, ConnectionEvent, ConnectionState};
use crate::nouns::connection_request::model::ConnectSpec;
use crate::nouns::tenant::rules as tenants;
use crate::nouns::vendor::rules as vendor;
use crate::testing::{MockWorkspace, TestError};
use serde_json::Value;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A tenant of a workspace.
#[derive(Debug, Clone)]
pub struct MockTenant {
    pub(super) workspace: MockWorkspace,
    pub(super) key: String,
}

impl MockTenant {
    /// The tenant key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// A token, good for an hour.
    pub fn token(&self) -> String {
        self.workspace.token(Some(&self.key), false)
    }

    /// Begins to connect to an app by the key of its integration or connector.
    pub fn connect(&self, key: &str) -> MockConnect {
        MockConnect { tenant: self.clone(), target: key.to_owned(), spec: ConnectSpec::default(), account: None }
    }

    /// Who consents when nobody is named.
    fn account(&self) -> Result<String, ApiError> {
        Ok(vendor::account_in(&self.workspace.space()?.world()))
    }

    async fn cx(&self) -> Result<Cx, ApiError> {
        let space = self.workspace.space()?;
        let verified = Verified { tenant_key: Some(self.key.clone()), name: None, fields: None, is_manager: false };
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

/// A connection about to be made.
#[derive(Debug, Clone)]
#[must_use = "nothing connects until `begin` or `ready`"]
pub struct MockConnect {
    tenant: MockTenant,
    target: String,
    spec: ConnectSpec,
    account: Option<String>,
}

impl MockConnect {
    /// The connection's key.
    pub fn key(mut self, key: &str) -> Self {
        self.spec.connection_key = Some(key.to_owned());
        self
    }

    /// Who consents at the app.
    pub fn account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// What the user types into a key-auth connector's form.
    pub fn input(mut self, input: Value) -> Self {
        self.spec.input = Some(input);
        self
    }

    /// Begins: the connection waits for its user.
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

    /// Begins, and the user goes the whole way of the hosted pages: consent at the app's vendor as [`Self::account`] and
    /// code exchange, or the filled-in form.
    pub async fn complete(self) -> Result<MockConnection, TestError> {
        let account = self.account.clone().map_or_else(|| self.tenant.account(), Ok)?;
        let input = self.spec.input.as_ref().and_then(Value::as_object).cloned();
        let connection = self.begin().await?;
        if let Some(record) = connection.record().filter(|record| record.state == ConnectionState::ClientActionRequired)
        {
            let space = connection.tenant.workspace.space()?;
            let engine = &connection.tenant.workspace.engine;
            let done = attempt::consent(engine, &space, &record, &account, input).await?;
            attempt::announce(engine, &space, &done, Ending::Connected).await?;
        }
        Ok(connection)
    }

    /// Begins, and the user gives up.
    pub async fn cancel(self) -> Result<MockConnection, TestError> {
        let connection = self.begin().await?;
        connection.cancel().await?;
        Ok(connection)
    }

    /// Begins, and the app's vendor sends the user back with an error, such as `access_denied`.
    pub async fn fail(self, error: &str) -> Result<MockConnection, TestError> {
        let connection = self.begin().await?;
        connection.fail(error).await?;
        Ok(connection)
    }

    /// Begins, and the user consents: READY.
    pub async fn ready(self) -> Result<MockConnection, TestError> {
        let account = self.account.clone().map_or_else(|| self.tenant.account(), Ok)?;
        let connection = self.begin().await?;
        if connection.state() == ConnectionState::ClientActionRequired {
            connection.complete_as(&account).await?;
        }
        Ok(connection)
    }
}

/// A connection of a tenant.
#[derive(Debug, Clone)]
pub struct MockConnection {
    tenant: MockTenant,
    id: String,
}

impl MockConnection {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn record(&self) -> Option<Arc<Connection>> {
        self.tenant.workspace.space().ok()?.world().connections.get(&self.id).cloned()
    }

    /// Where it stands; DISCONNECTED when it is gone.
    pub fn state(&self) -> ConnectionState {
        self.record().map_or(ConnectionState::Disconnected, |connection| connection.state)
    }

    /// The user consents, as this account.
    pub async fn complete_as(&self, account: &str) -> Result<(), TestError> {
        let space = self.tenant.workspace.space()?;
        let consent = Consent::Account(account.to_owned());
        connecting::complete(&self.tenant.workspace.engine, &space, &self.id.as_str().into(), consent).await?;
        Ok(())
    }

    fn open(&self) -> Result<Arc<Connection>, TestError> {
        Ok(self.record().ok_or_else(|| ApiError::not_found(format!("connection not found: `{}`", self.id)))?)
    }

    /// The user gives up.
    pub async fn cancel(&self) -> Result<(), TestError> {
        let space = self.tenant.workspace.space()?;
        let (engine, record) = (&self.tenant.workspace.engine, self.open()?);
        connecting::cancel(engine, &space, &record).await?;
        attempt::announce(engine, &space, &record, Ending::Cancelled).await?;
        Ok(())
    }

    /// The app's vendor sends the user back with an error, such as `access_denied`.
    pub async fn fail(&self, error: &str) -> Result<(), TestError> {
        let space = self.tenant.workspace.space()?;
        let (engine, record) = (&self.tenant.workspace.engine, self.open()?);
        let ending = attempt::refuse(engine, &space, &record, error).await?;
        attempt::announce(engine, &space, &record, ending).await?;
        Ok(())
    }

    /// Who consented at the app, when that is known.
    pub fn account(&self) -> Option<String> {
        let space = self.tenant.workspace.space().ok()?;
        let token = self.record()?.credentials.as_ref()?.get("access_token")?.as_str()?.to_owned();
        let world = space.world();
        world.grants.with_key(&token).next().map(|grant| grant.account.clone())
    }

    /// Moves it by an event that its state allows.
    pub async fn poke(&self, event: ConnectionEvent) -> Result<(), TestError> {
        let space = self.tenant.workspace.space()?;
        connecting::poke(&self.tenant.workspace.engine, &space, &self.id.as_str().into(), event, None).await?;
        Ok(())
    }
}
