//! Which calls a rule is about: however they are made, on either side.

use http::Method;
use membrane_mock::testing::{Fault, any_call, upstream};
use serde_json::{Value, json};

use crate::support::faults::{add, breaking, is_broken};
use crate::support::pages::page_of;
use crate::support::{Bed, answer, contacts, id, user};

/// Checks which of some calls a rule is about.
async fn picks(bed: &Bed, on: Value, broken: &[(&str, Value)], spared: &[(&str, Value)]) {
    let said = on.to_string();
    add(bed, breaking(json!({"on": on}))).await;
    let api = bed.demo();
    for (call, body) in broken {
        assert!(is_broken(&api, call, body).await, "{said} is about {call} {body}");
    }
    for (call, body) in spared {
        assert!(!is_broken(&api, call, body).await, "{said} is not about {call} {body}");
    }
    let (_, removed) = bed.control(Method::DELETE, "/faults/picked", Value::Null).await;
    assert_eq!(removed["fired"], broken.len(), "{said}");
}

fn none(calls: &[&'static str]) -> Vec<(&'static str, Value)> {
    calls.iter().map(|call| (*call, Value::Null)).collect()
}

#[tokio::test]
async fn a_rule_is_about_an_operation_however_it_is_called() {
    let bed = Bed::start().await;
    let github = id(&bed.demo().ok(Method::GET, "/connections/github-dev", Value::Null).await);
    let slack = || json!({"integrationKey": "slack"});
    let reconnect = format!("POST /connections/{github}/reconnect");
    let run = "POST /connections/github-dev/actions/list-repositories/run";

    picks(&bed, json!({"operation": "act"}), &[("POST /act", user()), (run, json!({}))], &none(&["GET /connections"]))
        .await;
    let connects =
        [("POST /connect", slack()), ("POST /connection-requests", slack()), ("POST /connections/ensure", slack())];
    picks(&bed, json!({"operation": "connect"}), &connects, &[("POST /act", user())]).await;
    picks(&bed, json!({"operation": "connect"}), &[(reconnect.as_str(), json!({}))], &none(&["GET /connections"]))
        .await;
    let through = none(&["GET /connections/github-dev/proxy/user", "POST /connections/github-dev/proxy/markdown"]);
    picks(&bed, json!({"operation": "proxy"}), &through, &none(&["GET /connections/github-dev"])).await;
    let refreshes = none(&["POST /connections/github-dev/refresh", "POST /connections/github-dev/refresh-credentials"]);
    picks(&bed, json!({"operation": "refresh"}), &refreshes, &none(&["GET /connections/github-dev"])).await;
}

#[tokio::test]
async fn a_rule_is_about_a_route_a_method_and_a_path() {
    let bed = Bed::start().await;
    let one = "GET /connections/github-dev";

    picks(&bed, json!({"route": "GET /connections/{any}"}), &none(&[one]), &none(&["GET /connections"])).await;
    picks(&bed, json!({"method": "get"}), &none(&[one, "GET /self"]), &[("POST /act", user())]).await;
    picks(&bed, json!({"path": "/self"}), &none(&["GET /self", "GET /self?x=1"]), &none(&["GET /selfless"])).await;
    let starred = none(&[one, "GET /connections/github-dev/proxy/user"]);
    picks(&bed, json!({"path": "/connections/*"}), &starred, &none(&["GET /connections", "GET /integrations"])).await;
    picks(&bed, json!({"path": "*/proxy/*"}), &starred[1..], &starred[..1]).await;
    let both = json!({"method": "GET", "path": "/conn*s"});
    picks(&bed, both, &none(&["GET /connections"]), &[("POST /connections", json!({})), (one, Value::Null)]).await;
    picks(&bed, json!({}), &none(&[one, "GET /integrations"]), &[]).await;
}

#[tokio::test]
async fn a_rule_is_about_a_tenant() {
    let bed = Bed::start().await;
    let rule = bed.ws.fault(Fault::on(any_call().tenant("acme")).named("of acme").close()).await;

    let other = bed.demo().get("/self").await;
    let manager = bed.manager().get("/self").await;
    let acme = bed.tenant("acme").request(Method::GET, "/self").send().await;

    assert_eq!((other.0, manager.0), (200, 200));
    assert!(acme.is_err(), "{acme:?}");
    assert_eq!(rule.fired(), 1);
}

#[tokio::test]
async fn a_rule_is_about_an_integration_or_a_connection_by_id_or_key() {
    let bed = Bed::start().await;
    let connection = bed.demo().ok(Method::GET, "/connections/github-dev", Value::Null).await;
    let (github, integration) = (id(&connection), connection["integrationId"].as_str().unwrap().to_owned());
    let by_id = json!({"api": {"method": "GET", "path": "/user"}, "connectionId": github});
    let by_integration = json!({"api": {"method": "GET", "path": "/user"}, "integrationKey": "github"});
    let others = [("POST /act", contacts()), ("GET /connections/hubspot-prod", Value::Null)];

    for selector in [github.as_str(), "github-dev"] {
        let about = [
            ("POST /act", user()),
            ("POST /act", by_id.clone()),
            ("GET /connections/github-dev", Value::Null),
            ("GET /connections/github-dev/proxy/user", Value::Null),
            ("POST /connections/github-dev/actions/list-repositories/run", json!({})),
        ];
        picks(&bed, json!({"connection": selector}), &about, &others).await;
    }
    for selector in [integration.as_str(), "github"] {
        let about = [
            ("POST /act", user()),
            ("POST /act", by_integration.clone()),
            ("POST /connect", json!({"integrationKey": "github"})),
            ("GET /connections?integrationKey=github", Value::Null),
        ];
        picks(&bed, json!({"integration": selector}), &about, &others).await;
    }
}

#[tokio::test]
async fn a_rule_is_about_an_integration_that_a_path_names() {
    let bed = Bed::start().await;
    let about = none(&["GET /integrations/github", "GET /integrations/github/actions"]);

    picks(&bed, json!({"integration": "github"}), &about, &none(&["GET /integrations/slack"])).await;
}

/// `create-issue` of GitHub under all its names, and a call that is not about it.
async fn issues(bed: &Bed) -> (String, Vec<(String, Value)>) {
    let actions = bed.manager().items("/integrations/github/actions").await;
    let action = id(actions.iter().find(|action| action["key"] == "create-issue").expect("it is in the demo"));
    let input = json!({"repo": "acme/app", "title": "t"});
    let calls = vec![
        ("POST /act".to_owned(), json!({"key": "create-issue", "connectionKey": "github-dev", "input": input})),
        ("POST /act".to_owned(), json!({"key": "github.create-issue", "input": input})),
        ("POST /act".to_owned(), json!({"id": action, "connectionKey": "github-dev", "input": input})),
        (format!("POST /actions/{action}/run?connectionKey=github-dev"), json!({"input": input})),
        ("POST /connections/github-dev/actions/create-issue/run".to_owned(), input),
    ];
    (action, calls)
}

#[tokio::test]
async fn a_rule_by_the_key_of_an_action_is_about_its_runs_however_it_is_named() {
    let bed = Bed::start().await;
    let (_, calls) = issues(&bed).await;
    let calls: Vec<(&str, Value)> = calls.iter().map(|(call, body)| (call.as_str(), body.clone())).collect();

    picks(&bed, json!({"action": "create-issue"}), &calls, &[("POST /act", user())]).await;
}

#[tokio::test]
async fn a_rule_by_the_id_of_an_action_is_about_its_runs_however_it_is_named() {
    let bed = Bed::start().await;
    let (action, calls) = issues(&bed).await;
    let calls: Vec<(&str, Value)> = calls.iter().map(|(call, body)| (call.as_str(), body.clone())).collect();

    picks(&bed, json!({"action": action}), &calls, &[("POST /act", user())]).await;
}

#[tokio::test]
async fn a_dotted_action_names_its_integration_too() {
    let bed = Bed::start().await;
    let dotted = [("POST /act", json!({"key": "hubspot.list-contacts"}))];

    picks(&bed, json!({"action": "hubspot.list-contacts"}), &dotted, &[("POST /act", user())]).await;
    picks(&bed, json!({"action": "list-contacts", "integration": "hubspot"}), &dotted, &[("POST /act", user())]).await;
    picks(&bed, json!({"connection": "hubspot-prod"}), &dotted, &[("POST /act", user())]).await;
}

#[tokio::test]
async fn a_rule_of_the_apps_side_is_about_what_is_sent_to_it_and_to_its_vendor() {
    let bed = Bed::start().await;
    let api = bed.demo();
    let app = bed.ws.fault(Fault::on(upstream("github").method("get").path("/us*")).respond(503, json!({}))).await;
    let vendor = bed.ws.fault(Fault::on(upstream("github").path("/oauth/token")).respond(503, json!({}))).await;
    let other = bed.ws.fault(Fault::on(upstream("hubspot")).close()).await.may_not_fire();
    let elsewhere = Fault::on(upstream("github").connection("hubspot-prod").tenant("demo-tenant")).close();
    let elsewhere = bed.ws.fault(elsewhere).await.may_not_fire();

    let called = api.post("/act", user()).await;
    let proxied = api.get("/connections/github-dev/proxy/users").await;
    let spared = api.get("/connections/github-dev/proxy/repos/acme/app/issues").await;
    let refreshed = api.call(Method::POST, "/connections/github-dev/refresh", None).await;

    assert_eq!((called.0, &called.1["data"]["response"]["status"]), (400, &json!(503)), "{called:?}");
    assert_eq!((proxied.0, spared.0, refreshed.0), (503, 200, 400));
    assert_eq!([app.fired(), vendor.fired(), other.fired(), elsewhere.fired()], [2, 1, 0, 0]);
}

#[tokio::test]
async fn pages_meet_faults_too() {
    let bed = Bed::exact().await;
    let begun =
        bed.demo().ok(Method::POST, "/connect", json!({"connectorKey": "slack", "connectionKey": "team"})).await;
    let page = page_of(&begun);
    let error = |on: Value, message: &str| json!({"on": on, "times": 1, "fault": {"error": {"type": "internal", "message": message}}});
    let look =
        async |address: &str| answer(bed.nobody().request(Method::GET, address).header("accept", "text/html")).await;
    let rules = json!([
        error(json!({"route": "GET /connect/{ticket}", "connection": "team"}), "first"),
        error(json!({"connector": "slack", "path": "/oauth/authorize"}), "second"),
        error(json!({"route": "GET /oauth-callback", "tenant": "demo-tenant"}), "third"),
        error(json!({"route": "GET /connect/{ticket}", "connection": "github-dev"}), "never"),
    ]);
    assert_eq!(bed.control(Method::POST, "/faults", rules).await.0, 200);

    let first = look(&page).await;
    let to_vendor = bed.press(&page, &[("action", "connect")]).await;
    let second = look(&to_vendor).await;
    let back = bed.press(&to_vendor, &[("action", "allow")]).await;
    let third = look(&back).await;
    let done = look(&back).await;

    for (page, says) in [(&first, "First."), (&second, "Second."), (&third, "Third.")] {
        let text = page.1.as_str().unwrap();
        assert!(page.0 == 500 && text.contains("<main") && text.contains(says), "{says}: {page:?}");
    }
    assert!(done.1.as_str().unwrap().contains("newConnectionCreated"), "{done:?}");
    let story = bed.control(Method::GET, "/faults/story", Value::Null).await.1;
    let calls: Vec<&Value> = story["fired"].as_array().unwrap().iter().map(|firing| &firing["call"]).collect();
    assert_eq!(calls, ["GET /connect/***", "GET /oauth/authorize", "GET /oauth-callback"], "no ticket is told");
    let entries = bed.control(Method::GET, "/journal", Value::Null).await.1;
    let of_pages = entries["items"].as_array().unwrap().iter().filter(|entry| entry["route"] == "/oauth-callback");
    let of_pages: Vec<_> =
        of_pages.map(|entry| (&entry["status"], &entry["connection"][1], &entry["tenant"])).collect();
    let of_team = |status: i32| (json!(status), json!("team"), json!("demo-tenant"));
    let (failed, fine) = (of_team(500), of_team(200));
    assert_eq!(of_pages, [(&failed.0, &failed.1, &failed.2), (&fine.0, &fine.1, &fine.2)]);
}

#[tokio::test]
async fn a_call_that_fails_is_about_what_it_names() {
    let bed = Bed::start().await;
    let misspelt = json!({"key": "list-repositories", "connectionKey": "github-dev", "inputs": {}});
    let unknown = json!({"key": "no-such-action", "connectionKey": "github-dev"});
    let elsewhere = json!({"key": "list-contacts", "connectionKey": "hubspot-prod", "inputs": {}});

    picks(
        &bed,
        json!({"operation": "act", "connection": "github-dev"}),
        &[("POST /act", misspelt), ("POST /act", unknown)],
        &[("POST /act", elsewhere)],
    )
    .await;
    // What is not faked is about an integration too.
    picks(
        &bed,
        json!({"integration": "github"}),
        &none(&["GET /integrations/github/data", "GET /integrations/github"]),
        &none(&["GET /integrations/hubspot/data"]),
    )
    .await;
}
