//! Background jobs: a workspace exports what it defines as an archive, and imports one.
//!
//! Invariant: a job does its work in the transaction that ends it, so that one which fails leaves no change.
//!
//! Source: SEED (`POST /import`, `GET /export`), OAS; SDK `AsyncRequestStatusResponse`.
//! What an import answers is assumed.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::history::History;
use crate::base::ids::Id;
use crate::engine::directory::Directory;
use crate::engine::moves::Moves;
use crate::engine::{Cx, Engine, WorkspaceRuntime};
use crate::nouns::workspace::model::progress::{Failure, Progress};
use crate::store::{Tx, World};
use crate::world::archive::{self, archive_others, files_of};
use crate::world::job::model::{Files, ImportOptions, Job, JobEvent, JobStatus, JobWork};
use crate::world::plant::{Changes, plant_elements};
use crate::world::seed::SeedDocument;

/// The most jobs of a workspace that may wait, and about how many are kept; the oldest that is over is removed first.
const MOST_JOBS: usize = 20;

/// The workspace and the job that a download's ticket names; none for a wrong ticket.
pub fn redeem(engine: &Engine, ticket: &str) -> Option<(Arc<WorkspaceRuntime>, Arc<Job>)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(ticket).ok()?).ok()?;
    let mut parts = text.split('/');
    let (workspace, id, key) = (parts.next()?, parts.next()?, parts.next()?);
    let space = engine.space(workspace)?;
    let job = space.world().jobs.get(id).filter(|job| job.access_key == key).cloned()?;
    Some((space, job))
}

/// The archive behind a download's ticket; 404 for a wrong one.
pub fn download(engine: &Engine, ticket: &str) -> Result<Vec<u8>, ApiError> {
    let (_, job) =
        redeem(engine, ticket).ok_or_else(|| ApiError::not_found("there is no such download; export again"))?;
    archive::pack(&job.files)
}

/// Begins a job and answers it; with immediate progress it is done already. Fails with 400 when too many jobs wait.
async fn begin(cx: &Cx, work: JobWork, files: Files) -> Result<Arc<Job>, ApiError> {
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
    if tx.jobs.iter().filter(|job| !job.status.is_over()).count() >= MOST_JOBS {
        let why = format!("{MOST_JOBS} background jobs of this workspace wait already; poke them, or let time pass");
        return Err(ApiError::bad_request(why));
    }
    let at_once = job.work.progress(&tx.workspace.mock.progress) == &Progress::Immediate;
    let over: Vec<Id<Job>> = tx.jobs.iter().filter(|job| job.status.is_over()).map(|job| job.id.clone()).collect();
    for old in over.into_iter().take((tx.jobs.len() + 1).saturating_sub(MOST_JOBS)) {
        tx.remove::<Job>(old.as_str());
    }
    tx.put(job)?;
    if at_once {
        // It is carried out here and not by the worker, so that the next call finds it done.
        carry_out_in(&cx.engine, &cx.space, &mut tx, id.as_str(), None)?;
    }
    let world = tx.commit().await?;
    cx.wake();
    world.jobs.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a job is missing"))
}

/// Begins to export what the workspace defines, and answers the job.
pub async fn export(cx: &Cx) -> Result<Arc<Job>, ApiError> {
    begin(cx, JobWork::Export, Files::new()).await
}

/// Begins to import an archive, and answers the job. Fails with 400 for an archive that cannot be read.
pub async fn import(cx: &Cx, zip: &[u8], options: ImportOptions) -> Result<Arc<Job>, ApiError> {
    let files = archive::unpack(zip)?;
    read(&cx.engine, &cx.world(), &files, options)?;
    begin(cx, JobWork::Import(options), files).await
}

/// Reads what an archive defines. Fails with 400 for an empty one, and for files that only a seed may have.
fn read(engine: &Engine, world: &World, files: &Files, options: ImportOptions) -> Result<SeedDocument, ApiError> {
    let wrong = |why: String| ApiError::bad_request(format!("the archive cannot be imported: {why}"));
    if files.is_empty() {
        return Err(wrong("it has no element; elements are files like `integrations/<key>/spec.yaml`".into()));
    }
    let ours = ["workspace.", "connections/", "stubs/", "scenarios/"];
    if let Some(other) = files.keys().find(|path| ours.iter().any(|ours| path.starts_with(ours))) {
        return Err(wrong(format!("`{other}` is nothing that a workspace defines; it can be in a seed")));
    }
    let read = if options.partial {
        SeedDocument::of_archive(&with_owners(engine, world, files)?, &engine.config.listener)
    } else {
        SeedDocument::of_archive(files, &engine.config.listener)
    };
    read.map_err(|error| wrong(error.to_string()))
}

/// A part of an archive, with the specs of those integrations and connectors that it has elements of and not themselves, as the
/// workspace has them.
fn with_owners(engine: &Engine, world: &World, part: &Files) -> Result<Files, ApiError> {
    let folders: BTreeSet<String> = part.keys().filter_map(|path| folder_of_owner(path)).collect();
    let has_spec = |folder: &str| {
        let own = folder.split('/').next_back().unwrap_or_default();
        part.keys().any(|path| {
            let name = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
            let stem = name.and_then(|name| name.rsplit_once('.')).map(|(stem, _)| stem);
            stem.is_some_and(|stem| stem == "spec" || stem == own)
        })
    };
    let mut whole = part.clone();
    if folders.iter().any(|folder| !has_spec(folder)) {
        let own = files_of(engine, world)?.into_iter();
        let lacking = own.filter(|(path, _)| {
            path.strip_suffix("/spec.yaml").is_some_and(|folder| folders.contains(folder) && !has_spec(folder))
        });
        whole.extend(lacking);
    }
    Ok(whole)
}

