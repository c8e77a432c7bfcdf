//! Test control.

mod ledger;
mod routes;
mod tenants;
mod workspaces;
