//! What all elements share: identity, names, dates, and the selectors that name them. Pure types.

pub(crate) mod bodies;
pub mod fields;
pub mod place;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::{Ids, stable_uuid};

/// The fields that every element has beside its id. Source: SDK `BaseMembraneInterface`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// The UUID, which stays the same when the element is exported to another workspace.
    pub uuid: String,
    /// The key that code names the element by.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<String>,
    /// The name that people see; every element has one.
    pub name: String,
    /// A description for people; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// Any JSON object of your own; absent when none was set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meta: Option<JsonMap>,
    /// A text that changes with each write.
    pub revision: String,
    /// When the element was made, on the workspace's clock.
    pub created_at: Timestamp,
    /// When the element was last written, on the workspace's clock.
    pub updated_at: Timestamp,
    /// When the element was archived; absent while it is not. An archived element is left
    /// out of lists and can be restored.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub archived_at: Option<Timestamp>,
}

impl Meta {
    /// Makes the fields of a new element. The key is derived from the name, or the name from the
    /// key, when one is not given (OAS).
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

    /// Makes the fields of an element that a seed or the catalog describes: the same everywhere for the same `kind` and id.
    pub fn planted(
        (kind, id): (&str, &str),
        key: &str,
        name: &str,
        description: Option<String>,
        now: Timestamp,
    ) -> Self {
        Self {
            uuid: stable_uuid(kind, id),
            key: Some(key.to_owned()),
            name: name.to_owned(),
            description,
            meta: None,
            revision: "1".into(),
            created_at: now,
            updated_at: now,
            archived_at: None,
        }
    }

    /// Notes a write: a new revision and date.
    pub fn touch(&mut self, ids: &Ids, now: Timestamp) {
        self.updated_at = now;
        self.revision = ids.revision();
    }

    /// Archives the element, which is a write.
    pub fn archive(&mut self, ids: &Ids, now: Timestamp) {
        self.archived_at = Some(now);
        self.touch(ids, now);
    }

    /// Clears what a body that replaces a definition leaves out.
    pub fn clear(&mut self) {
        (self.description, self.meta) = (None, None);
    }

    pub fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }

    /// Refuses with 400 to change an archived element. Source: OAS (“archived elements cannot be patched”).
    pub fn refuse_archived(&self, noun: &str) -> Result<(), ApiError> {
        if self.is_archived() {
            let which = self.key.as_deref().unwrap_or(&self.name);
            return Err(ApiError::bad_request(format!("{noun} `{which}` is archived; restore it before changing it")));
        }
        Ok(())
    }

    /// Whether the name, key or description contains `text`, which is lower case. Source: SEED (lists).
    pub fn matches(&self, text: &str) -> bool {
        [Some(&self.name), self.key.as_ref(), self.description.as_ref()]
            .into_iter()
            .flatten()
            .any(|field| field.to_lowercase().contains(text))
    }
}

/// Makes a key of a name: `create-contact` of `Create contact`.
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

/// Refuses with 400 a key that could not be found again: it has 1 to 100 characters, and no space at its ends.
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

/// The first of `base`, `base-2`, `base-3`, … that is not taken.
pub fn free_key(base: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..=u32::MAX).map(|n| format!("{base}-{n}"));
    let mut all = std::iter::once(base.to_owned()).chain(numbered);
    all.find(|key| !taken(key)).unwrap_or_else(|| base.to_owned())
}

/// Makes a name of a key: `Create contact` of `create-contact`.
pub fn title_of(key: &str) -> String {
    let text = key.replace(['-', '_'], " ");
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().collect::<String>() + chars.as_str(),
        None => text,
    }
}

/// The three layers of an element, most general first. Source: IAPP:reference/element-layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// The element serves every integration.
    Universal,
    /// The element serves one integration, or one external app.
    Integration,
    /// The element serves one connection, or one tenant.
    Connection,
}

/// How a caller names an element: by the text of a path or by fields of a query, in all spellings.
///
/// Source: DOC:reference/overview/element-selectors; SDK `ElementAccessor`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// An id, a UUID, a key or `<integrationKey>.<elementKey>`.
    pub any: Option<String>,
    /// An id and nothing else.
    pub id: Option<String>,
    /// A key and nothing else.
    pub key: Option<String>,
    /// The id of the element that an instance is a version of.
    pub parent_id: Option<String>,
    /// The id or key of the element that an instance is a version of.
    pub parent_key: Option<String>,
    /// Whether a missing instance is made.
    pub auto_create: bool,
    /// The key of the instance where its holder has several.
    pub instance_key: Option<String>,
    /// The layer that the element must be at.
    pub layer: Option<Layer>,
    /// The integration or connection that the element has to serve.
    pub scope: Scope,
    /// The id or key of the tenant whose instance is meant; the caller's own when absent.
    pub tenant: Option<String>,
}

/// The integration or connection that a call names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Scope {
    /// The id or key of an integration.
    pub integration_id: Option<String>,
    /// The key of an integration.
    pub integration_key: Option<String>,
    /// The id of a connection; its key or that of its integration is understood too, as in a path.
    pub connection_id: Option<String>,
    /// The key of a connection.
    pub connection_key: Option<String>,
}

impl Scope {
    /// Whether neither an integration nor a connection is named.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub fn names_connection(&self) -> bool {
        self.connection_id.is_some() || self.connection_key.is_some()
    }

    pub fn names_integration(&self) -> bool {
        self.integration_id.is_some() || self.integration_key.is_some()
    }
}

impl Selector {
    /// Makes a selector of a path segment.
    pub fn from_path(text: impl Into<String>) -> Self {
        Self { any: Some(text.into()), ..Self::default() }
    }

    /// The text that names the element in messages.
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
