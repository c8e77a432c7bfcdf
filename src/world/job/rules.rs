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
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::history::History;
use crate::base::ids::Id;
use crate::elements::{Kind, SeedForm};
use crate::engine::directory::Directory;
use crate::engine::moves::Moves;
use crate::engine::{Cx, Engine, WorkspaceRuntime};
use crate::nouns::action::model::Action;
use crate::nouns::action::seed::SeedAction;
use crate::nouns::connector::model::Connector;
use crate::nouns::integration::model::Integration;
use crate::nouns::workspace::model::progress::{Failure, Progress};
use crate::store::{Tx, World};
use crate::world::archive;
use crate::world::catalog::catalog_action_id;
use crate::world::job::model::{Files, ImportOptions, Job, JobEvent, JobStatus, JobWork};
use crate::world::plant::{Changes, is_defined, plant_elements};
use crate::world::portable::{app_alone, portable_for, whole};
use crate::world::seed::{
    EachKind, SeedApp, SeedConnector, SeedDocument, SeedIntegration, Seeded, each_kind, folder_of_key, for_app,
    name_of_app, place_in,
};

/// The most jobs of a workspace that may wait, and about how many are kept; the oldest that is over is removed first.
const MOST_JOBS: usize = 20;

/// A job as it is sent. Source: SDK `AsyncRequestStatusResponse`; EXP (`result.downloadUrl`).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Job")]
pub struct JobView {
    /// The id.
    id: Id<Job>,
    /// How far it is.
    status: JobStatus,
    /// The same in percent.
    progress: u8,
    /// Once it is completed: of an export `{downloadUrl}`, of an import what was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    /// Why it failed; absent unless it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ApiError>,
}

/// A job as it is sent.
pub fn shown(engine: &Engine, space: &WorkspaceRuntime, job: &Job) -> JobView {
    let result = (job.status == JobStatus::Completed).then(|| match job.work {
        JobWork::Export => json!({ "downloadUrl": download_address(engine.base(), &space.key, job) }),
        JobWork::Import(_) => json!(job.result),
    });
    JobView { id: job.id.clone(), status: job.status, progress: job.status.percent(), result, error: job.error.clone() }
}

/// The address from which an export is fetched without a token; its ticket names workspace, job and access key.
fn download_address(base: &str, workspace: &str, job: &Job) -> String {
    let ticket = URL_SAFE_NO_PAD.encode(format!("{workspace}/{}/{}", job.id, job.access_key));
    format!("{base}/downloads/{ticket}")
}

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
        SeedDocument::of_archive(&with_owners(engine, world, files)?)
    } else {
        SeedDocument::of_archive(files)
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

/// The connector of an integration that is exported; none for an integration without a connector or a key, which could
/// not be connected to or found elsewhere.
fn connector_of(directory: &Directory<'_>, integration: &Integration) -> Option<Arc<Connector>> {
    let is_exported = !integration.meta.is_archived() && !integration.key().is_empty();
    directory.connector_for(integration).filter(|_| is_exported)
}

/// The elements at one place that are exported: those with a key, because the others could not be found.
fn elements_at<'w, E: Kind>(
    world: &'w World,
    integration: Option<&'w Id<Integration>>,
) -> impl Iterator<Item = &'w Arc<E>> {
    let at_place = move |element: &&Arc<E>| {
        is_defined(&***element) && element.place().integration.as_ref() == integration && element.meta().key.is_some()
    };
    E::table(world).iter().filter(at_place)
}

/// Archives the integrations, actions and flows that an export would have and that the archive lacks.
fn archive_others(
    engine: &Engine,
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    seed: &SeedDocument,
    changes: &mut Changes,
) -> Result<(), ApiError> {
    let world = (**tx).clone();
    let directory = Directory::new(&world, &engine.catalog);
    let now = space.clock.now();
    for integration in world.integrations.iter().filter(|known| connector_of(&directory, known).is_some()) {
        let wanted = seed.integrations.iter().find(|wanted| wanted.key == integration.key());
        let place = format!("integrations/{}", integration.key());
        if wanted.is_none() {
            let mut gone = (**integration).clone();
            gone.meta.archived_at = Some(now);
            gone.meta.touch(&space.ids, now);
            tx.put(gone)?;
            changes.archived.push(place.clone());
        }
        let at = Some((&integration.id, wanted));
        each_kind(&mut ArchivingKinds { space, tx, directory, seed, at, folder: &format!("{place}/"), changes })?;
    }
    each_kind(&mut ArchivingKinds { space, tx, directory, seed, at: None, folder: "", changes })
}

/// Archives the elements of each kind that a document lacks, at the place of an integration or, without one, universal ones.
struct ArchivingKinds<'a> {
    space: &'a WorkspaceRuntime,
    tx: &'a mut Tx,
    /// The workspace before the import.
    directory: Directory<'a>,
    seed: &'a SeedDocument,
    at: Option<(&'a Id<Integration>, Option<&'a SeedIntegration>)>,
    folder: &'a str,
    changes: &'a mut Changes,
}

