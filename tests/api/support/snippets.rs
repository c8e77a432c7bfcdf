//! Snippets as a tenant runs them, in this process or in workers.

use membrane_mock::testing::{MockMembrane, MockMembraneBuilder};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Answer, Api, Bed, GUARD};

/// Snippets in child processes, as the binary runs them.
pub(crate) fn with_workers() -> MockMembraneBuilder {
    MockMembrane::builder().js_worker(env!("CARGO_BIN_EXE_membrane-mock"))
}

impl Bed {
    pub(crate) async fn working() -> Self {
        Self::of(with_workers()).await
    }
}

/// Runs a snippet through the demo's GitHub connection.
pub(crate) async fn run(api: &Api, code: &str) -> Answer {
    api.post("/act", json!({"code": code, "connectionKey": "github-dev"})).await
}

/// The same with an input.
pub(crate) async fn run_with(api: &Api, code: &str, input: Value) -> Answer {
    api.post("/act", json!({"code": code, "connectionKey": "github-dev", "input": input})).await
}

/// What a snippet gives that has to succeed.
pub(crate) async fn output(api: &Api, code: &str) -> Value {
    let answer = run(api, code).await;
    assert_eq!(answer.0, 200, "{code}: {answer:?}");
    answer.1["output"].clone()
}
/// A snippet that asks its app and spins: who took the question knows that it runs. No count of loops ends it.
pub(crate) const ASKS_AND_SPINS: &str = "module.exports = ({ externalApiClient }) => {
    externalApiClient.get('/never');
    const turn = () => { for (let i = 0; i < 1e6; i++); };
    for (;;) turn();
}";

/// An app behind `github` that takes calls and never answers them.
#[derive(Debug)]
pub(crate) struct Silent {
    listener: TcpListener,
    taken: Vec<TcpStream>,
}

impl Silent {
    pub(crate) async fn behind(bed: &Bed) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        bed.ws.upstream("github").at(&format!("http://{address}")).await.unwrap();
        Self { listener, taken: Vec::new() }
    }

    /// Waits for so many calls: as many snippets run.
    pub(crate) async fn takes(&mut self, calls: usize) {
        let taking = async {
            for _ in 0..calls {
                let (call, _) = self.listener.accept().await.unwrap();
                self.taken.push(call);
            }
        };
        tokio::time::timeout(GUARD, taking).await.expect("they do not all run");
    }
}

/// Does something beside runs that do not end by themselves, and then gives them up.
pub(crate) async fn beside<R: std::fmt::Debug, T>(runs: impl Future<Output = R>, work: impl Future<Output = T>) -> T {
    tokio::select! {
        done = work => done,
        ended = runs => panic!("they are not stuck: {ended:?}"),
    }
}
