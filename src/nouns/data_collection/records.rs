//! What a connection finds in its app's collections, and changes there.
//!
//! Invariant: records are listed in one order for good: those that the app begins with, then those that were made, each
//! where it was made; a cursor is the id of the last one of a page, so that pages neither repeat nor leave out one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::json::schema::check_value;
use crate::engine::Cx;
use crate::engine::directory::hint;
use crate::mapping::fallbacks::with_fallbacks;
use crate::mapping::{condition, formula, value_at};
use crate::nouns::connection::connector_of;
use crate::nouns::connection::model::Connection;
use crate::nouns::connector::model::Connector;
use crate::nouns::data_collection::model::{DataCollection, DataRecord, UnifiedModel, Verb};
use crate::nouns::data_collection::view::RecordView;
use crate::store::World;

/// What a verb is asked for; each takes some of it. Source: SDK `DataCollection…Request`.
#[derive(Debug, Clone, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Request {
    /// The parameters of the collection.
    pub parameters: Option<JsonMap>,
    /// For `list`: values by field, a formula over the fields, or a list of conditions.
    pub filter: Option<Value>,
    /// For `list`: the same over the unified fields.
    pub unified_filter: Option<Value>,
    /// The cursor that the page before answered.
    pub cursor: Option<String>,
    /// For `search`: the text. For `match` and `find`: values by field.
    pub query: Option<Value>,
    /// For `match`: the same by unified field.
    pub universal_query: Option<JsonMap>,
    /// For `find-by-id`, `update` and `delete`: the id of the record.
    pub id: Option<String>,
    /// The unified data model that the record is shown in too.
    pub udm: Option<String>,
    /// For `create` and `update`: the fields.
    pub fields: Option<JsonMap>,
    /// For `create` and `update`: unified fields, instead of `fields`.
    pub unified_fields: Option<JsonMap>,
}

/// A collection of the app behind a connection.
#[derive(Debug)]
pub struct Collection {
    connection: Arc<Connection>,
    connector: Arc<Connector>,
    key: String,
    /// The moment that formulas see as now.
    now: Timestamp,
}

/// A record as it is now.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) fields: &'a JsonMap,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) is_deleted: bool,
    /// Whether it is stored, since somebody made or changed it.
    stored: Option<&'a Arc<DataRecord>>,
}

impl Collection {
    /// What parameters of an address mean, where all is text: numbers and truths as the collection's schemas say.
    pub fn read_parameters(&self, given: impl Iterator<Item = (String, String)>) -> Result<JsonMap, ApiError> {
        let spec = self.spec()?;
        let of_parameter = |name: &str| spec.parameters_schema.as_ref()?.get("properties")?.get(name);
        let read = |(name, text): (String, String)| {
            let schema = of_parameter(&name).or_else(|| spec.field(&name));
            let kind = schema.and_then(|schema| schema.get("type")).and_then(Value::as_str);
            let value = match kind {
                Some("integer" | "number" | "boolean") => serde_json::from_str(&text).ok(),
                _ => None,
            };
            (name, value.unwrap_or_else(|| Value::from(text)))
        };
        Ok(given.map(read).collect())
    }

    /// The collection of this key behind a connection. Fails with 404 where its app has none of that key, and as a call
    /// does where the connection does not work.
    pub fn of(cx: &Cx, connection: Arc<Connection>, key: &str) -> Result<Self, ApiError> {
        cx.directory(&cx.world()).check_usable(&connection)?;
        let connector = connector_of(cx, &connection)?;
        if !connection.is_connected() {
            let status = cx.world().workspace.mock.disconnected_status;
            return Err(connection.disconnected_error(connector.key(), status));
        }
        connector.data_collection(key)?;
        Ok(Self { connection, connector, key: key.to_owned(), now: cx.space.clock.now() })
    }

    /// What the connector says of it.
    pub fn spec(&self) -> Result<&DataCollection, ApiError> {
        self.connector.data_collection(&self.key)
    }

