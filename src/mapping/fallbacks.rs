//! What fields of the platform's unified data models are made of where an app's own mapping leaves them out: a full name of first
//! and last name, the first email address of all.
//!
//! Source: SDK `addUdmFallbackFields`, which rewrites a mapping: fallbacks name fields of the model, and get the formulas that the
//! mapping has for these.

use serde_json::{Value, json};

use super::{formula, locator, transform};
use crate::base::error::ApiError;

/// A mapping into a unified data model, with the fallbacks of the model for what it leaves out. A model that has none, or that the
/// platform does not know, changes nothing. Fails where a formula of the mapping cannot be rewritten.
pub fn with_fallbacks(mapping: &Value, model: &str) -> Result<Value, ApiError> {
    let mut whole = mapping.clone();
    for (field, fallback) in of_model(model) {
        let place = locator::parse(field)?;
        let is_there = locator::get(mapping, &place).is_some();
        if !is_there && has_something_of(&fallback, mapping) {
            let value = transform::transform(Some(&fallback), Some(mapping))?;
            whole = locator::set(Some(whole), &place, value)?.unwrap_or_default();
        }
    }
    Ok(whole)
}

/// Whether a mapping has one of the fields that a fallback is made of.
fn has_something_of(fallback: &Value, mapping: &Value) -> bool {
    let named = |place: &Vec<locator::Step>| {
        let variable = locator::get(fallback, place)?.into_owned();
        locator::of(variable.get("$var"))
    };
    let places = formula::variable_places(fallback);
    places.iter().filter_map(named).any(|field| locator::get(mapping, &field).is_some())
}

/// The fields of a model that have a fallback.
fn of_model(model: &str) -> Vec<(&'static str, Value)> {
    let var = |name: &str| json!({ "$var": name });
    let joined = |names: &[&str], delimiter: &str| {
        let values: Vec<Value> = names.iter().map(|name| var(name)).collect();
        json!({ "$concat": { "values": values, "delimiter": delimiter } })
    };
    let names = || {
        vec![
            ("fullName", joined(&["firstName", "lastName"], " ")),
            ("firstName", json!({ "$firstName": var("fullName") })),
            ("lastName", json!({ "$lastName": var("fullName") })),
        ]
    };
    let address = |place: &str| {
        let parts = ["street", "city", "state", "zip", "country"].map(|part| format!("{place}.{part}"));
        joined(&parts.each_ref().map(String::as_str), ", ")
    };
    let either = |one, other| vec![(one, var(other)), (other, var(one))];
    match model {
        "companies" => vec![("primaryAddress.full", address("primaryAddress"))],
        "contacts" | "leads" | "users" => {
            let mut fields = names();
            for (primary, all) in
                [("primaryEmail", "emails"), ("primaryPhone", "phones"), ("primaryAddress", "addresses")]
            {
                // An address is all that stands first in the list, of the others it is the value.
                let first = if all == "addresses" { format!("{all}[0]") } else { format!("{all}[0].value") };
                fields.extend([(primary, var(&first)), (all, json!([{ "value": var(primary) }]))]);
            }
            fields.push(("primaryAddress.full", address("primaryAddress")));
            fields
        }
        "employees" => {
            let mut fields = names();
            fields.push(("homeAddress.full", address("homeAddress")));
            fields
        }
        "job-candidates" => {
            let mut fields = names();
            // These are no formulas of the language, so they come out as objects, as they do of the client's function.
            fields.push(("primaryEmail", json!({ "$primaryEmail": var("emails[0].value") })));
            fields.push(("primaryPhone", json!({ "$primaryPhone": var("phones[0].value") })));
            fields
        }
        "meetings" => either("endTime", "startTime"),
        "tasks" => [either("endTime", "startTime"), either("assigneeId", "ownerId")].concat(),
        _ => Vec::new(),
    }
}
