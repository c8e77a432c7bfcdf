//! What is done with the files and versions of a connector.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::base::error::ApiError;
use crate::engine::Cx;
use crate::nouns::connector::model::{Connector, ConnectorBody};
use crate::nouns::connector::{self as connectors};
use crate::store::World;
use crate::world::connector_file::model::{ConnectorFile, ConnectorVersion};
use crate::world::job::model::Files;
use crate::world::portable::connector_form;

/// The most files of a connector.
const MOST_FILES: usize = 500;
/// The most bytes of a file.
const LARGEST: usize = 1024 * 1024;
/// The most letters of a path.
const LONGEST_PATH: usize = 200;
/// The file that is the connector itself.
pub(super) const SPEC: &str = "spec.yaml";

/// Whether a path is that of the connector itself, in one of its spellings.
fn is_spec(path: &str) -> bool {
    matches!(path, "spec.yaml" | "spec.yml" | "spec.json")
}

/// Refuses a path that leads nowhere or out of the connector.
fn check_path(path: &str) -> Result<(), ApiError> {
    let is_part = |part: &str| {
        !part.trim().is_empty()
            && part != "."
            && part != ".."
            && !part.contains(['\\', '\u{fffd}'])
            && !part.chars().any(char::is_control)
    };
    if path.chars().count() <= LONGEST_PATH && path.split('/').all(is_part) {
        return Ok(());
    }
    let why = format!("`{path}` is no path of a file: names with `/` between them, at most {LONGEST_PATH} letters");
    Err(ApiError::bad_request(why))
}

/// The files that are stored of a connector.
fn stored(world: &World, connector: &Connector) -> Files {
    let files = world.connector_files.with_key(connector.id.as_str());
    files.map(|file| (file.path.clone(), file.text.clone())).collect()
}

/// All files of a connector, its spec among them.
pub(super) fn files(cx: &Cx, connector: &Connector) -> Result<Files, ApiError> {
    let world = cx.world();
    let mut files = stored(&world, connector);
    let spec = connector_form(cx.directory(&world), connector)?;
    files.insert(SPEC.to_owned(), serde_yaml_ng::to_string(&spec).map_err(ApiError::internal)?);
    Ok(files)
}

/// A file of a connector; 404 where it has none at the path.
pub(super) fn file(cx: &Cx, connector: &Connector, path: &str) -> Result<String, ApiError> {
    let path = if is_spec(path) { SPEC } else { path };
    let missing = || ApiError::not_found(format!("connector `{}` has no file `{path}`", connector.key()));
    files(cx, connector)?.remove(path).ok_or_else(missing)
}

/// Writes files of a connector, and changes the connector where its spec is among them; answers it. With `replaces`, files that
/// are not given go. Fails with 400 for a wrong path, spec or size, and then nothing is changed.
pub(super) async fn write(cx: &Cx, selector: &str, given: Files, replaces: bool) -> Result<Arc<Connector>, ApiError> {
    let mut body = None;
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for (path, text) in given {
        check_path(&path)?;
        if text.len() > LARGEST {
            return Err(ApiError::bad_request(format!("`{path}` has more than {LARGEST} bytes")));
        }
        if is_spec(&path) {
            body = Some(read_spec(&text, replaces)?);
        } else {
            texts.insert(path, text);
        }
    }
    let own = connectors::get(cx, selector)?;
    let kept = stored(&cx.world(), &own).keys().filter(|path| !replaces && !texts.contains_key(*path)).count();
    if kept + texts.len() > MOST_FILES {
        return Err(ApiError::bad_request(format!("a connector has at most {MOST_FILES} files")));
    }
    // The connector of the catalog becomes the workspace's own.
    let connector = connectors::update(cx, own.id.as_str(), body.unwrap_or_default()).await?;
    let mut tx = cx.space.data.begin().await;
    if tx.connectors.get(connector.id.as_str()).is_none() {
        return Err(ApiError::not_found(format!("connector `{}` was deleted meanwhile", connector.key())));
    }
    let known: Vec<Arc<ConnectorFile>> = tx.connector_files.with_key(connector.id.as_str()).cloned().collect();
    for file in &known {
        if replaces || texts.contains_key(&file.path) {
            tx.remove::<ConnectorFile>(file.id.as_str());
        }
    }
    for (path, text) in texts {
        let (id, updated_at) = (cx.space.ids.id(), cx.space.clock.now());
        tx.put(ConnectorFile { id, connector: connector.id.clone(), path, text, updated_at })?;
    }
    tx.commit().await?;
    Ok(connector)
}

/// Reads the fields of a connector in its spec, YAML or JSON. An app is named by its key there. What a whole one leaves out
/// the connector has not.
fn read_spec(text: &str, is_whole: bool) -> Result<ConnectorBody, ApiError> {
    let wrong = |why: String| ApiError::bad_request(format!("`{SPEC}` cannot be read: {why}"));
    let spec: Value = serde_yaml_ng::from_str(text).map_err(|error| wrong(error.to_string()))?;
    body_of(spec, is_whole).map_err(wrong)
}

/// The change that a spec asks for, or why it is none.
fn body_of(mut spec: Value, is_whole: bool) -> Result<ConnectorBody, String> {
    let fields = spec.as_object_mut().ok_or("it is no object of fields")?;
    // Its identity is its own, wherever the file came from.
    fields.shift_remove("uuid");
    if let Some(app) = fields.shift_remove("externalApp") {
        fields.insert("externalAppId".to_owned(), app);
    }
    if is_whole {
        for name in ["description", "logoUri", "inputSchema", "parametersSchema", "oauth", "options"] {
            fields.entry(name).or_insert(Value::Null);
        }
        for name in ["categories", "dataCollections", "operations", "events"] {
            fields.entry(name).or_insert_with(|| Value::Array(Vec::new()));
        }
    }
    serde_path_to_error::deserialize(spec).map_err(|error| format!("field `{}`: {}", error.path(), error.inner()))
}

