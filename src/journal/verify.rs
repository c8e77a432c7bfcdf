//! This module checks whether calls were made as a test expects, and finds the nearest calls when they were not.
//! Verification never changes the journal. The Rust test API and the control API use it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::operation::Operation;
use crate::base::pattern::{is_like, is_route};
use crate::journal::{Entry, Side};

/// A failed verification shows at most this many calls that came near.
const MOST_NEAR: usize = 3;

/// A matcher says which calls are meant: a call must match every field that is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Matcher {
    /// The call is on this side: `api` when a client called the fake, `upstream` when the fake called an
    /// external app. Absent means both sides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// The call has this name: `act`, `flowRun`, `connect`, `proxy`, `refresh` or `webhook`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// The call has this HTTP method, in upper or lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The call has this path, compared without its query; `*` stands for any text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The call took this route, written as in the documentation, with its method or without: `GET
    /// /connections/{connection}`. On the upstream side the route is the connector's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The fake called the app of the connector with this key; calls of the API have no connector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector: Option<String>,
    /// The caller belongs to the tenant with this key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The call was about the integration with this id or key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration: Option<String>,
    /// The call was about the connection with this id or key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The call ran the action with this id or key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The call ran the flow, or the flow instance, with this id or key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// The call was answered with this HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The fault with this name broke the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The request's JSON body contains this value: objects may have more members, lists must have the same length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
}

/// A difference is one field in which a call is not what was wanted.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Difference {
    /// The field is a path into the matcher, such as `status` or `input.email`.
    pub field: String,
    /// The matcher wanted this value.
    pub wanted: Value,
    /// The call had this value, or `null` when it had none.
    pub found: Value,
}

/// A near miss is a call that differs from what was wanted in few fields.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Near {
    /// The call has this number in the journal.
    pub seq: u64,
    /// The call is shown as method, path and status: `POST /act → 200`.
    pub call: String,
    /// The list has every field in which the call differs.
    pub differences: Vec<Difference>,
}

/// The function compares a wanted text with a call's own.
type Fits = fn(&str, &str) -> bool;

impl Matcher {
    /// Returns every field in which a call is not what is wanted; the list is empty when the call matches.
    pub fn differences(&self, entry: &Entry) -> Vec<Difference> {
        let mut all = Vec::new();
        let mut note = |field: &str, wanted: Value, found: Value, fits: bool| {
            if !fits {
                all.push(Difference { field: field.to_owned(), wanted, found });
            }
        };
        if let Some(side) = self.side {
            note("side", json!(side), json!(entry.side), side == entry.side);
        }
        if let Some(wanted) = self.operation {
            note("operation", json!(wanted), json!(entry.operation), entry.operation == Some(wanted));
        }
        let (method, path) = (entry.method.as_str(), entry.path.split('?').next().unwrap_or_default());
        let (is, is_either): (Fits, Fits) = (str::eq, |wanted, own| {
            is_route(wanted, own) || own.split_once(' ').is_some_and(|(_, template)| is_route(wanted, template))
        });
        let route = entry.route.as_ref().map(|route| format!("{method} {route}"));
        let connector = entry.route.as_deref().filter(|_| entry.side == Side::Upstream);
        let texts: [(&str, &Option<String>, Option<&str>, Fits); 5] = [
            ("method", &self.method, Some(method), str::eq_ignore_ascii_case),
            ("path", &self.path, Some(path), |wanted, own| is_like(own, wanted)),
            ("route", &self.route, route.as_deref(), is_either),
            ("connector", &self.connector, connector, is),
            ("tenant", &self.tenant, entry.tenant.as_deref(), is),
        ];
        for (field, wanted, found, fits) in texts {
            if let Some(wanted) = wanted {
                note(field, json!(wanted), json!(found), found.is_some_and(|found| fits(wanted, found)));
            }
        }
        let names = [
            ("integration", &self.integration, &entry.integration),
            ("connection", &self.connection, &entry.connection),
            ("action", &self.action, &entry.action),
            ("flow", &self.flow, &entry.flow),
            ("fault", &self.fault, &entry.faults),
        ];
        for (field, wanted, found) in names {
            if let Some(wanted) = wanted {
                note(field, json!(wanted), json!(found), found.contains(wanted));
            }
        }
        if let Some(status) = self.status {
            note("status", json!(status), json!(entry.status), status == entry.status);
        }
        if let Some(wanted) = &self.input {
            contained("input", wanted, entry.body.as_ref().unwrap_or(&Value::Null), &mut all);
        }
        all
    }

    fn fits(&self, entry: &Entry) -> bool {
        self.differences(entry).is_empty()
    }

    /// Returns the calls that nearly match, the nearest first.
    fn near<'e>(&self, entries: impl Iterator<Item = &'e Entry>) -> Vec<Near> {
        let of_connector = self.connector.as_ref().map(|_| Side::Upstream);
        let side = self.side.or(of_connector).unwrap_or(Side::Api);
        let mut near: Vec<Near> = entries
            .filter(|entry| entry.side == side)
            .map(|entry| Near {
                seq: entry.seq,
                call: format!("{} {} → {}", entry.method, entry.path, entry.status),
                differences: self.differences(entry),
            })
            .filter(|near| !near.differences.is_empty())
            .collect();
        // Differences in the call itself count before differences in its body; of equally
        // near calls the latest comes first.
        let rank = |near: &Near| {
            let (within, outside): (Vec<_>, Vec<_>) =
                near.differences.iter().partition(|difference| difference.field.starts_with("input"));
            (outside.len(), within.len(), std::cmp::Reverse(near.seq))
        };
        near.sort_by_key(rank);
        near.truncate(MOST_NEAR);
        near
    }
}

