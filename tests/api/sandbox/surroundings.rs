//! What a snippet gets from its sandbox beside its result: time, chance, places in errors, evidence, a fair turn.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use membrane_mock::testing::{MockMembrane, MockMembraneBuilder};
use serde_json::{Value, json};

use crate::support::snippets::{ASKS_AND_SPINS, Silent, beside, output, run, with_workers};
use crate::support::{Api, Bed};

const ENDLESS: &str = "module.exports = () => { for (;;); }";

fn message(body: &Value) -> &str {
    body["message"].as_str().unwrap()
}

/// A connection of another tenant, under the same key.
async fn other(bed: &Bed) -> Api {
    bed.mock.workspace().tenant("other").connect("github").key("github-dev").ready().await.unwrap();
    bed.tenant("other")
}

#[tokio::test]
async fn both_modes_give_the_same() {
    let code = "module.exports = async ({ input, membrane, connection }) => {
        const me = await membrane.self.get();
        const issue = await connection.proxy.get('/user');
        return [input, me.internalId, issue.login, new Date(0), Buffer.from('hi').toString('base64'), undefined];
    }";
    let (thread, worker) = (Bed::start().await, Bed::working().await);

    assert_eq!(output(&thread.demo(), code).await, output(&worker.demo(), code).await);
}

#[tokio::test]
async fn the_time_in_a_place_is_that_of_the_bundled_database() {
    let code = "module.exports = () => [0, Date.UTC(2024, 6, 15)].map((at) => new Date(at).toLocaleString('en-US', {
        timeZone: 'Europe/Berlin', dateStyle: 'short', timeStyle: 'full',
    }))";
    let times = json!([
        "1/1/70, 1:00:00 AM Central European Standard Time",
        "7/15/24, 2:00:00 AM Central European Summer Time"
    ]);

    for bed in [Bed::start().await, Bed::working().await] {
        assert_eq!(output(&bed.demo(), code).await, times);
    }
}

#[tokio::test]
async fn an_error_tells_its_place_in_the_snippet() {
    for bed in [Bed::start().await, Bed::working().await] {
        let code = "module.exports = async () => {\n  await null;\n  const inner = () => {\n    throw new RangeError('too far');\n  };\n  inner();\n}";
        let (status, body) = run(&bed.demo(), code).await;

        assert_eq!(
            (status, &body["type"], &body["message"]),
            (400, &json!("custom_code"), &json!("RangeError: too far"))
        );
        assert_eq!((&body["data"]["lineNumber"], &body["data"]["columnNumber"]), (&json!(4), &json!(11)));
        let excerpt = body["data"]["code"].as_str().unwrap();
        assert!(excerpt.contains("    4 |     throw new RangeError('too far');\n      |           ^\n"), "{excerpt}");
        let stack = body["stack"].as_str().unwrap();
        assert!(stack.starts_with("RangeError: too far\n    at inner (code.js:4:11)\n"), "{stack}");

        let (_, first) = run(&bed.demo(), "module.exports = () => { throw new Error('q') }").await;
        let place = (&first["data"]["lineNumber"], &first["data"]["columnNumber"]);
        assert_eq!(place, (&json!(1), &json!(32)), "{first}");

        for call in
            ["membrane.connection('nobody').get()", "externalApiClient.get('/nothing')", "membrane.get('/nothing')"]
        {
            let code = format!(
                "module.exports = async ({{ membrane, externalApiClient }}) => {{\n  await null;\n  await {call};\n}}"
            );
            let (_, body) = run(&bed.demo(), &code).await;
            assert_eq!(body["data"]["lineNumber"], 3, "{call}: {body}");
            assert!(body["causedByError"]["message"].is_string(), "{call}: {body}");
        }

        let (_, timer) = run(
            &bed.demo(),
            "module.exports = () => new Promise(() => setTimeout(() => {\n  throw new TypeError('t');\n}, 1))",
        )
        .await;
        assert_eq!((message(&timer), &timer["data"]["lineNumber"]), ("TypeError: t", &json!(2)), "{timer}");

        let (_, syntax) = run(&bed.demo(), "const a = 1;\nmodule.exports = () => (;").await;
        assert_eq!((&syntax["data"]["lineNumber"], &syntax["data"]["columnNumber"]), (&json!(2), &json!(25)));
    }
}

#[tokio::test]
async fn the_cause_is_found_behind_the_snippets_own_errors() {
    let bed = Bed::start().await;
    for (throws, says) in [
        ("throw new Error('mine', { cause: error })", "Error: mine"),
        ("throw new AggregateError([new Error('other'), error], 'several')", "AggregateError: several"),
        ("throw error", ""),
    ] {
        for call in ["membrane.connection('nobody').get()", "membrane.connection('github-dev').proxy.get('/nothing')"] {
            let code = format!("module.exports = ({{ membrane }}) => {call}.catch((error) => {{ {throws}; }})");
            let (status, body) = run(&bed.demo(), &code).await;
            assert_eq!(status, 400, "{code}: {body}");
            assert!(message(&body).starts_with(says.trim_start_matches("Error: ")), "{code}: {body}");
            assert!(body["causedByError"]["type"].is_string(), "{code}: {body}");
        }
    }
    let code = "module.exports = ({ connection }) => connection.proxy.get('/nothing')";
    let (_, body) = run(&bed.demo(), code).await;
    assert_eq!(body["causedByError"]["data"]["response"]["status"], 404, "{body}");
}

