//! Coverage of test control: each of its routes is called well, wrongly and without its token.

use http::Method;
use membrane_mock::call::router::Route;
use membrane_mock::testing::{MockMembrane, MockWorkspace};
use serde_json::{Value, json};

use crate::support::routes::{differs, filled, method_of, named};
use crate::support::{Api, Bed, answer, id, message, verdict};

fn stub() -> Value {
    json!({"request": {"method": "GET", "path": "/user"}, "respond": {"json": "mine"}})
}

/// What a good call to the route sends; null where nothing is read.
fn good_body(route: &Route) -> Value {
    let below = route.path.trim_start_matches("/__mock");
    match (method_of(route).as_str(), below) {
        ("POST", "/workspaces") => json!({}),
        ("PATCH", "/workspaces/{key}") => json!({"settings": {"useMembraneUniverse": true}}),
        ("PUT", "/workspaces/{key}/clock") => json!({"mode": "2030-01-01T00:00:00Z"}),
        ("POST", "/workspaces/{key}/clock/advance") => json!({"ms": 1000}),
        ("PUT", "/workspaces/{key}/progress") => json!({"connection.building": "hold"}),
        ("POST", "/workspaces/{key}/connections/{selector}/poke") => json!({"event": "loseCredentials"}),
        ("POST", "/workspaces/{key}/connections/{selector}/break") => json!({"by": "disconnect"}),
        ("POST", "/workspaces/{key}/connections/{selector}/complete") => json!({"account": "ann@example.com"}),
        ("POST", "/workspaces/{key}/connections/{selector}/fail") => json!({"error": "access_denied"}),
        ("POST", "/workspaces/{key}/agent-sessions/{id}/poke") => json!({"event": "complete"}),
        ("POST", "/workspaces/{key}/jobs/{id}/poke") => json!({"event": "complete"}),
        ("POST", "/workspaces/{key}/flow-runs/{id}/poke") => json!({"event": "stop"}),
        ("POST", "/workspaces/{key}/actions/{selector}/poke") => json!({"event": "finishBuilding"}),
        ("PUT", "/workspaces/{key}/upstreams/{connector}") => json!({"url": "http://127.0.0.1:9"}),
        ("POST", "/workspaces/{key}/upstreams/{connector}/stubs")
        | ("PUT", "/workspaces/{key}/upstreams/{connector}/stubs/{id}") => stub(),
        ("POST", "/workspaces/{key}/faults") | ("PUT", "/workspaces/{key}/faults/{id}") => json!({"fault": "close"}),
        ("POST", "/workspaces/{key}/journal/verify") => json!({"calls": {"operation": "act"}, "times": 0}),
        ("POST", "/workspaces/{key}/scenarios") => json!({"name": "mine", "steps": []}),
        ("POST", "/workspaces/{key}/snapshots") => json!({"name": "one"}),
        ("PUT", "/workspaces/{key}/faults/story") => json!({"seed": 7}),
        _ => Value::Null,
    }
}

