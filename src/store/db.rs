//! This module opens the database and has every statement that writes. Invariant: each write is one transaction that
//! happens as a whole or not at all.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde::Serialize;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteRow};
use sqlx::{Row as _, SqlSafeStr as _, SqlitePool};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;

use crate::base::config::{Config, Database};
use crate::store::retention::{Retention, Written};
use crate::store::{StoreError, World, file};

/// A stored record, as its row in the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The record belongs to the workspace with this key.
    pub workspace: String,
    /// The record's kind is the text of `Kind`.
    pub kind: String,
    pub id: String,
    /// The record's place in the order of creation, unique within its workspace.
    pub seq: u64,
    /// The record itself, as JSON.
    pub body: String,
}

/// A record that is written: its kind, its id, its place in the order of creation, and its JSON.
type Put = (&'static str, String, u64, String);

/// A log that is written: its place in the order of creation, its id, its JSON, and that of its details.
type Log = (u64, String, String, String);

/// What one transaction writes; its JSON form is an object of arrays of arrays.
#[derive(Debug, Default, Serialize)]
pub(super) struct Batch {
    pub(super) puts: Vec<Put>,
    pub(super) removals: Vec<(&'static str, String)>,
    pub(super) runs: Vec<Log>,
    pub(super) api_logs: Vec<Log>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.puts.is_empty() && self.removals.is_empty() && self.runs.is_empty() && self.api_logs.is_empty()
    }

    /// What the logs are in numbers.
    fn written(&self) -> Written {
        let none = Written { first: u64::MAX, ..Written::default() };
        self.runs.iter().chain(&self.api_logs).fold(none, |all, (seq, _, body, details)| Written {
            first: all.first.min(*seq),
            last: all.last.max(*seq),
            count: all.count + 1,
            bytes: all.bytes + body.len() + details.len(),
        })
    }

    /// The statements that write it, each with what is bound to it, as one transaction.
    fn into_steps(mut self, workspace: &str) -> Result<Vec<Step>, StoreError> {
        let runs = self.runs.extract_if(.., |(_, _, body, details)| body.len() + details.len() > LARGE);
        let runs: Vec<Step> = runs.map(|log| Step::log(INSERT_RUN, workspace, log)).collect();
        let api_logs = self.api_logs.extract_if(.., |(_, _, body, details)| body.len() + details.len() > LARGE);
        let large: Vec<Step> =
            runs.into_iter().chain(api_logs.map(|log| Step::log(INSERT_API_LOG, workspace, log))).collect();
        let rest = vec![workspace.to_owned(), serde_json::to_string(&self)?];
        if large.is_empty() {
            return Ok(vec![Step { text: COMMIT, binds: rest }]);
        }
        let begin = Step { text: "begin immediate", binds: Vec::new() };
        let end = Step { text: "commit", binds: Vec::new() };
        Ok([begin, Step { text: WRITE, binds: rest }].into_iter().chain(large).chain([end]).collect())
    }
}

/// One text of statements, with what is bound to its parameters.
#[derive(Debug)]
struct Step {
    text: &'static str,
    binds: Vec<String>,
}

impl Step {
    fn log(text: &'static str, workspace: &str, (seq, id, body, details): Log) -> Self {
        Self { text, binds: vec![workspace.to_owned(), seq.to_string(), id, body, details] }
    }
}

/// A log of more bytes than this is bound as it is: within the JSON of a batch, SQLite would copy it a dozen times.
const LARGE: usize = 256 * 1024;

/// A handle to the database. It has one connection, because this process is the only writer.
#[derive(Debug, Clone)]
pub struct Db {
    pool: SqlitePool,
    runtime: Handle,
    /// Which logs are kept.
    retention: Arc<Retention>,
    /// Whether the database is gone with the process.
    in_memory: bool,
}

/// The migrated, empty database, made once per process, because copying it is several times faster than migrating.
static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();

/// The migrations, in order. The text of one that was released is never changed, because databases hold its checksum.
pub(super) static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let files = [
        (1, "core", include_str!("../../migrations/0001_core.sql")),
        (2, "counters", include_str!("../../migrations/0002_counters.sql")),
    ];
    let migrations = files.into_iter().map(|(version, description, sql)| {
        Migration::new(version, description.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
});

// Everything that a transaction writes travels as one JSON text: one hop to sqlx's worker instead of one per
// statement. Every statement uses both parameters or only the first, because sqlx counts a gap in the numbers
// as a parameter of its own.
macro_rules! write {
    () => {
        "insert into record (workspace, kind, id, seq, body)
  select ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each(?2, '$.puts') where true
  on conflict (workspace, kind, id) do update set body = excluded.body;
delete from record where workspace = ?1
  and (kind, id) in (select value ->> 0, value ->> 1 from json_each(?2, '$.removals'));
insert into action_run (workspace, seq, id, body, details)
  select ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each(?2, '$.runs');
insert into api_log (workspace, seq, id, body, details)
  select ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each(?2, '$.api_logs');
"
    };
}

const WRITE: &str = write!();

const COMMIT: &str = concat!("begin immediate;\n", write!(), "commit;\n");

const INSERT_RUN: &str =
    "insert into action_run (workspace, seq, id, body, details) values (?1, cast(?2 as integer), ?3, ?4, ?5)";

const INSERT_API_LOG: &str =
    "insert into api_log (workspace, seq, id, body, details) values (?1, cast(?2 as integer), ?3, ?4, ?5)";

const TRIM: &str = "
begin immediate;
delete from action_run where workspace = ?1 and seq <= cast(?2 as integer);
delete from api_log where workspace = ?1 and seq <= cast(?2 as integer);
commit;
";

const FORGET: &str = "
begin immediate;
delete from record where workspace = ?1;
delete from action_run where workspace = ?1;
delete from api_log where workspace = ?1;
commit;
";

const REPLACE: &str = "
begin immediate;
delete from record where workspace = ?1;
delete from action_run where workspace = ?1;
delete from api_log where workspace = ?1;
insert into record (workspace, kind, id, seq, body)
  select ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each(?2);
commit;
";

const COPY: &str = "
begin immediate;
insert into record (workspace, kind, id, seq, body)
  select ?2, kind, id, seq, body from record where workspace = ?1 and kind <> 'workspace';
insert into record (workspace, kind, id, seq, body) values (?2, 'workspace', ?3, 0, ?4);
commit;
";

fn row_of(row: &SqliteRow) -> Result<Row, StoreError> {
    Ok(Row {
        workspace: row.try_get(0)?,
        kind: row.try_get(1)?,
        id: row.try_get(2)?,
        seq: u64::try_from(row.try_get::<i64, _>(3)?).unwrap_or(0),
        body: row.try_get(4)?,
    })
}

/// How the one connection is kept.
pub(super) fn pool_options() -> SqlitePoolOptions {
    // A pool that closes its last idle connection would lose a database in memory.
    SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(30))
}

impl Db {
    /// Opens the database that `config` names and brings its schema up to date, or fails when either cannot be done. A
    /// database in memory starts as `image`, when there is one.
    pub async fn open(config: &Config, image: Option<&[u8]>) -> Result<Self, StoreError> {
        let most_bytes = usize::try_from(config.run_log_mb).unwrap_or(usize::MAX).saturating_mul(1_000_000);
        let retention = Arc::new(Retention::new(config.run_log_limit, most_bytes));
        let pool = match &config.database {
            Database::Memory => Self::open_memory(image).await?,
            Database::File(path) => file::open(path).await?,
        };
        let in_memory = config.database == Database::Memory;
        let db = Self { pool, runtime: Handle::current(), retention, in_memory };
        if !in_memory {
            db.count_logs().await?;
        }
        Ok(db)
    }

    /// Learns of the logs that there are, and deletes those that are too many.
    async fn count_logs(&self) -> Result<(), StoreError> {
        let text = "select workspace, seq, octet_length(body) + octet_length(details) from action_run union all \
                    select workspace, seq, octet_length(body) + octet_length(details) from api_log order by 1, 2";
        for row in sqlx::query(text).fetch_all(&self.pool).await? {
            let (workspace, seq, bytes): (String, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let (last, bytes) = (u64::try_from(seq).unwrap_or(0), usize::try_from(bytes).unwrap_or(0));
            self.trim(self.retention.wrote(&workspace, Written { first: last, last, count: 1, bytes })).await?;
        }
        Ok(())
    }

    /// Deletes logs up to a number.
    async fn trim(&self, cuts: Vec<(String, u64)>) -> Result<(), StoreError> {
        for (workspace, seq) in cuts {
            self.at_once(TRIM, vec![workspace, seq.to_string()]).await?;
        }
        Ok(())
    }

    /// Returns how many of a workspace's logs have gone because there were too many.
    pub fn logs_gone(&self, workspace: &str) -> usize {
        self.retention.gone(workspace)
    }

    async fn open_memory(image: Option<&[u8]>) -> Result<SqlitePool, StoreError> {
        let options = || SqliteConnectOptions::new().in_memory(true);
        let empty = TEMPLATE
            .get_or_try_init(|| async {
                let pool = pool_options().connect_with(options()).await?;
                MIGRATOR.run(&pool).await?;
                let mut conn = pool.acquire().await?;
                let image = conn.serialize(None).await?.as_ref().to_vec();
                drop(conn);
                pool.close().await;
                Ok::<_, StoreError>(image)
            })
            .await?;
        let pool = pool_options().connect_with(options()).await?;
        let mut conn = pool.acquire().await?;
        let image = sqlx::sqlite::SqliteOwnedBuf::try_from(image.unwrap_or(empty))?;
        conn.deserialize(None, image, false).await?;
        drop(conn);
        Ok(pool)
    }

    /// Returns the whole database as bytes, for [`Db::open`].
    pub async fn image(&self) -> Result<Vec<u8>, StoreError> {
        let mut conn = self.pool.acquire().await?;
        Ok(conn.serialize(None).await?.as_ref().to_vec())
    }

    /// Returns the server's runtime, on which transactions run to their end.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Returns the connection pool, for this module's other files.
    pub(super) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Returns every record, by workspace and in order of creation.
    pub async fn load(&self) -> Result<Vec<Row>, StoreError> {
        let rows = sqlx::query("select workspace, kind, id, seq, body from record order by workspace, seq")
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(row_of).collect()
    }

    /// Returns the highest number that a workspace's records and logs carry, or 0.
    pub async fn last_sequence(&self, workspace: &str) -> Result<u64, StoreError> {
        let last: i64 = sqlx::query_scalar(
            "select max(
               coalesce((select max(seq) from record where workspace = ?1), 0),
               coalesce((select max(seq) from action_run where workspace = ?1), 0),
               coalesce((select max(seq) from api_log where workspace = ?1), 0))",
        )
        .bind(workspace)
        .fetch_one(&self.pool)
        .await?;
        Ok(u64::try_from(last).unwrap_or(0))
    }

    /// Returns the next number of this name, which is given once in the life of the database.
    pub async fn next_number(&self, name: &str) -> Result<u64, StoreError> {
        let (pool, name) = (self.pool.clone(), name.to_owned());
        // On the server's runtime, as every write.
        let work = self.runtime.spawn(async move {
            let text = "insert into counter (name, value) values (?1, 1) \
                        on conflict (name) do update set value = value + 1 returning value";
            let next: i64 = sqlx::query_scalar(text).bind(name).fetch_one(&pool).await?;
            Ok(u64::try_from(next).unwrap_or(0))
        });
        work.await.unwrap_or(Err(StoreError::CutOff))
    }

    /// Writes everything that a transaction has collected. Logs for which there is no room any more go afterwards.
    pub(super) async fn commit(&self, workspace: &str, batch: Batch) -> Result<(), StoreError> {
        let written = batch.written();
        self.all_or_nothing(batch.into_steps(workspace)?).await?;
        // What was written is, also where nothing could be deleted for it.
        if let Err(error) = self.trim(self.retention.wrote(workspace, written)).await {
            tracing::warn!(error.cause = %error, "old logs could not be deleted");
        }
        Ok(())
    }

    /// Lets a workspace start from another one's state, or from an earlier one of its own: it loses the records and logs that
    /// it had. `copied` is the key of the workspace whose rows are this state already, where there is one.
    ///
    /// A database in memory gets the workspace's own row alone. What the workspace begins with is in the model, which ends with
    /// the process as the database does, and a fork need not pay for what it shares; what it changes is written as it changes.
    pub async fn start_from(&self, world: &World, copied: Option<&str>) -> Result<(), StoreError> {
        let own = &world.workspace;
        match copied {
            _ if self.in_memory => self.replace(&own.key, &[world.own_row()?]).await,
            Some(from) => {
                let body = serde_json::to_string(&**own)?;
                self.at_once(COPY, [from, &own.key, own.id.as_str(), &body].map(str::to_owned).to_vec()).await
            }
            None => self.replace(&own.key, &world.rows()?).await,
        }
    }

    /// Writes every record of a state that is held nowhere yet, such as one that was exported. It fails when the records
    /// contradict each other.
    pub async fn bring(&self, world: &World) -> Result<(), StoreError> {
        self.replace(&world.workspace.key, &world.rows()?).await
    }

    /// Replaces a workspace's records, and deletes its logs.
    async fn replace(&self, workspace: &str, rows: &[Row]) -> Result<(), StoreError> {
        let rows: Vec<_> = rows.iter().map(|row| (&row.kind, &row.id, row.seq, &row.body)).collect();
        self.at_once(REPLACE, vec![workspace.to_owned(), serde_json::to_string(&rows)?]).await?;
        self.retention.forget(workspace);
        Ok(())
    }

    /// Deletes a workspace's records and logs.
    pub async fn forget(&self, workspace: &str) -> Result<(), StoreError> {
        self.at_once(FORGET, vec![workspace.to_owned()]).await?;
        self.retention.forget(workspace);
        Ok(())
    }

    /// Runs a text that opens and commits its own transaction; a failure in the middle is rolled back.
    async fn at_once(&self, text: &'static str, binds: Vec<String>) -> Result<(), StoreError> {
        self.all_or_nothing(vec![Step { text, binds }]).await
    }

    /// Runs texts of which the first opens a transaction and the last commits it; a failure in the middle is rolled back.
    ///
    /// They run on the server's runtime, never the caller's: a connection goes back to its pool by a task, and a caller
    /// that stops its server right away would wait for a task that only it could run.
    async fn all_or_nothing(&self, steps: Vec<Step>) -> Result<(), StoreError> {
        let pool = self.pool.clone();
        let work = self.runtime.spawn(async move {
            let mut conn = pool.acquire().await?;
            for Step { text, binds } in steps {
                // A statement that is kept keeps what was bound to it.
                let keep = binds.iter().map(String::len).sum::<usize>() <= LARGE;
                let query = binds.into_iter().fold(sqlx::query(text), sqlx::query::Query::bind).persistent(keep);
                if let Err(error) = query.execute(&mut *conn).await {
                    // The rollback fails when nothing was begun, and then there is nothing to undo.
                    sqlx::query("rollback").execute(&mut *conn).await.ok();
                    return Err(error.into());
                }
            }
            Ok(())
        });
        work.await.unwrap_or(Err(StoreError::CutOff))
    }

    /// Closes the database; what was committed stays.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
            .collect();
        files.sort();
        let mut listed: Vec<&str> = MIGRATOR.iter().map(|migration| migration.sql.as_str()).collect();
        listed.sort_unstable();

        assert_eq!(listed, files);
    }
}