/// Adds a difference wherever `found` lacks what `wanted` has.
fn contained(path: &str, wanted: &Value, found: &Value, all: &mut Vec<Difference>) {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (name, value) in wanted {
                contained(&format!("{path}.{name}"), value, found.get(name).unwrap_or(&Value::Null), all);
            }
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            for (index, (value, found)) in wanted.iter().zip(found).enumerate() {
                contained(&format!("{path}[{index}]"), value, found, all);
            }
        }
        (wanted, found) if wanted == found => {}
        (wanted, found) => {
            all.push(Difference { field: path.to_owned(), wanted: wanted.clone(), found: found.clone() });
        }
    }
}

/// An expectation says how many calls there should be, or which calls should follow each other.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Expectation {
    /// The calls that match this are counted; without it every call is.
    pub calls: Matcher,
    /// There must be exactly this many calls. When neither `times`, `atLeast` nor `atMost` is given,
    /// there must be at least one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<usize>,
    /// There must be at least this many calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<usize>,
    /// There must be at most this many calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<usize>,
    /// Calls that match these must have come in this order; other calls may lie between them. When
    /// it is given, nothing is counted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub in_order: Vec<Matcher>,
}

/// A verdict says whether what was expected happened.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The flag is true when the calls were as expected.
    pub satisfied: bool,
    /// This many calls matched; of an expected order, this many came.
    pub count: usize,
    /// The sentence says what was expected and what there was.
    pub message: String,
    /// When the calls were not as expected, the list has the calls that came nearest.
    pub near_misses: Vec<Near>,
}

impl Expectation {
    /// Checks the calls against the expectation.
    pub fn judge<'e>(&self, entries: impl Iterator<Item = &'e Entry> + Clone) -> Verdict {
        if !self.in_order.is_empty() {
            return self.judge_order(entries);
        }
        let count = entries.clone().filter(|entry| self.calls.fits(entry)).count();
        let at_least = self.at_least.unwrap_or(usize::from(self.times.is_none() && self.at_most.is_none()));
        let satisfied = self.times.is_none_or(|times| count == times)
            && count >= at_least
            && self.at_most.is_none_or(|most| count <= most);
        let wanted = match (self.times, self.at_most) {
            (Some(times), _) => format!("{times}"),
            (None, Some(most)) => format!("{at_least} to {most}"),
            (None, None) => format!("at least {at_least}"),
        };
        let what = json!(self.calls);
        let near_misses = if satisfied { Vec::new() } else { self.calls.near(entries) };
        let message = format!("expected {wanted} calls like {what}; there were {count}");
        Verdict { satisfied, count, message, near_misses }
    }

    fn judge_order<'e>(&self, entries: impl Iterator<Item = &'e Entry> + Clone) -> Verdict {
        let mut rest = entries.clone();
        let mut count = 0;
        for matcher in &self.in_order {
            if !rest.by_ref().any(|entry| matcher.fits(entry)) {
                let what = json!(matcher);
                let message = format!("expected {what} as number {} in order, and it did not come", count + 1);
                return Verdict { satisfied: false, count, message, near_misses: matcher.near(entries) };
            }
            count += 1;
        }
        Verdict { satisfied: true, count, message: format!("{count} calls came in order"), near_misses: Vec::new() }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.message)?;
        for near in &self.near_misses {
            write!(f, "\n  near: #{} {}", near.seq, near.call)?;
            for difference in &near.differences {
                write!(f, "\n    {}: wanted {}, found {}", difference.field, difference.wanted, difference.found)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;

    fn act(action: &str, input: Value) -> Entry {
        Entry {
            operation: Some(Operation::Act),
            action: vec![action.into()],
            body: Some(input),
            status: 200,
            ..Entry::new(Side::Api, Timestamp::from_millis(0), "POST", "/act")
        }
    }

    fn expects(json: Value) -> Expectation {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn counts_and_inputs_are_held_against_the_calls() {
        let calls = [act("a", json!({"n": 1, "more": true})), act("a", json!({"n": 2})), act("b", json!({}))];
        let judge = |json: Value| expects(json).judge(calls.iter()).satisfied;

        assert!(judge(json!({"calls": {"action": "a"}, "times": 2})));
        assert!(judge(json!({"calls": {"action": "a", "input": {"n": 1}}})));
        assert!(judge(json!({"calls": {"action": "c"}, "atMost": 0})));
        assert!(!judge(json!({"calls": {"operation": "act"}, "times": 2})));
        assert!(judge(json!({"inOrder": [{"input": {"n": 2}}, {"action": "b"}]})));
        assert!(!judge(json!({"inOrder": [{"action": "b"}, {"action": "a"}]})));
    }

    #[test]
    fn the_nearest_miss_comes_first_with_its_differences() {
        let calls = [act("b", json!({"n": 1})), act("a", json!({"n": {"deep": [1, 2]}}))];
        let verdict = expects(json!({"calls": {"action": "a", "input": {"n": {"deep": [1, 3]}}}})).judge(calls.iter());

        assert!(!verdict.satisfied);
        assert_eq!(
            verdict.near_misses[0].differences,
            [Difference { field: "input.n.deep[1]".into(), wanted: json!(3), found: json!(2) }]
        );
        assert!(verdict.to_string().contains("input.n.deep[1]: wanted 3, found 2"), "{verdict}");
    }
}
