//! Faults: which calls they are about, what they do to them, and how they are told of.

mod effects;
mod guards;
mod matching;
mod rules;
mod wire;
