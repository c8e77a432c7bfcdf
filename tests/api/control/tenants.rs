//! What a test does for one tenant of several.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Api, Bed, message, verdict};

/// Two tenants with a connection of the same key each; the second one's is lost.
async fn two() -> Bed {
    let bed = Bed::exact().await;
    for tenant in ["ada", "bob"] {
        bed.ws.tenant(tenant).connect("github").key("code").ready().await.unwrap();
    }
    bed
}

async fn states(bed: &Bed) -> Vec<Value> {
    let mut states = Vec::new();
    for tenant in ["ada", "bob"] {
        states.push(bed.tenant(tenant).ok(Method::GET, "/connections/code", Value::Null).await["state"].clone());
    }
    states
}

#[tokio::test]
async fn tenants_are_listed_with_what_they_have_and_a_token() {
    let bed = two().await;
    bed.manager().ok(Method::POST, "/customers", json!({"name": "Eve", "internalId": "eve"})).await;
    bed.manager().ok(Method::DELETE, "/customers/eve", Value::Null).await;
    bed.tenant("bob").ok(Method::DELETE, "/connections/code", Value::Null).await;

    let (status, list) = bed.control(Method::GET, "/tenants", Value::Null).await;

    assert_eq!(status, 200);
    let of = |field: &str| list["items"].as_array().unwrap().iter().map(|it| it[field].clone()).collect::<Vec<_>>();
    assert_eq!(of("key"), ["demo-tenant", "ada", "bob", "eve"]);
    assert_eq!(of("archived"), [false, false, false, true]);
    assert_eq!(of("connections"), [2, 1, 0, 0]);
    let ada = Api::new(bed.mock.uri(), list["items"][1]["token"].as_str().unwrap().to_owned());
    assert_eq!(ada.ok(Method::GET, "/self", Value::Null).await["internalId"], "ada");
}

#[tokio::test]
async fn connections_of_all_tenants_are_listed_by_what_is_asked() {
    let bed = two().await;
    bed.control(Method::POST, "/connections/code/poke?tenant=bob", json!({"event": "loseCredentials"})).await;

    for (query, keys) in [
        ("", vec!["github-dev", "hubspot-prod", "code", "code"]),
        ("?tenant=ada", vec!["code"]),
        ("?integration=github", vec!["github-dev", "code", "code"]),
        ("?connector=hubspot", vec!["hubspot-prod"]),
        ("?state=DISCONNECTED", vec!["code"]),
        ("?state=READY&connector=github&tenant=bob", vec![]),
    ] {
        let (status, list) = bed.control(Method::GET, &format!("/connections{query}"), Value::Null).await;
        let listed: Vec<&str> =
            list["items"].as_array().unwrap().iter().map(|it| it["key"].as_str().unwrap()).collect();
        assert_eq!((status, listed), (200, keys), "{query}");
    }
    for (query, says) in [
        ("?tenant=bub", "tenant not found: `bub`; did you mean `bob`?"),
        ("?integration=nope", "integration not found"),
        ("?state=lost", "the query field `state` is `lost`: unknown variant"),
        ("?tenat=ada", "did you mean `tenant`?"),
        ("?tenant=ada&tenant=bob", "the query field `tenant` is there twice"),
    ] {
        let refused = bed.control(Method::GET, &format!("/connections{query}"), Value::Null).await;
        assert!([400, 404].contains(&refused.0) && message(&refused).contains(says), "{query}: {refused:?}");
    }
}

#[tokio::test]
async fn every_verb_of_a_connection_is_of_one_tenant_where_one_is_named() {
    let bed = two().await;

    let several = bed.control(Method::POST, "/connections/code/poke", json!({"event": "loseCredentials"})).await;
    assert!(several.0 == 400 && message(&several).contains("2 tenants have a connection `code`"), "{several:?}");
    let poked =
        bed.control(Method::POST, "/connections/code/poke?tenant=bob", json!({"event": "loseCredentials"})).await;
    assert_eq!((poked.0, &poked.1["state"]), (200, &json!("DISCONNECTED")));
    assert_eq!(states(&bed).await, ["READY", "DISCONNECTED"]);

    let again = |verb: &str| format!("/connections/code/{verb}?tenant=bob");
    for (verb, body, state) in [
        ("fail", json!({"error": "access_denied"}), "DISCONNECTED"),
        ("cancel", Value::Null, "DISCONNECTED"),
        ("complete", json!({"account": "bob@example.com"}), "READY"),
    ] {
        bed.control(Method::POST, &again("poke"), json!({"event": "reconnect"})).await;
        let (status, _) = bed.control(Method::POST, &again(verb), body).await;
        assert_eq!(status, 200, "{verb}");
        assert_eq!(states(&bed).await, ["READY", state], "{verb}");
    }

    let id = bed.tenant("ada").ok(Method::GET, "/connections/code", Value::Null).await["id"].clone();
    let of_another = format!("/connections/{}/poke?tenant=bob", id.as_str().unwrap());
    let refused = bed.control(Method::POST, &of_another, json!({"event": "loseCredentials"})).await;
    assert_eq!(verdict(&refused), "404 bad_request/not_found");
    assert_eq!(states(&bed).await, ["READY", "READY"]);
}

