//! Time passes in a workspace as it is told to, and what falls due happens at its own moment however it passes.

use http::Method;
use membrane_mock::testing::Progress;
use membrane_mock::testing::{Fault, upstream};
use proptest::prelude::*;
use serde_json::{Value, json};
use wiremock::MockServer;

use crate::support::receivers::receiver;
use crate::support::{Bed, answer, cases, contacts, id, jobs};

/// Two hours.
const ALL: u64 = 7_200_000;

impl Bed {
    async fn builds_for(&self, building: u64, client_action: u64) {
        let change = |progress: &mut membrane_mock::testing::ProgressSettings| {
            progress.connection_building = Progress::After(building);
            progress.connection_client_action = Progress::After(client_action);
            progress.action_building = Progress::After(700_000);
            progress.agent_session = Progress::After(300_000);
            progress.export = Progress::After(750_000);
            progress.import = Progress::After(900_000);
        };
        self.ws.progress(change).await.unwrap();
    }

    async fn of_control(&self, path: &str) -> Value {
        self.control(Method::GET, path, Value::Null).await.1
    }
}

/// A world in which much falls due within two hours: a connection and an action are built, a user acts, sessions end,
/// credentials are refreshed, webhooks are tried again, flows run one after the other, jobs export and import. Passes them in pieces; what there is in the end.
async fn history(app: &MockServer, cuts: &[u64]) -> Vec<(&'static str, String)> {
    let bed = Bed::exact().await;
    let (demo, manager) = (bed.demo(), bed.manager());
    let events = ["connection.created", "connection.disconnected"];
    let told = json!({"webhookUri": app.uri(), "enabledWebhookEvents": events});
    manager.ok(Method::PATCH, &format!("/workspaces/{}", bed.ws.key()), told).await;
    bed.builds_for(1_000_000, 500_000).await;
    bed.ws.progress(|progress| progress.flow_run = Progress::After(700_000)).await.unwrap();
    let nodes = json!({
        "start": {"type": "api-trigger", "links": [{"key": "list"}]},
        "list": {"type": "run-action", "config": {"actionKey": "list-contacts"}},
    });
    manager.ok(Method::POST, "/flows", json!({"key": "sync", "nodes": nodes})).await;
    for _ in 0..2 {
        demo.ok(Method::POST, "/connections/hubspot-prod/flows/sync/run", json!({})).await;
    }
    demo.ok(Method::POST, "/connect", json!({"intent": "Frobnicator"})).await;
    demo.ok(Method::POST, "/agent/sessions", json!({"prompt": "build something"})).await;
    let action = json!({"key": "built", "name": "Built", "intent": "do it", "integrationKey": "github"});
    manager.ok(Method::POST, "/actions", action).await;
    let story = json!({"name": "later", "steps": [
        {"at": {"clock": "+20m"}, "do": [{"fault": {"name": "late", "on": {"operation": "proxy"}, "fault": "close"}}]},
        {"at": {"clock": "+30m"}, "do": [{"mock": {"account": "ann@example.com"}}, {"settings": {"enableApiLogs": false}}]},
    ]});
    bed.control(Method::POST, "/scenarios", story).await;
    bed.control(Method::POST, "/scenarios/later/start", json!({})).await;
    let export = manager.ok(Method::GET, "/export", Value::Null).await;
    let archive = jobs::zipped(&jobs::one("actions/imported/spec.yaml", "type: run-javascript\n"));
    let import = answer(jobs::upload(&manager, "?partial=true", &[], &archive)).await.1;
    bed.poke("github-dev", "loseCredentials").await;

    let mut at = 0;
    for cut in cuts.iter().chain([&ALL]) {
        bed.advance_ms(cut - at).await;
        at = *cut;
    }

    let of = async |path: &str| manager.get(path).await.1;
    let job = async |begun: &Value| manager.get(&jobs::address(begun)).await.1;
    let exported = job(&export).await;
    let archive = manager.get(exported["result"]["downloadUrl"].as_str().expect("an archive")).await.1;
    let parts = [
        ("stories", bed.of_control("/scenarios").await["stories"].clone()),
        ("faults", bed.of_control("/faults").await),
        ("export", json!([exported, archive])),
        ("import", json!([job(&import).await, manager.get("/actions/imported").await.1])),
        ("connections", demo.get("/connections?includeSecrets=1").await.1),
        ("attempts", demo.get("/connection-attempt-logs").await.1),
        ("flow runs", demo.get("/flow-runs").await.1),
        ("action runs", demo.get("/action-run-logs").await.1),
        ("sessions", demo.get("/agent/sessions").await.1),
        ("actions", of("/integrations/github/actions").await),
        ("webhooks", bed.of_control("/webhooks").await),
        ("tokens", bed.of_control("/upstreams/hubspot/tokens").await),
        ("requests", bed.of_control("/journal?side=upstream").await),
        ("clock", bed.of_control("/clock").await["now"].clone()),
    ];
    parts.map(|(name, value)| (name, format!("{value:#}").replace(bed.mock.uri(), "BASE"))).into()
}

