//! The effects of faults: what happens to a call once a rule has fired.
//!
//! Rules themselves (which calls they match, how often they fire) are in [`crate::fault`]; `effects.rs` carries
//! them out on calls to connections, external apps and webhook receivers. Invariant: a rule that could do
//! nothing is counted as not fired.

mod effects;

pub use effects::{Met, answer_of, cut_of, meet, send, strike, upstream_call};