    /// The unified data model of a data source, where the collection has it; a data source may be pointed at another one.
    pub fn shown_in<'u>(&self, udm: Option<&'u str>) -> Option<&'u str> {
        udm.filter(|udm| self.spec().is_ok_and(|spec| spec.udm.contains_key(*udm)))
    }

    /// Every record, deleted ones too, in the collection's order.
    fn records<'a>(&'a self, world: &'a World) -> Result<Vec<Known<'a>>, ApiError> {
        let spec = self.spec()?;
        let place = DataRecord::place(&self.connection.id, &self.key);
        let mut stored: BTreeMap<&str, &Arc<DataRecord>> = BTreeMap::new();
        let mut made = Vec::new();
        for record in world.data_records.with_key(&place) {
            stored.insert(&record.record_id, record);
            made.push(record);
        }
        let known = |record: &'a Arc<DataRecord>| Known {
            id: Cow::Borrowed(record.record_id.as_str()),
            fields: &record.fields,
            created_at: record.created_at,
            updated_at: record.updated_at,
            is_deleted: record.deleted_at.is_some(),
            stored: Some(record),
        };
        let mut all = Vec::with_capacity(spec.records.len() + made.len());
        for fields in &spec.records {
            let Some(id) = spec.id_of(fields) else { continue };
            all.push(match stored.remove(id.as_str()) {
                Some(changed) => known(changed),
                None => {
                    let at = self.connection.meta.created_at;
                    let id = Cow::Owned(id);
                    Known { id, fields, created_at: at, updated_at: at, is_deleted: false, stored: None }
                }
            });
        }
        all.extend(made.into_iter().filter(|record| stored.contains_key(record.record_id.as_str())).map(known));
        Ok(all)
    }

    /// The unified data model of this key. Fails with 400 where records have none such.
    fn unified(&self, udm: &str) -> Result<&UnifiedModel, ApiError> {
        let spec = self.spec()?;
        spec.udm.get(udm).ok_or_else(|| {
            let known = hint(udm, spec.udm.keys().map(String::as_str));
            ApiError::bad_request(format!("records of `{}` have no unified data model `{udm}`{known}", self.key))
        })
    }

    /// The fields of a record in a unified data model.
    pub(super) fn to_unified(&self, udm: &str, fields: &JsonMap) -> Result<JsonMap, ApiError> {
        let Some(extract) = &self.unified(udm)?.extract else { return Ok(JsonMap::new()) };
        unified(udm, extract, fields, self.now)
    }

    /// The fields of a record that unified ones come to.
    pub fn from_unified(&self, udm: &str, unified: &JsonMap) -> Result<JsonMap, ApiError> {
        mapped(self.unified(udm)?.parse.as_ref(), unified, self.now)
    }
}

/// The fields of a record in a unified data model; `extract` is the app's mapping.
pub fn unified(udm: &str, extract: &JsonMap, fields: &JsonMap, now: Timestamp) -> Result<JsonMap, ApiError> {
    let whole = with_fallbacks(&Value::Object(extract.clone()), udm)?;
    mapped(whole.as_object(), fields, now)
}

/// Evaluates a template of fields over others.
fn mapped(template: Option<&JsonMap>, fields: &JsonMap, now: Timestamp) -> Result<JsonMap, ApiError> {
    let Some(template) = template else { return Ok(JsonMap::new()) };
    let value = formula::resolve(&Value::Object(template.clone()), &Value::Object(fields.clone()), now)?;
    Ok(value.and_then(|value| value.as_object().cloned()).unwrap_or_default())
}

