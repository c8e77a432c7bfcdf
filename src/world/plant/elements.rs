//! Planting the elements of a seed: at integrations, for one external app alone, and universally.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::{Id, Ids, stable_id};
use crate::elements::model::place::Place;
use crate::elements::{Kind, SeedForm};
use crate::engine::catalog::Catalog;
use crate::engine::directory::Directory;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::Integration;
use crate::nouns::references;
use crate::store::{Record as _, Tx, World};
use crate::world::plant::{Changes, meta_of, uuid_of};
use crate::world::seed::{EachKind, SeedDocument, SeedIntegration, Seeded, each_kind, for_app, place_in};

/// Where an element of a seed stands in the workspace: at an integration, for one external app alone, or universally.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Standing {
    integration: Option<Id<Integration>>,
    app: Option<Id<ExternalApp>>,
}

impl Standing {
    fn is_of<E>(&self, place: &Place<E>) -> bool {
        place.integration == self.integration && (place.integration.is_some() || place.external_app == self.app)
    }
}

/// The UUIDs that elements of the workspace have, by those that a seed has for the same elements, where these differ.
pub(super) fn names_of(directory: Directory<'_>, seed: &SeedDocument) -> BTreeMap<String, String> {
    struct Naming<'a> {
        directory: Directory<'a>,
        seed: &'a SeedDocument,
        names: BTreeMap<String, String>,
    }
    impl EachKind for Naming<'_> {
        type Error = std::convert::Infallible;

        fn kind<K: Seeded>(&mut self) -> Result<(), Self::Error> {
            for (element, standing) in elements_of::<K>(self.directory, self.seed) {
                let known = known_at::<K>(self.directory.world, element.key(), &standing);
                if let Some((given, known)) = element.uuid().zip(known).filter(|(given, it)| **given != it.meta().uuid)
                {
                    self.names.insert(given.clone(), known.meta().uuid.clone());
                }
            }
            Ok(())
        }
    }
    let mut naming = Naming { directory, seed, names: BTreeMap::new() };
    let Ok(()) = each_kind(&mut naming);
    naming.names
}

/// How many elements a seed has, with apps, connectors and integrations.
pub(super) fn elements_in(seed: &SeedDocument) -> usize {
    struct Counting<'a>(&'a SeedDocument, usize);
    impl EachKind for Counting<'_> {
        type Error = std::convert::Infallible;

        fn kind<K: Seeded>(&mut self) -> Result<(), Self::Error> {
            let own = self.0.integrations.iter().map(|integration| K::of_integration(integration).len());
            self.1 += K::of_document(self.0).len() + own.sum::<usize>();
            Ok(())
        }
    }
    let mut counting = Counting(seed, seed.external_apps.len() + seed.connectors.len() + seed.integrations.len());
    let Ok(()) = each_kind(&mut counting);
    counting.1
}

/// The elements of a kind that a seed has, each with where it stands in the workspace.
fn elements_of<'a, K: Seeded>(
    directory: Directory<'a>,
    seed: &'a SeedDocument,
) -> impl Iterator<Item = (&'a K::Seed, Standing)> {
    let of_app = move |element: &K::Seed| {
        let app = element.external_app().and_then(|named| directory.find_app(named).ok());
        Standing { integration: None, app: app.map(|app| app.id.clone()) }
    };
    let universal = K::of_document(seed).iter().map(move |element| (element, of_app(element)));
    let at = move |integration: &SeedIntegration| {
        let known = directory.world.integrations.with_key(&integration.key);
        let live = known.max_by_key(|known| !known.meta.is_archived());
        live.map(|known| Standing { integration: Some(known.id.clone()), app: None })
    };
    let own = seed.integrations.iter().filter_map(move |it| Some((it, at(it)?)));
    let own = own.flat_map(|(it, at)| K::of_integration(it).iter().map(move |element| (element, at.clone())));
    universal.chain(own)
}

/// The workspace's own element of a key at a place: the live one, else the one that was archived last.
fn known_at<E: Kind>(world: &World, key: &str, standing: &Standing) -> Option<Arc<E>> {
    let own = E::table(world).with_key(key).filter(|element| is_own(&***element));
    let at_place = own.filter(|element| standing.is_of(element.place()));
    at_place.max_by_key(|element| !element.meta().is_archived()).cloned()
}

/// Puts in order what the planted elements say of others, once all are there.
pub(super) struct SettlingKinds<'a> {
    pub(super) tx: &'a mut Tx,
    pub(super) catalog: &'a Catalog,
    pub(super) seed: &'a SeedDocument,
}

impl EachKind for SettlingKinds<'_> {
    type Error = ApiError;

    fn kind<K: Seeded>(&mut self) -> Result<(), ApiError> {
        let world = (**self.tx).clone();
        for (element, standing) in elements_of::<K>(Directory::new(&world, self.catalog), self.seed) {
            let Some(known) = known_at::<K>(&world, element.key(), &standing) else { continue };
            let mut settled = (*known).clone();
            settled.settle(&world);
            if settled != *known {
                self.tx.put(settled)?;
            }
        }
        Ok(())
    }
}

/// What has elements in a seed: the document, or an integration, which has this id in the workspace.
#[derive(Clone, Copy)]
pub(super) enum Of<'a> {
    Document(&'a SeedDocument),
    Integration(&'a SeedIntegration, &'a Id<Integration>),
}

