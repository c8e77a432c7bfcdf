//! Opening a database file. Invariant: a file that is not this program's, or not as this version left it, is refused before
//! anything in it is changed.

use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Row as _, SqlitePool};

use crate::store::StoreError;
use crate::store::db::{MIGRATOR, pool_options};

/// The mark of this program's files. Source: SQLite's `PRAGMA application_id`; our choice: `MMoc`.
const APPLICATION_ID: u32 = 0x4d4d_6f63;

/// The version of what is in the file, which rises when an older version of the program could not read it.
const FORMAT: u32 = 1;

/// Every SQLite file begins with this.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Where the header of a file has its application's id, and how long it is.
const ID_AT: std::ops::Range<usize> = 68..72;
const HEADER: usize = 100;

/// Another program's look at the file takes this long at the most; a server that holds it does so for good.
const PATIENCE: Duration = Duration::from_millis(250);

/// Opens the database in a file, which is made when there is none, and brings its schema up to date.
pub(super) async fn open(path: &Path) -> Result<SqlitePool, StoreError> {
    let refused = |why: String| StoreError::Refused { path: path.display().to_string(), why };
    let is_marked = check_header(path).map_err(refused)?;
    if !is_marked && std::fs::metadata(path).is_ok_and(|file| file.len() > 0) {
        check_unmarked(path).await.map_err(refused)?;
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .locking_mode(SqliteLockingMode::Exclusive)
        .busy_timeout(PATIENCE);
    let pool = pool_options().connect_with(options).await.map_err(|error| refused(said_of(&error)))?;
    let opened = bring_up(&pool, is_marked).await;
    if let Err(why) = opened {
        pool.close().await;
        return Err(refused(why));
    }
    Ok(pool)
}

/// Looks at a file before SQLite does, because opening it changes it. Answers whether it bears this program's mark.
fn check_header(path: &Path) -> Result<bool, String> {
    let mut header = Vec::new();
    match std::fs::OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => {
            file.take(HEADER as u64).read_to_end(&mut header).map_err(|why| format!("cannot be read: {why}"))?
        }
        // Whether one can be made there is seen when it is.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(format!("cannot be opened for writing: {error}")),
    };
    if header.is_empty() {
        return Ok(false);
    }
    if !header.starts_with(MAGIC) {
        return Err("is no SQLite database".into());
    }
    let id = header.get(ID_AT).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes);
    match id {
        APPLICATION_ID => Ok(true),
        // Files of the first release bear no mark.
        0 => Ok(false),
        other => Err(format!("belongs to another program, whose mark is {other:#010x}")),
    }
}

/// Refuses a file without a mark that another program made, before it is opened to be written: that alone changes it.
async fn check_unmarked(path: &Path) -> Result<(), String> {
    let failed = |error: sqlx::Error| said_of(&error);
    let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(true);
    let pool = pool_options().connect_with(options).await.map_err(failed)?;
    let there = schema_of(&pool).await.map_err(failed);
    pool.close().await;
    check_ours(&there?)
}

/// Refuses a schema that has something, and nothing of this program's.
fn check_ours(there: &[(String, String)]) -> Result<(), String> {
    if there.is_empty() || there.iter().any(|(name, _)| name == "record") {
        return Ok(());
    }
    let names: Vec<&str> = there.iter().map(|(name, _)| name.as_str()).take(3).collect();
    Err(format!("belongs to another program: it has `{}`", names.join("`, `")))
}

/// What SQLite's refusal to open a file means.
fn said_of(error: &sqlx::Error) -> String {
    let of_sqlite = error.as_database_error();
    let code = of_sqlite.and_then(sqlx::error::DatabaseError::code).unwrap_or_default();
    let said = of_sqlite.map_or_else(|| error.to_string(), |error| error.message().to_owned());
    // The primary code is in the lowest byte.
    match code.parse::<u32>().map(|code| code & 0xff) {
        Ok(5 | 6) => "is held by another server; stop that one, or give each a file of its own".into(),
        Ok(8) => "cannot be written".into(),
        Ok(11 | 26) => format!("is damaged: {said}"),
        _ => format!("cannot be opened: {said}"),
    }
}

async fn bring_up(pool: &SqlitePool, is_marked: bool) -> Result<(), String> {
    let failed = |error: sqlx::Error| said_of(&error);
    if !is_marked {
        // What is only in its write-ahead log was not seen before.
        check_ours(&schema_of(pool).await.map_err(failed)?)?;
    }
    let format: u32 = sqlx::query_scalar("pragma user_version").fetch_one(pool).await.map_err(failed)?;
    if format > FORMAT {
        return Err(format!("was written by a newer version of this program (format {format}, this one has {FORMAT})"));
    }
    MIGRATOR.run(pool).await.map_err(|error| format!("cannot be brought up to date: {error}"))?;
    check_schema(&schema_of(pool).await.map_err(failed)?).await?;
    for (pragma, value) in [("application_id", APPLICATION_ID), ("user_version", FORMAT)] {
        let set = AssertSqlSafe(format!("pragma {pragma} = {value}"));
        sqlx::query(set).execute(pool).await.map_err(failed)?;
    }
    Ok(())
}

/// Everything that a database defines, by name, but for what the migrations keep for themselves.
async fn schema_of(pool: &SqlitePool) -> Result<Vec<(String, String)>, sqlx::Error> {
    let text = "select name, sql from sqlite_schema where sql is not null and name not like 'sqlite%' \
                and name <> '_sqlx_migrations' order by name";
    let rows = sqlx::query(text).fetch_all(pool).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Refuses a schema that is not what the migrations make, and names the difference.
async fn check_schema(found: &[(String, String)]) -> Result<(), String> {
    let failed = |error: sqlx::Error| format!("cannot be checked: {error}");
    let fresh = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.map_err(failed)?;
    MIGRATOR.run(&fresh).await.map_err(|error| format!("cannot be checked: {error}"))?;
    let wanted = schema_of(&fresh).await.map_err(failed)?;
    fresh.close().await;
    for (name, sql) in &wanted {
        match found.iter().find(|(known, _)| known == name) {
            Some((_, known)) if known == sql => {}
            Some(_) => return Err(format!("was changed by somebody else: `{name}` is not as this program made it")),
            None => return Err(format!("was changed by somebody else: `{name}` is missing")),
        }
    }
    if let Some((name, _)) = found.iter().find(|(name, _)| !wanted.iter().any(|(known, _)| known == name)) {
        return Err(format!("was changed by somebody else: `{name}` is none of this program's"));
    }
    Ok(())
}