#[tokio::test]
async fn what_is_not_there_is_explained() {
    let bed = Bed::start().await;
    for (code, says) in [
        ("process.env.HOME", "pass values by `input`"),
        ("fetch('http://x')", "use `externalApiClient`"),
        ("require('fs')", "has no modules"),
        ("import('fs')", "has no modules"),
    ] {
        let (_, body) = run(&bed.demo(), &format!("module.exports = async () => {code}")).await;
        assert!(message(&body).contains(says), "{code}: {body}");
    }
    assert_eq!(output(&bed.demo(), "module.exports = () => typeof process").await, "undefined");
}

#[tokio::test]
async fn recursion_goes_as_deep_as_in_node_in_a_worker() {
    let bed = Bed::working().await;
    let code = "const sum = (n) => n === 0 ? 0 : n + sum(n - 1); module.exports = () => sum(8000)";
    assert_eq!(output(&bed.demo(), code).await, 32_004_000);
    let (status, body) = run(&bed.demo(), "const f = () => f(); module.exports = () => f()").await;
    assert_eq!((status, &body["type"]), (400, &json!("custom_code")), "{body}");
}

#[tokio::test]
async fn what_was_printed_survives_the_end_of_a_snippet_that_is_stopped() {
    for builder in [MockMembrane::builder(), with_workers()] {
        let bed = Bed::of(builder.code_timeout(Duration::from_millis(400))).await;
        let (_, body) = run(&bed.demo(), "module.exports = () => { console.warn('here', { a: 1 }); for (;;); }").await;

        assert!(message(&body).starts_with("the code ran longer than 400 ms, at line 1"), "{body}");
        assert_eq!(body["logs"], json!([{"level": "warn", "message": "here { a: 1 }"}]));
        let details = bed.demo().run_details(&body).await;
        assert_eq!(details["details"]["logs"], body["logs"]);
    }
}

#[tokio::test]
async fn memory_is_limited_in_a_worker() {
    let bed = Bed::of(with_workers().code_memory_mb(64)).await;

    let (status, body) = run(&bed.demo(), "module.exports = () => 'x'.repeat(2 ** 28)").await;

    assert_eq!((status, message(&body)), (400, "the code used more than 64 MB of memory"));
    assert_eq!(output(&bed.demo(), "module.exports = () => 1").await, 1, "the next one has a worker again");
}

#[tokio::test]
async fn timers_of_a_clock_that_stands_still_take_no_time() {
    let bed = Bed::of(with_workers().manual_clock("2026-01-01T00:00:00Z".parse().unwrap())).await;
    let code = "module.exports = async () => {
        const before = new Date();
        const order = [];
        setTimeout(() => order.push('day'), 86400000);
        setTimeout(() => order.push('hour'), 3600000);
        await new Promise((done) => setTimeout(done, 86400001));
        return [before, order, new Date() - before, performance.now()];
    }";

    let expected = json!(["2026-01-01T00:00:00.000Z", ["hour", "day"], 86_400_001, 86_400_001]);
    assert_eq!(output(&bed.demo(), code).await, expected);
}

#[tokio::test]
async fn chance_repeats_with_the_servers_seed() {
    let code =
        "module.exports = () => [Math.random(), crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(4))]]";
    let drawn = async |builder: MockMembraneBuilder| output(&Bed::of(builder).await.demo(), code).await;

    let one = drawn(MockMembrane::builder().rng_seed(7)).await;
    assert_eq!(one, drawn(with_workers().rng_seed(7)).await);
    assert_ne!(one, drawn(MockMembrane::builder().rng_seed(8)).await);
    assert_ne!(drawn(MockMembrane::builder()).await, drawn(MockMembrane::builder()).await);
}

#[tokio::test]
async fn a_snippet_may_have_its_own_globals_and_harms_none_of_ours() {
    let bed = Bed::start().await;
    let outputs = [
        (
            "module.exports = () => { Buffer = 5; return [Buffer, Object.keys(globalThis).includes('Buffer')]; }",
            json!([5, false]),
        ),
        ("module.exports = () => { JSON.stringify = () => 'no'; return 1; }", json!(1)),
        ("Uint8Array.prototype.subarray = null; module.exports = () => crypto.randomUUID().length", json!(36)),
        ("module.exports = () => [typeof Date.now(), new Date('2024-01-02 03:04:05Z'), Date.name]", {
            json!(["number", "2024-01-02T03:04:05.000Z", "Date"])
        }),
        ("module.exports = () => [(1234.5).toLocaleString(), [3, 10].map((n) => n.toLocaleString('de'))]", {
            json!(["1,234.5", ["3", "10"]])
        }),
        ("const m = module; module.exports = () => typeof membrane + typeof m.exports", json!("objectfunction")),
        ("module.exports = () => [typeof process, typeof hostCall, typeof runSnippet, global === globalThis]", {
            json!(["undefined", "undefined", "undefined", true])
        }),
    ];
    for (code, expected) in outputs {
        assert_eq!(output(&bed.demo(), code).await, expected, "{code}");
    }
    let (_, early) = run(&bed.demo(), "membrane.self; module.exports = () => 1").await;
    assert!(message(&early).contains("`membrane` is there when the function runs"), "{early}");
}

