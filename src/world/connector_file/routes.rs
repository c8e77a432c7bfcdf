//! The handlers of the files and versions of connectors, for managers.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::json::set_member;
use crate::call::{Call, Reply};
use crate::engine::Cx;
use crate::nouns::connector::model::Connector;
use crate::nouns::connector::{self as connectors, routes::shown};
use crate::nouns::integration::routes::{connector_at, switch_version};
use crate::world::archive;
use crate::world::connector_file::model::ConnectorVersion;
use crate::world::connector_file::rules::{self as files, SPEC};
use crate::world::job::model::Files;
use crate::world::portable::connector_form;

fn connector(cx: &Cx, call: &Call) -> Result<Arc<Connector>, ApiError> {
    connectors::get(cx, call.param("selector")?)
}

fn text_of(bytes: &[u8]) -> Result<String, ApiError> {
    let wrong = |_| ApiError::bad_request("the file is no text in UTF-8; only text is kept");
    std::str::from_utf8(bytes).map(str::to_owned).map_err(wrong)
}

fn named(path: &str, text: &str) -> Value {
    json!({ "path": path, "size": text.len() })
}

/// `GET /connectors/{selector}/files`, a manager's token: answers `{items}`, the files, each as `{path, size}`.
pub(crate) async fn list(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let files = files::files(&cx, &*connector(&cx, &call)?)?;
    let items: Vec<Value> = files.iter().map(|(path, text)| named(path, text)).collect();
    Reply::json(&json!({ "items": items }))
}

/// `GET /connectors/{selector}/files/{path}`, a manager's token: answers the text of a file; 404 where there is none.
pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let text = files::file(&cx, &*connector(&cx, &call)?, call.param("path")?)?;
    Ok(Reply::of(StatusCode::OK, Some("text/plain; charset=utf-8".into()), Bytes::from(text)))
}

/// `PUT /connectors/{selector}/files/{path}`, a manager's token: writes a file, the body as it is or the `content` of a JSON
/// object, and answers `{path, size}`. What is written to `spec.yaml` changes the connector. 400 for a wrong path or spec.
pub(crate) async fn put(call: Call) -> Result<Reply, ApiError> {
    let (cx, path) = (call.cx()?, call.param("path")?.to_owned());
    let is_json = call.content_type().starts_with("application/json");
    let content =
        if is_json { call.any_json()?.and_then(|body| body.get("content")?.as_str().map(str::to_owned)) } else { None };
    let text = content.map_or_else(|| text_of(&call.body), Ok)?;
    let answer = named(&path, &text);
    files::write(&cx, call.param("selector")?, Files::from([(path, text)]), false).await?;
    Reply::json(&answer)
}

/// `DELETE /connectors/{selector}/files/{path}`, a manager's token: removes a file and answers `{}`; 404 where there is none.
pub(crate) async fn delete(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    files::remove(&cx, &*connector(&cx, &call)?, call.param("path")?, false).await?;
    Reply::json(&json!({}))
}

/// `DELETE /connectors/{selector}/directories/{path}`, a manager's token: removes the files below a folder and answers `{}`.
pub(crate) async fn delete_folder(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    files::remove(&cx, &*connector(&cx, &call)?, call.param("path")?, true).await?;
    Reply::json(&json!({}))
}

/// `GET /connectors/{selector}/download`, a manager's token: answers the files as a zip archive.
pub(crate) async fn download(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let archive = archive::pack(&files::files(&cx, &*connector(&cx, &call)?)?)?;
    let mut reply = Reply::of(StatusCode::OK, Some("application/zip".into()), archive.into());
    let name = HeaderValue::from_static("attachment; filename=\"connector.zip\"");
    reply.headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(reply)
}

/// `GET /connectors/{selector}/export-files`, a manager's token: answers `{files}`, the texts by their paths.
pub(crate) async fn export_files(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    Reply::json(&json!({ "files": files::files(&cx, &*connector(&cx, &call)?)? }))
}

/// `GET /connectors/{selector}/export-json`, a manager's token: answers the fields of `spec.yaml`, with the other files as
/// `files`.
pub(crate) async fn export_json(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connector = connector(&cx, &call)?;
    let mut spec = connector_form(cx.directory(&cx.world()), &connector)?;
    let mut others = files::files(&cx, &connector)?;
    others.remove(SPEC);
    set_member(&mut spec, "files", json!(others));
    Reply::json(&spec)
}

/// `POST /connectors/{selector}/import`, a manager's token: takes what `export-json` or `export-files` answered, and answers the
/// connector. 400 for a wrong field.
pub(crate) async fn import(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let mut body: Value = call.json()?;
    let fields = body.as_object_mut().ok_or_else(|| ApiError::bad_request("the body is an object of fields"))?;
    let given = fields.shift_remove("files").unwrap_or_else(|| json!({}));
    let wrong = |_| ApiError::bad_request("`files` is an object of texts by path");
    let mut given: Files = serde_json::from_value(given).map_err(wrong)?;
    if !fields.is_empty() {
        // The connector keeps its key, which others name it by.
        fields.shift_remove("key");
        given.insert(SPEC.to_owned(), body.to_string());
    }
    shown(&cx, &files::write(&cx, call.param("selector")?, given, false).await?)
}

