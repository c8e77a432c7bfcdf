//! The JSON Schemas of what an action's output is.
//!
//! The output has the custom schema, else that of what the mapping makes, else the default, else the custom one of the
//! parent. Source: SDK (`outputSchema`); what the default of each type says is assumed. Invariant: only what was given is
//! stored; the rest is worked out for who looks, so that it follows the collection, the operation and the parent.

use serde_json::{Value, json};

use crate::elements::{Spot, ancestors};
use crate::engine::directory::Directory;
use crate::mapping::schema::of_formulas;
use crate::nouns::action::model::{Action, ActionType};
use crate::nouns::action::run::{operation_key, verb_of};
use crate::nouns::data_collection::{Verb, record_schema};
use crate::nouns::data_source::locate;
use crate::nouns::integration::model::Integration;
use crate::nouns::operation;

/// The schemas of an action's output.
#[derive(Debug)]
pub(super) struct OutputSchemas {
    /// That of what the type gives, before any mapping; none where nothing is known.
    pub(super) default: Option<Value>,
    /// That of what the mapping makes; none without a mapping.
    pub(super) transformed: Option<Value>,
    /// The one that holds.
    pub(super) resolved: Option<Value>,
}

/// Whether an action of this type has a default schema by itself, so that none is given to it.
pub(super) fn is_typed(action_type: ActionType) -> bool {
    action_type == ActionType::ConnectorOperation || verb_of(action_type).is_some()
}

impl OutputSchemas {
    /// Those of an action; `at` is the integration that a universal one is looked at from.
    pub(super) fn of(directory: &Directory<'_>, action: &Action, at: Option<&Integration>) -> Self {
        let default = match action.action_type {
            Some(action_type) if is_typed(action_type) => of_type(directory, action, action_type, at),
            Some(_) | None => action.output_schema.clone().filter(|schema| *schema != json!({})),
        };
        let transformed = action.output_mapping.as_ref().and_then(|mapping| {
            let any = json!({});
            let input = action.input_schema.as_ref().unwrap_or(&any);
            let seen = json!({ "type": "object", "properties": {
                "input": input, "output": default.as_ref().unwrap_or(&any), "user": { "type": "object" },
            } });
            of_formulas(Some(mapping), Some(&seen)).map(plain)
        });
        let of_parent = || ancestors(directory.world, action).find_map(|above| above.custom_output_schema.clone());
        let custom = action.custom_output_schema.clone();
        let resolved = custom.or_else(|| transformed.clone()).or_else(|| default.clone()).or_else(of_parent);
        Self { default, transformed, resolved }
    }
}

/// The schema of what a type gives by itself, where the app that it works with is known.
fn of_type(
    directory: &Directory<'_>,
    action: &Action,
    action_type: ActionType,
    at: Option<&Integration>,
) -> Option<Value> {
    let place = &action.place;
    let own = place.integration.as_ref().and_then(|id| directory.world.integrations.get(id.as_str()));
    let integration = own.map(|integration| &**integration).or(at)?;
    let connector = directory.connector_for(integration)?;
    let Some(verb) = verb_of(action_type) else {
        let found = operation::find(&connector, operation_key(&action.config)?).ok()?;
        return found.output_schema.clone();
    };
    let spot = Spot {
        integration: Some(&integration.id),
        connection: place.connection.as_ref(),
        instance_key: place.instance_key.as_deref(),
    };
    let record = || {
        let found = locate(directory, spot, &connector, action.config.get("dataSource")?).ok()?;
        Some(record_schema(connector.data_collection(&found.collection).ok()?))
    };
    let of_one = |name: &str, schema: Value| json!({ "type": "object", "properties": { name: schema } });
    Some(match verb {
        _ if action_type == ActionType::FindOrCreateDataRecord => of_one("id", json!({ "type": "string" })),
        Verb::List | Verb::Search | Verb::Find => json!({ "type": "object", "properties": {
            "records": { "type": "array", "items": record()? }, "cursor": { "type": "string" },
        } }),
        Verb::Match | Verb::FindById => of_one("record", record()?),
        Verb::Create | Verb::Update => of_one("id", json!({ "type": "string" })),
        Verb::Delete => json!({ "type": "object" }),
    })
}

/// A schema in which anything may stand where nothing is known.
fn plain(schema: Value) -> Value {
    match schema {
        Value::Object(mut members) => {
            for (name, member) in &mut members {
                match (name.as_str(), member) {
                    ("properties", Value::Object(properties)) => {
                        for property in properties.values_mut() {
                            *property = plain(property.take());
                        }
                    }
                    ("anyOf", Value::Array(parts)) => {
                        for part in parts {
                            *part = plain(part.take());
                        }
                    }
                    ("items", items) => *items = plain(items.take()),
                    _ => {}
                }
            }
            Value::Object(members)
        }
        _ => json!({}),
    }
}
