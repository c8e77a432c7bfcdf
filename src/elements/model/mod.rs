//! What all elements share: identity, names, dates, selectors.

pub mod place;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Ids;

/// Fields of every element beside its id. Source: SDK `BaseMembraneInterface`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// Stable across workspaces when exported.
    pub uuid: String,
    /// The handle that code uses; empty for catalog actions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<String>,
    /// For people; always there.
    pub name: String,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// The user's own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meta: Option<JsonMap>,
    /// Changes with each write.
    pub revision: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// Set when archived: gone from lists, restorable.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub archived_at: Option<Timestamp>,
}

impl Meta {
    /// A new element's. The key derives from the name when not given (OAS).
    pub fn new(ids: &Ids, now: Timestamp, key: Option<String>, name: Option<String>) -> Self {
        let (key, name) = match (key, name) {
            (Some(key), Some(name)) => (key, name),
            (Some(key), None) => (key.clone(), title_of(&key)),
            (None, Some(name)) => (key_of(&name), name),
            (None, None) => (String::new(), "Untitled".to_owned()),
        };
        Self {
            uuid: ids.uuid(),
            key: Some(key).filter(|key| !key.is_empty()),
            name,
            description: None,
            meta: None,
            revision: ids.revision(),
            created_at: now,
            updated_at: now,
            archived_at: None,
        }
    }

    /// Marks a write.
    pub fn touch(&mut self, ids: &Ids, now: Timestamp) {
        self.updated_at = now;
        self.revision = ids.revision();
    }

    /// Whether it is archived.
    pub fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }

    /// Refuses to change an archived element. Source: OAS (“archived elements cannot be patched”).
    pub fn refuse_archived(&self, noun: &str) -> Result<(), ApiError> {
        if self.is_archived() {
            let which = self.key.as_deref().unwrap_or(&self.name);
            return Err(ApiError::bad_request(format!("{noun} `{which}` is archived; restore it before changing it")));
        }
        Ok(())
    }

    /// Whether `text` (lower case) is in name, key or description. Source: SEED (lists).
    pub fn matches(&self, text: &str) -> bool {
        [Some(&self.name), self.key.as_ref(), self.description.as_ref()]
            .into_iter()
            .flatten()
            .any(|field| field.to_lowercase().contains(text))
    }
}

/// `create-contact` from `Create contact`.
pub fn key_of(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            key.push(c);
        } else if !key.is_empty() && !key.ends_with('-') {
            key.push('-');
        }
    }
    key.trim_end_matches('-').to_owned()
}

/// Refuses a key that could not be found again: 1 to 100 characters, none of them space at its ends.
///
/// Source: SDK `ConnectPayload` (`connectionKey`); our choice for other elements: a query's values are trimmed.
pub fn check_key(key: &str, field: &str) -> Result<(), ApiError> {
    let length = key.chars().count();
    if key.trim() == key && (1..=100).contains(&length) {
        return Ok(());
    }
    let why = format!("`{field}` has 1 to 100 characters and neither begins nor ends with a space");
    Err(ApiError::bad_request(why).with_data(serde_json::json!({ "field": field, "length": length })))
}

/// `base`, or `base-2`, `base-3`, … : the first that is not taken.
pub fn free_key(base: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..=u32::MAX).map(|n| format!("{base}-{n}"));
    let mut all = std::iter::once(base.to_owned()).chain(numbered);
    all.find(|key| !taken(key)).unwrap_or_else(|| base.to_owned())
}

/// `Create contact` from `create-contact`.
pub fn title_of(key: &str) -> String {
    let text = key.replace(['-', '_'], " ");
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().collect::<String>() + chars.as_str(),
        None => text,
    }
}

/// The three layers of an integration-level element, most general first. Source: IAPP:reference/element-layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// For every integration.
    Universal,
    /// For one integration (or one external app).
    Integration,
    /// For one connection.
    Connection,
}

/// How a caller names one element: by path text or by query fields, all spellings in one place.
///
/// Source: DOC:reference/overview/element-selectors; SDK `ElementAccessor`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// A database id, a UUID, a key or `<integrationKey>.<elementKey>`.
    pub any: Option<String>,
    /// Only an id.
    pub id: Option<String>,
    /// Only a key.
    pub key: Option<String>,
    /// The element's parent, for instances.
    pub parent_id: Option<String>,
    /// The element's parent, for instances.
    pub parent_key: Option<String>,
    /// Makes the connection-level element when it is missing.
    pub auto_create: bool,
    /// One of several instances on a connection.
    pub instance_key: Option<String>,
    /// Forces a layer.
    pub layer: Option<Layer>,
    /// Where to look.
    pub scope: Scope,
}

/// Which integration or connection a call is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Scope {
    /// By id.
    pub integration_id: Option<String>,
    /// By key.
    pub integration_key: Option<String>,
    /// By id (a key or an integration key is understood too, as in a path).
    pub connection_id: Option<String>,
    /// By key.
    pub connection_key: Option<String>,
}

impl Scope {
    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a connection is named.
    pub fn names_connection(&self) -> bool {
        self.connection_id.is_some() || self.connection_key.is_some()
    }

    /// Whether an integration is named.
    pub fn names_integration(&self) -> bool {
        self.integration_id.is_some() || self.integration_key.is_some()
    }
}

impl Selector {
    /// A selector from a path segment.
    pub fn from_path(text: impl Into<String>) -> Self {
        Self { any: Some(text.into()), ..Self::default() }
    }

    /// What to show in a message.
    pub fn shown(&self) -> &str {
        [&self.any, &self.id, &self.key, &self.parent_key, &self.parent_id]
            .into_iter()
            .flatten()
            .next()
            .map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_and_titles_derive_from_each_other() {
        assert_eq!(key_of("Create  Contact (v2)!"), "create-contact-v2");
        assert_eq!(title_of("create-contact"), "Create contact");
    }

    proptest! {
        #[test]
        fn a_derived_key_derives_itself(name in ".*") {
            let key = key_of(&name);
            prop_assert_eq!(key_of(&key), key);
        }
    }
}
