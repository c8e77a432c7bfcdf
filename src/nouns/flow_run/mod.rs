//! Runs of flow instances: what a flow did, node by node, when it was run through one connection.
//!
//! `model.rs` holds the stored run and its state machine, `rules.rs` the verbs (begin, list, stop,
//! carry out, poke) and the queue, `nodes.rs` what each type of node does, `happenings.rs` what the app is told of runs,
//! `view.rs` the wire form.
//! The handlers are in [`crate::nouns::flow::routes`].
//! Invariant: at most one run of a connection is running unless a poke starts another, and a
//! state changes only through [`model::FlowRun::apply`].

mod happenings;
pub mod model;
mod nodes;
mod rules;
mod view;

pub use happenings::happenings;
pub use rules::{
    FlowRunFilter, Launch, Queued, create, create_at, find, get, launch, list, notice, of_node, poke, queue, stop,
};
pub use view::FlowRunView;
