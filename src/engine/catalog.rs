//! The catalog: external apps, connectors, their actions and stubs, as every workspace sees them.
//!
//! Invariant: it is built once and never changed; what a workspace changes is a shadow of its own under the same id.

use std::collections::HashMap;
use std::sync::Arc;

use crate::nouns::action::model::Action;
use crate::nouns::connector::model::Connector;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::stub::model::Stub;

/// One kind of catalog entry.
#[derive(Debug)]
pub struct Shelf<T> {
    items: Vec<Arc<T>>,
    by_id: HashMap<String, usize>,
    by_key: HashMap<String, usize>,
}

impl<T> Shelf<T> {
    pub(crate) fn new(items: Vec<T>, id: impl Fn(&T) -> String, key: impl Fn(&T) -> Option<String>) -> Self {
        let by_id = items.iter().enumerate().map(|(index, item)| (id(item), index)).collect();
        let by_key = items.iter().enumerate().filter_map(|(index, item)| Some((key(item)?, index))).collect();
        Self { items: items.into_iter().map(Arc::new).collect(), by_id, by_key }
    }

    /// By id.
    pub fn get(&self, id: &str) -> Option<&Arc<T>> {
        self.items.get(*self.by_id.get(id)?)
    }

    /// By key.
    pub fn with_key(&self, key: &str) -> Option<&Arc<T>> {
        self.items.get(*self.by_key.get(key)?)
    }

    /// All, the most popular first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.items.iter()
    }
}

/// The catalog.
#[derive(Debug)]
pub struct Catalog {
    /// External apps.
    pub apps: Shelf<ExternalApp>,
    /// Connectors.
    pub connectors: Shelf<Connector>,
    /// Catalog actions.
    pub actions: Shelf<Action>,
    /// Stubs, per connector key.
    pub stubs: HashMap<String, Vec<Arc<Stub>>>,
}

impl Catalog {
    /// What connectors can be named.
    pub fn connector_keys(&self) -> Vec<&str> {
        self.connectors.iter().map(|connector| connector.key()).collect()
    }
}
