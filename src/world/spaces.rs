//! Workspaces as wholes: opening, creating, forking, resetting and deleting them.
//!
//! Invariant: the state that a workspace starts from is kept with it (`WorkspaceRuntime::origin`), so the time of a reset depends
//! on its size alone, however much has happened since.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use crate::base::JsonMap;
use crate::base::clock::{Clock, ClockMode};
use crate::base::config::{Config, Database, SeedChoice};
use crate::base::error::ApiError;
use crate::base::ids::{Ids, stable_id};
use crate::engine::catalog::Catalog;
use crate::engine::snapshot::{FaultState, Snapshot};
use crate::engine::{Engine, WorkspaceRuntime};
use crate::nouns::action as actions;
use crate::nouns::app_event as app_events;
use crate::nouns::external_event as external_events;
use crate::nouns::flow as flows;
use crate::nouns::flow_run as flow_runs;
use crate::nouns::webhook as webhooks;
use crate::nouns::workspace::model::{MockSettings, PublicKey, Settings, Workspace, check_secret};
use crate::store::{Db, Partition, World};
use crate::world::catalog;
use crate::world::checkpoint as checkpoints;
use crate::world::following;
use crate::world::plant::plant;
use crate::world::planted::Planted;
use crate::world::report;
use crate::world::seed::SeedDocument;

/// The tenant that everything names when not told otherwise.
pub const DEFAULT_TENANT: &str = "demo-tenant";

/// Makes a running workspace. Its transactions also write the webhooks that its changes mean.
pub(super) fn space_of(
    engine: &Engine,
    data: Arc<Partition>,
    ids: Arc<Ids>,
    origin: Arc<World>,
) -> Arc<WorkspaceRuntime> {
    let space = WorkspaceRuntime::new(&engine.config, data, ids, origin);
    let catalog = Arc::clone(&engine.catalog);
    let weak = Arc::downgrade(&space);
    space.data.set_outbox(Box::new(move |before, tx| match weak.upgrade() {
        Some(space) => {
            // What a change means may mean something itself: an instance has triggers, and an event queues a run.
            following::notice(&space, before, tx)?;
            actions::notice(&space, tx)?;
            flows::notice(&space, before, tx)?;
            app_events::notice(&space, tx)?;
            external_events::notice(&catalog, &space, before, tx)?;
            checkpoints::notice(&catalog, &space, before, tx)?;
            webhooks::outbox(&space, before, tx)?;
            // What has just ended was told of.
            flow_runs::notice(tx);
            Ok(())
        }
        None => Ok(()),
    }));
    space
}

/// Opens the database and its workspaces; when there are none, the first is created from the seed. Fails for a seed or
/// a database that cannot be read.
pub async fn open(config: Config) -> Result<Arc<Engine>, ApiError> {
    let catalog = catalog::catalog().map_err(ApiError::internal)?;
    if let Some(planted) = Planted::of(&config) {
        return planted.open(config, catalog).await;
    }
    let seed = seed_of(&config, &catalog)?;
    let db = Db::open(&config, None).await?;
    let engine = Engine::new(config, catalog, db)?;
    // A database in memory is always new.
    let rows = if engine.config.database == Database::Memory { Vec::new() } else { engine.db.load().await? };
    let worlds = World::rebuild(rows)?;
    if worlds.is_empty() {
        let (key, secret) = (engine.config.workspace_key.clone(), engine.config.workspace_secret.clone());
        let seed = Some(Arc::clone(&seed));
        let new = NewWorkspace { key, secret, seed, ..NewWorkspace::default() };
        let space = create(&engine, new).await?;
        Planted::keep(&engine, &space).await?;
    }
    for world in worlds {
        let ids = Arc::new(Ids::new(engine.config.rng_seed, &world.workspace.key));
        ids.continue_after(engine.db.last_sequence(&world.workspace.key).await?);
        // A reset leads to the seed also after a restart, so the seed is planted again beside the stored state.
        let world = Arc::new(world);
        let origin = if seed.workspace.key.as_ref().is_none_or(|key| *key == world.workspace.key) {
            replanted(&engine, &ids, &world, &seed).await?
        } else {
            Arc::clone(&world)
        };
        let data = Partition::new(engine.db.clone(), Arc::clone(&ids), world);
        engine.add(space_of(&engine, data, ids, origin));
    }
    Ok(engine)
}