/// The folder of the integration or connector that a file of an archive is in; none for one in neither.
fn folder_of_owner(path: &str) -> Option<String> {
    let mut parts = path.split('/');
    match (parts.next(), parts.next()) {
        (Some(room @ ("integrations" | "connectors")), Some(key)) => Some(format!("{room}/{key}")),
        _ => None,
    }
}

/// Answers a job by `<jobId>:<accessKey>`, or by its id given twice (EXP), and counts the read. 404 when there is none.
pub fn get(cx: &Cx, named: &str) -> Result<Arc<Job>, ApiError> {
    let (id, key) = named.split_once(':').ok_or_else(|| {
        ApiError::bad_request(format!("`{named}` names no background job; it is `<jobId>:<accessKey>`"))
    })?;
    let job = cx.world().jobs.get(id).filter(|job| job.access_key == key || key == id).cloned();
    let job = job.ok_or_else(|| ApiError::not_found(format!("background job not found: `{id}`")))?;
    if !job.status.is_over() {
        cx.space.count_read(id);
        cx.wake();
    }
    Ok(job)
}

impl Moves for Job {
    fn step(engine: &Engine, space: &WorkspaceRuntime, tx: &mut Tx, job: Self) -> Result<(), ApiError> {
        let failure = job.due.as_ref().and_then(|due| due.failure.clone());
        carry_out_in(engine, space, tx, job.id.as_str(), failure)
    }

    fn give_up(space: &WorkspaceRuntime, tx: &mut Tx, mut job: Self, error: ApiError) -> Result<(), ApiError> {
        // An event that the status does not allow changes nothing.
        job.apply(JobEvent::Fail, space.clock.now()).ok();
        job.due = None;
        job.error = Some(error);
        tx.put(job)?;
        Ok(())
    }
}

fn carry_out_in(
    engine: &Engine,
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    id: &str,
    failure: Option<Failure>,
) -> Result<(), ApiError> {
    let Some(job) = tx.jobs.get(id).cloned() else { return Ok(()) };
    let done = match failure {
        Some(failure) => Err(ApiError::configuration(failure.error.unwrap_or_else(|| FAILED.to_owned()))),
        None => work(engine, space, tx, &job),
    };
    if done.is_err() || matches!(job.work, JobWork::Import(ImportOptions { dry_run: true, .. })) {
        // Whatever the work wrote is dropped.
        tx.roll_back();
    }
    end(space, tx, (*job).clone(), done)
}

/// The error of a job that a poke or the progress settings fail without a reason.
const FAILED: &str = "the job failed";

/// The outcome of a job: the files of an export, the result of an import.
type Done = (Files, Option<Value>);

fn work(engine: &Engine, space: &WorkspaceRuntime, tx: &mut Tx, job: &Job) -> Result<Done, ApiError> {
    let JobWork::Import(options) = &job.work else { return Ok((files_of(engine, tx)?, None)) };
    let seed = read(engine, tx, &job.files, *options)?;
    let own: Vec<String> = tx.connectors.iter().map(|connector| connector.key().to_owned()).collect();
    let known: Vec<&str> = engine.catalog.connector_keys().into_iter().chain(own.iter().map(String::as_str)).collect();
    seed.check_connectors(&known).map_err(|error| ApiError::bad_request(error.to_string()))?;
    let directory = Directory::new(tx, &engine.catalog);
    seed.connectors
        .iter()
        .filter_map(|connector| connector.external_app.as_deref())
        .filter(|key| !seed.external_apps.iter().any(|app| app.key == *key))
        .try_for_each(|key| directory.find_app(key).map(drop))?;
    let now = space.clock.now();
    let mut changes = plant_elements(tx, &space.ids, now, &engine.catalog, &seed)?;
    if !options.partial {
        archive_others(engine, space, tx, &seed, &mut changes)?;
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
        // These are things that membrane-mock does not fake.
        "passedOver": passed_over,
    })
}

/// Ends a job with its outcome.
fn end(space: &WorkspaceRuntime, tx: &mut Tx, mut job: Job, done: Result<Done, ApiError>) -> Result<(), ApiError> {
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
            job.error = Some(error);
        }
    }
    tx.put(job)?;
    Ok(())
}

/// Moves a job by an event and answers it, whatever the progress settings say; `complete` does its work. Fails with 404
/// for an unknown job, and when the status does not allow the event.
pub async fn poke(
    engine: &Engine,
    space: &WorkspaceRuntime,
    id: &str,
    event: JobEvent,
    error: Option<String>,
) -> Result<Arc<Job>, ApiError> {
    let unknown = || ApiError::not_found(format!("background job not found: `{id}`"));
    let mut tx = space.data.begin().await;
    let mut job = tx.jobs.get(id).map(|job| (**job).clone()).ok_or_else(unknown)?;
    // Applied to a copy, so that an event that the machine does not allow is refused.
    job.clone().apply(event, space.clock.now())?;
    match event {
        JobEvent::Complete => carry_out_in(engine, space, &mut tx, id, None)?,
        JobEvent::Fail => {
            let why = error.unwrap_or_else(|| FAILED.to_owned());
            end(space, &mut tx, job, Err(ApiError::configuration(why)))?;
        }
        JobEvent::Start | JobEvent::Cancel => {
            job.apply(event, space.clock.now())?;
            tx.put(job)?;
        }
    }
    let world = tx.commit().await?;
    world.jobs.get(id).cloned().ok_or_else(unknown)
}
