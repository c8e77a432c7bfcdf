//! Actions: what they are, and what running them does.

mod act;
mod definitions;
mod inputs;
mod instances;
mod intents;
mod selectors;