/// The state that planting the seed gives, without writing it.
async fn replanted(
    engine: &Engine,
    ids: &Arc<Ids>,
    world: &World,
    seed: &SeedDocument,
) -> Result<Arc<World>, ApiError> {
    let mut workspace = (*world.workspace).clone();
    workspace.settings = seed.workspace.settings.clone();
    workspace.mock = seed.workspace.mock();
    let aside = Partition::new(engine.db.clone(), Arc::clone(ids), Arc::new(World::new(workspace)));
    let mut tx = aside.begin().await;
    plant(&mut tx, ids, Clock::new(world.workspace.clock).now(), &engine.catalog, seed)?;
    Ok(Arc::new((*tx).clone()))
}

fn seed_of(config: &Config, catalog: &Catalog) -> Result<Arc<SeedDocument>, ApiError> {
    match &config.seed {
        SeedChoice::Demo => catalog::demo().map_err(ApiError::internal),
        SeedChoice::Empty => Ok(Arc::new(SeedDocument::default())),
        SeedChoice::Path(path) => {
            let seed = SeedDocument::read_aloud(path, &config.listener).and_then(|seed| {
                seed.check_connectors(&catalog.connector_keys())?;
                Ok(seed)
            });
            let seed = seed.map_err(|error| ApiError::bad_request(error.to_string()))?;
            for (what, places) in by_what(&seed.passed_over) {
                tracing::warn!(what, first = places.first(), places = places.len(), "passed over: it is not read");
            }
            Ok(Arc::new(seed))
        }
    }
}

/// What was passed over, each with its places: the files of a field; of a file, itself.
fn by_what(passed_over: &[String]) -> BTreeMap<&str, Vec<&str>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for text in passed_over {
        let (place, what) = text.split_once(": ").unwrap_or((text, text));
        all.entry(what).or_default().push(place);
    }
    all
}

/// What people read of a workspace.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// The name; that of what it starts from, or its key, when absent.
    pub name: Option<String>,
    /// What it is for, such as the name of a test.
    pub label: Option<String>,
}

/// A name or label has at most this many characters.
const LONGEST_WORDS: usize = 1_000;

impl Words {
    /// Refuses with 400 an empty name, and what is too long to be read.
    pub fn check(&self) -> Result<(), ApiError> {
        if self.name.as_deref().is_some_and(|name| name.trim().is_empty()) {
            return Err(ApiError::bad_request("`name` is empty; leave it out, or say what people shall read"));
        }
        let named = [("name", &self.name), ("label", &self.label)];
        match named.iter().find(|(_, text)| text.as_deref().is_some_and(|text| text.chars().count() > LONGEST_WORDS)) {
            Some((field, _)) => {
                Err(ApiError::bad_request(format!("`{field}` has more than {LONGEST_WORDS} characters")))
            }
            None => Ok(()),
        }
    }
}

/// What a new workspace shall be.
#[derive(Debug, Clone, Default)]
pub struct NewWorkspace {
    /// The workspace key; one is made when absent.
    pub key: Option<String>,
    /// What people read of it.
    pub words: Words,
    /// The secret; the seed's or a made one when absent.
    pub secret: Option<String>,
    /// The seed to plant; nothing is planted when absent.
    pub seed: Option<Arc<SeedDocument>>,
    /// The platform's settings, in place of the seed's.
    pub settings: Option<Settings>,
    /// The fake's settings, in place of the seed's.
    pub mock: Option<MockSettings>,
    /// How the clock runs; the server's or the seed's choice when absent.
    pub clock: Option<ClockMode>,
}

