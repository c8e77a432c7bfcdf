//! What is left of a run, however it ends: its calls, its console, the limit that ended it.

use std::time::Duration;

use http::Method;
use membrane_mock::testing::MockMembrane;
use serde_json::{Value, json};

use crate::support::snippets::{run, with_workers};
use crate::support::{Api, Bed, message};

/// The log of a run.
async fn log(api: &Api, run: &Value) -> Value {
    api.ok(Method::GET, &format!("/action-run-logs/{}", run.as_str().expect("a run")), Value::Null).await
}

#[tokio::test]
async fn calls_of_a_run_that_fails_or_is_stopped_are_found_from_it() {
    for builder in [MockMembrane::builder(), with_workers()] {
        let bed = Bed::of(builder.code_timeout(Duration::from_secs(3))).await;
        let demo = bed.demo();
        for (last, says) in [
            ("throw new Error('after all')", "after all"),
            ("await membrane.connection('nobody').get()", "not found: `nobody`"),
            ("await new Promise((done) => setTimeout(done, 3600000))", "the code ran longer than 3000 ms"),
        ] {
            let code = format!(
                "module.exports = async ({{ connection, membrane }}) => {{
                    await connection.action('create-issue').run({{ repo: 'acme/app', title: 't' }});
                    await membrane.get('/connections', {{ limit: 1 }});
                    {last};
                }}"
            );

            let answer = run(&demo, &code).await;
            assert_eq!((answer.0, &answer.1["type"]), (400, &json!("custom_code")), "{last}: {answer:?}");
            assert!(message(&answer).contains(says), "{last}: {answer:?}");

            let details = demo.run_details(&answer.1).await["details"].clone();
            let calls = details["calls"].as_array().unwrap_or_else(|| panic!("{last}: no calls in {details:#}"));
            assert_eq!(log(&demo, &calls[0]["actionRunId"]).await["action"]["key"], "create-issue", "{last}");
            assert_eq!((&calls[1]["path"], &calls[1]["status"]), (&json!("/connections?limit=1"), &json!(200)));
            assert_eq!(details["exchanges"], json!([]), "the app was called by the inner run: {last}");
            let failed = calls.get(2).map(|call| &call["status"]);
            assert_eq!(failed, last.contains("nobody").then_some(&json!(404)), "{last}");
        }
    }
}

#[tokio::test]
async fn a_run_that_calls_without_end_keeps_its_first_and_its_last_calls() {
    let bed = Bed::working().await;
    bed.ws.mock_settings(|mock| mock.exchanges_per_run = 5).await.unwrap();
    let demo = bed.demo();
    let code = "module.exports = async ({ externalApiClient, membrane }) => {
        for (let n = 0; n < 9; n++) {
            await externalApiClient.get('/user?n=' + n);
            await membrane.get('/connections', { limit: n + 1 });
        }
    }";

    let answer = run(&demo, code).await;

    assert_eq!(answer.0, 200, "{answer:?}");
    let details = demo.run_details(&answer.1).await["details"].clone();
    let ends = |list: &Value, at: &str| -> Vec<String> {
        let of_one =
            |one: &Value| one.pointer(at).and_then(Value::as_str).unwrap().rsplit('=').next().unwrap().to_owned();
        list.as_array().unwrap().iter().map(of_one).collect()
    };
    assert_eq!(ends(&details["exchanges"], "/request/url"), ["0", "1", "2", "7", "8"]);
    assert_eq!(ends(&details["calls"], "/path"), ["1", "2", "3", "8", "9"]);
    for call in details["calls"].as_array().unwrap() {
        assert_eq!(call["status"], 200, "a late answer finds its own call: {call}");
    }
    assert_eq!(details["omitted"], json!({ "exchanges": 4, "stateTransitions": 0, "calls": 4 }));
    assert!(details["request"]["url"].as_str().unwrap().ends_with("n=8"), "the last request: {details:#}");
    let run = answer.1["actionRunId"].as_str().unwrap();
    assert_eq!(demo.items(&format!("/external-api-logs?actionRunId={run}")).await.len(), 5);
}

#[tokio::test]
async fn snippets_within_snippets_are_found_one_from_the_other() {
    let bed = Bed::working().await;
    let demo = bed.demo();
    let code = r#"module.exports = async ({ membrane }) => {
        const run = (code) => membrane.post('/act', { code, connectionKey: 'github-dev' });
        await run("module.exports = () => { console.log('inner'); throw new Error('inner') }").catch(() => {});
        await run("module.exports = async ({ membrane }) => (await membrane.self.get()).id");
        throw new TypeError('outer');
    }"#;

    let answer = run(&demo, code).await;
    assert_eq!(message(&answer), "TypeError: outer");

    let outer = demo.run_details(&answer.1).await["details"].clone();
    let [failed, well] = outer["calls"].as_array().unwrap().as_slice() else { panic!("two calls, not {outer:#}") };
    assert_eq!((&failed["status"], &well["status"]), (&json!(400), &json!(200)));
    let inner = log(&demo, &failed["actionRunId"]).await;
    assert_eq!((&inner["status"], &inner["error"]["message"]), (&json!("error"), &json!("inner")));
    assert_eq!(demo.run_details(failed).await["details"]["logs"], json!([{"level": "log", "message": "inner"}]));
    assert_eq!(outer["logs"], json!([]), "each run has its own console");
    assert_eq!(demo.run_details(well).await["details"]["calls"][0]["path"], "/self");
}

