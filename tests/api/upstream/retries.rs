//! `upstreamRetries`: what is tried again when the external app is overloaded, how often, and after how long.

use std::time::Duration;

use http::Method;
use membrane_mock::testing::Stub;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{Answer, Bed, GUARD, under_way};

/// What the catalog's "List contacts" asks of its app.
const PATH: &str = "/crm/v3/objects/contacts";

impl Bed {
    /// Time stands still, and `retries` are allowed.
    async fn retrying(retries: u32) -> Self {
        let bed = Self::exact().await;
        let (status, body) = bed.control(Method::PATCH, "", json!({"mock": {"upstreamRetries": retries}})).await;
        assert_eq!(status, 200, "{body:#}");
        bed
    }

    /// The app answers `status` so often, then as ever.
    async fn overloaded(&self, status: u16, times: u32) {
        self.ws.upstream("hubspot").stub(Stub::get(PATH).json(status, json!({})).times(times)).await.unwrap();
    }

    /// A catalog action as `/act` names it: such actions have no key.
    async fn listing(&self) -> Value {
        let path = "/actions?integrationKey=hubspot&externalAppId=hubspot&search=list+contacts";
        let listed = self.demo().items(path).await;
        let catalog = listed.iter().find(|action| action["key"] == "").expect("a catalog action");
        json!({"id": catalog["id"], "connectionKey": "hubspot-prod"})
    }

    /// What the app answered so far.
    fn tries(&self) -> Vec<u16> {
        self.ws.upstream("hubspot").requests().iter().map(|request| request.status).collect()
    }

    /// Moves time by steps until the app was asked so often.
    async fn tried(&self, times: usize, step: Duration) {
        let tried = async {
            while self.tries().len() < times {
                self.ws.clock().advance(step).await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(GUARD, tried).await.expect("another try");
    }

    /// Moves time until the run has ended.
    async fn end(&self, acting: JoinHandle<Answer>) -> Answer {
        let ended = async {
            while !acting.is_finished() {
                self.ws.clock().advance(Duration::from_millis(100)).await.unwrap();
                tokio::task::yield_now().await;
            }
            acting.await.unwrap()
        };
        tokio::time::timeout(GUARD, ended).await.expect("an end")
    }

    /// The statuses that the run's external API logs show, oldest first.
    async fn logged(&self, answer: &Answer) -> Vec<Value> {
        let run = answer.1["actionRunId"].as_str().expect("a run");
        let logs = self.demo().items(&format!("/external-api-logs?actionRunId={run}")).await;
        logs.iter().rev().map(|log| log["statusCode"].clone()).collect()
    }
}

#[tokio::test]
async fn an_overloaded_app_is_asked_again_and_each_try_is_logged() {
    for status in [503, 429] {
        let bed = Bed::retrying(2).await;
        bed.overloaded(status, 2).await;

        let acting = under_way(bed.demo(), bed.listing().await);
        let answer = bed.end(acting).await;

        assert_eq!(answer.0, 200, "{answer:?}");
        assert!(answer.1["output"]["results"].is_array(), "{answer:?}");
        assert_eq!(bed.tries(), [status, status, 200]);
        assert_eq!(bed.logged(&answer).await, [json!(status), json!(status), json!(200)]);
    }
}

#[tokio::test]
async fn a_retry_waits_for_the_clock_and_twice_as_long_each_time() {
    let bed = Bed::retrying(2).await;
    bed.overloaded(503, 2).await;

    let acting = under_way(bed.demo(), bed.listing().await);
    for (tries, backoff) in [(1, 200), (2, 400)] {
        bed.tried(tries, Duration::ZERO).await;
        bed.ws.clock().advance(Duration::from_millis(backoff - 50)).await.unwrap();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!acting.is_finished());
        assert_eq!(bed.tries().len(), tries, "{backoff} ms have not passed");
        // The run may have begun to wait only now; then the whole of its wait is still to come.
        bed.tried(tries + 1, Duration::from_millis(1)).await;
    }
    let answer = bed.end(acting).await;

    assert_eq!(answer.0, 200, "{answer:?}");
    let asked = bed.ws.upstream("hubspot").requests();
    let waited: Vec<u64> = asked.windows(2).map(|pair| pair[1].at.since(pair[0].at)).collect();
    assert!(waited[0] >= 200 && waited[1] >= 400, "{waited:?}");
}

#[tokio::test]
async fn the_last_refusal_is_the_runs_own() {
    let bed = Bed::retrying(2).await;
    bed.overloaded(503, 10).await;

    let acting = under_way(bed.demo(), bed.listing().await);
    let answer = bed.end(acting).await;

    assert_eq!((answer.0, &answer.1["type"]), (400, &json!("action_run")), "{answer:?}");
    assert_eq!(answer.1["data"]["response"]["status"], 503);
    assert_eq!(bed.logged(&answer).await, vec![json!(503); 3]);
}

#[tokio::test]
async fn by_default_the_first_refusal_is_the_last() {
    let bed = Bed::exact().await;
    bed.overloaded(503, 1).await;

    let answer = bed.demo().post("/act", bed.listing().await).await;

    assert_eq!((answer.0, &answer.1["data"]["response"]["status"]), (400, &json!(503)), "{answer:?}");
    assert_eq!(bed.tries(), [503]);
    assert_eq!(bed.logged(&answer).await, [json!(503)]);
}

#[tokio::test]
async fn only_429_and_503_are_worth_another_try() {
    let bed = Bed::retrying(2).await;

    for status in [400, 404, 422, 500, 502, 504] {
        bed.overloaded(status, 1).await;

        let answer = bed.demo().post("/act", bed.listing().await).await;

        assert_eq!((answer.0, &answer.1["data"]["response"]["status"]), (400, &json!(status)), "{answer:?}");
        assert_eq!(bed.logged(&answer).await, [json!(status)]);
    }
}

#[tokio::test]
async fn what_is_not_the_catalogs_is_never_tried_again() {
    let bed = Bed::retrying(2).await;
    let request = json!({"method": "GET", "path": PATH});
    let own = json!({
        "key": "mine", "integrationKey": "hubspot", "type": "api-request-to-external-app", "config": {"request": request},
    });
    bed.manager().ok(Method::POST, "/actions", own).await;
    let code = format!("module.exports = async ({{ membrane }}) => (await membrane.proxy.get('{PATH}')).data");

    for dispatch in [json!({"key": "mine"}), json!({"api": request}), json!({"code": code})] {
        bed.overloaded(503, 1).await;
        let before = bed.tries().len();
        let mut body = dispatch.clone();
        body["connectionKey"] = json!("hubspot-prod");

        let answer = bed.demo().post("/act", body).await;

        assert_eq!(answer.0, 400, "{dispatch}: {answer:?}");
        assert_eq!(bed.tries()[before..], [503], "{dispatch}");
    }
}
