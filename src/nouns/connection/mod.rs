//! Connections: a tenant's authenticated link to one external app, through which actions and the proxy call it.
//!
//! `model/` holds the stored connection and its state machine, `connect/` everything that makes a connection or
//! connects it again, `outbound/` calls through one, `happenings.rs` what the app is told of them, `rules.rs` the other
//! verbs, `view.rs` the wire form, `routes.rs` the handlers of `/connections`.
//! Invariant: a connection's state changes only along its machine, and every call to its app leaves an exchange.

pub mod connect;
mod happenings;
pub mod model;
mod outbound;
mod refreshing;
pub mod routes;
mod rules;
mod view;

pub use happenings::happenings;
pub use outbound::{
    CallOutcome, Outgoing, connector_of, is_only_size, log_exchanges, note_refusal, send, shown_body, shown_headers,
    size_if_large, strip_hop_headers, value_of,
};
// Hosted pages answer a connection as its routes do.
pub(crate) use routes::shown;
pub use rules::{get, wait_while};
pub use view::ConnectionView;
