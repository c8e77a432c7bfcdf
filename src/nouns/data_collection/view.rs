//! The wire forms of a collection and of a record. They are served in the OpenAPI document, so the comments of fields are
//! for users of the API.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::json::set_member;
use crate::nouns::data_collection::model::{DataCollection, Verb};
use crate::nouns::data_collection::records::{Collection, Known};

/// A record of a collection. Source: SDK `DataRecordSchema`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DataRecord")]
#[serde(rename_all = "camelCase")]
pub struct RecordView<'a> {
    /// The id that the app gives it.
    pub(crate) id: &'a str,
    /// The name by which people know it; absent when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// The address in the app; absent when records have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uri: Option<String>,
    /// The fields.
    pub(crate) fields: &'a JsonMap,
    /// The unified data model of `unifiedFields`; absent when none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) udm: Option<String>,
    /// The fields in the unified data model; absent when none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unified_fields: Option<JsonMap>,
    /// The fields as the app has them.
    pub(crate) raw_fields: &'a JsonMap,
    /// When it was made, on the workspace's clock.
    pub(crate) created_time: Timestamp,
    /// When it was last changed, on the workspace's clock.
    pub(crate) updated_time: Timestamp,
}

impl<'a> RecordView<'a> {
    pub(super) fn of(collection: &Collection, record: &'a Known<'_>, udm: Option<&str>) -> Result<Self, ApiError> {
        let spec = collection.spec()?;
        let unified = udm.map(|udm| collection.to_unified(udm, record.fields)).transpose()?;
        Ok(Self {
            id: &record.id,
            name: spec.name_of(record.fields),
            uri: spec.uri_of(&record.id, record.fields),
            fields: record.fields,
            udm: udm.map(str::to_owned),
            unified_fields: unified,
            raw_fields: record.fields,
            created_time: record.created_at,
            updated_time: record.updated_at,
        })
    }
}

/// The JSON Schema of the records of a collection, as [`RecordView`] shows them.
pub fn record_schema(collection: &DataCollection) -> Value {
    let (text, moment) = (json!({ "type": "string" }), json!({ "type": "string", "format": "date-time" }));
    json!({ "type": "object", "properties": {
        "id": text, "name": text, "uri": text, "fields": collection.fields_schema,
        "createdTime": moment, "updatedTime": moment,
    } })
}

/// A collection as `DataCollectionSpec` has it: what can be done with it, and with which fields. Source: SDK.
pub fn spec(collection: &DataCollection) -> Value {
    let names: Vec<&String> = collection
        .fields_schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(JsonMap::keys)
        .collect();
    let is_written = |name: &&&String| **name != &collection.id_field && !collection.is_read_only(name);
    let written: Vec<&&String> = names.iter().filter(is_written).collect();
    let required = collection.fields_schema.get("required").cloned().unwrap_or_else(|| json!([]));
    let mut spec = json!({
        "type": "collection",
        "key": collection.key,
        "name": collection.name,
        "fieldsSchema": collection.fields_schema,
    });
    if let Some(parameters) = &collection.parameters_schema {
        set_member(&mut spec, "parametersSchema", parameters.clone());
    }
    for verb in Verb::ALL.into_iter().filter(|verb| !collection.lacks.iter().any(|lacking| lacking == verb.name())) {
        let (name, says) = match verb {
            Verb::List => ("list", json!({ "filterFields": names })),
            Verb::Search => ("search", json!({})),
            Verb::Match => ("match", json!({ "fields": names })),
            Verb::Find => ("find", json!({ "queryFields": names })),
            Verb::FindById => ("findById", json!({})),
            Verb::Create => ("create", json!({ "fields": written, "requiredFields": required })),
            Verb::Update => ("update", json!({ "fields": written })),
            Verb::Delete => ("delete", json!({})),
        };
        set_member(&mut spec, name, says);
    }
    let events = ["created", "updated", "deleted"].into_iter().filter_map(|name| Some((name, collection.event(name)?)));
    let events: serde_json::Map<String, Value> = events.map(|(name, event)| (name.to_owned(), json!(event))).collect();
    if !events.is_empty() {
        set_member(&mut spec, "events", events);
    }
    if !collection.udm.is_empty() {
        set_member(&mut spec, "udm", json!(collection.udm));
    }
    spec
}
