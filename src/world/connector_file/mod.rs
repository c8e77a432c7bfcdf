//! The files of a connector and its published versions, as the console and its command line work with them.
//!
//! `model.rs` holds the stored types, `rules.rs` what is done with them, `routes.rs` the handlers. Invariant: `spec.yaml` is no
//! stored file but the connector itself, as an archive has it; other files are kept as they are, because code of connectors is
//! not run. Source: OAS (paths); what is sent and answered is assumed.

pub mod model;
pub mod routes;
mod rules;

pub(crate) use rules::redefine;
