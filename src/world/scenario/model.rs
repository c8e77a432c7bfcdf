//! Scenarios: named stories of steps, each a trigger and what it brings about.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::ids::{Id, stable_id};

/// A story, as YAML or JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// Names it; the file's name when absent.
    #[serde(default)]
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// What may be given when it starts, with what counts when it is not. `{name}` stands for it in the steps.
    #[serde(default)]
    pub parameters: JsonMap,
    /// One after the other.
    pub steps: Vec<Step>,
}

/// A scenario of a workspace's own, as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnScenario {
    /// Derives from its name.
    pub id: Id<OwnScenario>,
    /// The story.
    pub scenario: Scenario,
}

impl OwnScenario {
    /// To be stored.
    pub fn of(scenario: Scenario) -> Self {
        Self { id: stable_id("scenario", &scenario.name), scenario }
    }
}

/// A step: waits for its trigger, then does what it says. Without a trigger it is due at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// After so many calls that ran an action, counted from the step before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<After>,
    /// At a time of the workspace's clock, counted from the step before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
    /// On an event of a connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<On>,
    /// What it brings about: each an object with one of `fault`, `removeFault`, `break`, `progress`, `mock`, `settings`,
    /// `rotateSecret`.
    #[serde(rename = "do", default)]
    pub effects: Vec<Value>,
}

/// So many runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// How many; a parameter's name in braces until it starts.
    pub acts: Value,
    /// Through this connection, by id or key; `*` for any.
    #[serde(default = "any")]
    pub connection: String,
}

/// A time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct At {
    /// `+30s`, `+10m`, `+1h`, `+2d`.
    pub clock: String,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct On {
    /// `connection.created`, `.disconnected`, `.reconnected`, `.deleted`, `flowRun.queued`, `.started`, `.completed`,
    /// `.failed`, `.stopped`.
    pub event: String,
    /// Of this connection, by id or key; `*` for any.
    #[serde(default = "any")]
    pub connection: String,
}

fn any() -> String {
    "*".to_owned()
}

impl Scenario {
    /// The story with its parameters in their places. An error names the parameter.
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

/// Puts parameters in the places of `{name}`: a whole text becomes the value itself, and a member that is null then goes.
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

/// `+30s`, `+10m`, `+1h`, `+2d`.
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
    let count: u64 = number[..number.len() - 1].parse().map_err(|_| wrong())?;
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
