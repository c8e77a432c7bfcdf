//! The handlers of `/export` and `/import`, and of the background jobs that they begin.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::base::error::ApiError;
use crate::call::router::Route;
use crate::call::subject::Subject;
use crate::call::{Call, Query, Reply};
use crate::world::job::model::{ImportOptions, Job};
use crate::world::job::rules as jobs;
use crate::world::job::view::JobView;

/// Answers the id and the access key by which a caller polls a job. Source: SDK `AsyncRequestTriggerResponse`.
fn begun(job: &Job) -> Result<Reply, ApiError> {
    Reply::json(&json!({ "jobId": job.id, "accessKey": job.access_key }))
}

/// `GET /export`, a manager's token: begins an export and answers its job. 400 when too many jobs wait.
pub(crate) async fn export(call: Call) -> Result<Reply, ApiError> {
    // Exports have only one form here, so the flag is read and has no effect.
    call.query().flag("simplified");
    begun(&*jobs::export(&call.cx()?).await?)
}

/// `POST /import`, a manager's token: begins to import the archive of a multipart form and answers its job. 400 for a
/// form without `file` or an archive that cannot be read.
pub(crate) async fn import(call: Call) -> Result<Reply, ApiError> {
    let (file, form_dry_run) = upload(&call).await?;
    let query = call.query();
    // These flags are read and have no effect: every import tells what it changes, and nothing here is read-only.
    for accepted in ["diff", "force", "simplified"] {
        query.flag(accepted);
    }
    let options = ImportOptions {
        dry_run: query.flag("dryRun").or(form_dry_run).unwrap_or(false),
        partial: query.flag("partial").unwrap_or(false),
    };
    // A misspelt option would import for real what was to be tried.
    call.refuse_misspelt_query()?;
    begun(&*jobs::import(&call.cx()?, &file, options).await?)
}

/// Reads the archive of a multipart form, and its field `dryRun`. Fails with 400 without a
/// `file`. Source: OAS (`POST /import`).
async fn upload(call: &Call) -> Result<(Bytes, Option<bool>), ApiError> {
    let wrong = |why: String| {
        ApiError::bad_request(format!("send the archive as `file` of a multipart/form-data body: {why}"))
            .with_data(json!({ "field": "file" }))
    };
    let (mut file, mut dry_run) = (None, None);
    for part in call.parts().await.map_err(wrong)? {
        match part.name.as_deref() {
            Some("file") => file = Some(part.bytes),
            Some("dryRun") => {
                dry_run = Query::parse(&format!("dryRun={}", String::from_utf8_lossy(&part.bytes))).flag("dryRun");
            }
            _ => {}
        }
    }
    Ok((file.ok_or_else(|| wrong("it has no `file`".into()))?, dry_run))
}

/// `GET /background-jobs/{job}`, a manager's token: answers a job named `<jobId>:<accessKey>`; 404 when there is none.
/// The read counts where progress waits for reads.
pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let job = jobs::get(&cx, call.param("job")?)?;
    Reply::json(&JobView::of(&cx.engine, &cx.space, &job))
}

/// `GET /downloads/{ticket}`, no token: answers the archive of an export to whoever has its address
/// (EXP). 404 when there is none.
pub(crate) async fn download(call: Call) -> Result<Reply, ApiError> {
    let archive = jobs::download(&call.engine, call.param("ticket")?)?;
    let mut reply = Reply::of(StatusCode::OK, Some("application/zip".into()), archive.into());
    let name = HeaderValue::from_static("attachment; filename=\"workspace.zip\"");
    reply.headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(reply)
}

/// What a download is about: its ticket names the workspace.
pub(crate) fn about(call: &Call, route: &Route) -> Option<Subject> {
    Subject::of_page(call, route, || Some((jobs::redeem(&call.engine, call.param("ticket").ok()?)?.0, None)))
}
