//! Scenarios: named sequences of steps that break and change a workspace on cue, for rehearsals of whole incidents.
//!
//! `model.rs` holds the scenario as a user writes it, `rules.rs` reads, stores and plays scenarios. What a run of one
//! has reached is in [`crate::engine::scenario_runs`].
//! Invariant: a scenario that is stored or begun has been checked, with its parameters filled in.

pub mod model;
pub mod rules;
