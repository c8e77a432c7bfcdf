//! This folder has the ways to an external app: an HTTP client that stays on loopback, and the embedded stub
//! servers that stand in for apps.
//!
//! Invariant: no byte leaves loopback unless the user named the host ([`Egress`]); the check is made on resolved
//! addresses, for each hop of a redirect.

mod client;
mod descriptors;
mod egress;
pub mod raw_server;
pub mod stub_server;

pub use client::{Client, OutRequest, OutResponse, StandIn, UpstreamError};
pub use descriptors::{FOR_CALL, FOR_CLIENT, has_room};
pub use egress::Egress;
