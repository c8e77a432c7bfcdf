//! An in-process fake of the Membrane engine (formerly Integration.app) for hermetic tests, offline development and
//! rehearsed failures.
//!
//! The judge is the unmodified official client: told only an address, a workspace key and a secret, it must not be able
//! to tell. Start with [`testing::MockMembrane`]; the binary is the same [`server::Server`].
//!
//! ```
//! use membrane_mock::testing::{MockMembrane, Stub};
//! use serde_json::{Value, json};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mock = MockMembrane::start().await?; // free port, memory, demo seed
//! let acme = mock.workspace().tenant("acme"); // mints tokens: acme.token()
//! mock.workspace()
//!     .upstream("hubspot") // the external app behind `hubspot`
//!     .stub(Stub::post("/crm/v3/objects/contacts").json(201, json!({"id": "7"})))
//!     .await?;
//! acme.connect("hubspot").key("hubspot-prod").ready().await?;
//!
//! let run: Value = reqwest::Client::new()
//!     .post(format!("{}/act", mock.uri()))
//!     .bearer_auth(acme.token())
//!     .json(&json!({
//!         "connectionKey": "hubspot-prod",
//!         "api": {"method": "POST", "path": "/crm/v3/objects/contacts", "body": {"email": "ann@example.com"}},
//!     }))
//!     .send()
//!     .await?
//!     .json()
//!     .await?;
//!
//! assert_eq!(run["output"]["id"], "7");
//! assert!(run["actionRunId"].is_string());
//! # Ok(())
//! # }
//! ```
//!
//! # The map
//!
//! From a URL to what it does are four hops: a line of the route table ([`api::routes`]), a short handler in `api`, a
//! function in [`service`], a rule in [`model`] or a statement in [`store`].
//!
//! | module | holds | may know |
//! |---|---|---|
//! | [`testing`], [`cli`] | the Rust test API; the command line | everything |
//! | [`server`] | listener, threads, start and stop | everything below |
//! | [`control`] | `/__mock/…`: the HTTP face of test control | `api` and below |
//! | [`api`], [`screens`] | the HTTP edge: routes, calls, answers; hosted pages | `service` and below |
//! | [`service`] | behaviour: one verb, one function, taking an [`engine::Cx`] | `engine` and below |
//! | [`engine`], [`auth`] | what every service function gets; tokens and callers | the leaves and below |
//! | [`sandbox`], [`upstream`], [`journal`] | leaves: JavaScript; calls to external apps; the record of requests | `model` and below |
//! | [`fault`], [`metrics`] | leaves: rules that break calls on cue; numbers for dashboards | `model` and below |
//! | [`store`] | SQLite, and the model of it in memory that answers reads | `model` and below |
//! | [`model`] | nouns and rules: no HTTP, no SQL, no await | `ids`, `clock`, `error` |
//! | `pattern`, `redact` | the words by which faults and verifications say which calls; what is never shown | `error` |
//! | [`ids`], [`clock`], [`error`], [`config`] | identity and chance; time; errors as data; knobs | nothing |
//!
//! # Invariants
//!
//! - State changes in one transaction of [`store::Tx`], and is shown only once SQLite has committed it.
//! - A connection's state moves only through [`model::connection::ConnectionState::on`]; its flags are derived.
//! - Nothing reads time but [`clock`], nothing makes random values but [`ids`]: a seed and a manual clock make
//!   sequential calls repeat byte for byte.
//! - Every `/act` and `/run` that could be read writes one run log, and every call to an external app one exchange.
//! - Whether a fault fires depends on its own count of matching calls, the seed and the clock alone ([`fault`]); what
//!   fired can be played again.
//! - What falls due on a clock has run when `advance` answers, in the order of time ([`service::worker`]); what is sent
//!   over HTTP meanwhile holds up no other workspace.
//! - What a change means to the app (webhooks, scenarios) is derived from the change when it is committed
//!   ([`service::webhooks::outbox`]), so no way to change a connection or a flow run can forget it.
//! - Actions and flows are elements at three layers, with one way to place, find, list and change them
//!   ([`service::elements`], [`model::place::Layered`]); a kind says only what is its own.
//! - A flow run changes its state in transactions of its own; what its nodes do happens between two of them
//!   ([`service::flows::runs`]).
//! - No byte leaves loopback unless the user named the host ([`upstream::Egress`]).
//! - What is not faked answers 501 and names `membrane-mock`; rights are checked first.
//!
//! # Where this departs from the usual
//!
//! - **One table of records** instead of one per noun: this process is the only writer and answers reads from memory,
//!   so a row has the columns that identify and order it, and SQL views show the nouns to whoever opens the file.
//!   Logs, which only grow, have tables of their own and are read from SQLite.
//! - **One router of our own table** instead of the web framework's: the same table serves HTTP and the calls that a
//!   snippet's `membrane` client makes from inside, gives 404, 405 and 501 their words, and can be walked by tests.
//! - **Wire forms of connections, integrations, actions and flows** live in [`service::view`], not in `api`: run logs keep
//!   them as they were.
//!
//! # Sources
//!
//! `docs/behaviour.md` has the rules, each with its source and reason; `Source:` lines name the source alone: `SEED`
//! the platform's own skill document, `OAS` its `OpenAPI` file, `SDK` the official client 0.28.3, `DOC:…` and `IAPP:…`
//! pages of its documentation, `PG` and `EXP` its public sample app and scripts, `real-use` public programs that use
//! it. “Our choice” and “assumed” mark the rest.

pub mod base;
pub mod call;
pub mod edge;
pub mod elements;
pub mod mapping;
pub mod nouns;
pub mod pages;
pub mod world;

pub mod cli;
pub mod control;
pub mod engine;
pub mod fault;
pub mod journal;
pub mod sandbox;
pub mod server;
pub mod store;
pub mod testing;
pub mod upstream;

/// The recipes in Rust are run as tests of the documentation: one item for each document that has some.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../README.md")]
    pub struct Readme;
    #[doc = include_str!("../docs/faults-and-scenarios.md")]
    pub struct FaultsAndScenarios;
    #[doc = include_str!("../docs/recipes/connect.md")]
    pub struct Connect;
    #[doc = include_str!("../docs/recipes/tests.md")]
    pub struct Tests;
    #[doc = include_str!("../docs/recipes/webhooks.md")]
    pub struct Webhooks;
}
