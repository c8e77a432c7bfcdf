//! A collection of an app's records, and a record that a connection has changed or made. Pure types.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::{Id, Ids};
use crate::base::json::schema::{check_schema, check_value};
use crate::mapping::formula::plain_text;
use crate::nouns::connection::model::Connection;
use crate::nouns::external_event::model::{EventSpec, EventWay};

/// What can be done with a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Answers a page of records.
    List,
    /// Answers a page of the records that have a text.
    Search,
    /// Answers the one record whose fields have these values, or none.
    Match,
    /// Answers a page of the records whose fields have these values; the older form of `list`.
    Find,
    /// Answers a record by its id.
    FindById,
    /// Makes a record and answers its id.
    Create,
    /// Changes fields of a record and answers its id.
    Update,
    /// Deletes a record.
    Delete,
}

impl Verb {
    /// All of them, in the order in which a collection shows them.
    pub const ALL: [Self; 8] =
        [Self::List, Self::Search, Self::Match, Self::Find, Self::FindById, Self::Create, Self::Update, Self::Delete];

    /// The name in paths, such as `find-by-id`.
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Search => "search",
            Self::Match => "match",
            Self::Find => "find",
            Self::FindById => "find-by-id",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// A collection of an app's records, as its connector describes it. Source: SDK `DataCollectionSpec`; ids, names and
/// records are our choice, because the platform leaves them to the app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DataCollection {
    /// The key that code names the collection by.
    pub key: String,
    /// The name that people see.
    pub name: String,
    /// The JSON Schema of a record's fields.
    pub fields_schema: Value,
    /// The JSON Schema of the collection's parameters; a parameter that is a field picks the records that have its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters_schema: Option<Value>,
    /// The field that has a record's id.
    #[serde(default = "id_field", skip_serializing_if = "is_id_field")]
    pub id_field: String,
    /// The field that has the name by which people know a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_field: Option<String>,
    /// The address of a record in the app, with `{id}` for its id and `{name}` for a field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// How the app makes ids.
    #[serde(default)]
    pub ids: IdHabit,
    /// How many records a page has.
    #[serde(default = "page_size", skip_serializing_if = "is_page_size")]
    pub page_size: usize,
    /// What the app cannot do with the collection.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
    /// How records become those of a unified data model, and back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub udm: BTreeMap<String, UnifiedModel>,
    /// How the app tells of records that were `created`, `updated` and `deleted`, or of `all` of these; it is asked when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<BTreeMap<String, EventSpec>>,
    /// The records that the app has before anybody changes something, each as its fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<JsonMap>,
}

/// How records become those of a unified data model, and back. Source: SDK `DataCollectionUdmSpec`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnifiedModel {
    /// The unified fields that a record has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
    /// The unified fields, each as a formula over the record's fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extract: Option<JsonMap>,
    /// The record's fields, each as a formula over the unified ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parse: Option<JsonMap>,
}

/// How an app makes ids of records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "`ids` is number, digits, uuid, hex or {prefix: text}")]
pub enum IdHabit {
    /// One of the usual ways.
    Known(KnownHabit),
    /// A text with 16 hexadecimal digits behind it.
    Prefixed {
        /// The text, such as `cus_`.
        prefix: String,
    },
}

/// The usual ways to make ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KnownHabit {
    /// One number after the other, from one above the largest.
    Number,
    /// The same as text.
    Digits,
    /// A UUID.
    Uuid,
    /// 24 hexadecimal digits.
    Hex,
}

impl Default for IdHabit {
    fn default() -> Self {
        Self::Known(KnownHabit::Uuid)
    }
}

fn id_field() -> String {
    "id".to_owned()
}

fn is_id_field(field: &str) -> bool {
    field == "id"
}

