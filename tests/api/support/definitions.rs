//! What a test defines: actions, flows of a few nodes, and what becomes of them.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Bed, id};

/// An action that answers with a word.
pub(crate) fn says(word: &str) -> Value {
    json!({"type": "run-javascript", "config": {"code": format!("module.exports = () => '{word}'")}})
}

/// The same under a key.
pub(crate) fn says_as(word: &str, key: &str) -> Value {
    with(json!({ "key": key }), &says(word))
}

/// Some fields and more of them.
pub(crate) fn with(mut base: Value, more: &Value) -> Value {
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}

impl Bed {
    /// Makes an action as a manager.
    pub(crate) async fn action(&self, body: Value) -> Value {
        self.manager().ok(Method::POST, "/actions", body).await
    }
}

/// A flow of one trigger and the nodes behind it.
pub(crate) fn flow(key: &str, nodes: &Value) -> Value {
    let mut all = json!({ "start": { "type": "api-trigger" } });
    for (name, node) in nodes.as_object().expect("nodes") {
        all[name] = node.clone();
    }
    json!({ "key": key, "nodes": all })
}

/// A transform of what came in.
pub(crate) fn transform(output: &Value, next: &[&str]) -> Value {
    let links: Vec<Value> = next.iter().map(|key| json!({ "key": key })).collect();
    json!({ "type": "transform-data", "config": { "output": output }, "links": links })
}

/// What a flow of this shape leads to, begun with `input` by the demo tenant on `github-dev`.
pub(crate) async fn ran(bed: &Bed, body: Value, input: Value) -> Value {
    let begun = begun(bed, body, input).await;
    bed.ws.settle().await.unwrap();
    bed.demo().ok(Method::GET, &format!("/flow-runs/{begun}"), Value::Null).await
}

pub(crate) async fn begun(bed: &Bed, body: Value, input: Value) -> String {
    let key = body["key"].as_str().unwrap().to_owned();
    bed.manager().ok(Method::POST, "/flows", body).await;
    again(bed, &key, input).await
}

pub(crate) async fn again(bed: &Bed, key: &str, input: Value) -> String {
    let path = format!("/connections/github-dev/flows/{key}/run");
    let run = bed.demo().ok(Method::POST, &path, json!({ "input": input })).await;
    assert_eq!(run["state"], "queued", "{run:#}");
    id(&run)
}

pub(crate) async fn output(bed: &Bed, run: &Value) -> Value {
    bed.demo().ok(Method::GET, &format!("/flow-runs/{}/output", id(run)), Value::Null).await
}

pub(crate) fn greeting() -> Value {
    json!({
        "start": { "type": "api-trigger", "links": [{ "key": "greet" }] },
        "greet": transform(&json!({ "text": { "$concat": ["Hello ", { "$var": "$.input.start.name" }] } }), &[]),
    })
}
