//! Whose turn it is: tenants that are stuck hold up nobody else, and a run that is given up leaves its seat and a log.

use std::time::Duration;

use futures_util::future::join_all;
use membrane_mock::testing::MockMembrane;

use crate::support::snippets::{ASKS_AND_SPINS, Silent, beside, output, run, with_workers};
use crate::support::{Api, Bed, GUARD};

/// A snippet that waits for its app for ever.
const WAITS: &str = "module.exports = ({ externalApiClient }) => externalApiClient.get('/never')";
const GIVEN_UP: &str = "nobody waited for the code any more";

/// What runs say of their ends, once there are so many of them.
async fn ends(api: &Api, runs: usize) -> Vec<String> {
    let logged = async {
        loop {
            let logs = api.items("/action-run-logs?limit=200").await;
            if logs.len() >= runs {
                break logs.iter().map(|log| log["error"]["message"].as_str().unwrap_or("none").to_owned()).collect();
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(GUARD, logged).await.expect("runs go on")
}

fn seats() -> usize {
    std::thread::available_parallelism().unwrap().get()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_tenants_than_there_are_seats_are_stuck_and_another_one_is_answered() {
    const STUCK: usize = 17;
    let bed = Bed::of(with_workers().code_timeout(Duration::from_secs(20))).await;
    let mut tenants = Vec::new();
    for name in (0..=STUCK).map(|number| format!("tenant-{number}")) {
        bed.ws.tenant(&name).connect("github").key("github-dev").ready().await.unwrap();
        tenants.push(bed.tenant(&name));
    }
    let (another, stuck) = tenants.split_last().unwrap();
    let mut app = Silent::behind(&bed).await;

    let runs = join_all(stuck.iter().map(|tenant| run(tenant, ASKS_AND_SPINS)));
    beside(runs, async {
        app.takes(STUCK).await;
        assert_eq!(output(another, "module.exports = () => 'done'").await, "done");
    })
    .await;

    assert_eq!(output(another, "module.exports = () => 'and again'").await, "and again");
}

#[tokio::test]
async fn a_call_that_is_given_up_in_the_queue_leaves_a_log_and_every_seat() {
    let bed = Bed::of(with_workers().code_timeout(Duration::from_secs(50))).await;
    let (demo, mut app) = (bed.demo(), Silent::behind(&bed).await);
    let all_seats = || join_all((0..seats()).map(|_| run(&demo, WAITS)));

    beside(all_seats(), async {
        app.takes(seats()).await;
        let queued = run(&demo, "module.exports = () => 'it has had its turn'");
        let queued = tokio::time::timeout(Duration::from_secs(3), queued).await;
        assert!(queued.is_err(), "there was a seat for it: {queued:?}");
        let why = ends(&demo, 1).await;
        assert!(why.iter().all(|why| why.starts_with(GIVEN_UP)), "{why:?}");
        assert_eq!(why.len(), 1, "only the one in the queue was given up");
    })
    .await;

    let why = ends(&demo, seats() + 1).await;
    assert!(why.iter().all(|why| why.starts_with(GIVEN_UP)), "{why:?}");
    beside(all_seats(), app.takes(seats())).await;
    assert_eq!(output(&demo, "module.exports = () => 'next'").await, "next");
}

#[tokio::test]
async fn a_call_that_is_given_up_while_its_app_is_silent_leaves_a_log_and_its_seat() {
    for builder in [MockMembrane::builder(), with_workers()] {
        let bed = Bed::of(builder.code_timeout(Duration::from_secs(50))).await;
        let (demo, mut app) = (bed.demo(), Silent::behind(&bed).await);

        beside(run(&demo, WAITS), app.takes(1)).await;

        let why = ends(&demo, 1).await;
        assert!(why[0].starts_with(GIVEN_UP), "{why:?}");
        assert_eq!(output(&demo, "module.exports = () => 'next'").await, "next");
    }
}
