//! Agent sessions: a scripted stand-in with the platform's states.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::support::{Api, Bed, GUARD, id, message, verdict};

async fn begun(api: &Api, prompt: &str) -> String {
    id(&api.ok(Method::POST, "/agent/sessions", json!({"prompt": prompt})).await)
}

async fn shown(api: &Api, session: &str) -> Value {
    api.ok(Method::GET, &format!("/agent/sessions/{session}"), Value::Null).await
}

async fn status(api: &Api, session: &str) -> String {
    shown(api, session).await["status"].as_str().expect("a status").to_owned()
}

/// Who said what, first to last.
async fn said(api: &Api, session: &str) -> Vec<(String, String)> {
    let messages = api.ok(Method::GET, &format!("/agent/sessions/{session}/messages"), Value::Null).await;
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let of = |message: &Value| (text(&message["info"]["role"]), text(&message["parts"][0]["text"]));
    messages.as_array().expect("a bare list").iter().map(of).collect()
}

#[tokio::test]
async fn a_session_begins_queued_and_is_done_in_the_time_of_its_progress() {
    let bed = Bed::exact().await;
    bed.progress("agentSession", json!({"after": 5000})).await;
    let demo = bed.demo();
    let spec = json!({"prompt": "Add a field", "workspaceElementType": "action", "workspaceElementId": "a1"});

    let begun = demo.ok(Method::POST, "/agent/sessions", spec).await;
    bed.ws.clock().advance(Duration::from_millis(4999)).await.unwrap();
    let still = status(&demo, &id(&begun)).await;
    bed.ws.clock().advance(Duration::from_millis(1)).await.unwrap();
    let done = shown(&demo, &id(&begun)).await;

    let own = demo.ok(Method::GET, "/self", Value::Null).await;
    assert_eq!((&begun["status"], &begun["state"]), (&json!("queued"), &json!("busy")));
    assert_eq!((&begun["prompt"], &begun["title"]), (&json!("Add a field"), &json!("Add a field")));
    assert_eq!((&begun["agentName"], &begun["type"]), (&json!("membrane"), &json!("membrane")));
    assert_eq!((&begun["workspaceElementType"], &begun["workspaceElementId"]), (&json!("action"), &json!("a1")));
    assert_eq!((&begun["tenantId"], &begun["userId"]), (&own["id"], &own["id"]));
    assert_eq!(still, "queued");
    assert_eq!((&done["status"], &done["state"]), (&json!("completed"), &json!("idle")));
    assert_eq!(done["lastActivityAt"], "2025-01-01T00:00:05.000Z");
    assert!(done["summary"].is_string() && done.get("error").is_none(), "{done:#}");
}

#[tokio::test]
async fn a_session_says_what_it_is_asked() {
    let bed = Bed::start().await;

    for body in [json!({}), json!({"prompt": ""}), json!({"prompt": " \n"})] {
        let answer = bed.demo().post("/agent/sessions", body.clone()).await;
        assert!(answer.0 == 400 && message(&answer).contains("`prompt`"), "{body}: {answer:?}");
    }
    assert_eq!(bed.demo().post("/agent/sessions", json!({"prompt": 7})).await.0, 400);
    assert!(bed.demo().items("/agent/sessions").await.is_empty());
}

#[tokio::test]
async fn waiting_ends_when_the_session_is_idle() {
    let bed = Bed::start().await;
    bed.progress("agentSession", json!("hold")).await;
    let demo = bed.demo();
    let session = begun(&demo, "Think").await;
    let path = format!("/agent/sessions/{session}?wait=true&timeout=60");
    let waiting_demo = demo.clone();

    let waiting = tokio::spawn(async move { waiting_demo.get(&path).await });
    // Commits that do not concern it let it wait on.
    begun(&demo, "Something else").await;
    assert!(!waiting.is_finished());
    demo.ok(Method::PATCH, &format!("/agent/sessions/{session}/stop"), json!({})).await;
    let (status, woken) = tokio::time::timeout(GUARD, waiting).await.expect("woken").unwrap();

    assert_eq!((status, &woken["status"]), (200, &json!("cancelled")));
    let at_once = demo.get(&format!("/agent/sessions/{session}?wait=true&timeout=60")).await;
    assert_eq!(at_once.1["state"], "idle");
    assert_eq!(demo.get(&format!("/agent/sessions/{session}?wait=true&timeout=soon")).await.0, 400);
}

