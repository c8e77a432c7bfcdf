//! The data-mapping language: formulas and conditions in the configuration of actions, flows
//! and stubs, evaluated over JSON.
//!
//! Invariant: it is pure; the result depends on the formula and its variables alone, and is bounded in size.

pub mod condition;
pub mod formula;
