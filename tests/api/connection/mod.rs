//! Connections: how they come about, how they stand, and what becomes of them.

mod attempts;
mod disconnecting;
mod lists;
mod progress;
mod records;
mod refreshing;
mod requests;
mod states;
