//! Whether calls were made as a test expects, and which came near when they were not.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::operation::Operation;
use crate::base::pattern::{is_like, is_route};
use crate::journal::{Entry, Side};

/// Calls that are told of when none fits.
const MOST_NEAR: usize = 3;

/// Which calls: all that is said has to fit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Matcher {
    /// `api` or `upstream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// `act`, `flowRun`, `connect`, `proxy`, `refresh`, `webhook`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// Method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Path, without its query; `*` stands for anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A route as the documentation writes it, with its method or without: `GET /connections/{connection}`. On the upstream
    /// side the connector's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The caller's tenant key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Id or key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration: Option<String>,
    /// Id or key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Id or key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Id or key of the flow or of the flow instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// What it was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// A fault that broke it, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// What its body has at least: objects may have more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
}

/// Where a call is not what was wanted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The field, as a path into it.
    pub field: String,
    /// What was wanted.
    pub wanted: Value,
    /// What there was.
    pub found: Value,
}

/// A call that is nearly what was wanted.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Near {
    /// Its place in the journal.
    pub seq: u64,
    /// Method and path.
    pub call: String,
    /// Field by field.
    pub differences: Vec<Difference>,
}

/// How what is wanted and what there is are held against each other.
type Fits = fn(&str, &str) -> bool;

impl Matcher {
    /// Where a call is not what is wanted; nowhere when it fits.
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
        let texts: [(&str, &Option<String>, Option<&str>, Fits); 4] = [
            ("method", &self.method, Some(method), str::eq_ignore_ascii_case),
            ("path", &self.path, Some(path), |wanted, own| is_like(own, wanted)),
            ("route", &self.route, route.as_deref(), is_either),
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

    /// The calls that nearly fit, the nearest first.
    fn near<'e>(&self, entries: impl Iterator<Item = &'e Entry>) -> Vec<Near> {
        let side = self.side.unwrap_or(Side::Api);
        let mut near: Vec<Near> = entries
            .filter(|entry| entry.side == side)
            .map(|entry| Near {
                seq: entry.seq,
                call: format!("{} {} → {}", entry.method, entry.path, entry.status),
                differences: self.differences(entry),
            })
            .filter(|near| !near.differences.is_empty())
            .collect();
        // Of equally near ones the latest.
        // What a call is comes before what it carries.
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

/// Notes where `found` lacks what `wanted` has.
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

/// What a test expects: so many calls, or these calls one after the other.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Expectation {
    /// Which calls.
    pub calls: Matcher,
    /// Exactly so many; at least one when nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<usize>,
    /// At least so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<usize>,
    /// At most so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<usize>,
    /// Instead of a count: calls that came in this order, others between them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub in_order: Vec<Matcher>,
}

/// Whether what was expected happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Whether it did.
    pub satisfied: bool,
    /// How many calls fitted.
    pub count: usize,
    /// What was expected and what there was, in a sentence.
    pub message: String,
    /// Calls that came near, when it did not.
    pub near_misses: Vec<Near>,
}

impl Expectation {
    /// Holds the calls against what is expected.
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
