//! A checkpoint of an element, and what differs between two definitions. Pure.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::clock::Timestamp;
use crate::base::ids::Id;

/// A version that the definition of an element has had. Source: SDK `CheckpointApiResponse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    pub id: Id<Checkpoint>,
    /// The type of the element, such as `data-source`.
    pub element_type: String,
    pub element_id: String,
    /// The number of the version; the first is 1.
    pub checkpoint_number: u64,
    /// The portable form that the element had.
    pub snapshot: Value,
    pub created_at: Timestamp,
}

/// What one version has otherwise than another. Source: SDK `CheckpointDiffOperationSchema`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// Something more.
    Add,
    /// Something less.
    Remove,
    /// Something else.
    Replace,
}

/// One difference between two versions. Source: SDK `CheckpointDiffOperationSchema`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    pub op: Op,
    /// Where, such as `nodes[0].id`; a name that is no identifier is quoted in brackets, `meta["a/b"]`.
    pub path: String,
    /// What is there now; none for `remove`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// What was there; none for `add`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_value: Option<Value>,
}

/// What changed from one value to another, in the order of places. Objects are compared member by member and lists item by item,
/// anything else whole.
pub fn differences(was: &Value, is: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(Some(was), Some(is), String::new(), &mut found);
    found
}

fn compare(was: Option<&Value>, is: Option<&Value>, path: String, found: &mut Vec<Difference>) {
    match (was, is) {
        (was, is) if was == is => {}
        (Some(Value::Object(was)), Some(Value::Object(is))) => {
            let names: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
            for name in names {
                compare(was.get(name), is.get(name), below(&path, name), found);
            }
        }
        (Some(Value::Array(was)), Some(Value::Array(is))) => {
            for at in 0..was.len().max(is.len()) {
                compare(was.get(at), is.get(at), format!("{path}[{at}]"), found);
            }
        }
        (was, is) => {
            let op = match (was, is) {
                (None, _) => Op::Add,
                (Some(_), None) => Op::Remove,
                (Some(_), Some(_)) => Op::Replace,
            };
            found.push(Difference { op, path, value: is.cloned(), old_value: was.cloned() });
        }
    }
}

/// The place of a member below another place.
fn below(path: &str, name: &str) -> String {
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '$';
    let is_plain = name.starts_with(is_start) && name.chars().all(|c| is_start(c) || c.is_ascii_digit());
    match (is_plain, path.is_empty()) {
        (false, _) => format!("{path}[{}]", Value::from(name)),
        (true, true) => name.to_owned(),
        (true, false) => format!("{path}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_are_told_member_by_member_and_item_by_item() {
        let was =
            json!({ "name": "A", "config": { "a/b": 1, "same": [1] }, "gone": true, "list": [{ "id": 1 }, 2, 3] });
        let is =
            json!({ "name": "B", "config": { "a/b": 2, "same": [1], "more": null }, "list": [{ "id": 4 }, 2], "": [] });
        let expected = json!([
            { "op": "add", "path": "[\"\"]", "value": [] },
            { "op": "replace", "path": "config[\"a/b\"]", "value": 2, "oldValue": 1 },
            { "op": "add", "path": "config.more", "value": null },
            { "op": "remove", "path": "gone", "oldValue": true },
            { "op": "replace", "path": "list[0].id", "value": 4, "oldValue": 1 },
            { "op": "remove", "path": "list[2]", "oldValue": 3 },
            { "op": "replace", "path": "name", "value": "B", "oldValue": "A" },
        ]);
        assert_eq!(json!(differences(&was, &is)), expected);
    }
}