/// Does something to a workspace as a whole: one such work at a time, and to its end even when the caller goes away.
pub(crate) async fn to_its_end<T, F>(engine: &Arc<Engine>, work: impl FnOnce(Arc<Engine>) -> F) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, ApiError>> + Send + 'static,
{
    let (engine, work) = (Arc::clone(engine), work(Arc::clone(engine)));
    let task = tokio::spawn(async move {
        let _turn = engine.workspaces_turn.lock().await;
        work.await
    });
    task.await.unwrap_or_else(|error| Err(ApiError::internal(format!("it was cut off: {error}"))))
}

/// Creates a workspace from a seed and answers it. Fails with 400 for a wrong key or seed, and with `already_exists`
/// when the key is taken.
pub async fn create(engine: &Arc<Engine>, new: NewWorkspace) -> Result<Arc<WorkspaceRuntime>, ApiError> {
    to_its_end(engine, |engine| async move { create_here(&engine, new).await }).await
}

/// Refuses a blank secret.
fn secret_of(given: Option<String>) -> Result<Option<String>, ApiError> {
    let checked = given.as_deref().map_or(Ok(()), check_secret);
    checked.map_err(|why| ApiError::bad_request(format!("`secret` {why}"))).map(|()| given)
}

async fn create_here(engine: &Arc<Engine>, new: NewWorkspace) -> Result<Arc<WorkspaceRuntime>, ApiError> {
    let seed = new.seed.unwrap_or_default();
    let own_key = seed.workspace.key.clone().filter(|key| engine.space(key).is_none());
    // A seed that is planted a second time gets a key and a secret of its own.
    let own_secret = seed.workspace.secret.clone().filter(|_| own_key.is_some() || new.key.is_some());
    let key = match new.key.or(own_key) {
        Some(key) => key,
        None => free_key(engine).await?,
    };
    refuse_taken(engine, &key)?;
    let secret = secret_of(new.secret.or(own_secret))?;
    let ids = Arc::new(Ids::new(engine.config.rng_seed, &key));
    let of_seed = seed.workspace.clock().map_err(ApiError::bad_request)?;
    // The clock that the server was started with wins over the seed's.
    let told = (engine.config.clock != ClockMode::default()).then_some(engine.config.clock);
    let mode = new.clock.or(told).or(of_seed).unwrap_or_default();
    let now = Clock::new(mode).now();
    let workspace = Workspace {
        id: stable_id("workspace", &key),
        name: new.words.name.or_else(|| seed.workspace.name.clone()).unwrap_or_else(|| key.clone()),
        label: new.words.label,
        // Signers in Java, and those for HS512, refuse a secret of less than 64 bytes.
        secret: secret.unwrap_or_else(|| ids.secret(32)),
        default_tenant: seed.workspace.default_tenant.clone().unwrap_or_else(|| DEFAULT_TENANT.into()),
        public_keys: Vec::<PublicKey>::new(),
        settings: new.settings.unwrap_or_else(|| seed.workspace.settings.clone()),
        mock: new.mock.unwrap_or_else(|| seed.workspace.mock()),
        clock: mode,
        extra: JsonMap::new(),
        created_at: now,
        archived_at: None,
        key,
    };
    let data = Partition::new(engine.db.clone(), Arc::clone(&ids), Arc::new(World::new(workspace.clone())));
    let mut tx = data.begin().await;
    tx.put_workspace(workspace)?;
    plant(&mut tx, &ids, now, &engine.catalog, &seed)?;
    let origin = tx.commit().await?;
    let space = space_of(engine, data, ids, origin);
    engine.add(Arc::clone(&space));
    Ok(space)
}

/// The moment of a workspace that a fork starts from.
#[derive(Debug, Clone)]
pub enum Start {
    /// The state that the workspace itself started from.
    Origin,
    /// The state in which the workspace is now.
    Now,
    /// The state of this snapshot.
    Snapshot(Arc<Snapshot>),
    /// The state of an export, of which this server may have nothing yet.
    Export(Arc<Snapshot>),
}

