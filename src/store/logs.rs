//! Reading evidence: run logs and external API logs, straight from SQLite.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use sqlx::Row as _;

use crate::base::clock::Timestamp;
use crate::base::page::{Page, PageRequest};
use crate::nouns::run_log::model::{ApiLog, Exchange, RunDetails, RunLog};
use crate::store::{Db, StoreError};

/// Which run logs are asked for. Source: OAS `/action-run-logs`.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Whose; all when absent.
    pub tenant: Option<String>,
    /// Any of the action's ids.
    pub action_id: Option<String>,
    /// Of this universal action.
    pub universal_action_id: Option<String>,
    /// Of this integration-level action.
    pub integration_action_id: Option<String>,
    /// Of this connection-level action.
    pub connection_action_id: Option<String>,
    /// Through this integration.
    pub integration_id: Option<String>,
    /// Through this connection.
    pub connection_id: Option<String>,
    /// `success` or `error`.
    pub status: Option<String>,
    /// To this app.
    pub external_app_id: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Not after.
    pub to: Option<Timestamp>,
}

/// Which external API logs are asked for. Source: SDK `ListExternalApiLogsQuery`.
#[derive(Debug, Clone, Default)]
pub struct ApiLogFilter {
    /// Whose; all when absent.
    pub tenant: Option<String>,
    /// Through this integration.
    pub integration_id: Option<String>,
    /// Through this connection.
    pub connection_id: Option<String>,
    /// Whether the app answered 2xx.
    pub is_success: Option<bool>,
    /// To this app.
    pub external_app_id: Option<String>,
    /// During this run.
    pub action_run_id: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Not after.
    pub to: Option<Timestamp>,
    /// Oldest first.
    pub ascending: bool,
}

const FIND_RUNS: &str = "
select seq, body from action_run
where workspace = ?1 and (?2 = 0 or seq < ?2)
  and (?3 is null or tenant = ?3)
  and (?4 is null or ?4 in (body ->> '$.actionId', body ->> '$.universalActionId',
        body ->> '$.integrationActionId', body ->> '$.connectionActionId'))
  and (?5 is null or body ->> '$.universalActionId' = ?5)
  and (?6 is null or body ->> '$.integrationActionId' = ?6)
  and (?7 is null or body ->> '$.connectionActionId' = ?7)
  and (?8 is null or body ->> '$.integrationId' = ?8)
  and (?9 is null or body ->> '$.connectionId' = ?9)
  and (?10 is null or status = ?10)
  and (?11 is null or body ->> '$.externalAppId' = ?11)
  and (?12 is null or created_at >= ?12)
  and (?13 is null or created_at <= ?13)
order by seq desc limit ?14";

const FIND_API_LOGS: &str = "
select seq, body from api_log
where workspace = ?1 and (?2 = 0 or (case when ?12 then seq > ?2 else seq < ?2 end))
  and (?3 is null or tenant = ?3)
  and (?4 is null or body ->> '$.integrationId' = ?4)
  and (?5 is null or body ->> '$.connectionId' = ?5)
  and (?6 is null or body ->> '$.isSuccess' = ?6)
  and (?7 is null or body ->> '$.externalAppId' = ?7)
  and (?8 is null or body ->> '$.actionRunId' = ?8)
  and (?9 is null or created_at >= ?9)
  and (?10 is null or created_at <= ?10)
order by case when ?12 then seq else -seq end limit ?11";

/// A stored record, as the text it was written as.
pub type RawRecord = Box<RawValue>;

/// What stands for the server's own address in stored logs: the address may be another one after a restart.
pub const OWN_ADDRESS: &str = "membrane-mock://own-address";

/// A stored text with the server's address of the moment.
fn addressed(text: String, base: &str) -> String {
    if text.contains(OWN_ADDRESS) { text.replace(OWN_ADDRESS, base) } else { text }
}

