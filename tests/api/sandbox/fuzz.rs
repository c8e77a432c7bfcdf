//! Whatever a worker is told and whatever it is given to run, it answers or ends; whatever a worker says, the server
//! goes on.
//!
//! Short by default; `PROPTEST_CASES=20000 cargo test --test api fuzz::` runs long.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use membrane_mock::testing::MockMembrane;
use proptest::prelude::*;
use serde_json::json;

use crate::support::{Bed, cases};

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

const READY: &str = r#"{"ready":{"filtered":true}}"#;

/// Makes a program of a shell script. It is written by another process: a program that this one has open for writing,
/// were it but in a child that another test has just forked, cannot be run.
fn program(folder: &Path, name: &str, script: &str) -> PathBuf {
    let path = folder.join(name);
    let mut writing = Command::new("sh")
        .args(["-c", r#"cat > "$0" && chmod +x "$0""#])
        .arg(&path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let script = format!("#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n");
    writing.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(writing.wait().unwrap().success());
    path
}

async fn with_worker(program: PathBuf, seconds: u64) -> Bed {
    Bed::of(MockMembrane::builder().js_worker(program).code_timeout(Duration::from_secs(seconds))).await
}

/// Bad workers whose runs may last until their time is over. Every other one is found out before, however slow that is.
const UNTIL_THE_END: [&str; 4] = ["says nothing", "asks for ever", "prints for ever", "complains for ever"];

/// Seventy million bytes without a line break.
const LONG: &str = r"head -c 70000000 /dev/zero | tr '\0' a";

/// What bad workers do, and whose fault it is said to be. Those that stay would stay for ever: they are killed.
fn bad_workers() -> Vec<(&'static str, String, &'static str)> {
    let at_once = [
        ("prints garbage", "echo garbage"),
        ("prints no text", r"printf '\377\376\n'; exec sleep 600"),
        ("is done before it begins", r#"echo '{"done":{"Ok":1}}'"#),
        ("dies", "exit 3"),
        ("hangs up and stays", "exec 1>&-; exec sleep 600"),
        ("says nothing", "exec sleep 600"),
    ];
    let with_a_task = [
        ("prints garbage", "echo garbage; exec sleep 600"),
        ("prints no text", r"printf '\377\376\n'; exec sleep 600"),
        ("prints an empty line", "echo; exec sleep 600"),
        ("starts anew", r#"echo '{"ready":{"filtered":true}}'; exec sleep 600"#),
        ("dies", "exit 0"),
        ("dies within a line", r#"printf '{"done":{"Ok":1'"#),
        ("kills itself", "kill -9 $$"),
        ("hangs up and stays", "exec 1>&-; exec sleep 600"),
        ("says nothing", "exec sleep 600"),
        ("answers what nobody asked", r#"echo '{"answer":{"id":7,"answer":{"value":1}}}'; exec sleep 600"#),
        ("says what it was told", r#"printf '%s\n' "$task"; exec sleep 600"#),
        ("fails without a reason", r#"echo '{"done":{"Err":{}}}'; exec sleep 600"#),
        (
            "asks for what there is not",
            r#"echo '{"call":{"id":1,"operation":"steal","arguments":{}}}'; read -r answer"#,
        ),
        ("asks for ever", r#"while :; do echo '{"call":{"id":1,"operation":"http","arguments":{}}}'; done"#),
        ("prints for ever", r#"while :; do echo '{"log":{"level":"log","message":"x"}}'; done"#),
        ("complains for ever", "while :; do echo 'this is a complaint of some length' >&2; done"),
    ];
    let mut bad: Vec<_> = at_once.map(|(what, script)| (what, script.to_owned(), "internal")).into();
    bad.push(("prints a long line", format!("{LONG}; exec sleep 600"), "internal"));
    let when_told = |script: &str| format!("echo '{READY}'; read -r task; {script}");
    bad.extend(with_a_task.map(|(what, script)| (what, when_told(script), "custom_code")));
    bad.push(("prints a long line", when_told(&format!("{LONG}; exec sleep 600")), "custom_code"));
    let text = format!(r#"printf '{{"done":{{"Ok":"'; {LONG}; echo '"}}}}'; exec sleep 600"#);
    bad.push(("has a long output", when_told(&text), "custom_code"));
    bad.push(("does not listen", format!("exec 0<&-; echo '{READY}'; exec sleep 600"), "custom_code"));
    let brackets = |bracket: char| format!(r"head -c 100000 /dev/zero | tr '\0' '{bracket}'");
    let deep = format!(r#"printf '{{"done":{{"Ok":'; {}; {}; echo '}}}}'"#, brackets('['), brackets(']'));
    bad.push(("has a deep output", when_told(&deep), "internal"));
    bad
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_survives_bad_workers() {
    use futures_util::StreamExt as _;
    let folder = tempfile::tempdir().unwrap();
    let scripts = bad_workers().into_iter().enumerate();
    let programs = scripts
        .map(|(number, (what, script, fault))| (what, program(folder.path(), &number.to_string(), &script), fault))
        .chain([
            ("is not there", folder.path().join("nowhere"), "internal"),
            ("is a folder", folder.path().to_path_buf(), "internal"),
        ]);

    let run = |(what, program, fault): (&'static str, PathBuf, &'static str)| async move {
        let bed = with_worker(program, if UNTIL_THE_END.contains(&what) { 1 } else { 20 }).await;
        let act = json!({"code": "module.exports = () => 1", "connectionKey": "github-dev"});
        let (status, body) = bed.demo().post("/act", act.clone()).await;
        let expected = if fault == "internal" { 500 } else { 400 };
        assert_eq!((status, &body["type"]), (expected, &json!(fault)), "{what}: {body}");
        assert!(body["actionRunId"].is_string(), "{what}: {body}");

        let (_, again) = bed.demo().post("/act", act).await;
        assert!(again["type"].is_string() && again["message"].is_string(), "{what}, once more: {again}");
        assert_eq!(bed.demo().get("/integrations?limit=1").await.0, 200, "{what}");
        assert_eq!(bed.demo().items("/action-run-logs").await.len(), 2, "{what}");
    };
    futures_util::stream::iter(programs).for_each_concurrent(4, run).await;
}

/// Nearly messages of a worker.
fn near_reply() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just(READY),
        Just(r#"{"call":{"id":1,"operation":"http","arguments":{"method":"GET","path":"/self"}}}"#),
        Just(r#"{"call":{"id":18446744073709551615,"operation":"external","arguments":[null]}}"#),
        Just(r#"{"log":{"level":"log","message":"x"}}"#),
        Just(r#"{"log":{"level":7}}"#),
        Just(r#"{"done":{"Ok":{"a":[1]}}}"#),
        Just(r#"{"done":{"Ok":null}}"#),
        Just(r#"{"done":{"Err":{"fault":"busy","message":"x","at":null,"stack":null,"cause":null}}}"#),
        Just(r#"{"done":{"Err":{"fault":"engine","message":"x","at":{"line":0,"column":4294967295},"stack":"s"}}}"#),
        Just(r#"{"done":{"#),
        Just("\n"),
        Just("\n"),
        Just("}"),
        Just("\u{0}"),
    ];
    let text = proptest::collection::vec(part, 0..10).prop_map(|parts| parts.concat().into_bytes());
    prop_oneof![4 => text, 1 => proptest::collection::vec(any::<u8>(), 0..300)]
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn whatever_a_worker_says_is_an_answer_or_an_error(reply in near_reply()) {
        static BED: OnceLock<(tokio::runtime::Runtime, Bed)> = OnceLock::new();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let at = folder.join("what-a-bad-worker-says");
        std::fs::write(&at, &reply).unwrap();
        let (runtime, bed) = BED.get_or_init(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let says = format!("echo '{READY}'; read -r task; cat '{}'", at.display());
            let bed = runtime.block_on(with_worker(program(folder, "bad-worker", &says), 1));
            (runtime, bed)
        });
        let call = json!({"code": "module.exports = () => 1", "connectionKey": "github-dev"});
        let (status, body) = runtime.block_on(bed.demo().post("/act", call));

        let is_error = body["type"].is_string() && body["message"].is_string();
        prop_assert!(status == 200 || matches!(status, 400 | 429 | 500) && is_error, "{status} {body}");
        prop_assert!(body["actionRunId"].is_string(), "{body}");
    }
}
