//! Background jobs: what a workspace defines goes out as an archive and comes in as one.
//!
//! Source: SEED (`POST /import`, `GET /export`), OAS; SDK `AsyncRequestStatusResponse`. What an import answers is assumed.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};

use super::archive;
use super::directory::Directory;
use super::plant::{Changes, archive_others, is_defined, plant_elements};
use super::seed::{SeedAction, SeedConnector, SeedDocument, SeedIntegration};
use crate::engine::{Cx, Engine, Space};
use crate::error::ApiError;
use crate::ids::Id;
use crate::model::history::History;
use crate::model::job::{Files, ImportOptions, Job, JobEvent, JobStatus, Work};
use crate::store::{Tx, World};

/// So many jobs of a workspace are kept; then the oldest that is over goes.
const MOST_JOBS: usize = 20;

/// A job on the wire. Source: SDK `AsyncRequestStatusResponse`; EXP (`result.downloadUrl`).
pub fn shown(engine: &Engine, space: &Space, job: &Job) -> Value {
    let mut record = json!({ "id": job.id, "status": job.status, "progress": job.status.percent() });
    if job.status == JobStatus::Completed {
        record["result"] = match job.work {
            Work::Export => json!({ "downloadUrl": download_address(engine.base(), &space.key, job) }),
            Work::Import(_) => json!(job.result),
        };
    }
    if let Some(error) = &job.error {
        record["error"] = json!(error);
    }
    record
}

/// Where an export is fetched, without a token: the ticket names workspace, job and its key (decision 20).
fn download_address(base: &str, workspace: &str, job: &Job) -> String {
    let ticket = URL_SAFE_NO_PAD.encode(format!("{workspace}/{}/{}", job.id, job.access_key));
    format!("{base}/downloads/{ticket}")
}

/// The workspace and the job that a download's ticket names.
pub fn redeem(engine: &Engine, ticket: &str) -> Option<(Arc<Space>, Arc<Job>)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(ticket).ok()?).ok()?;
    let mut parts = text.split('/');
    let (workspace, id, key) = (parts.next()?, parts.next()?, parts.next()?);
    let space = engine.space(workspace)?;
    let job = space.world().jobs.get(id).filter(|job| job.access_key == key).cloned()?;
    Some((space, job))
}

/// The archive behind a download's ticket.
pub fn download(engine: &Engine, ticket: &str) -> Result<Vec<u8>, ApiError> {
    let (_, job) =
        redeem(engine, ticket).ok_or_else(|| ApiError::not_found("there is no such download; export again"))?;
    archive::pack(&job.files)
}

/// Begins a job.
async fn begin(cx: &Cx, work: Work, files: Files) -> Result<Arc<Job>, ApiError> {
    let now = cx.space.clock.now();
    let mut tx = cx.space.data.begin().await;
    let due = work.progress(&tx.workspace.mock.progress).due(now);
    let job = Job {
        id: cx.space.ids.id(),
        access_key: cx.space.ids.uuid(),
        work,
        status: JobStatus::Pending,
        history: History::default(),
        files,
        result: None,
        error: None,
        due,
        created_at: now,
    };
    let id = job.id.clone();
    let over: Vec<Id<Job>> = tx.jobs.iter().filter(|job| job.status.is_over()).map(|job| job.id.clone()).collect();
    for old in over.into_iter().take((tx.jobs.len() + 1).saturating_sub(MOST_JOBS)) {
        tx.remove::<Job>(old.as_str());
    }
    tx.put(job)?;
    let world = tx.commit().await?;
    cx.engine.wake.notify_one();
    world.jobs.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a job is missing"))
}

/// Begins to export what the workspace defines.
pub async fn export(cx: &Cx) -> Result<Arc<Job>, ApiError> {
    begin(cx, Work::Export, Files::new()).await
}

/// Begins to import an archive. One that cannot be read is refused at once.
pub async fn import(cx: &Cx, zip: &[u8], options: ImportOptions) -> Result<Arc<Job>, ApiError> {
    let files = archive::unpack(zip)?;
    read(&files)?;
    begin(cx, Work::Import(options), files).await
}