/// Gives a connector the definition that its portable form has, and answers it. Fails with `already_exists` where another one
/// has its key by now.
pub(crate) async fn redefine(cx: &Cx, id: &str, portable: Value) -> Result<Arc<Connector>, ApiError> {
    connectors::update(cx, id, body_of(portable, true).map_err(ApiError::internal)?).await
}

/// Removes the files of a connector at a path, or below it; 404 where there are none.
pub(super) async fn remove(cx: &Cx, connector: &Connector, path: &str, below: bool) -> Result<(), ApiError> {
    if is_spec(path) {
        let why = format!("`{SPEC}` is the connector itself; DELETE /connectors/{} deletes that", connector.key());
        return Err(ApiError::bad_request(why));
    }
    let folder = format!("{}/", path.trim_end_matches('/'));
    let is_meant = |file: &&Arc<ConnectorFile>| if below { file.path.starts_with(&folder) } else { file.path == path };
    let mut tx = cx.space.data.begin().await;
    let files = tx.connector_files.with_key(connector.id.as_str()).filter(is_meant);
    let ids: Vec<_> = files.map(|file| file.id.clone()).collect();
    if ids.is_empty() {
        return Err(ApiError::not_found(format!("connector `{}` has nothing at `{path}`", connector.key())));
    }
    for id in ids {
        tx.remove::<ConnectorFile>(id.as_str());
    }
    tx.commit().await?;
    Ok(())
}

/// The most letters of a version.
const LONGEST_VERSION: usize = 100;

/// Refuses a version that could not be named in a path, or means something else.
fn check_version(version: &str) -> Result<(), ApiError> {
    let is_fine = version.chars().count() <= LONGEST_VERSION
        && version.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '+' | '_'))
        && !matches!(version, "" | "." | ".." | "latest" | "development");
    let why = || {
        format!(
            "`version` is `{}`; it has letters, digits, `.`, `-`, `+` and `_`, and is neither `latest` nor `development`",
            version.chars().take(LONGEST_VERSION).collect::<String>()
        )
    };
    if is_fine { Ok(()) } else { Err(ApiError::bad_request(why())) }
}

/// Publishes a connector as it is under a version, the next free one where none is given, and answers that. Fails with 400 for
/// a version that cannot be one, and with `already_exists` for one that was published.
pub(super) async fn publish(
    cx: &Cx,
    selector: &str,
    version: Option<String>,
    changelog: Option<String>,
) -> Result<Arc<ConnectorVersion>, ApiError> {
    let known = connectors::get(cx, selector)?;
    let is_taken = |world: &World, version: &str| {
        world.connector_versions.with_key(known.id.as_str()).any(|other| other.version == version)
    };
    let version = match version.map(|version| version.trim().to_owned()).filter(|version| !version.is_empty()) {
        Some(version) => version,
        None => {
            let world = cx.world();
            let mut version = next(&known.version);
            while is_taken(&world, &version) {
                version = next(&version);
            }
            version
        }
    };
    check_version(&version)?;
    let taken = || {
        let why = format!("connector `{}` has a version `{version}` already; choose another one", known.key());
        ApiError::already_exists(why)
    };
    if is_taken(&cx.world(), &version) {
        return Err(taken());
    }
    let connector = connectors::publish(cx, selector, &version).await?;
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    // Somebody else may have published it meanwhile.
    if is_taken(&world, &version) {
        return Err(taken());
    }
    let published = ConnectorVersion {
        id: cx.space.ids.id(),
        connector: connector.id.clone(),
        version,
        changelog: changelog.unwrap_or_default(),
        spec: connector_form(cx.directory(&world), &connector)?,
        files: stored(&world, &connector),
        created_at: cx.space.clock.now(),
    };
    let id = published.id.clone();
    tx.put(published)?;
    let world = tx.commit().await?;
    world.connector_versions.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a version is missing"))
}

/// The version after another one: its last number is one higher.
fn next(version: &str) -> String {
    match version.rsplit_once('.').and_then(|(front, last)| Some((front, last.parse::<u64>().ok()?))) {
        Some((front, last)) => format!("{front}.{}", last.saturating_add(1)),
        None => format!("{version}.1"),
    }
}

/// The versions of a connector, oldest first.
pub(super) fn versions(world: &World, connector: &Connector) -> Vec<Arc<ConnectorVersion>> {
    world.connector_versions.with_key(connector.id.as_str()).cloned().collect()
}

/// Removes a published version by its id or its own text, and answers it; 404 for an unknown one.
pub(super) async fn withdraw(cx: &Cx, connector: &Connector, named: &str) -> Result<Arc<ConnectorVersion>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let is_meant = |version: &&Arc<ConnectorVersion>| version.id == *named || version.version == named;
    let found = tx.connector_versions.with_key(connector.id.as_str()).find(is_meant).cloned();
    let missing = || ApiError::not_found(format!("connector `{}` has no version `{named}`", connector.key()));
    let found = found.ok_or_else(missing)?;
    tx.remove::<ConnectorVersion>(found.id.as_str());
    tx.commit().await?;
    Ok(found)
}