fn page_size() -> usize {
    25
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_page_size(size: &usize) -> bool {
    *size == page_size()
}

impl DataCollection {
    /// Refuses what no collection can be, and names the field.
    pub fn check(&self) -> Result<(), (&'static str, ApiError)> {
        check_schema(&self.fields_schema, "fieldsSchema").map_err(|error| ("fieldsSchema", error))?;
        let parameters = self.parameters_schema.as_ref().map_or(Ok(()), |of| check_schema(of, "parametersSchema"));
        parameters.map_err(|error| ("parametersSchema", error))?;
        if !(1..=1000).contains(&self.page_size) {
            return Err(("pageSize", ApiError::bad_request("`pageSize` is a number from 1 to 1000")));
        }
        let verbs = Verb::ALL.map(Verb::name);
        if let Some(unknown) = self.lacks.iter().find(|name| !verbs.contains(&name.as_str())) {
            let why = format!("`lacks` has `{unknown}`; there are {}", verbs.join(", "));
            return Err(("lacks", ApiError::bad_request(why)));
        }
        let events = self.events.iter().flat_map(BTreeMap::keys);
        if let Some(unknown) =
            events.into_iter().find(|name| !["created", "updated", "deleted", "all"].contains(&name.as_str()))
        {
            let why = format!("`events` has `{unknown}`; there are created, updated, deleted, all");
            return Err(("events", ApiError::bad_request(why)));
        }
        let mut known = BTreeSet::new();
        for (index, fields) in self.records.iter().enumerate() {
            let wrong = |why: String| {
                ("records", ApiError::bad_request(format!("record {} of `{}` {why}", index + 1, self.key)))
            };
            let id = self.id_of(fields).ok_or_else(|| wrong(format!("has no `{}`", self.id_field)))?;
            if !known.insert(id.clone()) {
                return Err(wrong(format!("has the id `{id}` of another one")));
            }
        }
        let all = Value::Array(self.records.iter().cloned().map(Value::Object).collect());
        let schema = json!({ "type": "array", "items": self.fields_schema });
        check_value(&schema, &all, &format!("`records` of `{}`", self.key)).map_err(|error| ("records", error))
    }

    /// How the app tells of records that were `created`, `updated` or `deleted`; none where it does not.
    pub fn event(&self, name: &str) -> Option<EventSpec> {
        match &self.events {
            Some(events) => events.get(name).or_else(|| events.get("all")).cloned(),
            None => Some(EventSpec { way: EventWay::Pull, is_full_scan: false }),
        }
    }

    /// The id of a record with these fields; none where they have none.
    pub fn id_of(&self, fields: &JsonMap) -> Option<String> {
        fields.get(&self.id_field).map(plain_text).filter(|id| !id.is_empty())
    }

    /// The name of a record with these fields: that of the field for it, else of one that is called so.
    pub fn name_of(&self, fields: &JsonMap) -> Option<String> {
        let name = match &self.name_field {
            Some(field) => fields.get(field),
            None => fields.get("name").or_else(|| fields.get("title")),
        };
        name.map(plain_text).filter(|name| !name.is_empty())
    }

    /// Makes an id as the app does; `taken` are those that there are.
    pub fn new_id<'r>(&self, ids: &Ids, taken: impl Iterator<Item = &'r str>) -> Value {
        let next = || taken.filter_map(|id| id.parse::<u64>().ok()).max().unwrap_or(0).saturating_add(1);
        match &self.ids {
            IdHabit::Known(KnownHabit::Number) => Value::from(next()),
            IdHabit::Known(KnownHabit::Digits) => Value::from(next().to_string()),
            IdHabit::Known(KnownHabit::Uuid) => Value::from(ids.uuid()),
            IdHabit::Known(KnownHabit::Hex) => Value::from(ids.secret(12)),
            IdHabit::Prefixed { prefix } => Value::from(format!("{prefix}{}", ids.secret(8))),
        }
    }

    /// The schema of a field; none where nothing is said of it.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields_schema.get("properties")?.get(name)
    }

    /// Whether the app alone writes a field.
    pub fn is_read_only(&self, name: &str) -> bool {
        self.field(name).and_then(|field| field.get("readOnly")).is_some_and(|is| *is == Value::Bool(true))
    }

    /// Whether the app takes a field from others: what its schema does not name, only where that says no names at all.
    pub fn is_written(&self, name: &str) -> bool {
        let is_known = self.field(name).is_some() || self.fields_schema.get("properties").is_none();
        is_known && !self.is_read_only(name)
    }

    /// The address of a record in the app, with the fields that it names; none where records have none.
    pub fn uri_of(&self, id: &str, fields: &JsonMap) -> Option<String> {
        let mut uri = self.uri.as_ref()?.replace("{id}", id);
        for (name, value) in fields {
            uri = uri.replace(&format!("{{{name}}}"), &plain_text(value));
        }
        Some(uri)
    }
}

/// Refuses collections of which one is wrong, and two of one key.
pub fn check_collections(collections: &[DataCollection]) -> Result<(), ApiError> {
    for (index, collection) in collections.iter().enumerate() {
        collection.check().map_err(|(field, error)| {
            ApiError::bad_request(format!("`dataCollections[{index}].{field}`: {}", error.message))
        })?;
        if collections.iter().take(index).any(|other| other.key == collection.key) {
            return Err(ApiError::bad_request(format!("`dataCollections` has `{}` twice", collection.key)));
        }
    }
    Ok(())
}

/// A record that a connection has changed, made or deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataRecord {
    pub id: Id<DataRecord>,
    /// The connection behind which the record is.
    pub connection: Id<Connection>,
    /// The key of its collection.
    pub collection: String,
    /// Both in one, by which records are looked up.
    pub place: String,
    /// The id that the app gives it.
    pub record_id: String,
    pub fields: JsonMap,
    /// Whether it was made behind the connection; otherwise it is one that the app began with.
    #[serde(default)]
    pub is_made: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When it was deleted; what was deleted is kept so that a page can follow it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deleted_at: Option<Timestamp>,
}

impl DataRecord {
    /// By what the records of a connection's collection are looked up.
    pub fn place(connection: &Id<Connection>, collection: &str) -> String {
        format!("{connection}/{collection}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_collection_knows_ids_and_names() {
        let collection: DataCollection = serde_json::from_value(json!({ "key": "contacts", "name": "Contacts",
            "fieldsSchema": { "type": "object" }, "ids": "number", "nameField": "email",
            "records": [{ "id": 7, "email": "ada@acme.example" }] }))
        .unwrap();
        assert!(collection.check().is_ok());
        let known = &collection.records[0];
        assert_eq!(collection.id_of(known).as_deref(), Some("7"));
        assert_eq!(collection.name_of(known).as_deref(), Some("ada@acme.example"));
        assert_eq!(collection.new_id(&Ids::new(Some(1), "w"), ["7", "x"].into_iter()), json!(8));
        let nameless = DataCollection { records: vec![JsonMap::new()], ..collection };
        assert_eq!(nameless.check().unwrap_err().0, "records");
        let prefixed: DataCollection =
            serde_yaml_ng::from_str("{key: c, name: C, fieldsSchema: {}, ids: {prefix: cus_}}").unwrap();
        assert!(prefixed.new_id(&Ids::new(Some(1), "w"), std::iter::empty()).as_str().unwrap().starts_with("cus_"));
    }
}
