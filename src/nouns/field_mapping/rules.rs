//! What a field mapping makes of a record or of the fields of the user's own app.

use serde_json::{Value, json};

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::mapping::formula::FindLinked;
use crate::mapping::{formula, merge};
use crate::nouns::field_mapping::model::{Direction, FieldMapping};

impl FieldMapping {
    /// What the mapping makes of `input`, one way or both. An import reads a record: its `fields`, and its `unifiedFields` for
    /// what is unified; an input without `fields` is taken for the fields themselves. Source: assumed.
    pub fn run(
        &self,
        direction: Option<Direction>,
        input: &Value,
        now: Timestamp,
        find: Option<FindLinked>,
    ) -> Result<Value, ApiError> {
        let direction = direction.or(self.direction).unwrap_or(Direction::Import);
        let one = |way: Direction| self.run_one(way, input, now, find);
        match direction {
            Direction::Import | Direction::Export => one(direction),
            Direction::Both => Ok(json!({ "import": one(Direction::Import)?, "export": one(Direction::Export)? })),
        }
    }

    fn run_one(
        &self,
        direction: Direction,
        input: &Value,
        now: Timestamp,
        find: Option<FindLinked>,
    ) -> Result<Value, ApiError> {
        let (default, own, unified) = match direction {
            Direction::Export => (&self.default_export_value, &self.export_value, &self.unified_export_value),
            Direction::Import | Direction::Both => {
                (&self.default_import_value, &self.import_value, &self.unified_import_value)
            }
        };
        let is_record = direction != Direction::Export && input.get("fields").is_some_and(Value::is_object);
        let part = |name: &str| if is_record { input.get(name).unwrap_or(&Value::Null) } else { input };
        let (native, of_unified) = (part("fields"), part("unifiedFields"));
        let templates = [(default, native), (unified, of_unified), (own, native)];
        let mut output = Value::Null;
        for (template, variables) in templates {
            let value = template.as_ref().map(|template| match find {
                Some(find) => formula::resolve_linked(template, variables, now, find),
                None => formula::resolve(template, variables, now),
            });
            if let Some(value) = value.transpose()?.flatten() {
                output = merge::merge(output, value);
            }
        }
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::Kind as _;
    use crate::elements::model::Meta;

    #[test]
    fn what_is_mapped_lies_over_the_defaults() {
        let at = Timestamp::from_millis(0);
        let meta = Meta::planted(("field-mapping", "m"), "m", "M", None, at);
        let mapping = FieldMapping {
            default_import_value: Some(json!({ "title": { "$var": "name" }, "kind": "person" })),
            import_value: Some(json!({ "title": { "$concat": ["Dr. ", { "$var": "name" }] } })),
            unified_import_value: Some(json!({ "mail": { "$var": "primaryEmail" } })),
            export_value: Some(json!({ "name": { "$var": "title" } })),
            ..FieldMapping::blank("m".into(), meta)
        };
        let record = json!({ "id": "1", "fields": { "name": "Ada" }, "unifiedFields": { "primaryEmail": "a@x" } });
        let expected = json!({ "title": "Dr. Ada", "kind": "person", "mail": "a@x" });
        assert_eq!(mapping.run(None, &record, at, None).unwrap(), expected);
        assert_eq!(
            mapping.run(Some(Direction::Export), &json!({ "title": "Ada" }), at, None).unwrap(),
            json!({ "name": "Ada" })
        );
    }
}
