//! Rules of faults as a test adds them, and calls that one has broken.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Api, Bed, verdict};

/// What a broken call is answered here: nothing else answers so.
const BROKEN: &str = "400 concurrency/lock_timeout";

/// A rule that breaks what matches `rest` in a way of its own, under the name `picked`.
pub(crate) fn breaking(rest: Value) -> Value {
    let mut rule = json!({"name": "picked", "fault": {"error": {"type": "concurrency", "key": "lock_timeout"}}});
    if let Value::Object(rest) = rest {
        rule.as_object_mut().unwrap().extend(rest);
    }
    rule
}

/// Adds a rule and answers it as the control API does.
pub(crate) async fn add(bed: &Bed, rule: Value) -> Value {
    let (status, added) = bed.control(Method::POST, "/faults", rule).await;
    assert_eq!(status, 200, "{added:#}");
    added
}

/// The rules that stand, in their order.
pub(crate) async fn listed(bed: &Bed) -> Vec<Value> {
    bed.control(Method::GET, "/faults", Value::Null).await.1["items"].as_array().expect("a list").clone()
}

/// Whether a call, `GET /path`, was broken by the rule of [`breaking`]. A body of null is none.
pub(crate) async fn is_broken(api: &Api, call: &str, body: &Value) -> bool {
    let (method, path) = call.split_once(' ').unwrap();
    let body = (!body.is_null()).then_some(body);
    verdict(&api.call(method.parse().unwrap(), path, body).await) == BROKEN
}