#[tokio::test]
async fn the_list_is_newest_first_and_every_filter_narrows_it() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    for (prompt, kind, element) in [("one", "action", "a1"), ("two", "action", "a2"), ("three", "flow", "a1")] {
        let spec = json!({"prompt": prompt, "workspaceElementType": kind, "workspaceElementId": element});
        demo.ok(Method::POST, "/agent/sessions", spec).await;
    }
    bed.ws.settle().await.unwrap();
    bed.progress("agentSession", json!("hold")).await;
    begun(&demo, "four").await;

    for (query, expected) in [
        ("", vec!["four", "three", "two", "one"]),
        ("?workspaceElementType=action", vec!["two", "one"]),
        ("?workspaceElementId=a1", vec!["three", "one"]),
        ("?workspaceElementType=action&workspaceElementId=a1", vec!["one"]),
        ("?status=queued", vec!["four"]),
        ("?status=completed&limit=2", vec!["three", "two"]),
        ("?status=running", vec![]),
    ] {
        assert_eq!(demo.each(&format!("/agent/sessions{query}"), "prompt").await, expected, "{query}");
    }
    let first = demo.ok(Method::GET, "/agent/sessions?limit=3", Value::Null).await;
    let next = format!("/agent/sessions?limit=3&cursor={}", first["cursor"].as_str().unwrap());
    assert_eq!(demo.each(&next, "prompt").await, ["one"]);
}

#[tokio::test]
async fn messages_are_a_bare_list_and_one_more_goes_on() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    let session = begun(&demo, "Add a field").await;
    bed.ws.settle().await.unwrap();
    let first = said(&demo, &session).await;
    bed.progress("agentSession", json!("hold")).await;

    let at = format!("/agent/sessions/{session}/message");
    let resumed = demo.ok(Method::POST, &at, json!({"input": "And another"})).await;
    let busy = demo.ok(Method::POST, &at, json!({"input": "And a third"})).await;
    let empty = demo.post(&at, json!({})).await;

    let roles: Vec<&str> = first.iter().map(|(role, _)| role.as_str()).collect();
    assert_eq!(roles, ["user", "assistant"]);
    assert_eq!(first[0].1, "Add a field");
    assert!(first[1].1.contains("membrane-mock"), "it says what it is: {first:?}");
    assert_eq!(
        (id(&resumed), &resumed["status"], &resumed["state"]),
        (session.clone(), &json!("queued"), &json!("busy"))
    );
    assert_eq!(busy["status"], "queued", "it is at it already");
    assert!(empty.0 == 400 && message(&empty).contains("`input`"), "{empty:?}");
    let asked: Vec<String> = said(&demo, &session).await.into_iter().skip(2).map(|(_, text)| text).collect();
    assert_eq!(asked, ["And another", "And a third"]);
}

#[tokio::test]
async fn a_session_can_be_interrupted_or_stopped_once() {
    let bed = Bed::exact().await;
    bed.progress("agentSession", json!("hold")).await;
    let demo = bed.demo();
    let (one, two) = (begun(&demo, "one").await, begun(&demo, "two").await);

    let interrupted = demo.ok(Method::POST, &format!("/agent/sessions/{one}/interrupt"), json!({})).await;
    let again = demo.ok(Method::POST, &format!("/agent/sessions/{one}/interrupt"), json!({})).await;
    let stopped = demo.ok(Method::PATCH, &format!("/agent/sessions/{two}/stop"), json!({})).await;
    let as_it_was = demo.ok(Method::PATCH, &format!("/agent/sessions/{two}/stop"), json!({})).await;

    assert_eq!((interrupted, again), (json!({"interrupted": true}), json!({"interrupted": false})));
    assert_eq!(status(&demo, &one).await, "cancelled");
    assert_eq!((&stopped["status"], &stopped["state"]), (&json!("cancelled"), &json!("idle")));
    assert_eq!(as_it_was, stopped);
    let resumed = demo.ok(Method::POST, &format!("/agent/sessions/{two}/message"), json!({"input": "Go on"})).await;
    assert_eq!(resumed["status"], "queued");
}

