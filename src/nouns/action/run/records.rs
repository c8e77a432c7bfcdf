//! Actions on the records of a collection: `list-data-records`, `create-data-record` and the like.
//!
//! Source: docs of actions (`dataSource.collectionKey`, `fieldMapping.defaultValue`); the other fields of `config` have the
//! names of the collection's own requests, and what `config` leaves out is taken from the input (assumed).

use std::sync::Arc;

use serde_json::{Value, json};

use super::call::{mapped, variables_of};
use super::resolve::no_connection;
use super::{RunRequest, Trace};
use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::json::{member, set_member};
use crate::elements::model::Meta;
use crate::elements::{Kind as _, Spot};
use crate::engine::Cx;
use crate::mapping::formula::FindLinked;
use crate::mapping::{formula, merge};
use crate::nouns::action::model::{Action, ActionType};
use crate::nouns::connection::connector_of;
use crate::nouns::connection::model::Connection;
use crate::nouns::data_collection::{Collection, Request, Verb, perform};
use crate::nouns::data_link_table::finder;
use crate::nouns::data_source::locate;
use crate::nouns::field_mapping::model::{Direction, FieldMapping};
use crate::nouns::references::name_in;

/// What a type of action does with a collection; none for one that works with none. `find-or-create-data-record` looks first.
pub(crate) fn verb_of(action_type: ActionType) -> Option<Verb> {
    Some(match action_type {
        ActionType::ListDataRecords => Verb::List,
        ActionType::FindDataRecordById => Verb::FindById,
        ActionType::MatchDataRecord | ActionType::FindOrCreateDataRecord => Verb::Match,
        ActionType::SearchDataRecord => Verb::Search,
        ActionType::CreateDataRecord => Verb::Create,
        ActionType::UpdateDataRecord => Verb::Update,
        ActionType::DeleteDataRecord => Verb::Delete,
        ActionType::ApiRequestToExternalApp
        | ActionType::ApiRequestToYourApp
        | ActionType::HttpRequest
        | ActionType::RunJavascript
        | ActionType::ConnectorOperation
        | ActionType::ApiRequest => return None,
    })
}

/// Does what an action on records says, and answers as its collection does.
pub(super) async fn run_on_records(
    cx: &Cx,
    action: &Action,
    verb: Verb,
    request: &RunRequest,
    trace: &mut Trace,
) -> Result<Value, ApiError> {
    let connection = trace.scope.connection.clone();
    let connection = connection.ok_or_else(|| no_connection(cx, trace.scope.integration.as_ref().map(|i| i.key())))?;
    let (variables, now) = (variables_of(cx, request, trace), cx.space.clock.now());
    let config = mapped(cx, trace.place(), &Value::Object(action.config.clone()), &variables)?.unwrap_or_default();
    let input = request.input.as_deref().unwrap_or(&Value::Null);
    let instance_key = trace.instance_key.clone();
    let instance_key = instance_key.as_deref();
    let world = cx.world();
    let find = finder(cx.directory(&world), &connection, instance_key);
    let source = {
        let (named, connector) = (member(&config, "dataSource"), connector_of(cx, &connection)?);
        locate(&cx.directory(&world), Spot::of(&connection, instance_key), &connector, named)
            .map_err(|error| configured(action, error))?
    };
    let collection = Collection::of(cx, Arc::clone(&connection), &source.collection)?;
    // What it makes of records is worked out when they are there.
    let mapping = action.config.get("fieldMapping").unwrap_or(&Value::Null);
    let is_said = says_mapping(mapping).map_err(|error| configured(action, error))?;
    let mapping = Some(mapping).filter(|_| is_said);
    let mapping = mapping.map(|named| mapping_of(cx, &connection, named, instance_key)).transpose()?;
    let mut wanted = request_of(&config, input, verb)?;
    let given = wanted.parameters.take().unwrap_or_default();
    wanted.parameters =
        Some(source.parameters.into_iter().chain(given).collect()).filter(|all: &JsonMap| !all.is_empty());
    let is_new = action.action_type == Some(ActionType::FindOrCreateDataRecord);
    if is_new || matches!(verb, Verb::Create | Verb::Update) {
        let mut fields = fields_of(&config, input, mapping.as_ref(), now, &find)?;
        if let Some((mapping, udm)) = mapping.as_ref().zip(source.udm.as_ref()) {
            let given = member(member(&config, "fieldMapping"), "defaultUnifiedValue");
            fields = with_unified(&collection, udm, (mapping, given), input, fields, (now, &find))?;
        }
        if mapping.is_some() {
            // What a mapping has and the app does not take is none of the mapping.
            let spec = collection.spec()?;
            fields.retain(|name, _| spec.is_written(name));
        }
        wanted.fields = Some(fields);
    }
    trace.mapped_input = Some(mapped_input(&wanted));
    let udm = collection.shown_in(source.udm.as_deref());
    let mut answer = perform(cx, &collection, verb, &wanted, udm).await?;
    if is_new {
        let found = member(member(&answer, "record"), "id").clone();
        return match found {
            Value::Null => perform(cx, &collection, Verb::Create, &wanted, udm).await,
            id => Ok(json!({ "id": id })),
        };
    }
    if let Some(mapping) = mapping.filter(|_| !matches!(verb, Verb::Create | Verb::Update | Verb::Delete)) {
        import_records(&mut answer, &mapping, now, &find)?;
    }
    Ok(if answer.is_null() { json!({}) } else { answer })
}

