//! A workspace per test: three hundred at once, each with its own time, fault, data and verdict, and nothing crosses.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use membrane_mock::base::error::{ErrorKey, ErrorType};
use membrane_mock::testing::Progress;
use membrane_mock::testing::Timestamp;
use membrane_mock::testing::{Fault, FaultGuard, MockWorkspace, Stub, act};
use serde_json::{Value, json};

use crate::support::{Answer, Api, Bed, THEN, answer, user, verdict};

const WORKSPACES: u64 = 300;

/// One test's world.
struct Own {
    number: u64,
    ws: MockWorkspace,
    token: String,
    fault: FaultGuard,
}

impl Own {
    /// A fork with a time of its own, whose second act will fail.
    async fn make(bed: &Bed, number: u64) -> Self {
        let ws = bed.mock.fork().await.unwrap();
        // Each at another moment, before anything falls due.
        ws.clock().advance(Duration::from_secs(number)).await.unwrap();
        ws.progress(|progress| progress.agent_session = Progress::After(1_000 + number)).await.unwrap();
        let greeting = Stub::get("/user").json(200, json!({ "login": format!("user {number}") }));
        ws.upstream("github").stub(greeting).await.unwrap();
        let fault = Fault::on(act()).named(&format!("fault {number}")).nth(2);
        let fault = ws.fault(fault.error(ErrorType::Concurrency, Some(ErrorKey::LockTimeout))).await;
        let token = ws.tenant("demo-tenant").token();
        Self { number, ws, token, fault }
    }

    async fn call(&self, anybody: &Api, method: Method, path: &str, body: Value) -> Answer {
        let request = anybody.request(method, path).bearer_auth(&self.token);
        answer(if body.is_null() { request } else { request.json(&body) }).await
    }

    /// What a test does: three acts, the second of which fails, and a connection of its own.
    async fn work(&self, anybody: &Api) {
        let input = json!({"repo": "acme/app", "title": format!("issue {}", self.number)});
        let issue = json!({"key": "create-issue", "connectionKey": "github-dev", "input": input});
        let user = user();

        let made = self.call(anybody, Method::POST, "/act", issue.clone()).await;
        let refused = self.call(anybody, Method::POST, "/act", issue).await;
        let seen = self.call(anybody, Method::POST, "/act", user).await;
        let key = format!("own-{}", self.number);
        let connected = self.ws.tenant("demo-tenant").connect("slack").key(&key).ready().await;

        assert_eq!((made.0, &made.1["output"]["title"]), (200, &json!(format!("issue {}", self.number))), "{made:?}");
        assert_eq!(verdict(&refused), "400 concurrency/lock_timeout");
        assert!(refused.1["message"].as_str().unwrap().contains(&format!("`fault {}`", self.number)), "{refused:?}");
        assert_eq!(seen.1["output"]["login"], format!("user {}", self.number));
        assert!(connected.is_ok(), "{connected:?}");
    }

    /// Everything that is here is this test's own, and nothing is missing.
    async fn verify(&self, anybody: &Api) {
        let (number, ws) = (self.number, &self.ws);
        assert_eq!(self.fault.fired(), 1);
        let story: Vec<(String, u64)> = ws.story().1.into_iter().map(|fired| (fired.rule, fired.n)).collect();
        assert_eq!(story, [(format!("fault {number}"), 2)]);

        ws.journal().acts().expect(3);
        ws.journal().acts().input(json!({"title": format!("issue {number}")})).expect(2);
        ws.journal().upstream("github").expect(2);
        ws.journal().upstream("github").input(json!({"title": format!("issue {number}")})).expect(1);
        let then: Timestamp = THEN.parse().unwrap();
        assert_eq!(ws.clock().now(), then.plus(Duration::from_secs(number)));
        assert!(ws.journal().iter().all(|entry| entry.at == ws.clock().now()), "each call at this test's own time");

        let (_, connections) = self.call(anybody, Method::GET, "/connections", Value::Null).await;
        let keys: Vec<&str> =
            connections["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap()).collect();
        assert_eq!(keys, ["github-dev", "hubspot-prod", &format!("own-{number}")]);
        let (_, runs) = self.call(anybody, Method::GET, "/action-run-logs", Value::Null).await;
        assert_eq!(runs["items"].as_array().unwrap().len(), 2);

        let asked = self.call(anybody, Method::POST, "/agent/sessions", json!({"prompt": "do it"})).await;
        let session = format!("/agent/sessions/{}", asked.1["id"].as_str().unwrap());
        for (ms, status) in [(999 + self.number, "queued"), (1, "completed")] {
            self.ws.clock().advance(Duration::from_millis(ms)).await.unwrap();
            let read = self.call(anybody, Method::GET, &session, Value::Null).await;
            assert_eq!(read.1["status"], status, "each falls due at a moment of its own");
        }
    }
}

#[tokio::test]
async fn three_hundred_workspaces_know_nothing_of_each_other() {
    let bed = Bed::exact().await;
    let anybody = bed.nobody();
    let numbers: Vec<u64> = (1..=WORKSPACES).collect();
    let worlds = join_all(numbers.iter().map(|number| Own::make(&bed, *number))).await;

    join_all(worlds.iter().map(|own| own.work(&anybody))).await;
    join_all(worlds.iter().map(|own| own.verify(&anybody))).await;

    bed.ws.journal().acts().expect(0);
    assert_eq!(bed.demo().each("/connections", "key").await, ["github-dev", "hubspot-prod"]);
    assert_eq!(bed.ws.clock().now().to_string(), THEN);
    let mut all = bed.nobody().each("/__mock/workspaces", "key").await;
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), worlds.len() + 1);
    let mut secrets: Vec<String> = worlds.iter().map(|own| own.ws.secret()).collect();
    secrets.sort_unstable();
    secrets.dedup();
    assert_eq!(secrets.len(), worlds.len());
    let stranger = worlds[0].call(&anybody, Method::GET, "/connections/own-2", Value::Null).await;
    assert_eq!(stranger.0, 404, "{stranger:?}");
}

#[tokio::test]
async fn time_that_passes_in_one_workspace_passes_in_no_other() {
    let bed = Bed::exact().await;
    let (one, other) = (bed.mock.fork().await.unwrap(), bed.mock.fork().await.unwrap());
    let expiry = async |ws: &MockWorkspace| {
        let api = Api::tenant_of(ws, "demo-tenant");
        api.ok(Method::GET, "/connections/hubspot-prod", Value::Null).await["nextCredentialsRefreshAt"].clone()
    };
    let before = expiry(&other).await;

    one.clock().advance(Duration::from_hours(2)).await.unwrap();

    assert_ne!(expiry(&one).await, before);
    assert_eq!((expiry(&other).await, expiry(&bed.ws).await), (before.clone(), before));
    other.journal().upstream("hubspot/oauth").expect(0);
    assert!(one.journal().upstream("hubspot/oauth").count() > 1);
}
