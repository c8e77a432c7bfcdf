//! A client of the fake: who calls what, and what is answered.

use http::Method;
use serde_json::Value;

use crate::support::{GUARD, contracts};

/// Status and body; the body is JSON, else text, else null.
pub(crate) type Answer = (u16, Value);

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
        let request = self.request(method.clone(), path);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = answer(request).await;
        contracts::check(&method, path, &answer).await;
        answer
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

    /// What a connection begins with, or all of it.
    pub(crate) async fn connect(&self, spec: Value) -> Value {
        self.ok(Method::POST, "/connect", spec).await
    }

    /// A connection as it stands.
    pub(crate) async fn connection(&self, selector: &str) -> Value {
        self.ok(Method::GET, &format!("/connections/{selector}"), Value::Null).await
    }

    /// The same with its credentials.
    pub(crate) async fn connection_with_secrets(&self, selector: &str) -> Value {
        self.connection(&format!("{selector}?includeSecrets=1")).await
    }

    /// The state of a connection.
    pub(crate) async fn state(&self, selector: &str) -> Value {
        self.connection(selector).await["state"].clone()
    }

    /// The keys of the connections that a query of their list leaves.
    pub(crate) async fn connection_keys(&self, query: &str) -> Vec<String> {
        self.each(&format!("/connections{query}"), "key").await
    }

    /// The log of an answer's run, with its details.
    pub(crate) async fn run_details(&self, answer: &Value) -> Value {
        let run = answer["actionRunId"].as_str().expect("a run");
        self.ok(Method::GET, &format!("/action-run-logs/{run}/details"), Value::Null).await
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

/// What a stream says next.
pub(crate) async fn next_event(stream: &mut reqwest::Response) -> Value {
    let mut said = String::new();
    loop {
        let chunk = tokio::time::timeout(GUARD, stream.chunk()).await.expect("an event in time");
        let chunk = chunk.expect("a stream").expect("that goes on");
        said.push_str(std::str::from_utf8(&chunk).expect("text"));
        if said.ends_with("\n\n")
            && let Some(data) = said.lines().find_map(|line| line.strip_prefix("data: "))
        {
            return serde_json::from_str(data).expect("JSON");
        }
    }
}