/// Plants the elements of each kind.
pub(super) struct PlantingKinds<'a> {
    pub(super) tx: &'a mut Tx,
    pub(super) ids: &'a Ids,
    pub(super) now: Timestamp,
    pub(super) catalog: &'a Catalog,
    pub(super) of: Of<'a>,
    /// See [`names_of`].
    pub(super) names: &'a BTreeMap<String, String>,
    pub(super) changes: &'a mut Changes,
}

impl EachKind for PlantingKinds<'_> {
    type Error = ApiError;

    fn kind<K: Seeded>(&mut self) -> Result<(), ApiError> {
        let (elements, integration) = match self.of {
            Of::Document(document) => (K::of_document(document), None),
            Of::Integration(integration, id) => (K::of_integration(integration), Some((id, integration.key.as_str()))),
        };
        // A large archive would otherwise look through the whole table for each of its elements.
        let by_uuid = |element: &Arc<K>| (element.meta().uuid.clone(), element.id().clone());
        let mut uuids: BTreeMap<String, Id<K>> = K::table(self.tx).iter().map(by_uuid).collect();
        elements.iter().try_for_each(|element| {
            let named = renamed(element, self.names)?;
            self.plant(named.as_ref().unwrap_or(element), integration, &mut uuids)
        })
    }
}

impl PlantingKinds<'_> {
    /// Plants one element. `uuids` has what the kind's table has, by UUID.
    fn plant<S: SeedForm>(
        &mut self,
        seed: &S,
        integration: Option<(&Id<Integration>, &str)>,
        uuids: &mut BTreeMap<String, Id<S::Of>>,
    ) -> Result<(), ApiError> {
        let (ids, now, catalog) = (self.ids, self.now, self.catalog);
        let tx = &mut *self.tx;
        let key = seed.key();
        let app = seed.external_app().filter(|_| integration.is_none());
        let app = app.map(|named| Directory::new(tx, catalog).find_app(named)).transpose();
        let app = app
            .map_err(|error| ApiError::bad_request(format!("{} `{key}`: {}", <S::Of as Kind>::NOUN, error.message)))?;
        let (name, place) = match (integration, &app) {
            (Some((_, of)), _) => (format!("{of}/{key}"), format!("integrations/{of}/{}", place_in::<S::Of>(key))),
            (None, Some(app)) => {
                let at_app = for_app(key, app);
                (at_app.clone(), place_in::<S::Of>(&at_app))
            }
            (None, None) => (key.to_owned(), place_in::<S::Of>(key)),
        };
        let standing = Standing {
            integration: integration.map(|(id, _)| id.clone()),
            app: app.as_ref().map(|app| app.id.clone()),
        };
        let table = S::Of::table(tx);
        let known = known_at::<S::Of>(tx, key, &standing);
        let stable = stable_id(<S::Of as Kind>::NOUN, &name);
        let id = if table.get(stable.as_str()).is_none() { stable } else { ids.id() };
        let universally = Standing { integration: None, app: None };
        let is_universal = |element: &&Arc<S::Of>| is_defined(&***element) && universally.is_of(element.place());
        let by_uuid = |uuid: &String| table.get(uuids.get(uuid)?.as_str()).filter(is_universal);
        let named = seed.parent_uuid().and_then(by_uuid);
        let is_version = standing != universally;
        let above = named.or_else(|| table.with_key(key).find(is_universal));
        let universal = above.filter(|_| is_version).cloned();
        let mut fresh = seed.fresh(id, now);
        fresh.meta_mut().meta = seed.meta().cloned();
        let parent = universal.as_ref().map(|above| above.id().clone());
        let mut wanted = match &known {
            Some(known) => {
                let mut wanted = (**known).clone();
                *wanted.meta_mut() = meta_of(known.meta(), fresh.meta());
                wanted.place_mut().parent = known.place().parent.clone().or(parent);
                S::redefine(&mut wanted, fresh);
                wanted
            }
            None => {
                // A UUID is one element's: whose key was changed since has it still.
                let given = seed.uuid().filter(|uuid| !uuids.contains_key(*uuid));
                fresh.meta_mut().uuid = uuid_of(given, <S::Of as Kind>::NOUN, fresh.id().as_str());
                fresh.place_mut().integration = standing.integration;
                fresh.place_mut().external_app = standing.app;
                fresh.place_mut().parent = parent;
                fresh
            }
        };
        wanted.settle(tx);
        if let Some(universal) = universal.filter(|above| wanted.place().parent.as_ref() == Some(above.id())) {
            wanted.compare_with_parent(&universal);
        }
        uuids.insert(wanted.meta().uuid.clone(), wanted.id().clone());
        self.changes.write(tx, place, known, wanted, |element| element.meta_mut().touch(ids, now))
    }
}

/// A description in which others are named as the workspace has them; none where that changes nothing.
fn renamed<S: SeedForm>(seed: &S, names: &BTreeMap<String, String>) -> Result<Option<S>, ApiError> {
    if names.is_empty() {
        return Ok(None);
    }
    let mut description = serde_json::to_value(seed).map_err(ApiError::internal)?;
    references::rename(&mut description, names);
    serde_json::from_value(description).map(Some).map_err(ApiError::internal)
}

/// Whether an element is the workspace's own, no instance and not the catalog's.
fn is_own<E: Kind>(element: &E) -> bool {
    !element.is_public() && !element.place().is_instance()
}

/// Whether an element is the workspace's own and not archived.
pub(crate) fn is_defined<E: Kind>(element: &E) -> bool {
    is_own(element) && !element.meta().is_archived()
}