/// What a fork shall be.
#[derive(Debug, Clone, Default)]
pub struct Fork {
    /// The workspace key; one is made when absent.
    pub key: Option<String>,
    /// What people read of it.
    pub words: Words,
    /// The secret; one is made when absent.
    pub secret: Option<String>,
    /// How the clock runs; as in the source when absent.
    pub clock: Option<ClockMode>,
    /// The platform's settings, in place of the source's.
    pub settings: Option<Settings>,
    /// The fake's settings, in place of the source's.
    pub mock: Option<MockSettings>,
}

/// Makes a workspace that starts with another one's records and ids, and answers it. Key and secret are its own, and
/// nothing is shared. Fails with `already_exists` when the key is taken.
pub async fn fork(
    engine: &Arc<Engine>,
    from: &Arc<WorkspaceRuntime>,
    start: Start,
    fork: Fork,
) -> Result<Arc<WorkspaceRuntime>, ApiError> {
    let from = Arc::clone(from);
    to_its_end(engine, |engine| async move { fork_here(&engine, &from, start, fork).await }).await
}

async fn fork_here(
    engine: &Arc<Engine>,
    from: &WorkspaceRuntime,
    start: Start,
    fork: Fork,
) -> Result<Arc<WorkspaceRuntime>, ApiError> {
    let key = match fork.key {
        Some(key) => key,
        None => free_key(engine).await?,
    };
    refuse_taken(engine, &key)?;
    let secret = secret_of(fork.secret)?;
    let ids = Arc::new(Ids::new(engine.config.rng_seed, &key));
    let now = from.world();
    let (source, clock, cues) = match start {
        Start::Origin => (Arc::clone(&from.origin), from.origin.workspace.clock, None),
        Start::Now => (Arc::clone(&now), from.clock.mode(), Some(FaultState::of(from))),
        Start::Snapshot(ref snapshot) | Start::Export(ref snapshot) => {
            (Arc::clone(&snapshot.world), snapshot.clock, Some(snapshot.cues.clone()))
        }
    };
    let mut world = (*source).clone();
    let mut workspace = (*world.workspace).clone();
    workspace.id = stable_id("workspace", &key);
    workspace.key.clone_from(&key);
    workspace.secret = secret.unwrap_or_else(|| ids.secret(32));
    workspace.name = fork.words.name.unwrap_or(workspace.name);
    // It says what the other one is for.
    workspace.label = fork.words.label;
    workspace.settings = fork.settings.unwrap_or(workspace.settings);
    workspace.mock = fork.mock.unwrap_or(workspace.mock);
    workspace.clock = fork.clock.unwrap_or(clock);
    world.workspace = Arc::new(workspace);
    let lacks_some = world.drop_waiting_webhooks();
    if let Start::Export(_) = start {
        engine.db.bring(&world).await?;
    } else {
        // The rows of what it is a copy of are in the database already, so SQLite copies them.
        let is_held = Arc::ptr_eq(&source, &now) && !lacks_some && !from.data.is_closed();
        engine.db.start_from(&world, is_held.then_some(from.key.as_str())).await?;
    }
    ids.continue_after(from.ids.last().max(world.last_position()));
    // The fork's start and its present state are one, so that SQLite can copy a fork of the fork too.
    let origin = Arc::new(world);
    let data = Partition::new(engine.db.clone(), Arc::clone(&ids), Arc::clone(&origin));
    let space = space_of(engine, data, ids, origin);
    if let Some(cues) = cues {
        cues.give(&space);
    }
    engine.add(Arc::clone(&space));
    Ok(space)
}

/// The state that a reset leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetTo {
    /// The state that the workspace started from.
    Seed,
    /// An empty workspace, with nothing but the catalog.
    Empty,
}