/// What is wrong with an action's configuration, in its words; what is not there stays so.
fn configured(action: &Action, error: ApiError) -> ApiError {
    if error.status() != 400 {
        return error;
    }
    ApiError::configuration(format!("action `{}`: {}", action.meta.name, error.message))
}

/// Whether `fieldMapping` names a mapping or is one; one that says nothing maps nothing. Fails for what can be neither.
fn says_mapping(named: &Value) -> Result<bool, ApiError> {
    match named {
        Value::Null => Ok(false),
        Value::String(name) => Ok(!name.is_empty()),
        Value::Object(members) => Ok(members.values().any(|value| !value.is_null())),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => Err(ApiError::bad_request(format!(
            "`fieldMapping` is the key of a field mapping, or an object such as {{key}} or {{defaultValue}}, and not {named}"
        ))),
    }
}

/// The field mapping that `fieldMapping` is, or names by its key or id.
fn mapping_of(
    cx: &Cx,
    connection: &Connection,
    named: &Value,
    instance_key: Option<&str>,
) -> Result<FieldMapping, ApiError> {
    let mut mapping = match name_in(named) {
        Some(any) => {
            let world = cx.world();
            let mapping = cx.directory(&world).serving::<FieldMapping>(Spot::of(connection, instance_key), any)?;
            (*mapping).clone()
        }
        None => {
            let meta = Meta::planted(("field-mapping", "inline"), "inline", "Inline", None, cx.space.clock.now());
            FieldMapping::blank("inline".into(), meta)
        }
    };
    let value = |name: &str| named.get(name).cloned();
    let default = value("defaultValue").or_else(|| value("default"));
    mapping.default_import_value = default.clone().or(mapping.default_import_value);
    mapping.default_export_value = default.or(mapping.default_export_value);
    mapping.import_value = value("importValue").or(mapping.import_value);
    mapping.export_value = value("exportValue").or(mapping.export_value);
    mapping.unified_import_value = value("defaultUnifiedValue").or(mapping.unified_import_value);
    Ok(mapping)
}

/// What is asked of the collection: what `config` says, and what it leaves out as the input has it.
fn request_of(config: &Value, input: &Value, verb: Verb) -> Result<Request, ApiError> {
    let mut asked = json!({});
    // One filter that is said stands for the other, too.
    let is_filtered = config.get("filter").or_else(|| config.get("unifiedFilter")).is_some();
    let lookup = member(config, "lookup");
    for name in ["filter", "unifiedFilter", "cursor", "query", "universalQuery", "id", "udm", "parameters"] {
        let said = match name {
            "id" => config.get("id").or_else(|| config.get("recordId")),
            "query" | "universalQuery" => config.get(name).or_else(|| lookup.get(name)),
            _ => config.get(name),
        };
        let is_in_input = !(is_filtered && name.ends_with("ilter")) && (lookup.is_null() || !name.ends_with("uery"));
        let of_input = || input.get(name).filter(|_| is_in_input);
        if let Some(value) = said.or_else(of_input).filter(|value| !value.is_null()) {
            let value = if name == "id" { Value::from(formula::plain_text(value)) } else { value.clone() };
            set_member(&mut asked, name, value);
        }
    }
    if verb == Verb::Match && lookup.is_null() && asked.get("query").is_none() && input.is_object() {
        set_member(&mut asked, "query", input.clone());
    }
    serde_json::from_value(asked)
        .map_err(|error| ApiError::configuration(format!("the action's configuration is wrong: {error}")))
}

