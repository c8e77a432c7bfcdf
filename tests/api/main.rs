//! The fake over HTTP, driven by its own public test API. A module per noun; each test has a server of its own.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on panics")]

mod act;
mod actions;
mod broken;
mod cli;
mod code;
mod connect_page;
mod connection_fields;
mod connections;
mod control;
mod control_routes;
mod disconnecting;
mod edge;
mod elements;
mod forms;
mod fuzz;
mod hostile;
mod integrations;
mod layers;
mod oauth;
mod options;
mod proxy;
mod retries;
mod routes;
mod runs;
mod sandbox;
mod seeds;
mod selectors;
mod served;
mod states;
mod store;
mod support;
mod tokens;
mod typescript;
