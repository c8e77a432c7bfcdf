//! Calls that leave their mark in the journal, and what it says of them.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Bed};

/// Creates an issue, which is one call of the API and one of the app.
pub(crate) async fn issue(bed: &Bed, title: &str) {
    let input = json!({"repo": "acme/app", "title": title, "labels": ["a", "b"], "body": title.to_uppercase()});
    let made = bed.act(json!({"key": "create-issue", "connectionKey": "github-dev", "input": input})).await;
    assert_eq!(made.0, 200, "{made:?}");
}

/// Any call of the external app.
pub(crate) async fn send(bed: &Bed, api: Value) -> Answer {
    bed.act(json!({"api": api, "connectionKey": "github-dev"})).await
}

pub(crate) async fn verify(bed: &Bed, expectation: Value) -> Value {
    let said = expectation.to_string();
    let (status, verdict) = bed.control(Method::POST, "/journal/verify", expectation).await;
    assert_eq!(status, 200, "{said}: {verdict:#}");
    verdict
}

pub(crate) async fn journal(bed: &Bed, query: &str) -> Value {
    let (status, journal) = bed.control(Method::GET, &format!("/journal{query}"), Value::Null).await;
    assert_eq!(status, 200, "{journal:#}");
    journal
}
