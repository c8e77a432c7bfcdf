//! The table of hostile snippets, `tests/snippets/hostile.yaml`, in both modes of the sandbox.
//!
//! No durations are judged here: a limit of real time only tells a hang from an end. In worker mode every case runs;
//! in thread mode those that it contains; [`NOT_CONTAINED`] lists the rest.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use membrane_mock::sandbox::MOST_STUCK;
use membrane_mock::testing::MockMembrane;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::served::Served;
use crate::support::snippets::{ASKS_AND_SPINS, Silent, beside, run_with};
use crate::support::{Answer, Api, Bed, GUARD, message};

/// What a thread of this process does not contain: it dies, the thread goes on for long, or its memory stays taken.
const NOT_CONTAINED: &str = "
    loop-for-of-growing-array loop-for-of-growing-set loop-set-delete-and-add loop-with-work-in-a-callback
    loop-below-the-limit-in-a-callback json-replacer-grows-without-end spread-of-an-endless-iterator
    iterator-helper-to-array promise-all-of-an-endless-iterator native-walk-of-a-sparse-array
    native-walk-of-a-fake-length spin-after-the-first-await spin-with-work-after-the-first-await flood-of-microtasks
    flood-of-resolved-promises thousands-of-timers regex-nested-plus regex-alternation-overlap
    regex-star-height-three regex-email-validator regex-through-replace regex-through-split regex-through-match-all
    regex-back-reference regex-look-behind regex-quadratic-on-a-long-text regex-species-and-exec-replaced
    string-doubling string-repeat string-repeat-of-repeats string-pad-end string-join string-templates
    string-replace-blow-up string-kept-in-many-slices array-fill array-push array-concat array-spread
    array-sparse-for-each array-sparse-to-spread array-keys-as-result arguments-by-the-million map-growth set-growth
    object-growth closure-growth array-buffer-of-one-gigabyte buffers-without-end buffer-resizable big-int-squares
    big-int-to-text weak-ref-flood recursion-through-eval chain-of-proxies chain-of-bound-functions
    chain-of-prototypes flat-of-a-cycle to-string-of-nested-arrays structured-clone-of-a-deep-value
    json-stringify-deep result-nested-without-reason parse-ifs-in-a-row parse-labels-in-a-row
    parse-assignments-in-a-row parse-powers-in-a-row parse-sum-in-a-row parse-members-in-a-row parse-calls-in-a-row
    parse-many-variables output-text-of-fifty-megabytes output-shared-references
    output-console-line-of-100-megabytes output-error-message-of-100-megabytes output-error-message-of-8-megabytes
    output-stack-replaced result-proxy-with-endless-keys result-array-proxy-with-endless-length
    result-getter-that-grows next-after-a-death host-calls-without-end host-calls-with-a-giant-body
