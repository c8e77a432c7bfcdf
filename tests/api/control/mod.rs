//! Test control.

mod ledger;
mod routes;
mod workspaces;
