//! One template laid over another.

use serde_json::Value;

use super::formula::formula_of;

/// Lays `over` over `under`: objects member by member, arrays item by item; a formula replaces what it lies on, and so
/// does anything else that is there. Source: SDK `mergeWithFormulas`.
pub fn merge(under: Value, over: Value) -> Value {
    match (under, over) {
        (Value::Array(under), Value::Array(over)) => {
            let mut under = under.into_iter();
            let mut merged: Vec<Value> = Vec::new();
            for over in over {
                merged.push(match under.next() {
                    Some(under) => merge(under, over),
                    None => over,
                });
            }
            merged.extend(under);
            Value::Array(merged)
        }
        (under @ Value::Object(_), over @ Value::Object(_)) if formula_of(&under).or(formula_of(&over)).is_some() => {
            over
        }
        (Value::Object(mut under), Value::Object(over)) => {
            for (name, over) in over {
                let merged = match under.shift_remove_entry(&name) {
                    Some((_, under)) => merge(under, over),
                    None => over,
                };
                under.insert(name, merged);
            }
            Value::Object(under)
        }
        (_, over) => over,
    }
}

#[cfg(test)]
mod tests {
    use super::merge;
    use serde_json::json;

    #[test]
    fn formulas_replace_and_data_is_put_together() {
        let under = json!({ "a": { "b": 1, "c": { "$var": "x" } }, "d": [1, { "e": 2 }], "f": 3 });
        let over = json!({ "a": { "c": { "$var": "y" } }, "d": [null, { "g": 4 }, 5] });
        let merged = json!({ "a": { "b": 1, "c": { "$var": "y" } }, "d": [null, { "e": 2, "g": 4 }, 5], "f": 3 });
        assert_eq!(merge(under, over), merged);
    }
}