#[tokio::test]
async fn one_tenants_connection_is_broken_as_its_vendor_does_it() {
    let bed = two().await;
    let broken = async |by: &str, tenant: &str| {
        bed.control(Method::POST, &format!("/connections/code/break?tenant={tenant}"), json!({"by": by})).await
    };
    let acted = async |tenant: &str| {
        let call = json!({"connectionKey": "code", "api": {"method": "GET", "path": "/user"}});
        verdict(&bed.tenant(tenant).post("/act", call).await)
    };
    let token = async || bed.tenant("ada").connection_with_secrets("code").await["credentials"]["access_token"].clone();

    let first = token().await;
    assert_eq!((broken("expireCredentials", "ada").await.0, token().await), (200, first.clone()), "nobody has noticed");
    assert!(acted("ada").await.starts_with("200") && token().await != first, "it was refreshed");
    for by in ["failRefresh", "expireCredentials"] {
        broken(by, "bob").await;
    }
    assert!(acted("bob").await.starts_with("400"));
    assert_eq!(states(&bed).await, ["READY", "DISCONNECTED"]);
    assert_eq!(broken("disconnect", "ada").await.1["state"], "DISCONNECTED");

    let keyed = bed.tenant("ada").connect(json!({"connectorKey": "stripe", "connectionKey": "pay"})).await;
    let path = format!("/connections/{}/break", keyed["id"].as_str().unwrap());
    let nothing = bed.control(Method::POST, &path, json!({"by": "disconnect"})).await;
    assert!(nothing.0 == 400 && message(&nothing).contains("nothing to break"), "{nothing:?}");
    let wrong = bed.control(Method::POST, &path, json!({"by": "expire"})).await;
    assert!(wrong.0 == 400 && message(&wrong).contains("expireCredentials"), "{wrong:?}");
    let both = bed.control(Method::POST, "/connections/code/break", json!({"by": "disconnect"})).await;
    assert_eq!(both.0, 400, "several tenants have one of that key");
}

#[tokio::test]
async fn a_stub_is_for_one_tenant_and_what_an_app_got_says_for_whom() {
    let bed = two().await;
    let stub = |tenant: Value, json: Value| json!({"request": {"method": "GET", "path": "/user", "tenant": tenant}, "respond": {"json": json}});
    for made in [stub(Value::Null, json!({"for": {"$var": "$.tenant"}})), stub(json!("ada"), json!("hers alone"))] {
        assert_eq!(bed.control(Method::POST, "/upstreams/github/stubs", made).await.0, 200);
    }
    let got = async |tenant: &str| {
        let call = json!({"connectionKey": "code", "api": {"method": "GET", "path": "/user"}});
        bed.tenant(tenant).ok(Method::POST, "/act", call).await["output"].clone()
    };

    assert_eq!((got("ada").await, got("bob").await), (json!("hers alone"), json!({"for": "bob"})));
    let requests = bed.control(Method::GET, "/upstreams/github/requests", Value::Null).await.1;
    let for_whom: Vec<&Value> = requests["items"].as_array().unwrap().iter().map(|it| &it["tenant"]).collect();
    assert_eq!(for_whom, ["ada", "bob"]);
    let details = bed.control(Method::GET, "/journal?side=upstream&tenant=bob", Value::Null).await.1;
    assert_eq!(details["items"].as_array().unwrap().len(), 1);
    let headers = stub(Value::Null, json!({"$var": "$.headers"}));
    bed.control(Method::POST, "/upstreams/github/stubs", headers).await;
    assert!(!got("bob").await.to_string().contains("stub-tenant"), "an app does not see how it is told apart");
}
