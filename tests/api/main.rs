//! The fake over HTTP, driven by its own public test API. A module per noun; each test has a server of its own.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on panics")]

mod action;
mod agents;
mod cli;
mod connection;
mod control;
mod edge;
mod elements;
mod fault;
mod flow;
mod integrations;
mod job;
mod journal;
mod layers;
mod pages;
mod runs;
mod sandbox;
mod scenarios;
mod store;
mod support;
mod upstream;
mod vendor;
mod webhooks;
mod world;
