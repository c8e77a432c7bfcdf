//! The external app behind a connector, as a test sees it.

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::journal::{Entry, Side};
use crate::nouns::stub::model::{Stub as StoredStub, StubSpec};
use crate::testing::{MockWorkspace, TestError};
use http::Method;
use serde_json::Value;

/// The external app behind a connector.
#[derive(Debug, Clone)]
pub struct MockUpstream {
    pub(super) workspace: MockWorkspace,
    pub(super) connector: String,
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

    /// The vendor refuses the next refresh of each grant, with `invalid_grant`.
    pub async fn refuse_refresh(&self) -> Result<(), TestError> {
        self.change_grants(|grant, _| grant.refuse_refresh = true).await
    }

    /// From now on the vendor has granted these scopes, whatever was asked for.
    pub async fn grant_scopes(&self, scopes: &[&str]) -> Result<(), TestError> {
        let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
        self.change_grants(|grant, _| grant.scopes.clone_from(&scopes)).await
    }

    async fn change_grants(
        &self,
        change: impl Fn(&mut crate::nouns::vendor::model::Grant, Timestamp),
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

    /// The token must have been granted this; else the answer is 403 `insufficient_scope`.
    pub fn scope(mut self, scope: &str) -> Self {
        self.spec.scopes.push(scope.to_owned());
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