/// The id that a route's path has to name, made for it.
async fn made_for(bed: &Bed, space: &MockWorkspace, route: &Route) -> String {
    let nobody = bed.nobody();
    let at = |below: &str| format!("/__mock/workspaces/{}{below}", space.key());
    if route.path.ends_with("/stubs/{id}") {
        return id(&nobody.ok(Method::POST, &at("/upstreams/github/stubs"), stub()).await);
    }
    if route.path.contains("/scenarios/{name}") {
        nobody.ok(Method::POST, &at("/scenarios/rate-limited/start"), Value::Null).await;
        return "rate-limited".to_owned();
    }
    if route.path.contains("/faults/{id}") {
        return id(&nobody.ok(Method::POST, &at("/faults"), json!({"fault": "close"})).await);
    }
    if route.path.contains("/journal/{seq}") {
        Api::tenant_of(space, "demo-tenant").ok(Method::GET, "/self", Value::Null).await;
        return "1".to_owned();
    }
    if route.path.contains("/snapshots/{id}") {
        return id(&nobody.ok(Method::POST, &at("/snapshots"), Value::Null).await);
    }
    if route.path.contains("/tokens/{id}") {
        return id(&nobody.items(&at("/upstreams/github/tokens")).await[0]);
    }
    if route.path.contains("/agent-sessions/{id}") {
        nobody.ok(Method::PUT, &at("/progress"), json!({"agentSession": "hold"})).await;
        let manager = Api::manager_of(space);
        return id(&manager.ok(Method::POST, "/agent/sessions", json!({"prompt": "frobnicate"})).await);
    }
    if route.path.contains("/jobs/{id}") {
        nobody.ok(Method::PUT, &at("/progress"), json!({"export": "hold"})).await;
        let manager = Api::manager_of(space);
        let begun = manager.ok(Method::GET, "/export", Value::Null).await;
        return begun["jobId"].as_str().unwrap().to_owned();
    }
    if route.path.contains("/flow-runs/{id}") {
        nobody.ok(Method::PUT, &at("/progress"), json!({"flowRun": "hold"})).await;
        let manager = Api::manager_of(space);
        let flow = json!({"key": "f", "nodes": {"start": {"type": "api-trigger"}}});
        manager.ok(Method::POST, "/flows", flow).await;
        return id(&manager.ok(Method::POST, "/connections/github-dev/flows/f/run", json!({})).await);
    }
    if route.path.contains("/actions/{selector}") {
        nobody.ok(Method::PUT, &at("/progress"), json!({"action.building": "hold"})).await;
        let manager = Api::manager_of(space);
        return id(&manager.ok(Method::POST, "/actions", json!({"intent": "frobnicate"})).await);
    }
    if ["/complete", "/cancel", "/fail"].iter().any(|end| route.path.ends_with(end)) {
        let tenant = Api::tenant_of(space, "demo-tenant");
        return id(&tenant.ok(Method::POST, "/connect", json!({"connectorKey": "slack"})).await);
    }
    "github-dev".to_owned()
}

/// The route's path in a workspace of its own, in which it finds what it names.
async fn good_path(bed: &Bed, route: &Route) -> String {
    let space = bed.ws.fork().await.unwrap();
    let made = made_for(bed, &space, route).await;
    let path = filled(&route.path, |name| match name {
        "key" => space.key().to_owned(),
        "connector" => "github".into(),
        "event" => "expire".into(),
        _ => made.clone(),
    });
    if path.ends_with("/reset") { format!("{path}?workspace={}", space.key()) } else { path }
}

/// The statuses of calls that name what is not there or send what cannot be read.
async fn called_wrongly(bed: &Bed, route: &Route) -> Vec<u16> {
    let (nobody, method, body) = (bed.nobody(), method_of(route), good_body(route));
    let sent = if body.is_null() { None } else { Some(&body) };
    // No route ignores a query that it does not know, and it is refused before anything else.
    let unread = format!("{}?bogus=1", filled(&route.path, |_| "x".into()));
    let mut statuses = vec![nobody.call(method.clone(), &unread, sent).await.0];
    let mut missing = Vec::new();
    if route.path.contains("{key}") {
        missing.push(filled(&route.path, |_| "nope".into()));
    }
    if route.path.matches('{').count() > 1 {
        missing.push(filled(&route.path, |name| if name == "key" { bed.ws.key() } else { "nope" }.to_owned()));
    }
    if route.path.ends_with("/reset") {
        missing.push(format!("{}?workspace=nope", route.path));
    }
    for path in missing {
        statuses.push(nobody.call(method.clone(), &path, sent).await.0);
    }
    if sent.is_some() {
        let request = nobody.request(method, &good_path(bed, route).await);
        let request = request.header("content-type", "application/json").body("{\"broken\":");
        statuses.push(answer(request).await.0);
    }
    statuses
}

