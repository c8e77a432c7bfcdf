//! Flows: graphs of nodes that a connection runs, and flow instances, a connection's own versions of them.
//!
//! `model/` holds the stored types, the check of the node graph, schedules and what a request body may change; `rules.rs`
//! the verbs that only flows have; `due.rs` when schedules launch them; `trigger.rs` why a trigger launches nothing; `view.rs` the wire form; `routes.rs` the handlers of
//! flows, flow instances and flow runs. What flows share with actions is in [`crate::elements`], running them in
//! [`crate::nouns::flow_run`].
//! Invariant: the nodes of a stored flow never lead in a circle.

mod due;
pub mod kind;
pub mod model;
pub mod routes;
mod rules;
pub mod seed;
mod trigger;
mod view;

pub use rules::{connected, notice};
pub use view::FlowView;