/// Does what a verb says, and answers as the platform does; null where that is nothing. `udm` is the unified data model in which records are shown too.
/// Fails with 400 for a request that lacks something, and with 404 for a record that is not there.
pub async fn perform(
    cx: &Cx,
    collection: &Collection,
    verb: Verb,
    request: &Request,
    udm: Option<&str>,
) -> Result<Value, ApiError> {
    let spec = collection.spec()?;
    if spec.lacks.iter().any(|lacking| lacking == verb.name()) {
        let why = format!("`{}` of {} has no `{}`", spec.key, collection.connector.meta.name, verb.name());
        return Err(ApiError::bad_request(why));
    }
    let udm = request.udm.as_deref().or(udm);
    if let Some(schema) = &spec.parameters_schema {
        let given = Value::Object(request.parameters.clone().unwrap_or_default());
        check_value(schema, &given, &format!("`parameters` of `{}`", spec.key))?;
    }
    match verb {
        Verb::List | Verb::Search | Verb::Find => read(cx, collection, verb, request, udm),
        Verb::Match => {
            let unified = request.universal_query.as_ref();
            let query =
                if unified.is_some() && request.query.is_none() { None } else { Some(object_of(request, verb)?) };
            if query.into_iter().chain(unified).all(JsonMap::is_empty) {
                return Err(ApiError::bad_request("`match` takes values by field, and its `query` has none"));
            }
            let udm = if unified.is_some() { Some(needed(udm.as_ref(), "udm", verb)?) } else { udm.as_ref() };
            let world = cx.world();
            let records = collection.records(&world)?;
            let mut found = None;
            for record in records.iter().filter(|record| is_within(spec, record, request)) {
                let in_unified = match unified.zip(udm) {
                    Some((wanted, udm)) => has_values(&collection.to_unified(udm, record.fields)?, wanted),
                    None => true,
                };
                if in_unified && query.is_none_or(|query| has_values(record.fields, query)) {
                    found = Some(record);
                    break;
                }
            }
            let udm = udm.copied();
            let record = found.map(|record| RecordView::of(collection, record, udm)).transpose()?;
            Ok(record.map_or_else(|| json!({}), |record| json!({ "record": record })))
        }
        Verb::FindById => {
            let world = cx.world();
            let records = collection.records(&world)?;
            let record = one(collection, &records, request, verb)?;
            Ok(json!({ "record": RecordView::of(collection, record, udm)? }))
        }
        Verb::Create | Verb::Update | Verb::Delete => write(cx, collection, verb, request, udm).await,
    }
}

/// A page of the records that a request asks for.
fn read(cx: &Cx, collection: &Collection, verb: Verb, request: &Request, udm: Option<&str>) -> Result<Value, ApiError> {
    let spec = collection.spec()?;
    let text = match (verb, &request.query) {
        (Verb::Search, Some(Value::String(text))) => Some(text.to_lowercase()),
        (Verb::Search, _) => return Err(ApiError::bad_request("`search` takes a text as its `query`")),
        _ => None,
    };
    let values = if verb == Verb::Find && request.query.is_some() { Some(object_of(request, verb)?) } else { None };
    let world = cx.world();
    let records = collection.records(&world)?;
    let start = match request.cursor.as_deref().filter(|cursor| !cursor.is_empty() && *cursor != "0") {
        None => 0,
        Some(cursor) => {
            let after = cursor.strip_prefix("after:").and_then(|id| records.iter().position(|record| record.id == id));
            let wrong = || format!("`cursor` is `{cursor}`; it is what the last page answered");
            after.ok_or_else(|| ApiError::bad_request(wrong()))? + 1
        }
    };
    let mut page: Vec<Value> = Vec::new();
    let mut last: Option<&str> = None;
    for record in records.iter().skip(start).filter(|record| is_within(spec, record, request)) {
        let unified = match (udm, &request.unified_filter) {
            (Some(udm), Some(filter)) => passes(filter, &collection.to_unified(udm, record.fields)?, collection.now)?,
            (None, Some(_)) => {
                return Err(ApiError::bad_request(
                    "`unifiedFilter` needs a `udm`, of the request or of the data source",
                ));
            }
            (_, None) => true,
        };
        let is_wanted = unified
            && request.filter.as_ref().map_or(Ok(true), |filter| passes(filter, record.fields, collection.now))?
            && text.as_ref().is_none_or(|text| record.fields.values().any(|value| has_text(value, text)))
            && values.is_none_or(|values| has_values(record.fields, values));
        if !is_wanted {
            continue;
        }
        if page.len() == spec.page_size {
            let cursor = last.map(|id| format!("after:{id}"));
            return Ok(json!({ "records": page, "cursor": cursor }));
        }
        page.push(serde_json::to_value(RecordView::of(collection, record, udm)?).map_err(ApiError::internal)?);
        last = Some(record.id.as_ref());
    }
    Ok(json!({ "records": page }))
}