proptest! {
    #![proptest_config(cases(6))]

    #[test]
    fn however_the_same_time_passes_the_same_has_happened(
        mut cuts in proptest::collection::vec(prop_oneof![
            3 => 0..=ALL,
            1 => prop::sample::select(vec![0, 1_000, 300_000, 1_000_000, 1_740_000, 2_500_000, ALL]),
        ], 1..12),
    ) {
        cuts.sort_unstable();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (at_once, in_pieces) = runtime.block_on(async {
            let app = receiver(500).await;
            (history(&app, &[]).await, history(&app, &cuts).await)
        });
        for (expected, found) in at_once.iter().zip(&in_pieces) {
            prop_assert_eq!(expected, found);
        }
    }
}

#[tokio::test]
async fn much_has_happened_after_two_hours() {
    let parts = history(&receiver(500).await, &[]).await;
    let part = |name: &str| -> Value {
        let (_, text) = parts.iter().find(|(known, _)| *known == name).expect("a part");
        serde_json::from_str(text).expect("JSON")
    };

    let runs = part("flow runs");
    let ended: Vec<&str> =
        runs["items"].as_array().unwrap().iter().map(|run| run["endTime"].as_str().unwrap()).collect();
    assert_eq!(ended, ["2025-01-01T00:23:20.000Z", "2025-01-01T00:11:40.000Z"], "{runs:#}");
    let webhooks = part("webhooks");
    let at = |delivery: &Value, attempt: usize| delivery["attempts"][attempt]["at"].as_str().unwrap().to_owned();
    let [lost, created] = webhooks["items"].as_array().unwrap().as_slice() else { panic!("two, not {webhooks:#}") };
    assert_eq!((at(lost, 0), at(lost, 7)), ("2025-01-01T00:00:00.000Z".into(), "2025-01-01T00:02:07.000Z".into()));
    assert_eq!(
        (at(created, 0), at(created, 7)),
        ("2025-01-01T00:41:40.000Z".into(), "2025-01-01T00:43:47.000Z".into()),
        "building, the user, building: 1000 s, 500 s, 1000 s"
    );
    let requests = part("requests");
    let is_of_vendor = |entry: &&Value| entry["path"].as_str().unwrap().contains("oauth");
    let of_vendors = requests["items"].as_array().unwrap().iter().filter(is_of_vendor);
    let refreshed: Vec<&Value> = of_vendors.map(|entry| &entry["at"]).collect();
    let due = ["00:29", "00:58", "01:27", "01:56"].map(|time| json!(format!("2025-01-01T{time}:00.000Z")));
    assert_eq!(refreshed, due.iter().collect::<Vec<_>>(), "each 29 minutes after the one before");
    let stories = part("stories");
    let done = json!("2025-01-01T00:50:00.000Z");
    assert_eq!((&stories[0]["state"], &stories[0]["since"]), (&json!("done"), &done), "20 minutes and 30 more");
    let import = part("import");
    assert_eq!(
        (&import[0]["status"], &import[1]["createdAt"]),
        (&json!("completed"), &json!("2025-01-01T00:15:00.000Z"))
    );
    assert!(part("export")[1].as_str().expect("text").contains("integrations/github/actions/built/spec.yaml"));
    let connections = part("connections");
    let built =
        connections["items"].as_array().unwrap().iter().find(|c| c["key"] == "frobnicator").expect("it is there");
    assert_eq!((&built["state"], &built["updatedAt"]), (&json!("READY"), &json!("2025-01-01T00:41:40.000Z")));
}

#[tokio::test]
async fn an_advance_says_how_much_has_moved_and_the_next_one_moves_nothing() {
    let bed = Bed::exact().await;
    bed.builds_for(1_000, 1_000).await;
    let built = bed.demo().ok(Method::POST, "/connect", json!({"intent": "Frobnicator"})).await;
    let state = async || {
        let path = format!("/connections/{}", id(&built));
        bed.demo().ok(Method::GET, &path, Value::Null).await["state"].clone()
    };

    assert_eq!((bed.advance_ms(999).await, state().await), (0, json!("BUILDING")));
    assert_eq!((bed.advance_ms(1).await > 0, state().await), (true, json!("CLIENT_ACTION_REQUIRED")));
    assert_eq!((bed.advance_ms(0).await, bed.ws.settle().await.unwrap()), (0, 0));
    assert_eq!((bed.advance_ms(2_000).await > 0, state().await), (true, json!("READY")), "two moments at once");
    assert_eq!(bed.advance_ms(1_000).await, 0);
}