impl EachKind for ArchivingKinds<'_> {
    type Error = ApiError;

    fn kind<K: Seeded>(&mut self) -> Result<(), ApiError> {
        let wanted: &[K::Seed] = match self.at {
            None => K::of_document(self.seed),
            Some((_, Some(integration))) => K::of_integration(integration),
            Some((_, None)) => &[],
        };
        let known = elements_at::<K>(self.directory.world, self.at.map(|(id, _)| id));
        archive_elements(self.space, self.tx, self.directory, known, wanted, self.folder, self.changes)
    }
}

fn archive_elements<'w, S: SeedForm>(
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    directory: Directory<'_>,
    known: impl Iterator<Item = &'w Arc<S::Of>>,
    wanted: &[S],
    folder: &str,
    changes: &mut Changes,
) -> Result<(), ApiError> {
    let now = space.clock.now();
    let app_of = |wanted: &S| directory.find_app(wanted.external_app()?).ok().map(|app| app.id.clone());
    let is_wanted = |known: &S::Of| {
        let mut same = wanted.iter().filter(|wanted| Some(wanted.key()) == known.meta().key.as_deref());
        same.any(|wanted| known.place().integration.is_some() || app_of(wanted) == known.place().external_app)
    };
    for known in known.filter(|known| !is_wanted(known)) {
        let mut gone = (**known).clone();
        gone.meta_mut().archived_at = Some(now);
        gone.meta_mut().touch(&space.ids, now);
        let (key, app) = (gone.meta().key.as_deref().unwrap_or_default(), app_alone(&gone, directory));
        let name = app.map_or_else(|| key.to_owned(), |app| for_app(key, &app));
        changes.archived.push(format!("{folder}{}", place_in::<S::Of>(&name)));
        tx.put(gone)?;
    }
    Ok(())
}

/// What a workspace defines, as the files of an archive. Source: SDK, EXP (zip layout); which fields
/// is our choice: those of seeds.
fn files_of(engine: &Engine, world: &World) -> Result<Files, ApiError> {
    let directory = Directory::new(world, &engine.catalog);
    let mut files = Files::new();
    for app in world.external_apps.iter().filter(|app| !app.meta.is_archived()) {
        let spec = SeedApp::of(app);
        files.insert(format!("external-apps/{}.yaml", folder_of_key(&spec.key)), spec_of(&spec)?);
    }
    for connector in world.connectors.iter().filter(|connector| !connector.key().is_empty()) {
        let app = connector.external_app_id.as_ref().and_then(|id| directory.find_app(id.as_str()).ok());
        let mut spec = SeedConnector::of(connector, app.and_then(|app| app.meta.key.clone()));
        let of_it = |action: &&Arc<Action>| {
            action.is_public && action.id == catalog_action_id(connector.key(), action.meta.key.as_deref())
        };
        spec.actions = world.actions.iter().filter(of_it).map(|action| SeedAction::of(action)).collect();
        files.insert(format!("connectors/{}/spec.yaml", folder_of_key(connector.key())), spec_of(&spec)?);
    }
    for integration in world.integrations.iter() {
        let Some(connector) = connector_of(&directory, integration) else { continue };
        let folder = format!("integrations/{}", folder_of_key(integration.key()));
        files.insert(format!("{folder}/spec.yaml"), spec_of(&SeedIntegration::of(integration, &connector))?);
        let (at, folder) = (Some(&integration.id), format!("{folder}/"));
        each_kind(&mut WritingKinds { files: &mut files, folder: &folder, directory, at })?;
    }
    each_kind(&mut WritingKinds { files: &mut files, folder: "", directory, at: None })?;
    Ok(files)
}

/// Writes the elements of each kind into files, those of an integration or, without one, universal ones.
struct WritingKinds<'a> {
    files: &'a mut Files,
    folder: &'a str,
    directory: Directory<'a>,
    at: Option<&'a Id<Integration>>,
}

impl EachKind for WritingKinds<'_> {
    type Error = ApiError;

    fn kind<K: Seeded>(&mut self) -> Result<(), ApiError> {
        for element in elements_at::<K>(self.directory.world, self.at) {
            let folder = folder_of_key(element.meta().key.as_deref().unwrap_or_default());
            let app = app_alone(&**element, self.directory);
            // No folder of a key has the character between the two.
            let folder = app.map_or(folder.clone(), |app| format!("{folder}@{}", folder_of_key(&name_of_app(&app))));
            let place = place_in::<K>(&folder);
            let spec = portable_for(&**element, self.directory)?;
            self.files.insert(format!("{}{place}/spec.yaml", self.folder), spec_of(&spec)?);
        }
        Ok(())
    }
}

/// A description as YAML, without fields that are null.
fn spec_of(description: &impl Serialize) -> Result<String, ApiError> {
    serde_yaml_ng::to_string(&whole(description)?).map_err(ApiError::internal)
}
