//! The data-mapping language: formulas, filters, locators and the schemas of what they come to, in the configuration of
//! actions, flows, field mappings and stubs, evaluated over JSON.
//!
//! Invariant: it is pure; a result depends on the formula, its variables and the moment, and is bounded in size and work. It
//! is what the functions that the client exports make of the same arguments, see [`calls`].

pub mod calls;
pub mod condition;
pub mod fallbacks;
pub mod filter;
pub mod formula;
mod javascript;
mod jsonata;
mod locator;
pub mod merge;
mod person;
pub mod schema;
mod transform;

use serde_json::Value;

/// What a locator such as `$.items[0].name` finds in a value; none for no locator. Source: SDK `getValueAtLocator`.
pub fn value_at(data: &Value, locator: &str) -> Option<Value> {
    locator::get(data, &locator::parse(locator).ok()?).map(std::borrow::Cow::into_owned)
}