/// Makes, changes or deletes a record.
async fn write(
    cx: &Cx,
    collection: &Collection,
    verb: Verb,
    request: &Request,
    udm: Option<&str>,
) -> Result<Value, ApiError> {
    let spec = collection.spec()?;
    let given = match (verb, &request.fields, &request.unified_fields) {
        (Verb::Delete, _, _) => JsonMap::new(),
        (_, Some(fields), _) => fields.clone(),
        (_, None, Some(unified)) => collection.from_unified(needed(udm.as_ref(), "udm", verb)?, unified)?,
        (_, None, None) => return Err(ApiError::bad_request(format!("`{}` takes `fields`", verb.name()))),
    };
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let records = collection.records(&world)?;
    let now = cx.space.clock.now();
    let mut record = if verb == Verb::Create {
        check_writable(spec, &given)?;
        // A record is where the parameters say.
        let parameters = request.parameters.iter().flatten().filter(|(name, _)| spec.field(name).is_some());
        let mut fields: JsonMap = parameters.map(|(name, value)| (name.clone(), value.clone())).collect();
        let taken = records.iter().map(|record| record.id.as_ref());
        let id = spec.id_of(&given).map_or_else(|| spec.new_id(&cx.space.ids, taken), Value::from);
        let id_text = formula::plain_text(&id);
        if records.iter().any(|record| record.id == id_text) {
            return Err(ApiError::already_exists(format!("`{}` has a record `{id_text}` already", spec.key)));
        }
        fields.insert(spec.id_field.clone(), id);
        fields.extend(given);
        fields.retain(|_, value| !value.is_null());
        DataRecord { is_made: true, ..stored_record(cx, collection, id_text, fields, (now, now)) }
    } else {
        let known = one(collection, &records, request, verb)?;
        // What is sent back as it is changes nothing.
        let changed: JsonMap =
            given.into_iter().filter(|(name, value)| known.fields.get(name) != Some(value)).collect();
        check_writable(spec, &changed)?;
        if changed.contains_key(&spec.id_field) {
            let why = format!("`{}` is the id of a record of `{}`, and stays", spec.id_field, spec.key);
            return Err(ApiError::bad_request(why));
        }
        let mut fields = known.fields.clone();
        fields.extend(changed);
        // What is set to null is cleared.
        fields.retain(|_, value| !value.is_null());
        match known.stored {
            Some(stored) => DataRecord { fields, ..(**stored).clone() },
            None => stored_record(cx, collection, known.id.to_string(), fields, (known.created_at, now)),
        }
    };
    if verb == Verb::Delete {
        record.deleted_at = Some(now);
    } else {
        // The app decides what a record may have.
        let fields = Value::Object(record.fields.clone());
        check_value(&spec.fields_schema, &fields, &format!("a record of `{}`", spec.key))?;
    }
    record.updated_at = now;
    let id = record.record_id.clone();
    tx.put(record)?;
    tx.commit().await?;
    Ok(if verb == Verb::Delete { Value::Null } else { json!({ "id": id }) })
}

