//! What spans the nouns: seeds and the catalog, workspaces as wholes, jobs, scenarios, and the
//! worker that makes due changes.
//!
//! `seed/` reads seeds, `plant/` makes records of them, `catalog.rs` holds the shared catalog, `embedded.rs` the fixtures,
//! `spaces.rs` creates, forks and resets workspaces, `snapshots.rs` and `export.rs` keep their state, `job/` and `archive/`
//! export and import what a workspace defines, `checkpoint/` has the versions of each element, `connector_file/` the files of
//! connectors, `scenario/` plays scenarios, `worker.rs` makes changes when they are due, `search.rs` finds what has a name,
//! `report.rs` tells what failed.

pub mod archive;
pub mod catalog;
pub mod checkpoint;
pub mod connector_file;
mod embedded;
pub mod export;
mod following;
pub mod job;
pub mod plant;
mod planted;
pub mod portable;
pub mod report;
pub mod scenario;
pub mod search;
pub mod seed;
pub mod snapshots;
pub mod spaces;
pub mod worker;
