//! Test control.

mod dashboard;
mod ledger;
mod routes;
mod tenants;
mod workspaces;