/// Resets a workspace and answers it. Key, secret and id stay, so that clients stay signed in; calls that are under way
/// write nothing more. 404 for an unknown key.
pub async fn reset(engine: &Arc<Engine>, key: &str, to: ResetTo) -> Result<Arc<WorkspaceRuntime>, ApiError> {
    let key = key.to_owned();
    to_its_end(engine, |engine| async move { reset_here(&engine, &key, to).await }).await
}

async fn reset_here(engine: &Arc<Engine>, key: &str, to: ResetTo) -> Result<Arc<WorkspaceRuntime>, ApiError> {
    let space = engine.space(key).ok_or_else(|| no_workspace(engine, key))?;
    let world = match to {
        ResetTo::Seed => Arc::clone(&space.origin),
        ResetTo::Empty => Arc::new(World::new((*space.origin.workspace).clone())),
    };
    let origin = Arc::clone(&space.origin);
    replace(engine, &space, world, origin).await
}

/// Puts another state in a workspace's place and answers the new workspace; the old one is closed.
pub(crate) async fn replace(
    engine: &Engine,
    space: &WorkspaceRuntime,
    world: Arc<World>,
    origin: Arc<World>,
) -> Result<Arc<WorkspaceRuntime>, ApiError> {
    // This waits for the writer before it, and holds the next one off until the rows are replaced.
    let turn = space.data.begin().await;
    engine.db.start_from(&world, None).await?;
    report::keep(engine, space);
    let ids = Arc::new(Ids::new(engine.config.rng_seed, &space.key));
    ids.continue_after(space.ids.last());
    let data = Partition::new(engine.db.clone(), Arc::clone(&ids), world);
    let fresh = space_of(engine, data, ids, origin);
    engine.add(Arc::clone(&fresh));
    space.data.close();
    space.clock.stop();
    drop(turn);
    Ok(fresh)
}

/// Plants a seed whose files have changed in the first workspace, in place of its present state.
pub async fn reseed(engine: &Arc<Engine>, seed: SeedDocument) -> Result<Arc<WorkspaceRuntime>, ApiError> {
    to_its_end(engine, |engine| async move {
        let space = engine.first_space()?;
        let world = replanted(&engine, &space.ids, &space.world(), &seed).await?;
        replace(&engine, &space, Arc::clone(&world), world).await
    })
    .await
}

/// Deletes a workspace and its snapshots for good; 404 for an unknown key.
pub async fn delete(engine: &Arc<Engine>, key: &str) -> Result<(), ApiError> {
    let key = key.to_owned();
    to_its_end(engine, |engine| async move {
        let Some(space) = engine.remove(&key) else { return Err(no_workspace(&engine, &key)) };
        let turn = space.data.begin().await;
        report::keep(&engine, &space);
        engine.db.forget(&key).await?;
        engine.snapshots.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        space.data.close();
        space.clock.stop();
        drop(turn);
        Ok(())
    })
    .await
}

/// A 404 for a workspace, with a similar key where there is one.
pub fn no_workspace(engine: &Engine, key: &str) -> ApiError {
    let spaces = engine.spaces();
    ApiError::not_found(format!(
        "workspace not found: `{key}`{}",
        crate::engine::directory::hint(key, spaces.iter().map(|space| space.key.as_str()))
    ))
}

fn refuse_taken(engine: &Engine, key: &str) -> Result<(), ApiError> {
    let fine = !key.is_empty() && key.len() <= 100 && key.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    if !fine {
        return Err(ApiError::bad_request(format!(
            "`{key}` is no workspace key: 1 to 100 letters, digits, `-`, `_` and `.`"
        )));
    }
    if engine.space(key).is_some() {
        return Err(ApiError::already_exists(format!("there is a workspace `{key}` already")));
    }
    Ok(())
}

/// A key that no workspace has or ever had, so that what is kept by key elsewhere is never mistaken for another's.
async fn free_key(engine: &Engine) -> Result<String, ApiError> {
    loop {
        let key = format!("workspace-{}", engine.db.next_number("workspace").await?);
        if engine.space(&key).is_none() {
            return Ok(key);
        }
    }
}
