//! A running fake with its first workspace: no more than a test needs to say who calls what.

use std::time::Duration;

use http::Method;
use membrane_mock::testing::{MockMembrane, MockMembraneBuilder, MockWorkspace};
use serde_json::{Value, json};

use crate::support::pages::form_encoded;
use crate::support::{Answer, Api, answer, id};

/// Where the clock stands in exact runs.
pub(crate) const THEN: &str = "2025-01-01T00:00:00.000Z";

/// A running fake with its first workspace.
#[derive(Debug)]
pub(crate) struct Bed {
    pub(crate) mock: MockMembrane,
    pub(crate) ws: MockWorkspace,
}

impl Bed {
    /// The demo world.
    pub(crate) async fn start() -> Self {
        Self::of(MockMembrane::builder()).await
    }

    /// The demo world with ids and dates that repeat.
    pub(crate) async fn exact() -> Self {
        Self::of(MockMembrane::builder().rng_seed(7).manual_clock(THEN.parse().unwrap())).await
    }

    /// Nothing but the catalog, with ids and dates that repeat.
    pub(crate) async fn bare() -> Self {
        Self::of(MockMembrane::builder().empty().rng_seed(7).manual_clock(THEN.parse().unwrap())).await
    }

    pub(crate) async fn of(builder: MockMembraneBuilder) -> Self {
        let mock = builder.start().await.expect("a running fake");
        let ws = mock.workspace();
        Self { mock, ws }
    }

    pub(crate) fn tenant(&self, key: &str) -> Api {
        Api::tenant_of(&self.ws, key)
    }

    /// The tenant that has READY `github-dev` and `hubspot-prod`.
    pub(crate) fn demo(&self) -> Api {
        self.tenant("demo-tenant")
    }

    pub(crate) fn manager(&self) -> Api {
        Api::manager_of(&self.ws)
    }

    pub(crate) fn nobody(&self) -> Api {
        Api::new(self.mock.uri(), None)
    }

    /// The demo's tenant acts.
    pub(crate) async fn act(&self, body: Value) -> Answer {
        self.demo().post("/act", body).await
    }

    /// A page's form as a browser posts it.
    pub(crate) fn form(&self, page: &str, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let request = self.nobody().request(Method::POST, page).body(form_encoded(fields));
        request.header("content-type", "application/x-www-form-urlencoded")
    }

    /// Posts the page's form as a browser does.
    pub(crate) async fn submit(&self, page: &str, fields: &[(&str, &str)]) -> Answer {
        answer(self.form(page, fields)).await
    }

    /// Presses a button of a page that leads elsewhere; says where.
    pub(crate) async fn press(&self, page: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.form(page, fields).send().await.expect("an answer");
        assert_eq!(answer.status(), 303, "{}", answer.text().await.expect("a body"));
        answer.headers()["location"].to_str().expect("an address").to_owned()
    }

    /// A control call below this workspace.
    pub(crate) async fn control(&self, method: Method, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { None } else { Some(body) };
        self.nobody().call(method, &format!("/__mock/workspaces/{}{path}", self.ws.key()), body.as_ref()).await
    }

    /// Pokes a connection, which has to be allowed.
    pub(crate) async fn poke(&self, connection: &str, event: &str) -> Value {
        let path = format!("/connections/{connection}/poke");
        let (status, body) = self.control(Method::POST, &path, json!({ "event": event })).await;
        assert_eq!(status, 200, "{event}: {body:#}");
        body
    }

    /// A connection whose user has consented where one has to.
    pub(crate) async fn ready(&self, api: &Api, spec: Value) -> Value {
        let begun = api.connect(spec).await;
        if begun["state"] != "READY" {
            self.poke(&id(&begun), "authorize").await;
        }
        api.connection(&id(&begun)).await
    }

    /// The user of a connection consents at its vendor.
    pub(crate) async fn complete(&self, connection: &str) -> Value {
        let (status, done) =
            self.control(Method::POST, &format!("/connections/{connection}/complete"), Value::Null).await;
        assert_eq!((status, &done["state"]), (200, &json!("READY")), "{done}");
        done
    }

    /// An answer as a snapshot shows it, without the port.
    pub(crate) fn shown(&self, (status, body): &Answer) -> String {
        format!("{status} {body:#}").replace(self.mock.uri(), "BASE")
    }

    /// From now on what is asked for progresses so.
    pub(crate) async fn progress(&self, kind: &str, progress: Value) {
        let (status, body) = self.control(Method::PUT, "/progress", json!({ kind: progress })).await;
        assert_eq!(status, 200, "{body}");
    }

    /// What a connector's OAuth endpoints were asked.
    pub(crate) async fn vendor_requests(&self, connector: &str) -> Vec<String> {
        let journal = self.control(Method::GET, "/journal", Value::Null).await.1;
        let of_vendor =
            journal["items"].as_array().unwrap().iter().filter(|e| e["route"] == format!("{connector}/oauth"));
        of_vendor.map(|entry| entry["path"].as_str().unwrap().to_owned()).collect()
    }

    /// A manager changes the workspace.
    pub(crate) async fn change_workspace(&self, change: Value) -> Value {
        self.manager().ok(Method::PATCH, &format!("/workspaces/{}", self.ws.key()), change).await
    }

    /// The workspace's time passes; says how much has moved.
    pub(crate) async fn advance_ms(&self, ms: u64) -> usize {
        self.ws.clock().advance(Duration::from_millis(ms)).await.unwrap()
    }

    /// The same by seconds.
    pub(crate) async fn advance_secs(&self, seconds: u64) -> usize {
        self.ws.clock().advance(Duration::from_secs(seconds)).await.unwrap()
    }

    /// Makes a workspace by control.
    pub(crate) async fn create(&self, body: Value) -> Value {
        self.nobody().ok(Method::POST, "/__mock/workspaces", body).await
    }

    /// A tenant and a manager of a workspace made over HTTP.
    pub(crate) fn of_created(&self, workspace: &Value) -> (Api, Api) {
        let api = |name: &str| Api::new(self.mock.uri(), workspace[name].as_str().unwrap().to_owned());
        (api("tenantToken"), api("managerToken"))
    }
}
