//! The public test API: a server for the length of a test, and handles to what a test moves.
//!
//! Thin over the functions that the control routes call. Fails with a [`TestError`] rather than a panic wherever it
//! can.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::Value;

use crate::auth::{Verified, mint};
use crate::clock::{ClockMode, Timestamp, real_now};
use crate::config::{Config, SeedChoice};
use crate::engine::{Cx, Engine, Space};
use crate::error::ApiError;
use crate::journal::{Entry, Side};
use crate::model::connection::{Connection, ConnectionEvent, ConnectionState};
use crate::model::connection_request::ConnectSpec;
use crate::model::progress::ProgressSettings;
use crate::model::stub::{Stub as StoredStub, StubSpec};
use crate::model::workspace::{MockSettings, Settings};
use crate::server::{Server, StartError};
use crate::service::connect::{self as connecting, Consent};
use crate::service::spaces::{self, ResetTo, Start};
use crate::service::{seed, tenants, vendor, worker};
use crate::store::Target;

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
        let space = spaces::fork(engine, &*engine.first_space()?, Start::Origin, None, None, None).await?;
        Ok(MockWorkspace { engine: Arc::clone(engine), key: space.key.clone() })
    }

    /// Stops it and waits until it has.
    pub fn stop(self) {
        self.server.stop();
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
        self.config.clock = ClockMode::Manual { now };
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
        let expires = real_now().plus(Duration::from_secs(3600));
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
    pub fn journal(&self) -> Vec<Entry> {
        self.space().map(|space| space.journal.entries()).unwrap_or_default()
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
        spaces::reset(&self.engine, &*self.space()?, ResetTo::Seed).await?;
        Ok(())
    }

    /// A workspace that starts as this one stands.
    pub async fn fork(&self) -> Result<Self, TestError> {
        let space = spaces::fork(&self.engine, &*self.space()?, Start::Now, None, None, None).await?;
        Ok(Self { engine: Arc::clone(&self.engine), key: space.key.clone() })
    }

    /// Runs everything that is due; returns how much that was.
    pub async fn settle(&self) -> Result<usize, TestError> {
        Ok(worker::settle(&self.engine, &*self.space()?).await?)
    }
}

/// A tenant of a workspace.
#[derive(Debug, Clone)]
pub struct MockTenant {
    workspace: MockWorkspace,
    key: String,
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

    async fn cx(&self) -> Result<Cx, ApiError> {
        let space = self.workspace.space()?;
        let verified = Verified { tenant_key: Some(self.key.clone()), name: None, fields: None, is_manager: false };
        let caller = tenants::admit(&space, verified).await?;
        Ok(Cx { engine: Arc::clone(&self.workspace.engine), space, caller })
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
            crate::service::directory::Directory::new(&world, &cx.engine.catalog).integration(&self.target).is_some()
        };
        if is_integration {
            self.spec.integration_key = Some(self.target);
        } else {
            self.spec.connector_key = Some(self.target);
        }
        let connection = connecting::begin(&cx, self.spec).await?;
        Ok(MockConnection { tenant: self.tenant, id: connection.id.to_string() })
    }

    /// Begins, and the user consents: READY.
    pub async fn ready(self) -> Result<MockConnection, TestError> {
        let account = self.account.clone().unwrap_or_else(|| vendor::DEFAULT_ACCOUNT.to_owned());
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

    /// Moves it by an event that its state allows.
    pub async fn poke(&self, event: ConnectionEvent) -> Result<(), TestError> {
        let space = self.tenant.workspace.space()?;
        connecting::poke(&self.tenant.workspace.engine, &space, &self.id.as_str().into(), event, None).await?;
        Ok(())
    }
}

/// The external app behind a connector.
#[derive(Debug, Clone)]
pub struct MockUpstream {
    workspace: MockWorkspace,
    connector: String,
}

impl MockUpstream {
    /// Mounts a stub; it comes before the catalog's.
    pub async fn stub(&self, stub: Stub) -> Result<MountedStub, TestError> {
        let space = self.workspace.space()?;
        let stored = crate::control::add_stub(&space, &self.connector, stub.spec).await?;
        Ok(MountedStub { workspace: self.workspace.clone(), id: stored.id.to_string() })
    }

    /// What the app was asked, oldest first.
    pub fn requests(&self) -> Vec<Entry> {
        let of_it = |entry: &Entry| entry.side == Side::Upstream && entry.route.as_deref() == Some(&self.connector);
        self.workspace.journal().into_iter().filter(of_it).collect()
    }

