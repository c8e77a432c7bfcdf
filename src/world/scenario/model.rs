//! Scenarios: named sequences of steps, each with a trigger and effects. Pure types.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::ids::{Id, stable_id};

/// A scenario as a user writes it, in YAML or JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// The name by which the scenario is begun; the file's name without its ending when absent.
    #[serde(default)]
    pub name: String,
    /// A description for people.
    #[serde(default)]
    pub description: String,
    /// The parameters by name, with their default values. `{name}` in the steps stands for the value.
    #[serde(default)]
    pub parameters: JsonMap,
    /// The steps, which happen one after the other.
    pub steps: Vec<ScenarioStep>,
}

/// A scenario of a workspace's own, as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnScenario {
    /// The id, which is derived from the name.
    pub id: Id<OwnScenario>,
    pub scenario: Scenario,
}

impl OwnScenario {
    /// Makes the record that stores a scenario.
    pub fn of(scenario: Scenario) -> Self {
        Self { id: stable_id("scenario", &scenario.name), scenario }
    }
}

/// A step: it waits for its trigger, then has its effects. Without a trigger it happens at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Step")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScenarioStep {
    /// A trigger: a number of calls that ran an action since the step before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<After>,
    /// A trigger: a time of the workspace's clock, counted from the step before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
    /// A trigger: an event of a connection or a flow run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<On>,
    /// The effects, each an object with one member: `fault`, `removeFault`, `break`,
    /// `progress`, `mock`, `settings` or `rotateSecret`.
    #[serde(rename = "do", default)]
    pub effects: Vec<Value>,
}

/// A number of calls that ran an action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// How many calls; until the scenario begins it may be a parameter's name in braces.
    pub acts: Value,
    /// The id or key of the connection that the calls went through; `*`, the default, means any.
    #[serde(default = "any")]
    pub connection: String,
}

/// A time of the workspace's clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct At {
    /// The time since the step before, such as `+30s`, `+10m`, `+1h` or `+2d`.
    pub clock: String,
}

/// An event of a connection or a flow run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct On {
    /// The name of the event: `connection.created`, `.disconnected`, `.reconnected`, `.deleted`,
    /// `flowRun.queued`, `.started`, `.completed`, `.failed`, `.stopped`.
    pub event: String,
    /// The id or key of what the event is about: a connection, or a flow run or its flow; `*`, the default, means any.
    #[serde(default = "any")]
    pub connection: String,
}

fn any() -> String {
    "*".to_owned()
}

impl Scenario {
    /// The scenario with its parameters filled in. An error names the parameter that is unknown or does not fit.
    pub fn with_parameters(&self, given: &JsonMap) -> Result<Self, String> {
        if let Some(unknown) = given.keys().find(|name| !self.parameters.contains_key(*name)) {
            let known: Vec<&str> = self.parameters.keys().map(String::as_str).collect();
            return Err(format!("`{unknown}` is no parameter of `{}`; there are `{}`", self.name, known.join("`, `")));
        }
        let mut parameters = self.parameters.clone();
        parameters.extend(given.clone());
        let mut story = serde_json::to_value(&self.steps).map_err(|error| error.to_string())?;
        fill(&mut story, &parameters);
        let steps = serde_json::from_value(story).map_err(|error| error.to_string())?;
        Ok(Self { parameters, steps, ..self.clone() })
    }
}

/// Fills in parameters for `{name}`: a text that is nothing else becomes the value itself, and a
/// member that becomes null is removed.
fn fill(value: &mut Value, parameters: &JsonMap) {
    match value {
        Value::String(text) => {
            let whole = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            if let Some(given) = whole.and_then(|name| parameters.get(name)) {
                *value = given.clone();
                return;
            }
            for (name, given) in parameters {
                let shown = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
                *text = text.replace(&format!("{{{name}}}"), &shown);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|item| fill(item, parameters)),
        Value::Object(map) => {
            map.values_mut().for_each(|member| fill(member, parameters));
            map.retain(|_, member| !member.is_null());
        }
        _ => {}
    }
}

/// Reads a time such as `+30s`, `+10m`, `+1h` or `+2d`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time such as +30s, +10m, +1h or +2d");
    let number = text.strip_prefix('+').unwrap_or(text);
    let unit = number.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let count: u64 = number.strip_suffix(unit).unwrap_or(number).parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(count.saturating_mul(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parameters_take_their_places() {
        let scenario: Scenario = serde_json::from_value(json!({
            "name": "x", "parameters": {"n": 3, "c": null, "m": 10},
            "steps": [{"after": {"acts": "{n}"}, "do": [{"on": {"connection": "{c}"}, "at": "+{m}m"}]}]
        }))
        .unwrap();

        let filled = scenario.with_parameters(&JsonMap::new()).unwrap();
        assert_eq!(filled.steps[0].after.as_ref().unwrap().acts, json!(3));
        assert_eq!(filled.steps[0].effects[0], json!({"on": {}, "at": "+10m"}));
        assert!(
            scenario
                .with_parameters(json!({"no": 1}).as_object().unwrap())
                .unwrap_err()
                .contains("`no` is no parameter")
        );
        assert_eq!(duration("+2h"), Ok(Duration::from_hours(2)));
        assert!(duration("soon").is_err() && duration("+é").is_err());
    }
}
