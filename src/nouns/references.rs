//! How definitions name elements of other kinds, and what they name.
//!
//! A definition names one by a field: `dataSourceKey: people`, `dataSource: {key: people}`, `dataSource: people`, or by an object
//! with a type: `{type: data-source, id}`, each by id, UUID or key. Invariant: an id is the same in one workspace only, a UUID in
//! each that the element was exported to.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::ids::{Id, Index};
use crate::base::json::member;
use crate::elements::model::Meta;
use crate::nouns::model::for_each_kind;
use crate::nouns::tenant::model::Tenant;
use crate::store::World;

/// An element that something names.
#[derive(Debug, Clone, Copy)]
pub struct Named<'w> {
    pub id: &'w str,
    pub meta: &'w Meta,
}

macro_rules! references {
    (
        records { $($records:tt)* }
        elements {
            $($(#[$doc:meta])* $kind:ident($name:literal) in $table:ident: $element:ty, by $key:expr $(, waits $agenda:expr)? $(, queues $queue:expr)?;)*
        }
    ) => {
        /// The types of elements, such as `data-source`, each with its name in capitals, `DataSource`.
        const TYPES: &[(&str, &str)] = &[$(($name, stringify!($kind))),*];

        /// The element of a type that an id, a UUID or a key names for what is the tenant's, or nobody's: no tenant's but that.
        /// Of several of a key, the most general one that is there is meant, of several of a UUID one that is not archived.
        pub fn find<'w>(
            world: &'w World,
            of_type: &str,
            named: &str,
            tenant: Option<&Id<Tenant>>,
        ) -> Option<Named<'w>> {
            match of_type {
                $($name => {
                    let is_seen = |it: &&std::sync::Arc<$element>| {
                        it.place.tenant.is_none() || it.place.tenant.as_ref() == tenant
                    };
                    let by_uuid = || {
                        let is_uuid = uuid::Uuid::try_parse(named).is_ok();
                        let all = is_uuid.then(|| world.$table.with(Index::Uuid, &[named]).filter(is_seen))?;
                        all.max_by_key(|it| !it.meta.is_archived())
                    };
                    let by_key = || {
                        let live = world.$table.with_key(named).filter(is_seen).filter(|it| !it.meta.is_archived());
                        live.min_by_key(|it| it.place.specificity())
                    };
                    let found = world.$table.get(named).filter(is_seen).or_else(by_uuid).or_else(by_key)?;
                    Some(Named { id: found.id.as_str(), meta: &found.meta })
                })*
                _ => None,
            }
        }
    };
}

for_each_kind!(references);

/// The types of elements, such as `data-source`.
pub fn types() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|(of_type, _)| *of_type)
}

/// The type that a field is about, with its name in capitals: `data-source` for `dataSource`.
fn type_of_stem(stem: &str) -> Option<(&'static str, &'static str)> {
    // A trigger calls the type of an app event `appEvent`.
    let stem = if stem == "appEvent" { "appEventType" } else { stem };
    let is_lower = stem.chars().next().is_some_and(char::is_lowercase);
    TYPES.iter().find(|(_, name)| is_lower && stem.eq_ignore_ascii_case(name)).copied()
}

/// Whether a field of an answer is about another element: `flow`, `flowId`, `dataSourceKey`, `universalActionId`.
pub fn is_about_element(field: &str) -> bool {
    let ends = ["Key", "Id", "Uuid", "Revision"];
    let stem = ends.iter().find_map(|end| field.strip_suffix(end)).unwrap_or(field);
    let universal = stem.strip_prefix("universal");
    let is_type = |stem: &str| TYPES.iter().any(|(_, name)| stem.eq_ignore_ascii_case(name));
    type_of_stem(stem).is_some() || universal.is_some_and(is_type)
}

/// What a reference says: the type, and the id, UUID or key.
#[derive(Debug, Clone, Copy)]
pub struct Reference<'a> {
    pub of_type: &'static str,
    /// The type in capitals.
    pub type_name: &'static str,
    pub named: &'a str,
}

/// The id, UUID or key by which a value names one element: the value itself, or what it has as `key`, `id` or `uuid`.
pub fn name_in(value: &Value) -> Option<&str> {
    [value, member(value, "key"), member(value, "id"), member(value, "uuid")].into_iter().find_map(Value::as_str)
}

/// What a field refers to by its name and value; none where it is about something else.
fn of_field<'a>(field: &str, value: &'a Value) -> Option<Reference<'a>> {
    let ends = ["Key", "Id", "Uuid"];
    let stem = ends.iter().find_map(|end| field.strip_suffix(end));
    let (of_type, type_name) = type_of_stem(stem.unwrap_or(field))?;
    let named = if stem.is_none() { name_in(value) } else { value.as_str() };
    Some(Reference { of_type, type_name, named: named? })
}

/// What an object with a type and an id or UUID refers to, as the elements of a package do.
fn of_object(value: &Value) -> Option<Reference<'_>> {
    let of_type = member(value, "type").as_str()?;
    let (of_type, type_name) = TYPES.iter().find(|(known, _)| *known == of_type).copied()?;
    let named = [member(value, "id"), member(value, "uuid")].into_iter().find_map(Value::as_str)?;
    Some(Reference { of_type, type_name, named })
}

/// Calls a function with each reference in a definition.
pub fn each<'a>(of: &'a Value, found: &mut dyn FnMut(Reference<'a>)) {
    match of {
        Value::Object(fields) => {
            if let Some(reference) = of_object(of) {
                found(reference);
            }
            for (field, value) in fields {
                if let Some(reference) = of_field(field, value) {
                    found(reference);
                }
                each(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Says by UUID what a definition says by id. An object with a type has it as `uuid`. Source: SDK `PackageElementExport`.
pub fn to_uuids(of: &mut Value, world: &World, tenant: Option<&Id<Tenant>>) {
    let uuid_of = |of_type: &str, id: &str| {
        find(world, of_type, id, tenant).filter(|it| it.id == id).map(|it| Value::from(it.meta.uuid.as_str()))
    };
    match of {
        Value::Object(fields) => {
            let of_type = fields.get("type").and_then(Value::as_str);
            let own = of_type.zip(fields.get("id").and_then(Value::as_str));
            if let Some(uuid) = own.and_then(|(of_type, id)| uuid_of(of_type, id)) {
                fields.shift_remove("id");
                fields.insert("uuid".to_owned(), uuid);
            }
            for (field, value) in fields.iter_mut() {
                let stem = field.strip_suffix("Id").unwrap_or(field);
                if let Some((of_type, _)) = type_of_stem(stem) {
                    let place = if value.is_object() { value.get_mut("id") } else { Some(&mut *value) };
                    if let Some(place) = place
                        && let Some(uuid) = place.as_str().and_then(|id| uuid_of(of_type, id))
                    {
                        *place = uuid;
                    }
                }
                to_uuids(value, world, tenant);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| to_uuids(item, world, tenant)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Puts other UUIDs in the places of those that have one, wherever they stand as a whole text.
pub fn rename(of: &mut Value, names: &BTreeMap<String, String>) {
    match of {
        Value::String(text) => {
            if let Some(name) = names.get(text) {
                text.clone_from(name);
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(|value| rename(value, names)),
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
