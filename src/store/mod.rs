//! Where state lives: SQLite is the truth, [`World`] is a model of it in memory that answers reads.
//!
//! Invariant: a [`World`] is published only after the transaction that made it was committed, and by nobody but
//! [`Tx::commit`]. So a reader sees what SQLite holds, and never waits for it. A property test rebuilds the one from
//! the other.
//!
//! Why not read from SQLite: each statement is a hop to sqlx's worker thread and back, several times the cost of the
//! rest of a request, and this process is the only writer. Logs, which only grow, are read from SQLite ([`logs`]).

mod db;
pub mod logs;
mod records;
mod tx;
mod world;

pub use db::{Db, Row};
pub use records::{Kind, World};
pub use tx::{Outbox, Partition, Tx};
pub use world::{Record, Table};

/// What can go wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("the store failed: {0}")]
    Sql(#[from] sqlx::Error),
    /// The file cannot be opened.
    #[error("the database {path} cannot be opened: {why}")]
    Open {
        /// The file.
        path: String,
        /// Why.
        why: sqlx::Error,
    },
    /// The schema could not be brought up to date.
    #[error("the store's schema could not be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A stored record is not what this version writes.
    #[error("the stored {kind} `{id}` cannot be read: {why}")]
    Corrupt {
        /// Its kind.
        kind: String,
        /// Its id.
        id: String,
        /// Why.
        why: String,
    },
    /// A record could not be written as JSON.
    #[error("a record could not be written: {0}")]
    Encode(#[from] serde_json::Error),
    /// The workspace was reset or deleted since the call began.
    #[error("the workspace was reset or deleted while this call was under way")]
    Closed,
    /// The task that was committing is gone.
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
