//! This module finds query fields and body fields that a call carries and no handler reads, so that
//! the journal can warn of them.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Method;

use crate::call::similar;

/// Query fields that the official clients send by habit, to routes that do nothing with them: `hash` and `cacheKey` are the
/// React package's, the others those of its selectors and of `connection.get()`. They tell nobody of a mistake. Source: SDK.
const HABITS: [&str; 6] = ["autoUpdate", "cacheKey", "hash", "includeSecrets", "nodeKey", "userId"];

/// The record of what was read of one call so far.
#[derive(Debug, Default)]
pub struct Read {
    // A std mutex: held for a few instructions and never across an await.
    inner: Mutex<ReadState>,
}

#[derive(Debug, Default)]
struct ReadState {
    query_keys: BTreeSet<String>,
    all_query_keys: bool,
    unknown_fields: BTreeSet<String>,
}

impl ReadState {
    /// Whether a query field was read, or says nothing.
    fn is_known(&self, key: &str) -> bool {
        let name = key.split('[').next().unwrap_or(key);
        self.all_query_keys || HABITS.contains(&name) || self.query_keys.contains(name) || self.query_keys.contains(key)
    }
}

impl Read {
    fn lock(&self) -> MutexGuard<'_, ReadState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a handler asked for a query field.
    pub(crate) fn query_key(&self, name: &str) {
        let mut inner = self.lock();
        if !inner.query_keys.contains(name) {
            inner.query_keys.insert(name.to_owned());
        }
    }

    /// Notes that a handler passes the query on as a whole.
    pub(crate) fn whole_query(&self) {
        self.lock().all_query_keys = true;
    }

    /// Notes a body field that the type it was read into does not have.
    pub(crate) fn unknown_field(&self, path: String) {
        self.lock().unknown_fields.insert(path);
    }

    /// The first query field that was not read and looks like one that was, with the ones that it looks like.
    pub(crate) fn misspelt(
        &self,
        path: &str,
        query_keys: impl Iterator<Item = String>,
    ) -> Option<(String, Vec<String>)> {
        let inner = self.lock();
        let known: Vec<&str> = inner.query_keys.iter().map(String::as_str).collect();
        let nouns = similar::nouns_in(path);
        query_keys.filter(|key| !inner.is_known(key)).find_map(|key| {
            let meant = similar::meant_by_query(&key, &known, &nouns);
            (!meant.is_empty()).then(|| (key, meant.into_iter().map(str::to_owned).collect()))
        })
    }

    /// Returns a warning for each field that was not read. Body fields of a PUT do not count, because a PUT may send a
    /// whole record back, with fields that only answers have.
    pub(crate) fn warnings(&self, method: &Method, query_keys: impl Iterator<Item = String>) -> Vec<String> {
        let inner = self.lock();
        let keys: BTreeSet<String> = query_keys.filter(|key| !inner.is_known(key)).collect();
        let keys = keys.into_iter().map(|key| format!("the query key `{key}` is not known to this route"));
        let fields = inner.unknown_fields.iter().filter(|_| method != Method::PUT);
        keys.chain(fields.map(|field| format!("the field `{field}` is not known to this route"))).collect()
    }
}