/// Run logs, newest first, with `base` as the server's address.
pub async fn find_runs(
    db: &Db,
    workspace: &str,
    filter: &RunFilter,
    page: PageRequest,
    base: &str,
) -> Result<Page<RawRecord>, StoreError> {
    let rows = sqlx::query(FIND_RUNS)
        .bind(workspace)
        .bind(signed(page.after))
        .bind(&filter.tenant)
        .bind(&filter.action_id)
        .bind(&filter.universal_action_id)
        .bind(&filter.integration_action_id)
        .bind(&filter.connection_action_id)
        .bind(&filter.integration_id)
        .bind(&filter.connection_id)
        .bind(&filter.status)
        .bind(&filter.external_app_id)
        .bind(filter.from.map(|at| at.to_string()))
        .bind(filter.to.map(|at| at.to_string()))
        .bind(one_more(page))
        .fetch_all(db.pool())
        .await?;
    to_page(rows, page, base)
}

/// External API logs, newest first unless asked otherwise.
pub async fn find_api_logs(
    db: &Db,
    workspace: &str,
    filter: &ApiLogFilter,
    page: PageRequest,
) -> Result<Page<RawRecord>, StoreError> {
    let rows = sqlx::query(FIND_API_LOGS)
        .bind(workspace)
        .bind(signed(page.after))
        .bind(&filter.tenant)
        .bind(&filter.integration_id)
        .bind(&filter.connection_id)
        .bind(filter.is_success)
        .bind(&filter.external_app_id)
        .bind(&filter.action_run_id)
        .bind(filter.from.map(|at| at.to_string()))
        .bind(filter.to.map(|at| at.to_string()))
        .bind(one_more(page))
        .bind(filter.ascending)
        .fetch_all(db.pool())
        .await?;
    to_page(rows, page, OWN_ADDRESS)
}

/// One run log and its details, with `base` as the server's address.
pub async fn run(db: &Db, workspace: &str, id: &str, base: &str) -> Result<Option<(RunLog, RunDetails)>, StoreError> {
    let row = sqlx::query("select id, body, details from action_run where workspace = ?1 and id = ?2")
        .bind(workspace)
        .bind(id)
        .fetch_optional(db.pool())
        .await?;
    row.map(|row| decode_pair("action-run", &row, base)).transpose()
}

/// One external API log and its exchange.
pub async fn api_log(db: &Db, workspace: &str, id: &str) -> Result<Option<(ApiLog, Exchange)>, StoreError> {
    let row = sqlx::query("select id, body, details from api_log where workspace = ?1 and id = ?2")
        .bind(workspace)
        .bind(id)
        .fetch_optional(db.pool())
        .await?;
    row.map(|row| decode_pair("api-log", &row, OWN_ADDRESS)).transpose()
}

fn decode_pair<A: DeserializeOwned, B: DeserializeOwned>(
    kind: &str,
    row: &sqlx::sqlite::SqliteRow,
    base: &str,
) -> Result<(A, B), StoreError> {
    let (id, body, details): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let corrupt = |error: serde_json::Error| StoreError::Corrupt {
        kind: kind.to_owned(),
        id: id.clone(),
        why: error.to_string(),
    };
    let (body, details) = (addressed(body, base), addressed(details, base));
    Ok((serde_json::from_str(&body).map_err(corrupt)?, serde_json::from_str(&details).map_err(corrupt)?))
}

fn to_page(rows: Vec<sqlx::sqlite::SqliteRow>, page: PageRequest, base: &str) -> Result<Page<RawRecord>, StoreError> {
    let more = rows.len() > page.limit;
    let mut items = Vec::with_capacity(rows.len());
    let mut last = 0_i64;
    for row in rows.into_iter().take(page.limit) {
        last = row.try_get(0)?;
        items.push(RawValue::from_string(addressed(row.try_get(1)?, base))?);
    }
    Ok(Page { items, cursor: more.then(|| last.to_string()) })
}

fn signed(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

fn one_more(page: PageRequest) -> i64 {
    i64::try_from(page.limit).unwrap_or(i64::MAX - 1) + 1
}
