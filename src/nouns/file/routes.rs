//! The handlers of files. Source: OAS (`POST /files` → `{downloadUri}`); that a form is taken too, and for how long a file is
//! kept, is our choice.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::base::error::ApiError;
use crate::call::parts::Part;
use crate::call::router::Route;
use crate::call::subject::Subject;
use crate::call::{Call, Reply};
use crate::engine::{Engine, WorkspaceRuntime};
use crate::nouns::file::model::File;

/// How many files a workspace keeps; then the oldest goes.
const MOST_FILES: usize = 100;

/// How many bytes of base64 the files of a workspace have together; then the oldest goes.
const MOST_BYTES: usize = 50_000_000;

/// Reads what was sent: the first file of a multipart form, else the body as it is. Fails with 400 where there is none.
async fn sent(call: &Call) -> Result<Part, ApiError> {
    if !call.is_multipart() {
        let content_type = call.content_type();
        let content_type = if content_type.is_empty() { "application/octet-stream" } else { content_type }.to_owned();
        return Ok(Part { name: None, file_name: None, content_type, bytes: call.body.clone() });
    }
    let wrong = |why: &str| ApiError::bad_request(format!("send a file as a part of the form: {why}"));
    let parts = call.parts().await.map_err(|why| wrong(&why))?;
    let file = parts.into_iter().find(|part| part.file_name.is_some() || part.name.as_deref() == Some("file"));
    file.ok_or_else(|| wrong("it has none"))
}

/// `POST /files`, any token: keeps the bytes of the body, or of the first file of a form, and answers `{downloadUri}`. 400 for
/// a form without a file and an empty body.
pub(crate) async fn create(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let Part { bytes, content_type, file_name: name, .. } = sent(&call).await?;
    if bytes.is_empty() {
        return Err(ApiError::bad_request("the file is empty; send its bytes as the body, or as a part of a form"));
    }
    let file = File {
        id: cx.space.ids.id(),
        ticket: cx.space.ids.secret(24),
        content_type,
        name,
        bytes: STANDARD.encode(&bytes),
        created_at: cx.space.clock.now(),
    };
    let uri = format!("{}/files/{}", cx.engine.base().trim_end_matches('/'), file.ticket);
    let mut tx = cx.space.data.begin().await;
    let mut room = MOST_BYTES.saturating_sub(file.bytes.len());
    let mut kept = 1;
    let mut old = Vec::new();
    for other in tx.files.iter().rev() {
        // What is older than one that goes does not stay either.
        let rest = room.checked_sub(other.bytes.len()).filter(|_| kept < MOST_FILES && old.is_empty());
        match rest {
            Some(rest) => (room, kept) = (rest, kept + 1),
            None => old.push(other.id.clone()),
        }
    }
    for old in old {
        tx.remove::<File>(old.as_str());
    }
    let id = file.id.clone();
    tx.put(file)?;
    tx.commit().await?;
    Reply::json(&json!({ "id": id, "downloadUri": uri, "size": bytes.len() }))
}

/// The workspace and the file of an address.
fn find(engine: &Engine, ticket: &str) -> Option<(Arc<WorkspaceRuntime>, Arc<File>)> {
    engine.spaces().into_iter().find_map(|space| {
        let file = space.world().files.with_key(ticket).next().cloned()?;
        Some((space, file))
    })
}

/// `GET /files/{ticket}`, no token: answers the bytes of a file as they were sent. 404 for an unknown one, and for one that had
/// to make room.
pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    let ticket = call.param("ticket")?;
    let (_, file) = find(&call.engine, ticket).ok_or_else(|| {
        let kept = MOST_FILES;
        ApiError::not_found(format!("file not found: a workspace keeps the last {kept}, and this address is of none"))
    })?;
    let bytes = STANDARD.decode(&file.bytes).map_err(ApiError::internal)?;
    let mut reply = Reply::of(StatusCode::OK, Some(file.content_type.clone().into()), bytes.into());
    let shown = match &file.name {
        None => "attachment".to_owned(),
        Some(name) if name.is_ascii() && !name.contains(['"', '\\']) => format!("attachment; filename=\"{name}\""),
        Some(name) => format!("attachment; filename*=UTF-8''{}", utf8_percent_encode(name, NON_ALPHANUMERIC)),
    };
    // What was sent is never a page of this address.
    let disposition = HeaderValue::from_str(&shown).unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    reply.headers.insert(header::CONTENT_DISPOSITION, disposition);
    reply.headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(reply)
}

/// What a download is about: the address names the workspace.
pub(crate) fn about(call: &Call, route: &Route) -> Option<Subject> {
    Subject::of_page(call, route, || Some((find(&call.engine, call.param("ticket").ok()?)?.0, None)))
}
