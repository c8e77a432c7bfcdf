//! A running fake and a client for it: no more than a test needs to say who calls what.

use std::time::Duration;

use http::Method;
use membrane_mock::testing::{MockMembrane, MockMembraneBuilder, MockWorkspace};
use serde_json::{Value, json};

/// Status and body; the body is JSON, else text, else null.
pub(crate) type Answer = (u16, Value);

/// A guard against hanging, far beyond what anything takes.
pub(crate) const GUARD: Duration = Duration::from_secs(30);

/// Where the clock stands in exact runs.
pub(crate) const THEN: &str = "2025-01-01T00:00:00.000Z";

/// A caller: an address and perhaps a token.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    base: String,
    token: Option<String>,
    http: reqwest::Client,
}

impl Api {
    pub(crate) fn new(base: &str, token: impl Into<Option<String>>) -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self { base: base.to_owned(), token: token.into(), http: http.build().unwrap() }
    }

    /// A request to be furnished by hand.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        answer(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(&body)).await
    }

    /// The body of a call that has to succeed.
    pub(crate) async fn ok(&self, method: Method, path: &str, body: Value) -> Value {
        let body = if body.is_null() { None } else { Some(body) };
        let (status, answer) = self.call(method.clone(), path, body.as_ref()).await;
        assert!((200..300).contains(&status), "{method} {path} answered {status}: {answer:#}");
        answer
    }

    /// The items of a list.
    pub(crate) async fn items(&self, path: &str) -> Vec<Value> {
        let list = self.ok(Method::GET, path, Value::Null).await;
        list["items"].as_array().expect("a list").clone()
    }

    /// One field of each item of a list.
    pub(crate) async fn each(&self, path: &str, field: &str) -> Vec<String> {
        self.items(path).await.iter().map(|item| item[field].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// Sends a request and reads its answer whole.
pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = tokio::time::timeout(GUARD, request.send()).await.expect("an answer in time").expect("an answer");
    let status = response.status().as_u16();
    let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    if content_type.is_some_and(|content_type| content_type.starts_with("text/event-stream")) {
        // It never ends.
        return (status, Value::Null);
    }
    let bytes = response.bytes().await.expect("a whole answer");
    let body = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()))
    };
    (status, body)
}

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
        Api::new(self.mock.uri(), self.ws.tenant(key).token())
    }

    /// The tenant that has READY `github-dev` and `hubspot-prod`.
    pub(crate) fn demo(&self) -> Api {
        self.tenant("demo-tenant")
    }

    pub(crate) fn manager(&self) -> Api {
        Api::new(self.mock.uri(), self.ws.manager_token())
    }

    pub(crate) fn nobody(&self) -> Api {
        Api::new(self.mock.uri(), None)
    }

    /// A page's form as a browser posts it.
    pub(crate) fn form(&self, page: &str, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.nobody().request(Method::POST, page).body(form);
        request.header("content-type", "application/x-www-form-urlencoded")
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

    /// An answer as a snapshot shows it, without the port.
    pub(crate) fn shown(&self, (status, body): &Answer) -> String {
        format!("{status} {body:#}").replace(self.mock.uri(), "BASE")
    }
}

/// The id of an element.
pub(crate) fn id(element: &Value) -> String {
    element["id"].as_str().expect("an id").to_owned()
}

/// `type/key` of an error with its status: what a client branches on.
pub(crate) fn verdict((status, body): &Answer) -> String {
    let text = |field: &str| body[field].as_str().unwrap_or("-").to_owned();
    format!("{status} {}/{}", text("type"), text("key"))
}

/// What an error says.
pub(crate) fn message((_, body): &Answer) -> &str {
    body["message"].as_str().unwrap_or_default()
}
