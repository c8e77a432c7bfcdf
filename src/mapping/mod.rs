//! The data-mapping language: formulas and conditions, evaluated over JSON. Pure.

pub mod condition;
pub mod formula;
