//! This module is `--watch`: it loads the seed again whenever its files change. Invariant: a seed that cannot be read
//! leaves the last good one in place.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use crate::cli::output::complain;
use crate::engine::Engine;
use crate::world::seed::SeedDocument;
use crate::world::spaces::reseed;

/// The files are looked at this often. Looking works on every file system, while notifications do not.
const EVERY: Duration = Duration::from_millis(300);

/// The names, sizes and times of a seed's files.
type Fingerprint = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// A seed as it is before it is read, so that no change of it goes unseen.
pub(super) struct Watched {
    path: PathBuf,
    seen: Fingerprint,
}

impl Watched {
    /// Looks at a seed; it is to be read afterwards.
    pub(super) fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), seen: fingerprint(path) }
    }
}

/// Watches until the engine is gone. It reports a seed that cannot be read on standard error,
/// and keeps the last good one.
pub(super) async fn run(engine: Weak<Engine>, watched: Watched) {
    let Watched { path, mut seen } = watched;
    loop {
        crate::base::clock::real_sleep(EVERY).await;
        let now = fingerprint(&path);
        if now == seen {
            continue;
        }
        seen = now;
        let Some(engine) = engine.upgrade() else { return };
        match plant(&engine, &path).await {
            Ok(()) => complain("the seed has changed and was planted anew"),
            Err(why) => complain(&format!("the seed has changed and cannot be planted: {why}")),
        }
    }
}

async fn plant(engine: &Arc<Engine>, path: &Path) -> Result<(), String> {
    let seed = SeedDocument::read_aloud(path, &engine.config.listener).map_err(|error| error.to_string())?;
    seed.check_connectors(&engine.catalog.connector_keys()).map_err(|error| error.to_string())?;
    reseed(engine, seed).await.map(|_| ()).map_err(|error| error.message.clone())
}

fn fingerprint(path: &Path) -> Fingerprint {
    let mut files = Vec::new();
    collect(path, &mut files);
    files.sort();
    files
}

fn collect(path: &Path, files: &mut Fingerprint) {
    if let Ok(entries) = std::fs::read_dir(path) {
        for entry in entries.flatten() {
            collect(&entry.path(), files);
        }
    } else if let Ok(data) = std::fs::metadata(path) {
        files.push((path.to_owned(), data.len(), data.modified().ok()));
    }
}