/// What an archive defines.
fn read(files: &Files) -> Result<SeedDocument, ApiError> {
    let wrong = |why: String| ApiError::bad_request(format!("the archive cannot be imported: {why}"));
    if files.is_empty() {
        return Err(wrong("it has no element; elements are files like `integrations/<key>/spec.yaml`".into()));
    }
    let ours = ["workspace.", "external-apps/", "connections/", "stubs/", "scenarios/"];
    if let Some(other) = files.keys().find(|path| ours.iter().any(|ours| path.starts_with(ours))) {
        return Err(wrong(format!("`{other}` is nothing that a workspace defines; it can be in a seed")));
    }
    SeedDocument::of_archive(files).map_err(|error| wrong(error.to_string()))
}

/// A job by `id:accessKey`; the id alone, given twice, does too (EXP).
pub fn get(cx: &Cx, named: &str) -> Result<Arc<Job>, ApiError> {
    let (id, key) = named.split_once(':').ok_or_else(|| {
        ApiError::bad_request(format!("`{named}` names no background job; it is `<jobId>:<accessKey>`"))
    })?;
    let job = cx.world().jobs.get(id).filter(|job| job.access_key == key || key == id).cloned();
    let job = job.ok_or_else(|| ApiError::not_found(format!("background job not found: `{id}`")))?;
    if !job.status.is_over() {
        cx.space.count_read(id);
        cx.engine.wake.notify_one();
    }
    Ok(job)
}

/// Does what a job is for. A job that is over already stays as it is.
pub async fn carry_out(engine: &Arc<Engine>, space: &Arc<Space>, id: &str) -> Result<(), ApiError> {
    let mut tx = space.data.begin().await;
    let Some(job) = tx.jobs.get(id).filter(|job| !job.status.is_over()).cloned() else { return Ok(()) };
    let failure = job.due.as_ref().and_then(|due| due.failure.clone());
    let done = match failure {
        Some(failure) => Err(ApiError::configuration(failure.error.unwrap_or_else(|| "the job failed".to_owned()))),
        None => work(engine, space, &mut tx, &job),
    };
    let keeps = !matches!(job.work, Work::Import(ImportOptions { dry_run: true, .. }));
    if done.is_err() || !keeps {
        // Nothing of it is written.
        drop(tx);
        tx = space.data.begin().await;
    }
    end(space, &mut tx, id, done)?;
    tx.commit().await?;
    Ok(())
}

/// What a job came to: files of an export, the result of an import.
type Done = (Files, Option<Value>);

fn work(engine: &Engine, space: &Space, tx: &mut Tx, job: &Job) -> Result<Done, ApiError> {
    let Work::Import(options) = &job.work else { return Ok((files_of(engine, tx)?, None)) };
    let seed = read(&job.files)?;
    let own: Vec<String> = tx.connectors.iter().map(|connector| connector.key().to_owned()).collect();
    let known: Vec<&str> = engine.catalog.connector_keys().into_iter().chain(own.iter().map(String::as_str)).collect();
    seed.check_connectors(&known).map_err(|error| ApiError::bad_request(error.to_string()))?;
    let now = space.clock.now();
    let mut changes = plant_elements(tx, &space.ids, now, &engine.catalog, &seed)?;
    if !options.partial {
        archive_others(tx, &space.ids, now, &seed, &mut changes)?;
    }
    Ok((Files::new(), Some(result(*options, &changes, &seed.passed_over))))
}

fn result(options: ImportOptions, changes: &Changes, passed_over: &[String]) -> Value {
    json!({
        "dryRun": options.dry_run,
        "created": changes.created,
        "updated": changes.updated,
        "archived": changes.archived,
        "unchanged": changes.unchanged,
        // What membrane-mock does not fake.
        "passedOver": passed_over,
    })
}

