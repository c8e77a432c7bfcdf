//! The formulas that make arrays and objects: `$iterate`, `$mergeObjects`.

use serde_json::Value;

use super::super::javascript;
use super::{Evaluation, Outcome, Scope};
use crate::base::JsonMap;

impl Evaluation<'_> {
    /// `{source, item}`: the item's formula over each item of the source; what is false there is passed over.
    pub(super) fn iterate(&self, operand: &Value) -> Outcome {
        let Some(Value::Array(source)) = self.optional(operand.get("source"))? else { return Ok(None) };
        let mut out = Vec::new();
        for (index, item) in source.iter().enumerate() {
            let inner = Evaluation { scope: Scope::Item { item, index, parent: &self.scope }, budget: self.budget };
            out.extend(inner.optional(operand.get("item"))?.filter(|value| javascript::is_truthy(Some(value))));
        }
        Ok(Some(out).filter(|out| !out.is_empty()).map(Value::Array))
    }

    /// The members of all objects; of two of one name the last counts.
    pub(super) fn merge(&self, operand: &Value) -> Outcome {
        let Some(Value::Array(parts)) = self.value(operand)? else { return Ok(None) };
        let mut out = JsonMap::new();
        for part in parts {
            match part {
                Value::Object(members) => out.extend(members),
                Value::Array(items) => {
                    out.extend(items.into_iter().enumerate().map(|(index, item)| (index.to_string(), item)));
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        Ok(Some(out).filter(|out| !out.is_empty()).map(Value::Object))
    }
}
