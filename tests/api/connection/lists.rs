//! Lists of connections: filters, pages, limits.

use http::Method;
use serde_json::{Value, json};

use crate::support::Bed;

#[tokio::test]
async fn every_filter_of_the_list_narrows_it() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    bed.ready(&demo, json!({"connectorKey": "stripe", "connectionKey": "pay", "name": "Our Payments"})).await;
    bed.poke("hubspot-prod", "loseCredentials").await;
    let github = demo.ok(Method::GET, "/connections/github-dev", Value::Null).await;
    let of = |field: &str| github[field].as_str().unwrap().to_owned();
    let tenant = of("tenantId");
    let connector = demo.ok(Method::GET, "/connectors/github", Value::Null).await;
    let version = connector["version"].as_str().unwrap();

    for (query, expected) in [
        (String::new(), vec!["github-dev", "hubspot-prod", "pay"]),
        (format!("?integrationId={}", of("integrationId")), vec!["github-dev"]),
        ("?integrationKey=github".into(), vec!["github-dev"]),
        ("?integrationKey=slack".into(), vec![]),
        ("?integrationKey=nope".into(), vec![]),
        (format!("?connectorId={}", of("connectorId")), vec!["github-dev"]),
        (format!("?externalAppId={}", of("externalAppId")), vec!["github-dev"]),
        (format!("?connectorVersion={version}"), vec!["github-dev", "hubspot-prod", "pay"]),
        ("?connectorVersion=9.9.9".into(), vec![]),
        ("?connected=true".into(), vec!["github-dev", "pay"]),
        ("?connected=0".into(), vec!["hubspot-prod"]),
        ("?disconnected=TRUE".into(), vec!["hubspot-prod"]),
        ("?disconnected=false".into(), vec!["github-dev", "pay"]),
        ("?isTest=true".into(), vec![]),
        ("?isTest=0".into(), vec!["github-dev", "hubspot-prod", "pay"]),
        ("?search=HUB".into(), vec!["github-dev", "hubspot-prod"]),
        ("?search=our+pay".into(), vec!["pay"]),
        ("?search=our%20pay".into(), vec!["pay"]),
        (format!("?tenantId={tenant}"), vec!["github-dev", "hubspot-prod", "pay"]),
        ("?userId=demo-tenant".into(), vec!["github-dev", "hubspot-prod", "pay"]),
        ("?userId=someone".into(), vec![]),
        ("?unheard=of&integrationKey=github".into(), vec!["github-dev"]),
    ] {
        assert_eq!(demo.connection_keys(&query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn a_manager_lists_all_tenants_and_filters_by_id_or_key() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    let own = bed.ready(&acme, json!({"connectorKey": "slack", "connectionKey": "chat"})).await;
    let manager = bed.manager();

    assert_eq!(manager.connection_keys("").await, ["github-dev", "hubspot-prod", "chat"]);
    assert_eq!(manager.connection_keys("?userId=acme").await, ["chat"]);
    assert_eq!(manager.connection_keys(&format!("?tenantId={}", own["userId"].as_str().unwrap())).await, ["chat"]);
    assert_eq!(own["userId"], own["tenantId"]);
    assert_eq!(own["user"]["internalId"], "acme");
}

#[tokio::test]
async fn archiving_between_two_pages_skips_nothing() {
    let bed = Bed::start().await;
    let acme = bed.tenant("acme");
    for key in ["a", "b", "c", "d", "e"] {
        bed.ready(&acme, json!({"connectorKey": "slack", "connectionKey": key})).await;
    }

    let first = acme.ok(Method::GET, "/connections?limit=2&cursor=0", Value::Null).await;
    acme.ok(Method::DELETE, "/connections/a", Value::Null).await;
    acme.ok(Method::DELETE, "/connections/b", Value::Null).await;
    let cursor = first["cursor"].as_str().unwrap();
    let second = acme.ok(Method::GET, &format!("/connections?limit=2&cursor={cursor}"), Value::Null).await;
    let cursor = second["cursor"].as_str().unwrap();
    let last = acme.ok(Method::GET, &format!("/connections?limit=2&cursor={cursor}"), Value::Null).await;

    let page = |list: &Value| -> Vec<String> {
        list["items"].as_array().unwrap().iter().map(|c| c["key"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (page(&first), page(&second), page(&last)),
        (vec!["a".into(), "b".into()], vec!["c".into(), "d".into()], vec!["e".into()])
    );
    assert!(last.get("cursor").is_none(), "{last}");
}

#[tokio::test]
async fn a_full_last_page_has_no_cursor() {
    let bed = Bed::start().await;

    let list = bed.demo().ok(Method::GET, "/connections?limit=2", Value::Null).await;

    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert!(list.get("cursor").is_none(), "{list}");
}

#[tokio::test]
async fn limit_and_cursor_that_make_no_sense_are_400() {
    let bed = Bed::start().await;

    for query in ["limit=0", "limit=1001", "limit=ten", "limit=-1", "cursor=later"] {
        assert_eq!(bed.demo().get(&format!("/connections?{query}")).await.0, 400, "{query}");
    }
    assert_eq!(bed.demo().get("/connections?limit=1000&cursor=0").await.0, 200);
    assert_eq!(bed.demo().get("/connections?limit=&cursor=").await.0, 200, "blank counts as absent");
}