/// The fields to write: what a field mapping that is named makes of the input, what `config` says itself, or the input's.
fn fields_of(
    config: &Value,
    input: &Value,
    mapping: Option<&FieldMapping>,
    now: Timestamp,
    find: FindLinked,
) -> Result<JsonMap, ApiError> {
    let own = member(config, "fieldMapping");
    let is_named = name_in(own).is_some();
    let inline = |name: &str| own.get(name).cloned();
    let fields = match mapping {
        Some(mapping) if is_named => {
            mapping.run(Some(Direction::Export), own.get("input").unwrap_or(input), now, Some(find))?
        }
        // Its formulas are worked out with those of the whole configuration.
        Some(_) => {
            let default = inline("defaultValue").or_else(|| inline("default")).unwrap_or_default();
            inline("exportValue").map_or(default.clone(), |value| merge::merge(default, value))
        }
        None => match config.get("fields").or_else(|| input.get("fields")) {
            Some(fields) => fields.clone(),
            // The id names the record, and is none of its fields.
            None => match input {
                Value::Object(input) => {
                    Value::Object(input.clone().into_iter().filter(|(name, _)| name != "id").collect())
                }
                input => input.clone(),
            },
        },
    };
    match fields {
        Value::Object(fields) => Ok(fields),
        Value::Null => Ok(JsonMap::new()),
        other => Err(ApiError::configuration(format!("the fields of a record are an object, not {other}"))),
    }
}

/// Adds to fields what a mapping exports as unified ones, else those that are given, as the app's own fields; those that are
/// there already stay.
fn with_unified(
    collection: &Collection,
    udm: &str,
    (mapping, given): (&FieldMapping, &Value),
    input: &Value,
    fields: JsonMap,
    (now, find): (Timestamp, FindLinked),
) -> Result<JsonMap, ApiError> {
    let template = mapping.unified_export_value.as_ref();
    let unified = template.map(|template| formula::resolve_linked(template, input, now, find)).transpose()?.flatten();
    // The formulas of `given` are worked out already.
    let unified = unified.or_else(|| Some(given.clone()).filter(Value::is_object));
    let Some(Value::Object(unified)) = unified else { return Ok(fields) };
    let mut native = collection.from_unified(udm, &unified)?;
    native.extend(fields.into_iter().filter(|(name, _)| !unified.contains_key(name)));
    Ok(native)
}

/// Shows the fields of each record as the mapping makes them.
fn import_records(
    answer: &mut Value,
    mapping: &FieldMapping,
    now: Timestamp,
    find: FindLinked,
) -> Result<(), ApiError> {
    let of_list = answer.get_mut("records").and_then(Value::as_array_mut);
    let records: Vec<&mut Value> = match of_list {
        Some(records) => records.iter_mut().collect(),
        None => answer.get_mut("record").into_iter().collect(),
    };
    for record in records {
        let mapped = mapping.run(Some(Direction::Import), record, now, Some(find))?;
        set_member(record, "fields", mapped);
    }
    Ok(())
}

/// What the log shows of a request.
fn mapped_input(wanted: &Request) -> Value {
    let mut shown = json!({});
    let fields = wanted.fields.clone().map(Value::Object);
    let parameters = wanted.parameters.clone().map(Value::Object);
    for (name, value) in [
        ("id", wanted.id.clone().map(Value::from)),
        ("query", wanted.query.clone()),
        ("filter", wanted.filter.clone()),
        ("cursor", wanted.cursor.clone().map(Value::from)),
        ("parameters", parameters),
        ("fields", fields),
    ] {
        if let Some(value) = value {
            set_member(&mut shown, name, value);
        }
    }
    shown
}
