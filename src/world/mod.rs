//! What spans nouns: seeds, the catalog, archives, jobs, snapshots, forks, scenarios, and the worker that moves what is due.

pub mod archive;
pub mod catalog;
pub mod export;
pub mod job;
pub mod plant;
pub mod report;
pub mod scenario;
pub mod seed;
pub mod snapshots;
pub mod spaces;
pub mod worker;
