//! This module makes ids and random text, and says what else records are found by. Nothing else in the crate makes random
//! values.
//!
//! Invariant: an id is a hash of (seed, workspace, counter), so the same seed and the same calls give the same ids.

use std::borrow::Borrow;
use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// What records are found by beside their ids and the key of their kind. Source: our choice: what is asked for often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Index {
    /// The UUID.
    Uuid,
    /// The id of the element that it is a version of.
    Parent,
    /// The id of the tenant that it belongs to.
    Tenant,
    /// The id of the integration that it is for.
    Integration,
    /// The ids of the tenant that it belongs to and of the integration that it is for.
    TenantIntegration,
    /// The id of the connection that it is at.
    Connection,
    /// The id of the connector that it is for.
    Connector,
    /// The id of the flow that it is there for.
    Flow,
    /// A token that it has, or had.
    Token,
    /// Whether it is over, or sent, and may be forgotten: of no parts.
    Over,
}

/// Takes what a record is found by: an index, and the parts of its name there.
pub type NameFn<'a> = dyn FnMut(Index, &[&str]) + 'a;

/// The id of one `T`: opaque text, 24 hexadecimal digits when made here.
///
/// Source: SEED (`act --id <hex>`); ids from seeds may be any text.
pub struct Id<T> {
    text: Arc<str>,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<T> From<String> for Id<T> {
    fn from(text: String) -> Self {
        Self { text: text.into(), of: PhantomData }
    }
}

impl<T> From<&str> for Id<T> {
    fn from(text: &str) -> Self {
        Self { text: text.into(), of: PhantomData }
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        Self { text: Arc::clone(&self.text), of: PhantomData }
    }
}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialEq<str> for Id<T> {
    fn eq(&self, other: &str) -> bool {
        &*self.text == other
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<T> Borrow<str> for Id<T> {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl<T> std::fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", &*self.text)
    }
}

impl<T> std::fmt::Display for Id<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T> JsonSchema for Id<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// The source of ids and random text of one workspace.
#[derive(Debug)]
pub struct Ids {
    seed: [u8; 32],
    counter: AtomicU64,
}

impl Ids {
    /// Makes the source of `workspace` under the server's `rng_seed`; without a seed the ids differ at every start.
    pub fn new(rng_seed: Option<u64>, workspace: &str) -> Self {
        let mut hash = Sha256::new();
        match rng_seed {
            Some(seed) => hash.update(seed.to_le_bytes()),
            None => hash.update(process_entropy()),
        }
        hash.update(workspace.as_bytes());
        Self { seed: hash.finalize().into(), counter: AtomicU64::new(1) }
    }

    /// Makes numbers go on after `last`, the highest number already in the store.
    pub fn continue_after(&self, last: u64) {
        self.counter.fetch_max(last.saturating_add(1), Ordering::Relaxed);
    }

    /// Returns the last number that was given, or 0.
    pub fn last(&self) -> u64 {
        self.counter.load(Ordering::Relaxed).saturating_sub(1)
    }

    /// Returns the next number; numbers rise in the order in which records are made.
    pub fn sequence(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }

    fn digest(&self) -> [u8; 32] {
        Sha256::new().chain_update(self.seed).chain_update(self.sequence().to_le_bytes()).finalize().into()
    }

    /// Returns a fresh id of 24 hexadecimal digits.
    pub fn id<T>(&self) -> Id<T> {
        Id::from(hex_of(self.digest(), 12))
    }

    /// Returns a fresh UUID (version 4 in form).
    pub fn uuid(&self) -> String {
        uuid_of(self.digest())
    }

    /// Returns `bytes` (at most 64) as hexadecimal text that nobody can guess, for secrets, tokens and tickets.
    pub fn secret(&self, bytes: usize) -> String {
        let mut text = hex::encode(self.digest());
        text.push_str(&hex::encode(self.digest()));
        text.truncate(bytes.min(64) * 2);
        text
    }

    /// Returns a fresh revision: it changes with each write and never repeats.
    pub fn revision(&self) -> String {
        hex_of(self.digest(), 8)
    }
}

/// Returns an id that is the same in every workspace and at every start; catalog entries and their parts have such ids.
pub fn stable_id<T>(kind: &str, name: &str) -> Id<T> {
    Id::from(hex_of(Sha256::digest(format!("{kind}:{name}")), 12))
}

/// Returns a UUID that is the same in every workspace and at every start.
pub fn stable_uuid(kind: &str, name: &str) -> String {
    uuid_of(Sha256::digest(format!("uuid:{kind}:{name}")))
}

/// The first bytes of a digest as hexadecimal text.
fn hex_of(digest: impl IntoIterator<Item = u8>, bytes: usize) -> String {
    hex::encode(digest.into_iter().take(bytes).collect::<Vec<u8>>())
}

/// A UUID (version 4 in form) of the first 16 bytes of a digest.
fn uuid_of(digest: impl IntoIterator<Item = u8>) -> String {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, of_digest)| *byte = of_digest);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks the system for randomness")]
fn process_entropy() -> [u8; 16] {
    uuid::Uuid::new_v4().into_bytes()
}
