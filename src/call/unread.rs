//! What a call carries and nobody reads: query keys and fields that mean nothing to its route. For the journal.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Method;

/// What was read of a call so far.
#[derive(Debug, Default)]
pub struct Read {
    // A std mutex: held for a few instructions and never across an await.
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    query_keys: BTreeSet<String>,
    all_query_keys: bool,
    unknown_fields: BTreeSet<String>,
}

impl Read {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody asked for a query key.
    pub(crate) fn query_key(&self, name: &str) {
        let mut inner = self.lock();
        if !inner.query_keys.contains(name) {
            inner.query_keys.insert(name.to_owned());
        }
    }

    /// The query goes somewhere as a whole.
    pub(crate) fn whole_query(&self) {
        self.lock().all_query_keys = true;
    }

    /// A field of the body means nothing to whoever read it.
    pub(crate) fn unknown_field(&self, path: String) {
        self.lock().unknown_fields.insert(path);
    }

    /// What deserves a look. A PUT sends a whole record back, with what only an answer has.
    pub(crate) fn warnings(&self, method: &Method, query_keys: impl Iterator<Item = String>) -> Vec<String> {
        let inner = self.lock();
        let is_known = |key: &String| {
            let name = key.split('[').next().unwrap_or(key);
            inner.all_query_keys || inner.query_keys.contains(name) || inner.query_keys.contains(key)
        };
        let keys: BTreeSet<String> = query_keys.filter(|key| !is_known(key)).collect();
        let keys = keys.into_iter().map(|key| format!("the query key `{key}` is not known to this route"));
        let fields = inner.unknown_fields.iter().filter(|_| method != Method::PUT);
        keys.chain(fields.map(|field| format!("the field `{field}` is not known to this route"))).collect()
    }
}
