//! A checkpoint of an element. Pure types.

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

/// One difference between two versions. Source: SDK `CheckpointDiffOperationSchema`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// `add`, `remove` or `replace`.
    pub op: &'static str,
    /// Where, as a JSON pointer.
    pub path: String,
    /// What is there now; none for `remove`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// What was there; none for `add`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_value: Option<Value>,
}

/// What changed from one value to another, in the order of places. Objects are compared member by member, anything else whole.
pub fn differences(was: &Value, is: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(was, is, String::new(), &mut found);
    found
}

fn compare(was: &Value, is: &Value, path: String, found: &mut Vec<Difference>) {
    match (was, is) {
        (was, is) if was == is => {}
        (Value::Object(was), Value::Object(is)) => {
            let names: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
            for name in names {
                let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
                match (was.get(name), is.get(name)) {
                    (Some(was), Some(is)) => compare(was, is, path, found),
                    (None, Some(is)) => {
                        found.push(Difference { op: "add", path, value: Some(is.clone()), old_value: None });
                    }
                    (Some(was), None) => {
                        found.push(Difference { op: "remove", path, value: None, old_value: Some(was.clone()) });
                    }
                    (None, None) => {}
                }
            }
        }
        (was, is) => {
            found.push(Difference { op: "replace", path, value: Some(is.clone()), old_value: Some(was.clone()) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_are_told_member_by_member() {
        let was = json!({ "name": "A", "config": { "a/b": 1, "same": [1] }, "gone": true });
        let is = json!({ "name": "B", "config": { "a/b": 2, "same": [1], "more": null } });
        let expected = json!([
            { "op": "replace", "path": "/config/a~1b", "value": 2, "oldValue": 1 },
            { "op": "add", "path": "/config/more", "value": null },
            { "op": "remove", "path": "/gone", "oldValue": true },
            { "op": "replace", "path": "/name", "value": "B", "oldValue": "A" },
        ]);
        assert_eq!(json!(differences(&was, &is)), expected);
    }
}
