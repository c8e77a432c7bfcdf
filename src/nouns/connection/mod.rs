//! Connections: a tenant's authenticated link to one external app, through which actions and the proxy call it.
//!
//! `model/` holds the stored connection and its state machine, `connect/` everything that makes a connection or
//! connects it again, `outbound.rs` calls through one, `rules.rs` the other verbs, `view.rs` the wire form,
//! `routes.rs` the handlers of `/connections`.
//! Invariant: a connection's state changes only along its machine, and every call to its app leaves an exchange.

pub mod connect;
pub mod model;
pub mod outbound;
mod refreshing;
pub mod routes;
pub mod rules;
pub mod view;
