//! `GET /search`: everything that has a name, as the caller's own lists show it.

use http::Method;
use serde_json::{Value, json};

use crate::support::definitions::says_as;
use crate::support::{Api, Bed, message, verdict};

/// What a search finds, as `type key`.
async fn found(api: &Api, query: &str) -> Vec<String> {
    let page = api.ok(Method::GET, &format!("/search?{query}"), Value::Null).await;
    let shown = |hit: &Value| {
        let key = hit["element"]["key"].as_str().or(hit["element"]["internalId"].as_str()).unwrap_or_default();
        format!("{} {key}", hit["elementType"].as_str().unwrap())
    };
    page["items"].as_array().unwrap().iter().map(shown).collect()
}

#[tokio::test]
async fn what_is_called_so_comes_first_in_the_order_of_types() {
    let bed = Bed::start().await;

    let github = found(&bed.demo(), "q=GitHub").await;
    let again = found(&bed.demo(), "q=GitHub").await;
    let issue = found(&bed.demo(), "q=create%20an%20issue&elementType=Action").await;

    assert_eq!(github[..4], ["integration github", "connector github", "app github", "connection github-dev"]);
    assert_eq!(github, again);
    assert_eq!(issue[0], "action create-issue", "{issue:?}");
    assert!(found(&bed.demo(), "q=zzzz").await.is_empty());
}

#[tokio::test]
async fn nobody_finds_what_their_lists_do_not_show() {
    let bed = Bed::start().await;
    let at_connection =
        crate::support::definitions::with(says_as("hi", "greet"), &json!({"connectionKey": "github-dev"}));
    let manager = bed.bearing(&json!({"workspaceKey": bed.ws.key(), "tenantKey": "demo-tenant", "isAdmin": true}));
    manager.ok(Method::POST, "/actions", at_connection).await;
    bed.action(says_as("hi", "greet")).await;
    bed.action(says_as("hi", "greet-gone")).await;
    bed.manager().delete("/actions/greet-gone").await;
    bed.tenant("greet-tenant").ok(Method::GET, "/self", Value::Null).await;

    assert_eq!(found(&bed.demo(), "q=greet").await, ["action greet", "action-instance greet"]);
    assert_eq!(found(&bed.tenant("acme"), "q=greet").await, ["action greet"]);
    assert_eq!(found(&bed.manager(), "q=greet&elementType=tenant").await, ["customer greet-tenant"]);
    assert_eq!(found(&bed.demo(), "q=greet&elementType=action-instance").await, ["action-instance greet"]);
    assert!(found(&bed.tenant("acme"), "q=github-dev&elementType=connection").await.is_empty());
    let shown = bed.demo().ok(Method::GET, "/search?q=greet", Value::Null).await;
    let listed = bed.demo().items("/actions?search=greet").await;
    assert_eq!(shown["items"][0]["element"], listed[1], "as its list shows it");
}

#[tokio::test]
async fn pages_in_turn_are_the_whole_and_the_semantic_one_is_bare() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let whole = found(&demo, "q=list").await;

    let (mut pages, mut cursor) = (Vec::new(), "0".to_owned());
    loop {
        let page = demo.ok(Method::GET, &format!("/search?q=list&limit=2&cursor={cursor}"), Value::Null).await;
        pages.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["cursor"].as_str() else { break };
        next.clone_into(&mut cursor);
    }
    let bare = demo.ok(Method::GET, "/semantic-search?q=list&limit=100", Value::Null).await;

    assert!(whole.len() > 4, "{whole:?}");
    assert_eq!(pages.len(), whole.len());
    assert_eq!(bare, Value::Array(pages));
}

#[tokio::test]
async fn a_search_that_cannot_be_says_why() {
    let bed = Bed::start().await;
    let long = "x".repeat(201);
    for (query, is, says) in [
        ("", "400 bad_request/-", "`q` is missing"),
        ("q=%20", "400 bad_request/-", "`q` is missing"),
        (&*format!("q={long}"), "400 bad_request/-", "at most 200 characters"),
        ("q=x&limit=101", "400 bad_request/-", "from 1 to 100"),
        ("q=x&elementType=conection", "400 bad_request/-", "did you mean `connection`?"),
        ("q=x&elementType=flow-run", "501 internal/-", "does not fake searching for `flow-run`"),
        ("q=x&elementType=customer", "403 bad_request/access_denied", "only a manager token"),
    ] {
        let answer = bed.demo().get(&format!("/search?{query}")).await;
        assert_eq!(verdict(&answer), is, "{query}: {answer:?}");
        assert!(message(&answer).contains(says), "{query}: {}", message(&answer));
    }
}

#[tokio::test]
async fn the_catalogs_actions_are_found_where_lists_span_it() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let query = "q=send%20an%20email&elementType=action";
    let before = found(&demo, query).await;
    let space = format!("/workspaces/{}", bed.ws.key());
    bed.manager().ok(Method::PATCH, &space, json!({"settings": {"useMembraneUniverse": true}})).await;

    let after = found(&demo, query).await;

    assert!(after.len() > before.len(), "{before:?} {after:?}");
}