/// The job is over.
fn end(space: &Space, tx: &mut Tx, id: &str, done: Result<Done, ApiError>) -> Result<(), ApiError> {
    let Some(mut job) = tx.jobs.get(id).map(|job| (**job).clone()) else { return Ok(()) };
    let now = space.clock.now();
    if job.status == JobStatus::Pending {
        job.apply(JobEvent::Start, now)?;
    }
    match done {
        Ok((files, result)) => {
            job.apply(JobEvent::Complete, now)?;
            (job.files, job.result) = (files, result);
        }
        Err(error) => {
            job.apply(JobEvent::Fail, now)?;
            (job.files, job.error) = (Files::new(), Some(error));
        }
    }
    tx.put(job)?;
    Ok(())
}

/// Moves a job by an event, whatever the progress: as a poke.
pub async fn poke(
    engine: &Arc<Engine>,
    space: &Arc<Space>,
    id: &str,
    event: JobEvent,
    error: Option<String>,
) -> Result<Arc<Job>, ApiError> {
    let unknown = || ApiError::not_found(format!("background job not found: `{id}`"));
    let mut tx = space.data.begin().await;
    let mut job = tx.jobs.get(id).map(|job| (**job).clone()).ok_or_else(unknown)?;
    // Refused if the machine does not allow it.
    let mut probe = job.clone();
    probe.apply(event, space.clock.now())?;
    match event {
        JobEvent::Complete => {
            job.due = None;
            tx.put(job)?;
            tx.commit().await?;
            carry_out(engine, space, id).await?;
        }
        JobEvent::Fail => {
            let why = error.unwrap_or_else(|| "the job failed".to_owned());
            end(space, &mut tx, id, Err(ApiError::configuration(why)))?;
            tx.commit().await?;
        }
        JobEvent::Start | JobEvent::Cancel => {
            tx.put(probe)?;
            tx.commit().await?;
        }
    }
    space.world().jobs.get(id).cloned().ok_or_else(unknown)
}

/// What a workspace defines, as files. Source: docs-http-api §11 (zip layout); which fields is our choice: those of seeds.
fn files_of(engine: &Engine, world: &World) -> Result<Files, ApiError> {
    let directory = Directory::new(world, &engine.catalog);
    let mut files = Files::new();
    for connector in world.connectors.iter() {
        let app = connector.external_app_id.as_ref().and_then(|id| directory.find_app(id.as_str()).ok());
        let spec = SeedConnector::of(connector, app.and_then(|app| app.meta.key.clone()));
        files.insert(format!("connectors/{}/spec.yaml", connector.key()), spec_of(&spec)?);
    }
    for integration in world.integrations.iter().filter(|integration| !integration.meta.is_archived()) {
        // One without a connector has nothing yet that another workspace could connect to.
        let Some(connector) = directory.connector_for(integration) else { continue };
        let folder = format!("integrations/{}", integration.key());
        files.insert(format!("{folder}/spec.yaml"), spec_of(&SeedIntegration::of(integration, &connector))?);
        let actions = world.actions.iter().filter(|a| is_defined(a) && a.integration.as_ref() == Some(&integration.id));
        add_actions(&mut files, &format!("{folder}/"), actions)?;
    }
    let universal = world.actions.iter().filter(|action| is_defined(action) && action.integration.is_none());
    add_actions(&mut files, "", universal)?;
    Ok(files)
}

fn add_actions<'a>(
    files: &mut Files,
    folder: &str,
    actions: impl Iterator<Item = &'a Arc<crate::model::action::Action>>,
) -> Result<(), ApiError> {
    for action in actions {
        let spec = SeedAction::of(action);
        if !spec.key.is_empty() {
            files.insert(format!("{folder}actions/{}/spec.yaml", spec.key), spec_of(&spec)?);
        }
    }
    Ok(())
}

/// An element as YAML, without what it does not say.
fn spec_of(element: &impl Serialize) -> Result<String, ApiError> {
    let mut spec = serde_json::to_value(element).map_err(ApiError::internal)?;
    if let Some(fields) = spec.as_object_mut() {
        let is_nothing = |value: &Value| match value {
            Value::Null => true,
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        };
        fields.retain(|_, value| !is_nothing(value));
    }
    serde_yaml_ng::to_string(&spec).map_err(ApiError::internal)
}
