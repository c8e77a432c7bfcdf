//! This module has handles to the external app behind a connector: its stubs, the requests it got, its tokens.
//! Invariant: whatever a test changes here belongs to one workspace, and others do not see it.

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::journal::{Entry, Side};
use crate::nouns::stub::model::{StoredStub, StubSpec};
use crate::testing::{MockWorkspace, TestError};
use http::Method;
use serde_json::Value;

/// A handle to the external app behind a connector.
#[derive(Debug, Clone)]
pub struct MockUpstream {
    pub(super) workspace: MockWorkspace,
    pub(super) connector: String,
}

impl MockUpstream {
    /// Adds a stub, which is tried before those of the catalog. It fails when the stub makes no sense.
    ///
    /// ```
    /// use membrane_mock::testing::{MockMembrane, Stub};
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let hubspot = mock.workspace().upstream("hubspot");
    /// hubspot.stub(Stub::post("/crm/v3/objects/contacts").json(201, json!({"id": "7"}))).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn stub(&self, stub: Stub) -> Result<MountedStub, TestError> {
        let space = self.workspace.space()?;
        let stored = crate::control::add_stub(&space, &self.connector, stub.spec).await?;
        Ok(MountedStub { workspace: self.workspace.clone(), id: stored.id.to_string() })
    }

    /// Returns the requests that the app got, oldest first.
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
    pub fn requests(&self) -> Vec<Entry> {
        let of_it = |entry: &Entry| entry.side == Side::Upstream && entry.route.as_deref() == Some(&self.connector);
        self.workspace.journal().into_iter().filter(of_it).collect()
    }

    /// Sends the app's calls to a fake of your own at this address, instead of the stub server.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().upstream("hubspot").at("http://127.0.0.1:9000").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn at(&self, url: &str) -> Result<(), TestError> {
        let (connector, url) = (self.connector.clone(), url.to_owned());
        self.workspace
            .mock_settings(|mock| {
                mock.upstreams.insert(connector, url);
            })
            .await
    }

    /// Lets the vendor revoke every token that it has granted.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let hubspot = mock.workspace().upstream("hubspot");
    /// hubspot.revoke_tokens().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn revoke_tokens(&self) -> Result<(), TestError> {
        self.change_grants(|grant, _| grant.revoked = true).await
    }

    /// Lets every access token expire now; the fake can refresh it unless the vendor refuses.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let hubspot = mock.workspace().upstream("hubspot");
    /// hubspot.expire_tokens().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn expire_tokens(&self) -> Result<(), TestError> {
        self.change_grants(|grant, now| grant.expires_at = Some(now)).await
    }

    /// Lets the vendor refuse the next refresh of each grant, with `invalid_grant`.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let hubspot = mock.workspace().upstream("hubspot");
    /// hubspot.refuse_refresh().await?;
    /// hubspot.expire_tokens().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn refuse_refresh(&self) -> Result<(), TestError> {
        self.change_grants(|grant, _| grant.refuse_refresh = true).await
    }

    /// Replaces the scopes of every grant by these, whatever was asked for.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let hubspot = mock.workspace().upstream("hubspot");
    /// hubspot.grant_scopes(&["crm.objects.contacts.read"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn grant_scopes(&self, scopes: &[&str]) -> Result<(), TestError> {
        let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
        self.change_grants(|grant, _| grant.scopes.clone_from(&scopes)).await
    }

    async fn change_grants(
        &self,
        change: impl Fn(&mut crate::nouns::stub_vendor::model::Grant, Timestamp),
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

/// A stub that a test is about to add with [`MockUpstream::stub`].
#[derive(Debug, Clone)]
#[must_use = "a stub does nothing until it is mounted"]
pub struct Stub {
    spec: StubSpec,
}

impl Stub {
    /// Makes a stub for `method path`, which answers 200 without a body unless another method says how; `{name}`
    /// in the path matches one segment.
    ///
    /// ```
    /// use membrane_mock::testing::Stub;
    ///
    /// let stub = Stub::on(&http::Method::HEAD, "/user");
    /// # drop(stub);
    /// ```
    pub fn on(method: &Method, path: &str) -> Self {
        let spec = serde_json::json!({
            "request": {"method": method.as_str(), "path": path}, "respond": {"status": 200}
        });
        // This cannot fail, because the shape is written right above.
        let spec = serde_json::from_value(spec).unwrap_or_else(|error| unreachable!("{error}"));
        Self { spec }
    }

    /// Makes a stub that answers GET on this path.
    ///
    /// ```
    /// use membrane_mock::testing::Stub;
    ///
    /// let stub = Stub::get("/users/{id}").status(204);
    /// # drop(stub);
    /// ```
    pub fn get(path: &str) -> Self {
        Self::on(&Method::GET, path)
    }

    /// Makes a stub that answers POST on this path.
    ///
    /// ```
    /// use membrane_mock::testing::Stub;
    ///
    /// let stub = Stub::post("/users/{id}").status(204);
    /// # drop(stub);
    /// ```
    pub fn post(path: &str) -> Self {
        Self::on(&Method::POST, path)
    }

    /// Makes a stub that answers PATCH on this path.
    ///
    /// ```
    /// use membrane_mock::testing::Stub;
    ///
    /// let stub = Stub::patch("/users/{id}").status(204);
    /// # drop(stub);
    /// ```
    pub fn patch(path: &str) -> Self {
        Self::on(&Method::PATCH, path)
    }

    /// Makes a stub that answers PUT on this path.
    ///
    /// ```
    /// use membrane_mock::testing::Stub;
    ///
    /// let stub = Stub::put("/users/{id}").status(204);
    /// # drop(stub);
    /// ```
    pub fn put(path: &str) -> Self {
        Self::on(&Method::PUT, path)
    }

    /// Makes a stub that answers DELETE on this path.
    ///
    /// ```
    /// use membrane_mock::testing::Stub;
    ///
    /// let stub = Stub::delete("/users/{id}").status(204);
    /// # drop(stub);
    /// ```
    pub fn delete(path: &str) -> Self {
        Self::on(&Method::DELETE, path)
    }

    /// Requires the query to have this parameter with this value.
    ///
    /// ```
    /// use membrane_mock::testing::Stub;
    ///
    /// let stub = Stub::get("/users").query("page", "2").status(204);
    /// # drop(stub);
    /// ```
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.spec.request.query.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Requires the JSON body to contain this value: objects may have more members.
    ///
    /// ```
    /// use membrane_mock::testing::Stub;
    /// use serde_json::json;
    ///
    /// let stub = Stub::post("/users").body(json!({"email": "ada@example.com"})).status(201);
    /// # drop(stub);
    /// ```
    pub fn body(mut self, contains: Value) -> Self {
        self.spec.request.body = Some(contains);
        self
    }

    /// Requires the token to have been granted this scope; without it the answer is 403 `insufficient_scope`.
    ///
    /// ```
    /// use membrane_mock::testing::Stub;
    ///
    /// let stub = Stub::get("/users").scope("users.read").status(204);
    /// # drop(stub);
    /// ```
    pub fn scope(mut self, scope: &str) -> Self {
        self.spec.scopes.push(scope.to_owned());
        self
    }

    /// Answers with this status and this JSON body.
    ///
    /// ```
    /// use membrane_mock::testing::Stub;
    /// use serde_json::json;
    ///
    /// let stub = Stub::get("/users/7").json(200, json!({"id": "7"}));
    /// # drop(stub);
    /// ```
    pub fn json(mut self, status: u16, body: Value) -> Self {
        self.spec.respond.status = status;
        self.spec.respond.json = Some(body);
        self
    }

    /// Answers with this status and this text as the body.
    ///
    /// ```
    /// use membrane_mock::testing::Stub;
    ///
    /// let stub = Stub::get("/status").text(200, "ok");
    /// # drop(stub);
    /// ```
    pub fn text(mut self, status: u16, body: &str) -> Self {
        self.spec.respond.status = status;
        self.spec.respond.text = Some(body.to_owned());
        self
    }

    /// Answers with this status.
    ///
    /// ```
    /// use membrane_mock::testing::Stub;
    ///
    /// let stub = Stub::delete("/users/7").status(204);
    /// # drop(stub);
    /// ```
    pub fn status(mut self, status: u16) -> Self {
        self.spec.respond.status = status;
        self
    }

    /// Adds this header to the answer.
    ///
    /// ```
    /// use membrane_mock::testing::Stub;
    ///
    /// let stub = Stub::get("/users").status(503).header("retry-after", "5");
    /// # drop(stub);
    /// ```
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.spec.respond.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Limits the stub to this many answers; later requests are matched by other stubs.
    ///
    /// ```
    /// use membrane_mock::testing::Stub;
    ///
    /// let stub = Stub::get("/users").status(503).times(2);
    /// # drop(stub);
    /// ```
    pub fn times(mut self, times: u32) -> Self {
        self.spec.times = Some(times);
        self
    }

    /// Sets the place of the stub among those that match: 1 is tried first, and the default is 5.
    ///
    /// ```
    /// use membrane_mock::testing::Stub;
    ///
    /// let stub = Stub::get("/users").status(503).priority(1);
    /// # drop(stub);
    /// ```
    pub fn priority(mut self, priority: u8) -> Self {
        self.spec.priority = priority;
        self
    }
}

/// A handle to a stub that was added.
#[derive(Debug, Clone)]
pub struct MountedStub {
    workspace: MockWorkspace,
    id: String,
}

impl MountedStub {
    /// Returns the id of the stub in the control API.
    ///
    /// ```
    /// use membrane_mock::testing::{MockMembrane, Stub};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let hubspot = mock.workspace().upstream("hubspot");
    /// let mounted = hubspot.stub(Stub::get("/ping").status(204)).await?;
    /// assert!(!mounted.id().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Removes the stub; nothing happens when it is gone already.
    ///
    /// ```
    /// use membrane_mock::testing::{MockMembrane, Stub};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let hubspot = mock.workspace().upstream("hubspot");
    /// let mounted = hubspot.stub(Stub::get("/ping").status(204)).await?;
    /// mounted.remove().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn remove(self) -> Result<(), TestError> {
        let space = self.workspace.space()?;
        let mut tx = space.data.begin().await;
        tx.remove::<StoredStub>(&self.id);
        tx.commit().await.map_err(ApiError::from)?;
        Ok(())
    }
}