#[tokio::test]
async fn work_that_waits_for_the_clock_itself_ends_at_its_own_moment() {
    let bed = Bed::exact().await;
    let _slow = bed.ws.fault(Fault::on(upstream("hubspot").path("/oauth/token")).latency(2_000)).await;

    bed.advance_ms(3_600_000).await;

    let requests = bed.of_control("/journal?side=upstream").await;
    let at: Vec<&Value> = requests["items"].as_array().unwrap().iter().map(|entry| &entry["at"]).collect();
    let due = ["00:29:02", "00:58:04"].map(|time| json!(format!("2025-01-01T{time}.000Z")));
    assert_eq!(at, due.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_clock_that_is_set_forward_runs_what_fell_due() {
    let bed = Bed::exact().await;
    bed.builds_for(1_000, 1_000_000_000).await;
    let built = bed.demo().ok(Method::POST, "/connect", json!({"intent": "Frobnicator"})).await;

    let (status, _) = bed.control(Method::PUT, "/clock", json!({"mode": "2025-01-02T00:00:00Z"})).await;

    assert_eq!(status, 200);
    let built = bed.demo().ok(Method::GET, &format!("/connections/{}", id(&built)), Value::Null).await;
    assert_eq!(
        (&built["state"], &built["updatedAt"]),
        (&json!("CLIENT_ACTION_REQUIRED"), &json!("2025-01-02T00:00:00.000Z"))
    );
    let acted = contacts();
    assert_eq!(bed.demo().post("/act", acted).await.0, 200);
}

#[tokio::test]
async fn a_running_clock_is_advanced_too() {
    let bed = Bed::start().await;
    bed.builds_for(3_600_000, 3_600_000_000).await;
    let built = bed.demo().ok(Method::POST, "/connect", json!({"intent": "Frobnicator"})).await;
    let path = format!("/connections/{}", id(&built));
    assert_eq!(bed.demo().ok(Method::GET, &path, Value::Null).await["state"], "BUILDING");

    bed.advance_ms(3_600_000).await;

    assert_eq!(bed.demo().ok(Method::GET, &path, Value::Null).await["state"], "CLIENT_ACTION_REQUIRED");
}

#[tokio::test]
async fn a_client_that_waits_for_what_a_frozen_clock_holds_up_gets_an_answer() {
    let bed = Bed::exact().await;
    bed.builds_for(1_000, 1_000_000).await;
    let built = bed.demo().ok(Method::POST, "/connect", json!({"intent": "Frobnicator"})).await;
    let path = format!("/connections/{}?wait=1&timeout=1", id(&built));

    let waited = bed.demo().ok(Method::GET, &path, Value::Null).await;

    assert_eq!(waited["state"], "BUILDING", "a second of real time is over, none of the workspace's");
    assert_eq!(bed.of_control("/clock").await["now"], "2025-01-01T00:00:00.000Z");
}

#[tokio::test]
async fn the_clock_is_set_advanced_and_read() {
    let bed = Bed::exact().await;
    let clock = async |method: Method, path: &str, body: Value| bed.control(method, path, body).await;

    let start = clock(Method::GET, "/clock", Value::Null).await.1;
    let by = clock(Method::POST, "/clock/advance", json!({"ms": 90_000})).await.1;
    let to = clock(Method::POST, "/clock/advance", json!({"to": "2025-01-02T00:00:00Z"})).await.1;
    let set = clock(Method::PUT, "/clock", json!({"mode": "2030-06-01T00:00:00Z"})).await.1;

    assert_eq!(start["now"], "2025-01-01T00:00:00.000Z");
    assert_eq!(by["now"], "2025-01-01T00:01:30.000Z");
    assert_eq!(to["now"], "2025-01-02T00:00:00.000Z");
    assert_eq!(set["now"], "2030-06-01T00:00:00.000Z");
    assert_eq!(clock(Method::POST, "/clock/settle", json!({})).await.0, 200);
    for wrong in [
        json!({}),
        json!({"ms": 1, "to": "2031-01-01T00:00:00Z"}),
        json!({"to": "2001-01-01T00:00:00Z"}),
        json!({"ms": -1}),
        json!({"ms": 300_000_000_000_000_u64}),
        json!({"ms": u64::MAX}),
    ] {
        assert_eq!(clock(Method::POST, "/clock/advance", wrong.clone()).await.0, 400, "{wrong}");
    }
    assert_eq!(clock(Method::PUT, "/clock", json!({"mode": "noon"})).await.0, 400);
}

#[tokio::test]
async fn what_moved_is_all_that_did_whoever_moved_it() {
    let bed = Bed::exact().await;
    let before = bed.advance_secs(0).await;
    for nth in 0..100 {
        bed.ws.tenant(&format!("tenant-{nth}")).connect("github").ready().await.unwrap();
    }
    // GitHub's tokens live for eight hours, of which the demo has one more; HubSpot's, of which it has one, for half an hour.
    let moved = bed.advance_secs(8 * 3_600).await;
    assert_eq!((before, moved), (0, 100 + 1 + 16));
}