#[tokio::test]
async fn every_control_route_has_a_success_an_error_and_a_guard() {
    let bed = Bed::start().await;
    let guarded = Bed::of(MockMembrane::builder().control_token("sesame")).await;
    let mut wrong = Vec::new();
    let documented = bed.nobody().ok(Method::GET, "/__mock/openapi.json", Value::Null).await;

    for route in membrane_mock::control::routes() {
        let (name, method, body) = (named(&route), method_of(&route), good_body(&route));
        let sent = if body.is_null() { None } else { Some(&body) };

        let (status, said) = bed.nobody().call(method.clone(), &good_path(&bed, &route).await, sent).await;
        let refused = called_wrongly(&bed, &route).await;
        let locked = guarded.nobody().call(method, &filled(&route.path, |_| "x".into()), sent).await;

        if let Some(why) = differs(&documented, &route, status, &said) {
            wrong.push(format!("{name} is not as documented, {why}: {said}"));
        }
        if !(200..300).contains(&status) {
            wrong.push(format!("{name} called well answered {status}: {said}"));
        }
        if refused.first() != Some(&400) || refused.iter().any(|status| ![400, 404].contains(status)) {
            wrong.push(format!("{name} called wrongly answered {refused:?}"));
        }
        if locked.0 != 401 {
            wrong.push(format!("{name} without the control token answered {}", locked.0));
        }
    }

    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_control_route_that_is_not_there_says_so() {
    let bed = Bed::start().await;

    assert_eq!(bed.nobody().get("/__mock/nothing").await.0, 404);
    assert_eq!(bed.nobody().get("/__mock/workspaces/nope/clock").await.0, 404);
}

#[tokio::test]
async fn a_query_field_that_is_misspelt_is_refused_before_anything_happens() {
    let bed = Bed::start().await;
    let space = format!("/__mock/workspaces/{}", bed.ws.key());
    for (method, path, says) in [
        (Method::GET, format!("{space}/journal?opration=act"), "`opration` is unknown; did you mean `operation`?"),
        (
            Method::GET,
            format!("{space}/journal?operation=act&bogus=x"),
            "`bogus` is unknown; there are `side`, `status`",
        ),
        (Method::POST, "/__mock/reset?too=empty".to_owned(), "`too` is unknown; did you mean `to`?"),
        (Method::GET, "/__mock/fidelity?workspce=x".to_owned(), "`workspce` is unknown; did you mean `workspace`?"),
        (Method::DELETE, format!("{space}?force=true"), "`force` is unknown; it takes no query"),
        (Method::POST, format!("{space}/clock/advance?ms=1000"), "`ms` is unknown; it takes no query"),
    ] {
        let refused = bed.nobody().call(method, &path, None).await;

        assert_eq!(refused.0, 400, "{path}: {refused:?}");
        assert!(message(&refused).contains(says), "{path}: {}", message(&refused));
    }
    assert_eq!(bed.demo().items("/connections").await.len(), 2, "nothing was reset or deleted");
}

#[tokio::test]
async fn a_body_where_there_is_nothing_to_say_is_refused_before_anything_happens() {
    let bed = Bed::start().await;
    let control = bed.nobody();
    bed.demo().ok(Method::DELETE, "/connections/hubspot-prod", Value::Null).await;

    for path in ["/__mock/reset".to_owned(), format!("/__mock/workspaces/{}/clock/settle", bed.ws.key())] {
        let refused = control.post(&path, json!({ "workspace": "another" })).await;
        assert_eq!(verdict(&refused), "400 bad_request/-", "{path}: {refused:?}");
        assert!(message(&refused).contains("the field `workspace` is unknown"), "{path}: {refused:?}");
    }

    assert_eq!(bed.demo().each("/connections", "id").await.len(), 1, "nothing was reset");
    assert_eq!(control.post("/__mock/reset", json!({})).await.0, 200);
    assert_eq!(bed.demo().each("/connections", "id").await.len(), 2);
}
