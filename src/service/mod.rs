//! Behaviour: one verb, one function. Takes a [`crate::engine::Cx`], returns model types or [`crate::error::ApiError`].

pub mod act;
pub mod actions;
pub mod agents;
pub mod catalog;
pub mod connect;
pub mod connections;
pub mod connectors;
pub mod directory;
pub mod export;
pub mod faults;
pub mod integrations;
pub mod outbound;
pub mod plant;
pub mod report;
pub mod run;
pub mod scenarios;
pub mod seed;
pub mod snapshots;
pub mod spaces;
pub mod tenants;
pub mod vendor;
pub mod view;
pub mod webhooks;
pub mod worker;
pub mod workspaces;