#[tokio::test]
async fn who_runs_an_agent_says_how_it_goes_and_is_a_manager() {
    let bed = Bed::start().await;
    bed.progress("agentSession", json!("hold")).await;
    let (demo, manager) = (bed.demo(), bed.manager());
    let session = begun(&demo, "Build").await;
    let at = format!("/agent/sessions/{session}");

    let refused = demo.patch(&at, json!({"title": "Mine"})).await;
    let running = manager.ok(Method::PATCH, &at, json!({"status": "running", "title": "Building"})).await;
    let wrong = manager.patch(&at, json!({"status": "queued"})).await;
    let unknown = manager.patch(&at, json!({"status": "thinking"})).await;
    let output = json!({"status": "completed", "summary": "Built", "output": {"actions": 2}});
    manager.ok(Method::PATCH, &at, output).await;
    let done = shown(&demo, &session).await;
    let late = manager.patch(&at, json!({"status": "failed"})).await;

    assert_eq!(verdict(&refused), "403 bad_request/access_denied");
    assert_eq!((&running["status"], &running["hasWorker"]), (&json!("running"), &json!(true)));
    assert_eq!((wrong.0, unknown.0, late.0), (400, 400, 400), "{wrong:?} {unknown:?} {late:?}");
    assert_eq!((&done["status"], &done["hasWorker"]), (&json!("completed"), &json!(false)));
    assert_eq!((&done["title"], &done["summary"]), (&json!("Building"), &json!("Built")));
    assert_eq!(done["output"], json!({"actions": 2}));
}

#[tokio::test]
async fn a_session_is_its_tenants_own() {
    let bed = Bed::start().await;
    let (acme, demo, manager) = (bed.tenant("acme"), bed.demo(), bed.manager());
    let session = begun(&acme, "Secret plans").await;
    let for_nobody = begun(&manager, "Of the workspace").await;

    for own in [&session, &for_nobody] {
        let at = format!("/agent/sessions/{own}");
        assert_eq!(demo.get(&at).await.0, 404);
        assert_eq!(demo.get(&format!("{at}/messages")).await.0, 404);
        assert_eq!(demo.post(&format!("{at}/message"), json!({"input": "Tell me"})).await.0, 404);
        assert_eq!(demo.post(&format!("{at}/interrupt"), json!({})).await.0, 404);
        assert_eq!(demo.patch(&format!("{at}/stop"), json!({})).await.0, 404);
    }
    assert!(demo.items("/agent/sessions").await.is_empty());
    assert_eq!(acme.each("/agent/sessions", "id").await, std::slice::from_ref(&session));
    assert_eq!(manager.each("/agent/sessions", "id").await, [for_nobody, session]);
}

#[tokio::test]
async fn progress_may_hold_a_session_or_fail_it() {
    let bed = Bed::start().await;
    let demo = bed.demo();
    bed.progress("agentSession", json!("hold")).await;
    let held = begun(&demo, "held").await;
    bed.progress("agentSession", json!({"fail": {"state": "ERROR", "error": "out of credits"}})).await;
    let failing = begun(&demo, "failing").await;

    bed.ws.settle().await.unwrap();
    let failed = shown(&demo, &failing).await;

    assert_eq!(status(&demo, &held).await, "queued");
    assert_eq!((&failed["status"], &failed["state"]), (&json!("failed"), &json!("idle")));
    assert!(failed["error"]["message"].as_str().unwrap().contains("out of credits"), "{failed:#}");
    assert!(said(&demo, &failing).await[1].1.contains("out of credits"));
}

#[tokio::test]
async fn a_connection_is_built_by_a_session_that_ends_with_its_building() {
    for (event, ended) in [("finishBuilding", "completed"), ("failSetup", "failed")] {
        let bed = Bed::start().await;
        bed.progress("connection.building", json!("hold")).await;
        let acme = bed.tenant("acme");

        let building = acme.ok(Method::POST, "/connect", json!({"intent": "Frobnicator"})).await;
        let session = building["buildingAgentSessionId"].as_str().expect("a session").to_owned();
        bed.ws.settle().await.unwrap();
        let at_work = shown(&acme, &session).await;
        let of_it = format!("/agent/sessions?workspaceElementType=connection&workspaceElementId={}", id(&building));
        let found = acme.each(&of_it, "id").await;
        bed.poke(&id(&building), event).await;
        let built = acme.ok(Method::GET, &format!("/connections/{}", id(&building)), Value::Null).await;

        assert_eq!((&at_work["status"], &at_work["agentName"]), (&json!("running"), &json!("connection-building")));
        assert_eq!(at_work["prompt"], "Frobnicator");
        assert_eq!(found, std::slice::from_ref(&session));
        assert!(built.get("buildingAgentSessionId").is_none(), "{event}: {built:#}");
        assert_eq!(status(&acme, &session).await, ended, "{event}");
    }
}

