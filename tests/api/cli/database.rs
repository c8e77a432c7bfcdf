//! Database files that the binary does not take, and what it says of them.

use std::path::Path;
use std::process::Output;

use http::Method;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::support::served::{Served, binary};

/// Runs statements on a database file, which is made when it is not there.
async fn with_database(path: &Path, statements: &str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut database = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
}

fn started_with(path: &Path) -> Output {
    binary(&[("PORT", "0"), ("DATABASE", path.to_str().unwrap())]).output().unwrap()
}

/// What a start with a file says, once, which fails.
fn refusal(path: &Path) -> String {
    let ended = started_with(path);
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(!ended.status.success(), "{said}");
    assert_eq!(said.matches("membrane-mock").count(), 1, "{said}");
    assert!(said.contains(path.to_str().unwrap()), "{said}");
    said
}

/// A file that a server has made and left.
async fn left_by_a_server(path: &Path) {
    let served = Served::by(&[("DATABASE", path.to_str().unwrap())]);
    served.first_run().await;
}

#[tokio::test]
async fn another_programs_file_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (notes, marked, text) =
        (folder.path().join("notes.db"), folder.path().join("marked.db"), folder.path().join("letter.txt"));
    with_database(&notes, "create table notes (text); insert into notes values ('mine')").await;
    with_database(&marked, "pragma application_id = 7; create table record (id)").await;
    std::fs::write(&text, "Dear reader,").unwrap();

    for (path, says) in [
        (&notes, "belongs to another program: it has `notes`"),
        (&marked, "belongs to another program, whose mark is 0x00000007"),
        (&text, "is no SQLite database"),
        (&folder.path().to_owned(), "cannot be opened for writing"),
    ] {
        let before = std::fs::read(path).ok();
        let said = refusal(path);
        assert!(said.contains(says), "{says}: {said}");
        assert!(std::fs::read(path).ok() == before, "{says}");
    }
    with_database(&notes, "insert into notes values ('still')").await;
}

#[tokio::test]
async fn a_file_that_was_changed_or_is_newer_is_refused_by_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    for (change, says) in [
        ("alter table record add column colour text", "`record` is not as this program made it"),
        ("drop view tenant", "`tenant` is missing"),
        ("create trigger odd after insert on record begin delete from counter; end", "`odd` is none of this program's"),
        ("pragma user_version = 99", "was written by a newer version of this program (format 99, this one has 1)"),
    ] {
        let path = folder.path().join(format!("{}.db", says.len()));
        left_by_a_server(&path).await;
        with_database(&path, change).await;
        let said = refusal(&path);
        assert!(said.contains(says), "{says}: {said}");
    }
}

#[tokio::test]
async fn a_file_that_another_server_holds_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mock.db");
    let _holds = Served::by(&[("DATABASE", path.to_str().unwrap())]);

    let said = refusal(&path);

    assert!(said.contains("is held by another server; stop that one, or give each a file of its own"), "{said}");
}

#[tokio::test]
async fn a_file_of_the_first_release_which_has_no_mark_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mock.db");
    left_by_a_server(&path).await;
    with_database(&path, "pragma application_id = 0; pragma user_version = 0").await;

    let again = Served::by(&[("DATABASE", path.to_str().unwrap())]);

    assert!(!again.first_run().await.is_empty());
}

#[tokio::test]
async fn a_server_that_goes_on_with_a_file_says_what_is_not_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kept.db");
    let variables = [("DATABASE", path.to_str().unwrap())];

    let first = Served::by(&variables).last_words();
    let again = Served::by(&variables).last_words();

    assert_eq!(first, "");
    assert!(again.contains("faults, scenarios, snapshots and the journal are not kept"), "{again}");
}

#[tokio::test]
async fn the_key_of_a_deleted_workspace_is_not_given_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kept.db");
    let variables = [("DATABASE", path.to_str().unwrap())];
    let made = async |served: &Served| {
        let made = served.control().ok(Method::POST, "/__mock/workspaces", json!({})).await;
        made["key"].as_str().unwrap().to_owned()
    };
    let served = Served::by(&variables);
    let (kept, deleted) = (made(&served).await, made(&served).await);
    served.control().ok(Method::DELETE, &format!("/__mock/workspaces/{deleted}"), Value::Null).await;
    drop(served);

    let again = Served::by(&variables);
    let (kept_path, next) = (format!("/__mock/workspaces/{kept}"), made(&again).await);
    again.control().ok(Method::GET, &kept_path, Value::Null).await;
    assert!(next != kept && next != deleted, "{next} beside {kept} and {deleted}");
}