";

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(rename = "why")]
    _why: String,
    code: String,
    ends: OneOrMore,
    says: Option<String>,
    then: Option<String>,
    output: Option<Value>,
    in_process: Containment,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(Ending),
    More(Vec<Ending>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Containment {
    Contained,
    NotContained,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ending {
    Timeout,
    Memory,
    Output,
    Depth,
    Thrown,
    NeverSettles,
    Refused,
    Harmless,
}

fn table() -> Vec<Case> {
    serde_yaml_ng::from_str(include_str!("../../snippets/hostile.yaml")).unwrap()
}

impl Case {
    fn endings(&self) -> Vec<Ending> {
        match &self.ends {
            OneOrMore::One(one) => vec![*one],
            OneOrMore::More(more) => more.clone(),
        }
    }

    fn can_time_out(&self) -> bool {
        self.endings().contains(&Ending::Timeout)
    }

    /// Runs it; says what is wrong with how it ended.
    async fn verdict(&self, api: &Api) -> Result<(), String> {
        let answer = act(api, &self.code).await.ok_or("no answer")?;
        let ended = ending(&answer).ok_or_else(|| format!("ended as no snippet may: {}", shown(&answer)))?;
        if !self.endings().contains(&ended) {
            return Err(format!("ended in {ended:?}, not {:?}: {}", self.endings(), shown(&answer)));
        }
        if let (Some(says), true) = (&self.says, ended != Ending::Harmless)
            && !answer.1["message"].as_str().unwrap_or_default().contains(says.as_str())
        {
            return Err(format!("does not say `{says}`: {}", shown(&answer)));
        }
        let last = match &self.then {
            Some(then) => {
                let answer = act(api, then).await.ok_or("no answer to what came next")?;
                if ending(&answer) != Some(Ending::Harmless) {
                    return Err(format!("what came next ended badly: {}", shown(&answer)));
                }
                answer
            }
            None if ended == Ending::Harmless => answer,
            None => return Ok(()),
        };
        match &self.output {
            Some(output) if last.1["output"] != *output => Err(format!("gave {} and not {output}", shown(&last))),
            _ => Ok(()),
        }
    }
}

/// None when there is no answer for so long that there will be none.
async fn act(api: &Api, code: &str) -> Option<Answer> {
    tokio::time::timeout(Duration::from_mins(1), run_with(api, code, json!({"a": 2}))).await.ok()
}

fn shown((status, body): &Answer) -> String {
    let text: String = body.to_string().chars().take(400).collect();
    format!("{status} {text}")
}

/// How a run ended; none when not as a snippet's run ends.
fn ending((status, body): &Answer) -> Option<Ending> {
    if *status == 200 {
        return Some(Ending::Harmless);
    }
    if *status != 400 || body["type"] != "custom_code" || !body["actionRunId"].is_string() {
        return None;
    }
    let message = body["message"].as_str()?;
    let starts = |beginning: &str| message.starts_with(beginning);
    Some(match message {
        _ if starts("the code ran longer than") => Ending::Timeout,
        _ if starts("the code used more than") => Ending::Memory,
        _ if starts("the output nests") || starts("the code nests too deep") => Ending::Depth,
        _ if starts("the output") => Ending::Output,
        _ if starts("the code nests") || starts("the code has") => Ending::Refused,
        _ if message.contains("never settles") => Ending::NeverSettles,
        _ => Ending::Thrown,
    })
}

/// Runs cases, so many at a time, and tells all that went wrong at the end.
async fn all_well(cases: Vec<Case>, at_once: usize, run: impl AsyncFn(&Case) -> Result<(), String>) {
    use futures_util::StreamExt as _;
    let run = &run;
    let verdicts = futures_util::stream::iter(&cases)
        .map(|case| async move { run(case).await.err().map(|why| format!("{}: {why}", case.name)) })
        .buffer_unordered(at_once);
    let wrong: Vec<String> = verdicts.filter_map(|wrong| async move { wrong }).collect().await;
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn status_of(pid: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

fn children_of(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let children = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
    children.flat_map(|list| list.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<u32>>()).collect()
}

/// A server whose snippets may take so long.
fn served(timeout_ms: &str) -> Served {
    Served::by(&[("CODE_TIMEOUT_MS", timeout_ms), ("CODE_MEMORY_MB", "128"), ("JOURNAL_LIMIT", "100")])
}

/// Every case in a worker; the server answers others all the while, and is as it was in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_contains_everything() {
    // What is expected to end by the clock has little of it, what is not has plenty: a slow machine changes nothing.
    let (short, long) = (served("1000"), served("20000"));
    let (hasty, patient) = (short.tenant().await, long.tenant().await);
    act(&hasty, "module.exports = () => 1").await.unwrap();
    let before = status_of(short.child.id(), "VmRSS:").unwrap();

    let done = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    let others = async {
        while !done.load(Ordering::Relaxed) {
            let call = hasty.get("/integrations?limit=5");
            let answer = tokio::time::timeout(Duration::from_secs(30), call).await.expect("the server answers nobody");
            assert_eq!(answer.0, 200);
            answered.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    };
    let cases = async {
        let (timed, untimed): (Vec<_>, Vec<_>) = table().into_iter().partition(Case::can_time_out);
        all_well(timed, 2, async |case| case.verdict(&hasty).await).await;
        all_well(untimed, 2, async |case| case.verdict(&patient).await).await;
        done.store(true, Ordering::Relaxed);
    };
    tokio::join!(cases, others);

    assert!(answered.load(Ordering::Relaxed) > 100, "others were hardly answered");
    let cores = std::thread::available_parallelism().unwrap().get();
    for served in [&short, &long] {
        // One that was killed a moment ago may still be on its way out.
        let settled = async {
            loop {
                let workers = children_of(served.child.id());
                if workers.len() <= cores {
                    break workers;
                }
                tokio::task::yield_now().await;
            }
        };
        let workers = tokio::time::timeout(Duration::from_secs(20), settled).await.expect("workers are left");
        for worker in workers {
            let kept = status_of(worker, "VmRSS:").unwrap_or(0);
            assert!(kept < 200_000, "a worker kept {kept} kB");
        }
    }
    let after = status_of(short.child.id(), "VmRSS:").unwrap();
    assert!(after < before + 150_000, "the server grew from {before} kB to {after} kB");
}

/// Whatever snippets do, the server keeps nothing of it: a part of the table, run once more, takes no more memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg(target_os = "linux")]
async fn the_server_keeps_no_memory_of_what_it_ran() {
    const MOST_GROWTH_KB: u64 = 20_000;
    // What may return megabytes stays out: the log of its run is kept, as it should be.
    let small = table().into_iter().filter(|case| !case.endings().contains(&Ending::Output));
    let (timed, untimed): (Vec<_>, Vec<_>) = small.partition(Case::can_time_out);
    for (timeout_ms, cases, every) in [("1000", timed, 12), ("20000", untimed, 4)] {
        let part: Vec<_> = cases.into_iter().step_by(every).collect();
        assert!(part.len() >= 10, "only {} cases", part.len());
        let served = served(timeout_ms);
        let tenant = served.tenant().await;
        let mut resident = Vec::new();
        for _ in 0..2 {
            all_well(part.clone(), 2, async |case| case.verdict(&tenant).await).await;
            resident.push(status_of(served.child.id(), "VmRSS:").unwrap());
        }
        assert!(resident[1] < resident[0] + MOST_GROWTH_KB, "{timeout_ms} ms: {resident:?} kB");
    }
}

/// The cases that a thread of this process contains. Each has a server of its own: a thread that goes on for a while
/// is another's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_contains_what_the_table_says() {
    let contained = |case: &Case| case.in_process == Containment::Contained;
    let (run, left_out): (Vec<_>, Vec<_>) = table().into_iter().partition(contained);
    assert!(run.len() >= 150, "{} cases run, {} are left out", run.len(), left_out.len());

    all_well(run, 2, async |case| {
        let limit = if case.can_time_out() { 500 } else { 20_000 };
        let bed = Bed::of(MockMembrane::builder().code_timeout(Duration::from_millis(limit))).await;
        case.verdict(&bed.demo()).await
    })
    .await;
}

#[test]
fn what_a_thread_does_not_contain_is_listed() {
    let left_out: Vec<_> =
        table().into_iter().filter(|case| case.in_process == Containment::NotContained).map(|case| case.name).collect();

    assert_eq!(left_out, NOT_CONTAINED.split_whitespace().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_answers_others_beside_stuck_threads() {
    let bed = Bed::of(MockMembrane::builder().code_timeout(Duration::from_secs(50))).await;
    let (demo, mut app) = (bed.demo(), Silent::behind(&bed).await);
    let seats = std::thread::available_parallelism().unwrap().get();

    let stuck = futures_util::future::join_all((0..seats).map(|_| act(&demo, ASKS_AND_SPINS)));
    beside(stuck, async {
        app.takes(seats).await;
        for _ in 0..200 {
            assert_eq!(demo.get("/integrations?limit=5").await.0, 200);
        }
    })
    .await;
}

/// Threads that cannot be stopped are abandoned, so many at most; once they end, snippets run again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lost_too_many_threads_runs_no_more_until_they_end() {
    let bed = Bed::of(MockMembrane::builder().code_timeout(Duration::from_millis(200))).await;
    let demo = bed.demo();
    // In a callback of a built-in nothing looks at the clock; it ends all the same, long after it was given up.
    let spins =
        "module.exports = () => [1].map(() => { const until = Date.now() + 6000; while (Date.now() < until); })";

    let mut lost = 0;
    let refusal = async {
        loop {
            let answer = act(&demo, spins).await.expect("an answer");
            if ending(&answer) != Some(Ending::Timeout) {
                break answer;
            }
            lost += 1;
        }
    };
    let refused = tokio::time::timeout(GUARD, refusal).await.expect("they are all taken");

    assert_eq!((refused.0, &refused.1["type"]), (500, &json!("internal")), "{refused:?}");
    assert!(message(&refused).contains(&format!("{MOST_STUCK} earlier snippets could not be stopped")), "{refused:?}");
    assert!(refused.1["actionRunId"].is_string(), "it is logged: {refused:?}");
    assert!(lost >= MOST_STUCK, "refused after {lost}");
    assert_eq!(demo.get("/integrations?limit=5").await.0, 200, "all else goes on");
    let recovered = async {
        while act(&demo, "module.exports = () => 1").await.is_none_or(|answer| answer.0 != 200) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(GUARD, recovered).await.expect("no snippet ever runs again");
}

/// Worker mode is what the operating system says it is.
#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_worker_has_nothing() {
    let served = Served::by(&[]);
    let tenant = served.tenant().await;
    assert!(children_of(served.child.id()).is_empty(), "no worker runs before it is needed");
    act(&tenant, "module.exports = () => 1").await.unwrap();

    let workers = children_of(served.child.id());
    let [worker] = workers.as_slice() else { panic!("one worker, not {workers:?}") };
    let at = |name: &str| format!("/proc/{worker}/{name}");

    assert_eq!(status_of(*worker, "Seccomp:"), Some(2), "system calls are filtered");
    assert_eq!(status_of(*worker, "NoNewPrivs:"), Some(1));
    assert_eq!(std::fs::read(at("environ")).unwrap_or_default(), b"", "no environment");
    let open: Vec<_> = std::fs::read_dir(at("fd")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(open.len(), 3, "three pipes and nothing else: {open:?}");
    let limits = std::fs::read_to_string(at("limits")).unwrap();
    let limit = |name: &str| limits.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(!limit("Max address space").contains("unlimited"));
    assert!(!limit("Max cpu time").split_whitespace().nth(3).unwrap().contains("unlimited"));
    let zeroes: BTreeMap<_, _> = ["Max core file size", "Max file size", "Max processes"]
        .into_iter()
        .map(|name| (name, limit(name).trim_start_matches(name).split_whitespace().next() == Some("0")))
        .collect();
    assert!(zeroes.values().all(|zero| *zero), "{zeroes:?}");
}

/// A worker dies with its server, even when that one is killed.
#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_worker_dies_with_its_server() {
    let mut served = Served::by(&[]);
    let tenant = served.tenant().await;
    act(&tenant, "module.exports = () => 1").await.unwrap();
    let workers = children_of(served.child.id());
    assert_eq!(workers.len(), 1);

    served.child.kill().unwrap();
    served.child.wait().unwrap();

    let gone = async {
        while std::path::Path::new(&format!("/proc/{}", workers[0])).exists()
            && status_of(workers[0], "VmRSS:").is_some()
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("the worker outlived its server");
}