/// Reads an uploaded archive: the first file of a form, else the body.
async fn uploaded(call: &Call) -> Result<Files, ApiError> {
    let wrong =
        |why: String| ApiError::bad_request(format!("send a zip archive as `file` of a form, or as the body: {why}"));
    let bytes = if call.is_multipart() {
        let parts = call.parts().await.map_err(wrong)?;
        let file = parts.into_iter().find(|part| part.file_name.is_some() || part.name.as_deref() == Some("file"));
        file.ok_or_else(|| wrong("the form has no file".to_owned()))?.bytes
    } else {
        call.body.clone()
    };
    let files = archive::unpack_those(&bytes, |_| true)?;
    // The folder that holds the connector may be packed with it.
    let root = files.keys().next().and_then(|path| path.split_once('/')).map(|(root, _)| format!("{root}/"));
    let root = root.filter(|root| files.contains_key(&format!("{root}{SPEC}")));
    let root = root.filter(|root| files.keys().all(|path| path.starts_with(root.as_str())));
    Ok(match root {
        Some(root) => {
            let inner = |(path, text): (String, String)| Some((path.strip_prefix(&root)?.to_owned(), text));
            files.into_iter().filter_map(inner).collect()
        }
        None => files,
    })
}

/// `POST /connectors/{selector}/upload`, a manager's token: replaces the files by those of a zip archive and answers the
/// connector. 400 for bytes that are none.
pub(crate) async fn upload(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let given = uploaded(&call).await?;
    shown(&cx, &files::write(&cx, call.param("selector")?, given, true).await?)
}

/// `POST /integrations/{selector}/upload-connector`, a manager's token: the same for the connector of an integration.
pub(crate) async fn upload_of_integration(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connector = connector_at(&call)?;
    let given = uploaded(&call).await?;
    shown(&cx, &files::write(&cx, connector.id.as_str(), given, true).await?)
}

/// A published version as it is answered.
fn version_of(version: &ConnectorVersion) -> Value {
    json!({
        "id": version.id,
        "connectorId": version.connector,
        "version": version.version,
        "changelog": version.changelog,
        "createdAt": version.created_at,
        "baseUri": version.spec.get("baseUri"),
        "type": version.spec.get("type"),
    })
}

/// The version to publish, or to switch to.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct VersionBody {
    version: Option<String>,
    changelog: Option<String>,
    connector_version: Option<String>,
    connector_version_id: Option<String>,
}

/// `POST /connectors/{selector}/publish-version`, a manager's token: publishes the connector as it is, as `version` or the next
/// one, and answers that. `already_exists` for one that there is.
pub(crate) async fn publish(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: VersionBody = if call.has_body() { call.json()? } else { VersionBody::default() };
    Reply::json(&version_of(&*files::publish(&cx, call.param("selector")?, body.version, body.changelog).await?))
}

/// `GET /connectors/{selector}/versions`, any token: answers `{items}`, the published versions, oldest first.
pub(crate) async fn list_versions(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let versions = files::versions(&cx.world(), &*connector(&cx, &call)?);
    let items: Vec<Value> = versions.iter().map(|version| version_of(version)).collect();
    Reply::json(&json!({ "items": items }))
}

/// `DELETE /connectors/{selector}/versions/{version}`, a manager's token: removes a published version and answers it; 404 for an
/// unknown one.
pub(crate) async fn delete_version(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let connector = connector(&cx, &call)?;
    Reply::json(&version_of(&*files::withdraw(&cx, &connector, call.param("version")?).await?))
}

/// `POST /integrations/{selector}/switch-connector-version`, a manager's token: sets the version of the connector that an
/// integration uses, and answers the integration. It is kept and shown. It is named by `connectorVersionId`, or by itself.
/// 400 without one, 404 for one that was not published. Source: OAS has the id; the others are assumed.
pub(crate) async fn switch(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: VersionBody = call.json()?;
    let connector = connector_at(&call)?;
    let known = files::versions(&cx.world(), &connector);
    let of_id =
        |id: String| known.iter().find(|other| other.id == *id).map_or(id.clone(), |other| other.version.clone());
    let version = body.connector_version_id.map(of_id).or(body.connector_version).or(body.version);
    let missing = "say which version: `connectorVersionId` is missing";
    let version = version.ok_or_else(|| ApiError::bad_request(missing))?;
    let is_known = version == connector.version
        || matches!(version.as_str(), "latest" | "development")
        || known.iter().any(|other| other.version == version);
    if !is_known {
        let why = format!("connector `{}` has no version `{version}`; publish it first", connector.key());
        return Err(ApiError::not_found(why));
    }
    switch_version(&cx, call.param("selector")?, version).await
}