#[tokio::test]
async fn building_again_is_not_the_work_of_a_session_that_is_over() {
    let bed = Bed::start().await;
    bed.progress("connection.building", json!("hold")).await;
    let acme = bed.tenant("acme");
    let first = acme.ok(Method::POST, "/connect", json!({"intent": "Frobnicator"})).await;
    bed.poke(&id(&first), "failSetup").await;

    let again = acme.ok(Method::POST, "/connect", json!({"connectionId": id(&first)})).await;

    assert_eq!(again["state"], "BUILDING");
    if let Some(session) = again["buildingAgentSessionId"].as_str() {
        assert_eq!(shown(&acme, session).await["state"], "busy", "{again:#}");
    }
}

#[tokio::test]
async fn a_session_is_poked_to_any_legal_state_and_an_illegal_one_is_refused_with_its_history() {
    let bed = Bed::exact().await;
    bed.progress("agentSession", json!("hold")).await;
    let session = begun(&bed.demo(), "Connect to Acme").await;
    let poke = async |body: Value| bed.control(Method::POST, &format!("/agent-sessions/{session}/poke"), body).await;

    let mut seen = Vec::new();
    for event in ["start", "run", "complete", "resume", "stop"] {
        seen.push(verdict(&poke(json!({"event": event})).await));
        seen.push(status(&bed.demo(), &session).await);
    }
    let refused = poke(json!({"event": "complete"})).await;
    poke(json!({"event": "resume"})).await;
    let failed = poke(json!({"event": "fail", "error": "no documentation"})).await.1;
    let unknown = bed.control(Method::POST, "/agent-sessions/nope/poke", json!({"event": "run"})).await;
    let wrong = poke(json!({"event": "dance"})).await;

    let states = ["starting", "running", "completed", "queued", "cancelled"];
    assert_eq!(seen.iter().skip(1).step_by(2).collect::<Vec<_>>(), states);
    assert_eq!(refused.0, 400, "{refused:?}");
    assert_eq!(
        message(&refused),
        "an agent session that is cancelled cannot take the event `complete`; it takes `resume`"
    );
    let data = &refused.1["data"];
    assert_eq!(
        (&data["machine"], &data["state"], &data["event"]),
        (&json!("agent session"), &json!("cancelled"), &json!("complete"))
    );
    let history: Vec<&str> = data["history"].as_array().unwrap().iter().map(|c| c["to"].as_str().unwrap()).collect();
    assert_eq!(history, states);
    assert_eq!((&failed["status"], &failed["error"]["message"]), (&json!("failed"), &json!("no documentation")));
    assert_eq!((unknown.0, wrong.0), (404, 400), "{wrong:?}");
}

#[tokio::test]
async fn an_action_that_is_built_refuses_to_be_built_again_with_its_history() {
    let bed = Bed::exact().await;
    bed.progress("action.building", json!("hold")).await;
    let action = id(&bed.manager().ok(Method::POST, "/actions", json!({"intent": "frobnicate"})).await);
    let poke = format!("/actions/{action}/poke");

    bed.control(Method::POST, &poke, json!({"event": "finishBuilding"})).await;
    let refused = bed.control(Method::POST, &poke, json!({"event": "fail"})).await;

    assert_eq!(message(&refused), "an action that is READY cannot take the event `fail`; it takes none");
    let change = json!({"at": "2025-01-01T00:00:00.000Z", "from": "BUILDING", "to": "READY", "cause": "finish"});
    assert_eq!(refused.1["data"]["history"], json!([change]));
}

#[tokio::test]
async fn whoever_could_not_read_a_session_does_not_begin_one() {
    let bed = Bed::start().await;
    let claims = json!({"workspaceKey": bed.ws.key()});
    let neither = bed.bearing(&claims);

    let refused = neither.post("/agent/sessions", json!({"prompt": "Connect to Acme"})).await;

    assert_eq!(refused.0, 400, "{refused:?}");
    assert!(message(&refused).contains("tenantKey"), "{refused:?}");
    assert!(bed.manager().items("/agent/sessions").await.is_empty());
}
