//! Worlds: where they come from, how their time passes, and what keeps them apart.

mod archived;
mod checkpoints;
mod clock;
mod isolation;
mod search;
mod seeds;
