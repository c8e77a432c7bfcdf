//! This module holds the catalog: external apps, connectors, their actions and stubs, as every workspace sees them.
//! Lookups in [`directory::Directory`](crate::engine::directory::Directory) fall back to it.
//!
//! Invariant: the catalog is built once and never changed; a workspace that changes an entry keeps its
//! own copy under the same id.

use std::collections::HashMap;
use std::sync::Arc;

use crate::nouns::action::model::Action;
use crate::nouns::connector::model::Connector;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::stub::model::StoredStub;

/// A shelf holds all catalog entries of one kind.
#[derive(Debug)]
pub struct CatalogTable<T> {
    items: Vec<Arc<T>>,
    by_id: HashMap<String, usize>,
    by_key: HashMap<String, usize>,
}

impl<T> CatalogTable<T> {
    pub(crate) fn new(items: Vec<T>, id: impl Fn(&T) -> String, key: impl Fn(&T) -> Option<String>) -> Self {
        let by_id = items.iter().enumerate().map(|(index, item)| (id(item), index)).collect();
        let by_key = items.iter().enumerate().filter_map(|(index, item)| Some((key(item)?, index))).collect();
        Self { items: items.into_iter().map(Arc::new).collect(), by_id, by_key }
    }

    /// Returns the entry with this id.
    pub fn get(&self, id: &str) -> Option<&Arc<T>> {
        self.items.get(*self.by_id.get(id)?)
    }

    /// Returns the entry with this key.
    pub fn with_key(&self, key: &str) -> Option<&Arc<T>> {
        self.items.get(*self.by_key.get(key)?)
    }

    /// Returns all entries, the most popular first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.items.iter()
    }
}

/// The catalog of one server; all its workspaces share it.
#[derive(Debug)]
pub struct Catalog {
    pub apps: CatalogTable<ExternalApp>,
    pub connectors: CatalogTable<Connector>,
    /// These are the actions that the catalog's integrations offer.
    pub actions: CatalogTable<Action>,
    /// The stubs answer for the external apps, listed under the connector's key.
    pub stubs: HashMap<String, Vec<Arc<StoredStub>>>,
}

impl Catalog {
    /// Returns the keys by which connectors can be named.
    pub fn connector_keys(&self) -> Vec<&str> {
        self.connectors.iter().map(|connector| connector.key()).collect()
    }
}