fn stored_record(
    cx: &Cx,
    collection: &Collection,
    record_id: String,
    fields: JsonMap,
    (created_at, updated_at): (Timestamp, Timestamp),
) -> DataRecord {
    DataRecord {
        id: cx.space.ids.id(),
        connection: collection.connection.id.clone(),
        collection: collection.key.clone(),
        place: DataRecord::place(&collection.connection.id, &collection.key),
        record_id,
        fields,
        is_made: false,
        created_at,
        updated_at,
        deleted_at: None,
    }
}

/// The record that a request names. Fails with 404 where there is none, or none any more.
fn one<'a, 'r>(
    collection: &Collection,
    records: &'r [Known<'a>],
    request: &Request,
    verb: Verb,
) -> Result<&'r Known<'a>, ApiError> {
    let (spec, id) = (collection.spec()?, needed(request.id.as_ref(), "id", verb)?);
    let found = records.iter().find(|record| record.id == *id && is_within(spec, record, request));
    found.ok_or_else(|| ApiError::not_found(format!("record not found: `{}` has no `{id}`", spec.key)))
}

/// Whether a record is there, and within the parameters of a request: those that are fields pick the records that have
/// their values.
fn is_within(spec: &DataCollection, record: &Known<'_>, request: &Request) -> bool {
    let parameters = request.parameters.iter().flatten().filter(|(name, _)| spec.field(name).is_some());
    !record.is_deleted
        && parameters.into_iter().all(|(name, value)| {
            record.fields.get(name).is_some_and(|known| formula::plain_text(known) == formula::plain_text(value))
        })
}

/// Refuses fields that the app alone writes.
fn check_writable(spec: &DataCollection, fields: &JsonMap) -> Result<(), ApiError> {
    let read_only = fields.keys().find(|name| spec.is_read_only(name));
    read_only.map_or(Ok(()), |name| {
        Err(ApiError::bad_request(format!("`{name}` of `{}` is read-only: the app alone writes it", spec.key)))
    })
}

fn needed<'r, T>(field: Option<&'r T>, name: &str, verb: Verb) -> Result<&'r T, ApiError> {
    field.ok_or_else(|| ApiError::bad_request(format!("`{}` takes `{name}`", verb.name())))
}

fn object_of(request: &Request, verb: Verb) -> Result<&JsonMap, ApiError> {
    let query = request.query.as_ref().and_then(Value::as_object);
    query.ok_or_else(|| ApiError::bad_request(format!("`{}` takes values by field as its `query`", verb.name())))
}

/// Whether fields pass a filter: values by field, a formula over the fields, or a list of conditions. Source: SDK
/// (formulas); assumed (values by field).
fn passes(filter: &Value, fields: &JsonMap, now: Timestamp) -> Result<bool, ApiError> {
    match filter {
        Value::Object(values) if values.keys().next().is_some_and(|name| !name.starts_with('$')) => {
            Ok(has_values(fields, values))
        }
        Value::Object(_) | Value::Array(_) | Value::Null => {
            condition::passes(filter, &Value::Object(fields.clone()), now)
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(ApiError::bad_request(format!(
            "a filter is an object of values by field, or conditions, and not {filter}"
        ))),
    }
}

/// Whether fields have these values; numbers and texts that read alike are the same. A name may lead into a field:
/// `start.date`.
fn has_values(fields: &JsonMap, values: &JsonMap) -> bool {
    values.iter().all(|(name, value)| {
        let inner = || value_at(&Value::Object(fields.clone()), name);
        let known = fields.get(name).cloned().or_else(inner);
        known.is_some_and(|known| known == *value || formula::plain_text(&known) == formula::plain_text(value))
    })
}

/// Whether a text, which is lower case, stands in a value or in something inside it.
fn has_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value.to_lowercase().contains(text),
        Value::Number(value) => value.to_string().contains(text),
        Value::Array(items) => items.iter().any(|item| has_text(item, text)),
        Value::Object(members) => members.values().any(|member| has_text(member, text)),
        Value::Null | Value::Bool(_) => false,
    }
}