#[tokio::test]
async fn console_output_is_cut_and_the_run_goes_on() {
    for bed in [Bed::start().await, Bed::working().await] {
        let demo = bed.demo();
        let floods = |end: &str| {
            format!("module.exports = () => {{ for (let i = 0; i < 5000; i++) console.log('x'.repeat(100)); {end}; }}")
        };

        let (status, well) = run(&demo, &floods("return 'done'")).await;
        let failed = run(&demo, &floods("throw new Error('in the end')")).await;

        assert_eq!((status, &well["output"]), (200, &json!("done")), "{well}");
        assert_eq!(message(&failed), "in the end");
        for logs in [
            &demo.run_details(&well).await["details"]["logs"],
            &demo.run_details(&failed.1).await["details"]["logs"],
            &failed.1["logs"],
        ] {
            let (last, whole) = logs.as_array().unwrap().split_last().unwrap();
            let last = last["message"].as_str().unwrap();
            assert!(last.ends_with("… (no more than 262144 bytes of console output are kept)"), "{last}");
            assert!(whole.iter().all(|line| line["message"] == "x".repeat(100)), "only the last line is cut");
            assert!((1_000..2_622).contains(&whole.len()), "{} lines of 100 bytes and their own cost", whole.len());
        }
    }
}

#[tokio::test]
async fn a_long_line_is_cut_and_later_lines_are_kept() {
    for bed in [Bed::start().await, Bed::working().await] {
        let demo = bed.demo();
        let code = "module.exports = () => {
            console.log('a'.repeat(32768));
            console.log('a'.repeat(32769));
            console.warn('\u{1f600}'.repeat(20000));
            console.error('later');
            return 'done';
        }";

        let (status, body) = run(&demo, code).await;
        assert_eq!((status, &body["output"]), (200, &json!("done")), "{body}");

        let logs = demo.run_details(&body).await["details"]["logs"].clone();
        let cut = |kept: &str, of: usize| format!("{kept}… (cut: the line has {of} characters)");
        let as_long_as_may_be = "a".repeat(32_768);
        let expected = json!([
            {"level": "log", "message": as_long_as_may_be},
            {"level": "log", "message": cut(&as_long_as_may_be, 32_769)},
            {"level": "warn", "message": cut(&"\u{1f600}".repeat(16_384), 40_000)},
            {"level": "error", "message": "later"},
        ]);
        let length = |logs: &Value| logs.to_string().len();
        assert!(logs == expected, "{} bytes and not {}", length(&logs), length(&expected));
    }
}

/// Checks how a run ended that took too long.
async fn assert_overtime(bed: &Bed, code: &str, limit: &str) {
    let demo = bed.demo();
    let answer = run(&demo, &format!("module.exports = {code}")).await;
    assert_eq!((answer.0, &answer.1["type"]), (400, &json!("custom_code")), "{code}: {answer:?}");
    assert!(message(&answer).starts_with(&format!("the code ran longer than {limit}")), "{code}: {answer:?}");
    let log = log(&demo, &answer.1["actionRunId"]).await;
    let told = (&log["status"], &log["error"]["message"]);
    assert_eq!(told, (&json!("error"), &answer.1["message"]), "{code}");
}

#[tokio::test]
async fn the_limit_is_named_wherever_a_worker_spends_its_time() {
    let bed = Bed::of(with_workers().code_timeout(Duration::from_millis(400))).await;
    for code in [
        "() => [1].map(() => { for (;;); })",
        "() => [2, 1].sort(() => { for (;;); })",
        "() => 'a'.replace(/a/, () => { for (;;); })",
        "() => JSON.stringify({ toJSON() { for (;;); } })",
        "() => ({ get a() { for (;;); } })",
        "() => { try { [1].forEach(() => { for (;;); }) } catch { return 1 } finally { return 2 } }",
        "() => new Promise(() => { for (;;); })",
        "() => new Promise(() => setTimeout(() => { for (;;); }, 1))",
        "async () => { await null; for (;;); }",
        "async ({ membrane }) => { await membrane.self.get(); [1].map(() => { for (;;); }) }",
        "async () => { for (;;) await null }",
        "() => /^(a+)+$/.test('a'.repeat(40) + '!')",
    ] {
        assert_overtime(&bed, code, "400 ms").await;
    }
}

#[tokio::test]
async fn the_limit_is_named_when_a_thread_cannot_be_stopped() {
    // Nothing looks at the clock there. Each has a server of its own, and its thread ends soon after the test.
    let spins = "const until = Date.now() + 3000; while (Date.now() < until);";
    for code in [format!("() => [1].map(() => {{ {spins} }})"), format!("async () => {{ await null; {spins} }}")] {
        let bed = Bed::of(MockMembrane::builder().code_timeout(Duration::from_millis(300))).await;
        assert_overtime(&bed, &code, "300 ms").await;
    }
}

/// What a flood of calls to the app takes is given back once its run has ended at its limit.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_flood_of_calls_ends_at_the_limit_and_leaves_nothing_open() {
    let served = crate::support::served::Served::by(&[("CODE_TIMEOUT_MS", "400")]);
    let tenant = served.tenant().await;
    run(&tenant, "module.exports = ({ externalApiClient }) => externalApiClient.get('/user')").await;
    let at_rest = served.descriptors();

    let code = "module.exports = async ({ externalApiClient }) => {
      const call = () => externalApiClient.get('/user').then(call)
      await Promise.all(Array.from({ length: 300 }, call))
    }";
    let ended = run(&tenant, code).await;

    assert_eq!((ended.0, &ended.1["type"]), (400, &json!("custom_code")), "{ended:?}");
    assert!(message(&ended).starts_with("the code ran longer than 400 ms"), "{ended:?}");
    let given_back = async {
        // A few connections to the app wait for its next call.
        while served.descriptors() > at_rest + 20 {
            tenant.get("/self").await;
        }
    };
    tokio::time::timeout(crate::support::GUARD, given_back).await.expect("they are given back in time");
}
