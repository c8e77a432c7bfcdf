//! Whatever a worker is told and whatever it is given to run, it answers or ends, and the server goes on.
//!
//! Short by default; `PROPTEST_CASES=20000 cargo test --test api fuzz::` runs long.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use membrane_mock::testing::MockMembrane;
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::json;

use crate::support::Bed;

fn cases(few: u32) -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    Config { cases: asked.unwrap_or(few), failure_persistence: None, ..Config::default() }
}

/// Runs a worker on some input; its output, once it has ended.
fn worker(input: &[u8]) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_membrane-mock"))
        .args(["js-worker", "256", &std::process::id().to_string()])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may end before it has read everything.
    stdin.write_all(input).ok();
    drop(stdin);
    let mut output = String::new();
    child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    child.wait().unwrap();
    output
}

const TASK: &str =
    r#"{"run":{"source":"module.exports = () => 1","arguments":{},"now":0,"frozen":false,"seed":"","limitMs":1000}}"#;

/// Nearly messages: parts of real ones, put together wrongly.
fn near_message() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just(TASK.to_owned()),
        Just(r#"{"answer":{"id":1,"answer":{"value":1}}}"#.to_owned()),
        Just("\n".to_owned()),
        Just("{\"run\":".to_owned()),
        Just("}".to_owned()),
        "[{}\\[\\]\":,a-z0-9\\\\ ]{0,20}",
        ".{0,10}",
    ];
    let text = proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat().into_bytes());
    prop_oneof![4 => text, 1 => proptest::collection::vec(any::<u8>(), 0..300)]
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn a_worker_ends_on_anything_that_is_no_message(input in near_message()) {
        let output = worker(&input);

        // Whatever it still said are whole messages.
        for line in output.lines() {
            prop_assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
        }
    }
}

#[test]
fn a_worker_that_is_told_something_sensible_does_it() {
    // Its input ends at once, which ends it: it may be before the answer, never after something else.
    let output = worker(format!("{TASK}\n").as_bytes());

    let lines: Vec<&str> = output.lines().collect();
    assert!(lines.iter().all(|line| line.starts_with(r#"{"ready""#) || *line == r#"{"done":{"Ok":1}}"#), "{output}");
}

/// Source that is nearly JavaScript, with all that opens and closes the wrapper around it.
fn near_source() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("module.exports = "),
        Just("export default "),
        Just("({ input }) => "),
        Just("async "),
        Just("await "),
        Just("})"),
        Just("});"),
        Just("({"),
        Just("/*"),
        Just("*/"),
        Just("//"),
        Just("`${"),
        Just("'"),
        Just("\\"),
        Just("\n"),
        Just("\u{2028}"),
        Just("\u{feff}"),
        Just("return 1"),
        Just("throw "),
        Just("runSnippet("),
        Just("input.a"),
        Just("=> 1;"),
        Just("#!"),
        Just("<!--"),
        Just("yield"),
        Just("function* f() {"),
        Just("class A { static {"),
    ];
    let soup = proptest::collection::vec(part.prop_map(str::to_owned), 0..15).prop_map(|parts| parts.concat());
    prop_oneof![3 => soup, 1 => ".{0,80}"]
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn any_source_ends_as_a_run_ends(source in near_source()) {
        static BED: OnceLock<(tokio::runtime::Runtime, Bed)> = OnceLock::new();
        let (runtime, bed) = BED.get_or_init(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let builder = MockMembrane::builder().js_worker(env!("CARGO_BIN_EXE_membrane-mock"));
            let bed = runtime.block_on(Bed::of(builder.code_timeout(Duration::from_secs(2))));
            (runtime, bed)
        });
        let call = json!({"code": source, "connectionKey": "github-dev", "input": {"a": 1}});
        let (status, body) = runtime.block_on(bed.demo().post("/act", call));

        let as_a_run_ends = status == 200 || status == 400 && (body["type"] == "custom_code" || source.is_empty());
        prop_assert!(as_a_run_ends, "{source:?}: {status} {body}");
        prop_assert!(body["actionRunId"].is_string());
    }
}