#[tokio::test]
async fn calls_made_inside_are_found_from_the_run() {
    let bed = Bed::working().await;
    let code = "module.exports = async ({ connection, membrane }) => {
        await connection.action('create-issue').run({ repo: 'acme/app', title: 't' }).catch(() => {});
        await membrane.get('/connections', { limit: 1 });
    }";

    let (status, body) = run(&bed.demo(), code).await;
    assert_eq!(status, 200, "{body}");
    let details = bed.demo().run_details(&body).await;

    let calls = details["details"]["calls"].as_array().unwrap();
    assert_eq!(calls.len(), 2, "{details}");
    let inner = bed.demo().get(&format!("/action-run-logs/{}", calls[0]["actionRunId"].as_str().unwrap())).await;
    assert_eq!((inner.0, &inner.1["action"]["key"]), (200, &json!("create-issue")));
    assert_eq!((&calls[1]["method"], &calls[1]["path"]), (&json!("GET"), &json!("/connections?limit=1")));
    assert_eq!((&calls[1]["status"], calls[1].get("actionRunId")), (&json!(200), None));
}

#[tokio::test]
async fn a_stuck_tenant_holds_up_nobody_else() {
    for builder in [MockMembrane::builder(), with_workers()] {
        let bed = Bed::of(builder.code_timeout(Duration::from_secs(30))).await;
        let (demo, other) = (bed.demo(), other(&bed).await);
        let stuck = join_all((0..8).map(|_| run(&demo, ENDLESS)));

        let got = beside(stuck, async { output(&other, "module.exports = () => 'done'").await }).await;

        assert_eq!(got, "done");
    }
}

#[tokio::test]
async fn a_full_queue_is_429() {
    let bed = Bed::of(with_workers().code_timeout(Duration::from_secs(30))).await;
    let demo = bed.demo();

    // Two run, a hundred wait; which call comes last is not said, but some are refused at once.
    let calls = futures_util::future::select_all((0..130).map(|_| Box::pin(run(&demo, ENDLESS))));
    let ((status, body), _, rest) = calls.await;

    assert_eq!((status, &body["key"]), (429, &json!("rate_limit_exceeded")), "{body}");
    assert!(message(&body).contains("100 snippets of this tenant wait already"), "{body}");
    drop(rest);
}

#[tokio::test]
async fn a_call_that_is_given_up_ends_its_snippet_and_is_logged() {
    for builder in [MockMembrane::builder(), with_workers()] {
        let bed = Bed::of(builder.code_timeout(Duration::from_secs(50))).await;
        let (demo, mut app) = (bed.demo(), Silent::behind(&bed).await);
        // Nothing but the caller's leaving can end it in the time of this test.
        beside(run(&demo, ASKS_AND_SPINS), app.takes(1)).await;

        let logged = async {
            loop {
                let logs = demo.ok(Method::GET, "/action-run-logs?limit=1", Value::Null).await;
                if let Some(log) = logs["items"].as_array().unwrap().first() {
                    return log["error"]["message"].as_str().unwrap().to_owned();
                }
                tokio::task::yield_now().await;
            }
        };
        let why = tokio::time::timeout(Duration::from_secs(20), logged).await.expect("the run goes on");
        assert!(why.starts_with("nobody waited for the code any more"), "{why}");
    }
}

#[tokio::test]
async fn the_apps_client_refreshes_by_itself_and_tells_what_the_app_said() {
    let bed = Bed::working().await;
    bed.ws.upstream("hubspot").expire_tokens().await.unwrap();
    let hubspot =
        async |code: &str| bed.demo().post("/act", json!({"code": code, "connectionKey": "hubspot-prod"})).await;

    let list = "module.exports = async ({ externalApiClient }) => (await externalApiClient.get('/crm/v3/objects/contacts')).results.length";
    let (status, body) = hubspot(list).await;
    assert_eq!((status, body["output"].is_number()), (200, true), "{body}");
    let details = bed.demo().run_details(&body).await;
    let statuses: Vec<_> =
        details["details"]["exchanges"].as_array().unwrap().iter().map(|e| &e["response"]["status"]).collect();
    assert_eq!(statuses, [401, 200], "the first try is refused, the refreshed one is not");

    let missing = "module.exports = async ({ externalApiClient }) => {
        try { await externalApiClient.post('/nowhere', { a: 1 }); } catch (error) { return [error.status, typeof error.data]; }
    }";
    assert_eq!(hubspot(missing).await.1["output"], json!([404, "object"]));
}
