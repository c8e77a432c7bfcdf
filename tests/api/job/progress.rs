//! Background jobs: how they are read, progress and end, and how many are kept.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::support::jobs::{address, one, over, upload, zipped};
use crate::support::{Bed, THEN, answer, message, verdict};

#[tokio::test]
async fn a_job_can_be_read_with_its_key_or_with_its_id_twice() {
    let bed = Bed::bare().await;
    let api = bed.manager();
    let begun = api.ok(Method::GET, "/export", Value::Null).await;
    let id = begun["jobId"].as_str().unwrap();

    assert_eq!(api.get(&format!("/background-jobs/{id}:{id}")).await.0, 200);
    assert_eq!(api.get(&format!("/background-jobs/{id}:wrong")).await.0, 404);
    let (own, tenant) = (address(&begun), bed.demo());
    assert_eq!(verdict(&tenant.get(&own).await), "403 bad_request/access_denied");
    let journal = bed.control(Method::GET, "/journal", Value::Null).await.1.to_string();
    assert!(!journal.contains(begun["accessKey"].as_str().unwrap()), "{journal}");
}

/// A job that was begun under a progress.
async fn begun_under(bed: &Bed, kind: &str, progress: Value) -> Value {
    bed.progress(kind, progress).await;
    let api = bed.manager();
    match kind {
        "import" => {
            let files = one("actions/a/spec.yaml", "type: run-javascript\n");
            answer(upload(&api, "", &[], &zipped(&files))).await.1
        }
        _ => api.ok(Method::GET, "/export", Value::Null).await,
    }
}

#[tokio::test]
async fn jobs_progress_in_all_five_ways() {
    for kind in ["export", "import"] {
        let bed = Bed::bare().await;
        let api = bed.manager();
        let status = async |begun: &Value| api.get(&address(begun)).await.1["status"].as_str().unwrap().to_owned();

        let at_once = begun_under(&bed, kind, json!("immediate")).await;
        assert_eq!(over(&api, &at_once).await["status"], "completed", "{kind}");

        let later = begun_under(&bed, kind, json!({"after": 5_000})).await;
        bed.ws.clock().advance(Duration::from_millis(4_999)).await.unwrap();
        assert_eq!(status(&later).await, "pending", "{kind}");
        bed.ws.clock().advance(Duration::from_millis(1)).await.unwrap();
        assert_eq!(status(&later).await, "completed", "{kind}");

        let read = begun_under(&bed, kind, json!({"reads": 3})).await;
        assert_eq!((status(&read).await, status(&read).await), ("pending".into(), "pending".into()), "{kind}");
        // The third read is what the worker waits for; it answers what stood before.
        status(&read).await;
        assert_eq!(over(&api, &read).await["status"], "completed", "{kind}");

        let held = begun_under(&bed, kind, json!("hold")).await;
        bed.ws.clock().advance(Duration::from_hours(24)).await.unwrap();
        assert_eq!(status(&held).await, "pending", "{kind}");

        let failing = begun_under(&bed, kind, json!({"fail": {"error": "out of paper"}})).await;
        let failed = over(&api, &failing).await;
        assert_eq!(
            (&failed["status"], &failed["error"]["message"]),
            (&json!("failed"), &json!("out of paper")),
            "{kind}"
        );
        assert_eq!(failed.get("result"), None, "{kind}");
    }
}

#[tokio::test]
async fn a_job_is_poked_to_any_legal_state_and_an_illegal_one_is_refused_with_its_history() {
    let bed = Bed::bare().await;
    let poke = async |begun: &Value, body: Value| {
        let path = format!("/jobs/{}/poke", begun["jobId"].as_str().unwrap());
        bed.control(Method::POST, &path, body).await
    };
    let done = begun_under(&bed, "export", json!("hold")).await;
    let mut seen = Vec::new();
    for event in ["start", "complete"] {
        let (status, job) = poke(&done, json!({ "event": event })).await;
        assert_eq!(status, 200, "{job}");
        seen.push((job["status"].clone(), job["progress"].clone()));
    }
    assert_eq!(seen, [(json!("active"), json!(50)), (json!("completed"), json!(100))]);
    let refused = poke(&done, json!({"event": "start"})).await;
    let data = &refused.1["data"];
    assert_eq!(
        (refused.0, &data["machine"], &data["state"], &data["event"]),
        (400, &json!("job"), &json!("completed"), &json!("start"))
    );
    let first = json!({"at": THEN, "from": "pending", "to": "active", "cause": "start"});
    assert_eq!(data["history"][0], first, "{refused:?}");

    let stopped = begun_under(&bed, "import", json!("hold")).await;
    assert_eq!(poke(&stopped, json!({"event": "cancel"})).await.1["status"], "cancelled");
    assert_eq!(bed.manager().get("/actions/a").await.0, 404, "nothing was imported");
    let failed = begun_under(&bed, "import", json!("hold")).await;
    assert_eq!(poke(&failed, json!({"event": "fail", "error": "no"})).await.1["error"]["message"], "no");
    assert_eq!(poke(&json!({"jobId": "nope"}), json!({"event": "fail"})).await.0, 404);
    assert_eq!(poke(&done, json!({"event": "finishBuilding"})).await.0, 400);
}

#[tokio::test]
async fn a_failure_that_progress_has_is_one() {
    let bed = Bed::bare().await;
    let set = async |progress: Value| bed.control(Method::PUT, "/progress", progress).await;

    let state = set(json!({"connection.building": {"fail": {"state": "READY"}}})).await;
    let unknown = set(json!({"exports": "hold"})).await;

    assert_eq!((state.0, message(&state).contains("SETUP_FAILED")), (400, true), "{state:?}");
    assert_eq!((unknown.0, message(&unknown).contains("export")), (400, true), "{unknown:?}");
}

#[tokio::test]
async fn a_workspace_keeps_its_last_jobs() {
    let bed = Bed::bare().await;
    let api = bed.manager();
    let mut all = Vec::new();
    for _ in 0..25 {
        let begun = api.ok(Method::GET, "/export", Value::Null).await;
        over(&api, &begun).await;
        all.push(begun);
    }

    assert_eq!(api.get(&address(&all[0])).await.0, 404);
    assert_eq!(api.get(&address(&all[24])).await.0, 200);
}

#[tokio::test]
async fn only_so_many_jobs_wait_and_one_that_is_cancelled_keeps_no_archive() {
    let bed = Bed::bare().await;
    begun_under(&bed, "export", json!("immediate")).await;
    let first = begun_under(&bed, "import", json!("hold")).await;
    for _ in 1..20 {
        begun_under(&bed, "import", json!("hold")).await;
    }
    let refused = begun_under(&bed, "import", json!("hold")).await;
    let path = format!("/jobs/{}/poke", first["jobId"].as_str().unwrap());
    bed.control(Method::POST, &path, json!({"event": "cancel"})).await;
    let next = begun_under(&bed, "import", json!("hold")).await;

    assert!(refused["message"].as_str().unwrap().contains("20 background jobs"), "{refused}");
    assert!(next["jobId"].is_string(), "{next}");
    let records = bed.control(Method::GET, "/export", Value::Null).await.1;
    let record = records["records"].as_array().unwrap().iter().find(|record| record["id"] == first["jobId"]);
    assert_eq!(record.map(|record| record["record"].get("files").is_some()), None, "the oldest that was over is gone");
}
