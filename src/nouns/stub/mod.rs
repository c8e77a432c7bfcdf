//! Stubs: the answers that users write for an external app's API.
//!
//! `model.rs` holds the stub, how a request is matched with it and what it answers; the stub vendor
//! (`vendor`) picks the stub for a request.
//! Invariant: whether a stub fits a request depends on the two alone; counting its uses is the vendor's part.

pub mod model;
