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
//! **From a URL to what it does**: a line of the route table (`edge/mod.rs`) names a handler in the `routes.rs` of a noun;
//! what it does is in the same folder.
//!
//! Each room is a folder of `src` and knows only rooms below it. The pure types and machines of nouns (each noun's
//! `model.rs`) are a room of their own, far below the rest of their folder.
//!
//! | room | holds |
//! |---|---|
//! | `cli` | the command line, a file or folder per command |
//! | `testing` | the public Rust test API |
//! | `server` | listener, threads, start and stop |
//! | `mcp` | the tools of agents, over stdio and HTTP |
//! | `control` | `/__mock/…`: the HTTP face of test control, the ledger, and the dashboard, its face for people |
//! | `edge` | the one route table; serving, authorizing, faults on answers, `OpenAPI` documents, calls from inside |
//! | `world` | what spans nouns: seeds, the catalog, archives, jobs, snapshots, forks, scenarios, the worker |
//! | `nouns` | a folder per noun: `model.rs` types and machine, `rules.rs` verbs, `view.rs` wire form, `routes.rs` handlers, `kind.rs` and `seed.rs` of an element |
//! | `elements` | the one generic kind at three layers: placed, found, listed, changed, made for one connection |
//! | `call` | what handlers get and give: [`call::Call`], [`call::Reply`], routes, what they take and answer as types, the subject of a call |
//! | `engine` | [`engine::Engine`], one workspace at run time, the call's context [`engine::Cx`], tokens: state, no behaviour |
//! | `pages` | hosted pages and those of the dashboard: templates with nothing loaded from elsewhere |
//! | `journal` | the record of requests, and verification |
//! | `fault` | rules that break calls on cue |
//! | `upstream` | calls to external apps: the client, the egress rule, the stub server |
//! | `sandbox` | JavaScript, in workers or threads |
//! | `store` | SQLite, and the model of it in memory that answers reads |
//! | `model` | the `model.rs` of every noun and of elements: no HTTP, no SQL, no await |
//! | `mapping` | the data-mapping language |
//! | `client` | a client of the API: what commands and tools ask for, as calls |
//! | `base` | identity, time, errors, text, lists, settings: nothing of the engine |
//!
//! A test holds this table and every `use` against each other (`tests/api/source/layers.rs`). Whoever needs something of a noun
//! names it through that one's `mod.rs`, or through the `mod.rs` of its two big verbs, `action/run` and `connection/connect`;
//! rooms above may name its `routes.rs` and `seed.rs`, too. Of a noun only `routes.rs` and `kind.rs` know calls.
//!
//! **A further kind of element** is its folder, a line in the list of kinds (`nouns/model.rs`) and a `mod` line: the list gives
//! it its table, routes, `OpenAPI` shapes and place in seeds, archives and events, and takes its refusal as not faked away.
//!
//! ## Five walks
//!
//! - **`POST /act` by key**: `edge/mod.rs` → `nouns/action/routes.rs` (`read_act`, `run`) → `nouns/action/act.rs` reads the
//!   body → `nouns/action/run/resolve.rs` finds action and connection, once, for faults, journal and run → `run/mod.rs` →
//!   `run/call.rs` builds the request → `nouns/connection/outbound/mod.rs` sends it → `run/log.rs` writes the log.
//! - **`POST /connect` by `connectorKey`**: `edge/mod.rs` → `nouns/connection/connect/routes.rs` → `connect/mod.rs` →
//!   `connect/target.rs` finds or makes the integration → `connect/moves.rs` moves the machine of
//!   `nouns/connection/model/mod.rs` → `nouns/connection/view.rs`.
//! - **`PATCH /connections/:id`**: `edge/mod.rs` → `nouns/connection/routes.rs` → `rules.rs` → `view.rs`.
//! - **`GET /integrations`**: `edge/mod.rs` → `nouns/integration/routes.rs` → `rules.rs` → `view.rs`.
//! - **`POST /connections/:c/flows/:key/run`**: `edge/mod.rs` → `nouns/flow/routes.rs` → `nouns/flow_run/rules.rs` queues the
//!   run → `world/worker.rs` gives it its turn → `flow_run/rules.rs` carries it out → `flow_run/nodes.rs` → `action/run/mod.rs`
//!   for a node that runs an action → `flow_run/view.rs`.
//!
//! # Words
//!
//! | word | means |
//! |---|---|
//! | noun | a thing of the platform that has a life of its own: connection, action, flow run |
//! | element | what is defined once and customised further down: actions and flows at three layers (universal, integration, connection), app data schemas by tenants |
//! | instance | the version of an element for one connection, or for one tenant |
//! | subject | what a call is about, resolved once before its handler: see [`call::subject::Subject`] |
//! | operation | the name of a call that does something: `act`, `flowRun`, `connect`, `proxy`, `refresh`, `webhook` |
//! | world | everything a workspace holds at one moment, in memory ([`store::World`]) |
//! | fault | a rule that breaks calls, or one firing of it; what goes wrong by itself is an error |
//! | stub | a canned answer of an external app |
//! | journal | the ordered record of requests; run logs are the platform's own evidence |
//! | scenario | a named story of triggers and effects; a scenario run is one telling of it |
//! | seed | what a workspace starts from; a fixture is a file of one |
//! | poke, step, settle | move one thing by hand; do one unit of what is due; do all of it |
//!
//! # Invariants
//!
//! - State changes in one transaction of [`store::Tx`], and is shown only once SQLite has committed it.
//! - A connection's state moves only through [`nouns::connection::model::ConnectionState::on`]; its flags are derived.
//! - Nothing reads time but [`base::clock`], nothing makes random values but [`base::ids`]: a seed and a manual clock make
//!   sequential calls repeat byte for byte.
//! - Every `/act` and `/run` that could be read writes one run log, and every call to an external app one exchange.
//! - Whether a fault fires depends on its own count of matching calls, the seed and the clock alone ([`fault`]); what
//!   fired can be played again.
//! - What falls due on a clock has run when `advance` answers, in the order of time ([`world::worker`]); what is sent
//!   over HTTP meanwhile holds up no other workspace.
//! - What a change means to the app (webhooks, scenarios) is derived from the change when it is committed
//!   (`outbox`), so no way to change a connection or a flow run can forget it.
//! - Actions, flows and app data schemas are elements, with one way to place, find, list and change them
//!   ([`elements`], [`elements::Kind`]); a kind says only what is its own.
//! - A flow run changes its state in transactions of its own; what its nodes do happens between two of them
//!   (`nouns/flow_run/rules.rs`).
//! - No byte leaves loopback unless the user named the host ([`upstream::Egress`]).
//! - What is not faked answers 501 and names `membrane-mock`; rights are checked first.
//!
//! # Where this departs from the usual
//!
//! - **One table of records** instead of one per noun: this process is the only writer and answers reads from memory,
//!   so a row has the columns that identify and order it, and SQL views show the nouns to whoever opens the file.
//!   Logs, which are many, have tables of their own and are read from SQLite.
//! - **One router of our own table** instead of the web framework's: the same table serves HTTP and the calls that a
//!   snippet's `membrane` client makes from inside, gives 404, 405 and 501 their words, and can be walked by tests.
//! - **Wire forms** are no part of routes: each noun's `view.rs` makes its own, because run logs keep them as they were.
//! - **One call goes upwards**: a snippet's `membrane` client calls the API from inside ([`engine::Engine`] holds the way in,
//!   which `edge` sets), so that such a call meets the same routes, rights and faults.
//!
//! # Sources
//!
//! `Source:` lines name where a behaviour is documented. What the tags stand for, and every rule with its source, is in
//! `docs/behaviour.md`.

#[doc(hidden)]
pub mod base;
#[doc(hidden)]
pub mod call;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[cfg(feature = "cli")]
mod client;
#[doc(hidden)]
pub mod control;
#[doc(hidden)]
pub mod edge;
#[doc(hidden)]
pub mod elements;
#[doc(hidden)]
pub mod engine;
#[doc(hidden)]
pub mod fault;
#[doc(hidden)]
pub mod journal;
#[doc(hidden)]
pub mod mapping;
#[cfg(feature = "cli")]
mod mcp;
#[doc(hidden)]
pub mod nouns;
#[doc(hidden)]
pub mod pages;
#[doc(hidden)]
pub mod sandbox;
#[doc(hidden)]
pub mod server;
#[doc(hidden)]
pub mod store;
pub mod testing;
#[doc(hidden)]
pub mod upstream;
#[doc(hidden)]
pub mod world;

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
