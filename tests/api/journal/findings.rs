//! What the journal finds that deserves a look.

use http::Method;
use serde_json::{Value, json};

use crate::support::journal::{journal, send};
use crate::support::{Api, Bed};

#[tokio::test]
async fn what_deserves_a_look_is_told_once_with_how_often() {
    let bed = Bed::start().await;
    assert_eq!(journal(&bed, "").await["findings"], json!([]));
    let token = bed.ws.tenant("demo-tenant").token();
    bed.nobody().get(&format!("/self?token={token}")).await;
    bed.poke("github-dev", "loseCredentials").await;
    send(&bed, json!({"method": "GET", "path": "/user"})).await;
    bed.demo().get("/connections/github-dev/proxy/user").await;

    let findings = journal(&bed, "?side=upstream").await["findings"].clone();

    let told: Vec<(&str, u64)> = findings
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["what"].as_str().unwrap(), finding["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        told,
        [("the token is in the query string", 1), ("the call went to a connection that is disconnected", 2)],
        "a filter hides calls and no findings"
    );
    assert_eq!(findings[1]["firstSeq"], 2);
    assert!(!findings.to_string().contains(&token));
}

#[tokio::test]
async fn what_nobody_reads_is_a_finding() {
    let bed = Bed::start().await;
    let found = async |bed: &Bed| -> Vec<String> {
        let findings = journal(bed, "").await["findings"].clone();
        let told = findings.as_array().unwrap().iter().map(|finding| finding["what"].as_str().unwrap().to_owned());
        told.collect()
    };
    bed.demo().items("/connections?limit=5&integrationKey=github&search=g").await;
    bed.demo().get("/connections/github-dev/proxy/user?whatever=1").await;
    bed.demo().ok(Method::PATCH, "/connections/github-dev", json!({"name": "Mine"})).await;
    let record = bed.demo().ok(Method::GET, "/connections/github-dev", Value::Null).await;
    bed.demo().ok(Method::PUT, "/connections/github-dev", record).await;
    // What the official clients send by habit tells nobody of a mistake.
    bed.demo().items("/connections?hash=12&cacheKey=a&limit=5").await;
    bed.demo().get("/integrations/github?includeSecrets=false&autoUpdate=true&nodeKey=n&userId=u").await;
    assert_eq!(found(&bed).await, [""; 0], "all of it means something, or is a record that is sent back");

    bed.demo().items("/connections?sort=name&sort=key").await;
    bed.demo().ok(Method::PATCH, "/connections/github-dev", json!({"colour": "red", "name": "Mine"})).await;
    bed.demo().get("/connections/no-such-connection?color=red").await;

    assert_eq!(
        found(&bed).await,
        ["the query key `sort` is not known to this route", "the field `colour` is not known to this route",],
        "a call that failed may not have been read to its end"
    );
    let entries = journal(&bed, "").await["items"].clone();
    let warned = entries.as_array().unwrap().iter().filter(|entry| entry.get("warnings").is_some()).count();
    assert_eq!(warned, 2);
}

#[tokio::test]
async fn pages_that_nobody_read_are_a_finding() {
    let bed = Bed::start().await;
    let unread = async || -> Vec<Value> {
        let findings = journal(&bed, "").await["findings"].as_array().unwrap().clone();
        findings.into_iter().filter(|finding| finding["what"].as_str().unwrap().contains("more pages")).collect()
    };

    let first = bed.demo().ok(Method::GET, "/connections?limit=1", Value::Null).await;
    let found = unread().await;
    assert_eq!((found.len(), &found[0]["count"], &found[0]["firstSeq"]), (1, &json!(1), &json!(1)));

    let next = format!("/connections?limit=1&cursor={}", first["cursor"].as_str().unwrap());
    let last = bed.demo().ok(Method::GET, &next, Value::Null).await;
    assert_eq!((last.get("cursor"), unread().await), (None, vec![]), "it was read to its end");

    bed.demo().items("/connections?limit=1").await;
    assert_eq!(unread().await.len(), 1, "begun again, and not read on");
    assert_eq!(bed.demo().items("/connections").await.len(), 2);
}

#[tokio::test]
async fn polling_without_a_pause_is_a_finding() {
    let bed = Bed::start().await;
    let found = async |bed: &Bed| journal(bed, "").await["findings"].to_string();
    for _ in 0..9 {
        bed.demo().get("/connections/github-dev").await;
        bed.ws.clock().advance(std::time::Duration::from_millis(100)).await.unwrap();
    }
    let nine = found(&bed).await;
    for _ in 0..20 {
        bed.demo().get("/connections/hubspot-prod?wait=true").await;
        bed.ws.clock().advance(std::time::Duration::from_millis(100)).await.unwrap();
    }
    let waiting = found(&bed).await;
    bed.demo().get("/connections/github-dev").await;
    for _ in 0..12 {
        bed.demo().get("/connections/github-dev").await;
        bed.ws.clock().advance(std::time::Duration::from_millis(100)).await.unwrap();
    }
    let polled = found(&bed).await;

    assert_eq!((nine.as_str(), waiting.as_str()), ("[]", "[]"));
    assert!(polled.contains("read ten times in a row"), "{polled}");
}

#[tokio::test]
async fn a_claim_of_the_wrong_type_says_nothing_and_is_a_finding() {
    let bed = Bed::start().await;
    let key = bed.ws.key();
    let wrong =
        json!({"workspaceKey": key, "tenantKey": "acme", "name": 7, "fields": "{\"plan\": \"pro\"}", "isAdmin": "yes"});
    let right =
        json!({"workspaceKey": key, "tenantKey": "acme", "name": null, "fields": {"plan": "pro"}, "isAdmin": "0"});

    let told = async |claims: &Value| {
        let own = Api::bearing(&bed.ws, claims).ok(Method::GET, "/self", Value::Null).await;
        let warnings = bed.ws.journal().last().unwrap().warnings.clone();
        (own["name"].clone(), own["fields"].clone(), warnings)
    };

    let (name, fields, warnings) = told(&wrong).await;
    assert_eq!((name, fields), (json!("acme"), Value::Null));
    assert_eq!(
        warnings,
        [
            "the token's claim `name` is not text, so it says nothing",
            "the token's claim `fields` is not an object, so it says nothing",
            "the token's claim `isAdmin` is not `true` or `false`, so it says nothing",
        ]
    );
    assert_eq!(told(&right).await, (json!("acme"), json!({"plan": "pro"}), Vec::<String>::new()));
}
