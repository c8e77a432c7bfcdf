//! This module keeps state: SQLite is the truth, and [`World`] is a model of it in memory that answers reads.
//!
//! Invariant: a [`World`] is published only after the transaction that made it was committed, and only
//! by [`Tx::commit`]. So a reader sees what SQLite holds, and never waits for it. A property test
//! rebuilds the one from the other. A database in memory has, of a workspace that began as another's copy, only what was
//! written since: nobody can read the rest from it, and copying it would cost each fork what it shares.
//!
//! Reads do not go to SQLite because each statement is a hop to sqlx's worker thread and back, several
//! times the cost of the rest of a request, and this process is the only writer. Logs, which are
//! many and never changed, are read from SQLite ([`logs`]); which are kept is in `retention.rs`.

mod db;
mod file;
pub mod logs;
mod records;
mod retention;
mod tx;
mod world;

pub use db::{Db, Row};
pub use records::{RecordKind, World};
pub use tx::{Outbox, Partition, Tx};
pub use world::{Indexed, Record, Table};

/// The error of an operation on the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused a statement.
    #[error("the store failed: {0}")]
    Sql(#[from] sqlx::Error),
    /// The database file is not used.
    #[error("the database {path} {why}")]
    Refused {
        /// The user named this file.
        path: String,
        /// The rest of the sentence says what is wrong with it.
        why: String,
    },
    /// The schema could not be brought up to date.
    #[error("the store's schema could not be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A stored record does not have the form that this version writes.
    #[error("the stored {kind} `{id}` cannot be read: {why}")]
    Corrupt {
        /// The record is of this kind, named as in the database.
        kind: String,
        /// The record has this id.
        id: String,
        /// The reader gave this reason.
        why: String,
    },
    /// A record could not be written as JSON.
    #[error("a record could not be written: {0}")]
    Encode(#[from] serde_json::Error),
    /// The workspace was reset or deleted while the call was under way.
    #[error("the workspace was reset or deleted while this call was under way")]
    Closed,
    /// The task that was committing ended too early, as when the server stops.
    #[error("the commit was cut off")]
    CutOff,
}

impl From<StoreError> for crate::base::error::ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Closed => crate::base::error::ApiError::concurrency(error.to_string()),
            error => crate::base::error::ApiError::internal(error),
        }
    }
}
