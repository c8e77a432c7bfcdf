//! Agent sessions: a scripted stand-in for the platform's agents, which answer every prompt with a fixed sentence.
//!
//! `model.rs` holds the session and its state machine, `rules.rs` the verbs, `view.rs` the wire form,
//! `routes.rs` the handlers of `/agent/sessions`.
//! Invariant: a session builds nothing; what an agent would build, such as a connector, is made by
//! the noun that began the session.

pub mod model;
pub mod routes;
mod rules;
mod view;

// The page of a session shows its messages as these lines.
pub(crate) use routes::lines;
pub use rules::{NewSession, end_building, get, new_session, poke};
pub use view::AgentSessionView;