    /// Sends calls to a fake of one's own instead of the stub server.
    pub async fn at(&self, url: &str) -> Result<(), TestError> {
        let (connector, url) = (self.connector.clone(), url.to_owned());
        self.workspace
            .mock_settings(|mock| {
                mock.upstreams.insert(connector, url);
            })
            .await
    }

    /// The vendor takes back every token it granted.
    pub async fn revoke_tokens(&self) -> Result<(), TestError> {
        self.change_grants(|grant, _| grant.revoked = true).await
    }

    /// Every access token dies; it can be refreshed unless that is refused.
    pub async fn expire_tokens(&self) -> Result<(), TestError> {
        self.change_grants(|grant, now| grant.expires_at = Some(now)).await
    }

    /// The vendor refuses to refresh from now on.
    pub async fn refuse_refresh(&self) -> Result<(), TestError> {
        self.change_grants(|grant, _| grant.refuse_refresh = true).await
    }

    async fn change_grants(
        &self,
        change: impl Fn(&mut crate::model::grant::Grant, Timestamp),
    ) -> Result<(), TestError> {
        let space = self.workspace.space()?;
        let now = space.clock.now();
        let mut tx = space.data.begin().await;
        let held: Vec<_> =
            tx.grants.iter().filter(|g| g.connector_key == self.connector).map(|g| (**g).clone()).collect();
        for mut grant in held {
            change(&mut grant, now);
            tx.put(grant).map_err(ApiError::from)?;
        }
        tx.commit().await.map_err(ApiError::from)?;
        Ok(())
    }
}

/// A stub to mount with [`MockUpstream::stub`].
#[derive(Debug, Clone)]
#[must_use = "a stub does nothing until it is mounted"]
pub struct Stub {
    spec: StubSpec,
}

impl Stub {
    /// Answers `method path`; `{name}` in the path matches one segment. 200 without a body unless said.
    pub fn on(method: &Method, path: &str) -> Self {
        let spec = serde_json::json!({
            "request": {"method": method.as_str(), "path": path}, "respond": {"status": 200}
        });
        // The shape is our own, two lines up.
        let spec = serde_json::from_value(spec).unwrap_or_else(|error| unreachable!("{error}"));
        Self { spec }
    }

    /// Answers GET.
    pub fn get(path: &str) -> Self {
        Self::on(&Method::GET, path)
    }

    /// Answers POST.
    pub fn post(path: &str) -> Self {
        Self::on(&Method::POST, path)
    }

    /// Answers PATCH.
    pub fn patch(path: &str) -> Self {
        Self::on(&Method::PATCH, path)
    }

    /// Answers PUT.
    pub fn put(path: &str) -> Self {
        Self::on(&Method::PUT, path)
    }

    /// Answers DELETE.
    pub fn delete(path: &str) -> Self {
        Self::on(&Method::DELETE, path)
    }

    /// The query must have this.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.spec.request.query.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The JSON body must contain this.
    pub fn body(mut self, contains: Value) -> Self {
        self.spec.request.body = Some(contains);
        self
    }

    /// Answers with JSON.
    pub fn json(mut self, status: u16, body: Value) -> Self {
        self.spec.respond.status = status;
        self.spec.respond.json = Some(body);
        self
    }

    /// Answers with text.
    pub fn text(mut self, status: u16, body: &str) -> Self {
        self.spec.respond.status = status;
        self.spec.respond.text = Some(body.to_owned());
        self
    }

    /// Answers with a bare status.
    pub fn status(mut self, status: u16) -> Self {
        self.spec.respond.status = status;
        self
    }

    /// Answers with a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.spec.respond.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Answers only so often.
    pub fn times(mut self, times: u32) -> Self {
        self.spec.times = Some(times);
        self
    }

    /// 1 is tried first; 5 unless said.
    pub fn priority(mut self, priority: u8) -> Self {
        self.spec.priority = priority;
        self
    }
}

/// A mounted stub.
#[derive(Debug, Clone)]
pub struct MountedStub {
    workspace: MockWorkspace,
    id: String,
}

impl MountedStub {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Takes it away.
    pub async fn remove(self) -> Result<(), TestError> {
        let space = self.workspace.space()?;
        let mut tx = space.data.begin().await;
        tx.remove::<StoredStub>(&self.id);
        tx.commit().await.map_err(ApiError::from)?;
        Ok(())
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
    seed::SeedDocument::read(path).map(|_| ())
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
