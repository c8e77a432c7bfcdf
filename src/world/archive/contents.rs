//! What an archive holds: the files of what a workspace defines, and what an import of one archives because it lacks it.

use std::sync::Arc;

use serde::Serialize;

use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::work::Listener;
use crate::elements::{Kind, SeedForm as _};
use crate::engine::directory::Directory;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::nouns::action::model::Action;
use crate::nouns::action::seed::SeedAction;
use crate::nouns::connector::model::Connector;
use crate::nouns::integration::model::Integration;
use crate::store::{Tx, World};
use crate::world::catalog::catalog_action_id;
use crate::world::job::model::Files;
use crate::world::plant::{Changes, is_defined};
use crate::world::portable::{app_alone, portable_for, whole};
use crate::world::seed::{
    EachKind, SeedApp, SeedConnector, SeedDocument, SeedIntegration, Seeded, each_kind, folder_of_key, for_app,
    name_of_app, place_in,
};

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
pub fn archive_others(
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
            gone.meta.archive(&space.ids, now);
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
        let (directory, now) = (self.directory, self.space.clock.now());
        let app_of = |wanted: &K::Seed| directory.find_app(wanted.external_app()?).ok().map(|app| app.id.clone());
        let is_wanted = |known: &K| {
            let mut same = wanted.iter().filter(|wanted| Some(wanted.key()) == known.meta().key.as_deref());
            same.any(|wanted| known.place().integration.is_some() || app_of(wanted) == known.place().external_app)
        };
        let known = elements_at::<K>(directory.world, self.at.map(|(id, _)| id));
        for known in known.filter(|known| !is_wanted(known)) {
            let mut gone = (**known).clone();
            gone.meta_mut().archive(&self.space.ids, now);
            let (key, app) = (gone.meta().key.as_deref().unwrap_or_default(), app_alone(&gone, directory));
            let name = app.map_or_else(|| key.to_owned(), |app| for_app(key, &app));
            self.changes.archived.push(format!("{}{}", self.folder, place_in::<K>(&name)));
            self.tx.put(gone)?;
        }
        Ok(())
    }
}

/// What a workspace defines, as the files of an archive. Source: SDK, EXP (zip layout); which fields
/// is our choice: those of seeds.
pub fn files_of(engine: &Engine, world: &World) -> Result<Files, ApiError> {
    let (directory, listener) = (Directory::new(world, &engine.catalog), &engine.config.listener);
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
        each_kind(&mut WritingKinds { files: &mut files, folder: &folder, directory, at, listener })?;
    }
    each_kind(&mut WritingKinds { files: &mut files, folder: "", directory, at: None, listener })?;
    Ok(files)
}

/// Writes the elements of each kind into files, those of an integration or, without one, universal ones.
struct WritingKinds<'a> {
    files: &'a mut Files,
    folder: &'a str,
    directory: Directory<'a>,
    at: Option<&'a Id<Integration>>,
    listener: &'a Listener,
}

impl EachKind for WritingKinds<'_> {
    type Error = ApiError;

    fn kind<K: Seeded>(&mut self) -> Result<(), ApiError> {
        let elements = || elements_at::<K>(self.directory.world, self.at);
        let mut work = self.listener.begin("writing", K::PLURAL, elements().count());
        for element in elements() {
            work.one_done();
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
