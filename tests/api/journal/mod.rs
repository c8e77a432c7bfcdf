//! The journal: what it holds, what it is a witness of, and what it finds.

mod entries;
mod findings;
mod verifying;
