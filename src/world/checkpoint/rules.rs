//! How checkpoints are made, and gone back to.

use std::sync::Arc;

use serde_json::Value;

use crate::base::error::ApiError;
use crate::base::ids::{Id, stable_id};
use crate::call::Reply;
use crate::elements::routes::shown_listed;
use crate::elements::{self, SeedForm as _};
use crate::engine::catalog::Catalog;
use crate::engine::directory::Directory;
use crate::engine::{Cx, WorkspaceRuntime};
use crate::nouns::connector as connectors;
use crate::nouns::connector::model::Connector;
use crate::nouns::integration as integrations;
use crate::nouns::integration::model::Integration;
use crate::store::{Record as _, StoreError, Tx, World};
use crate::world::checkpoint::model::{Checkpoint, Difference, differences};
use crate::world::connector_file;
use crate::world::plant::is_defined;
use crate::world::portable::{connector_form, integration_form, portable};
use crate::world::seed::{EachKind, Seeded, each_kind};

/// How many checkpoints a workspace keeps; the oldest go first.
const MOST_KEPT: usize = 1_000;

/// Makes a checkpoint of each element whose definition a transaction makes or changes.
pub fn notice(catalog: &Catalog, space: &WorkspaceRuntime, before: &World, tx: &mut Tx) -> Result<(), StoreError> {
    each_kind(&mut Noticing { space, before, tx })?;
    for id in tx.changed::<Integration>() {
        let form = |world: &World| Root::Integration.form(Directory::new(world, catalog), &id).ok().flatten();
        if tx.integrations.get(&id).is_some_and(|integration| !integration.meta.is_archived()) {
            keep(space, tx, Integration::KIND.name(), &id, form(before), form(tx))?;
        }
    }
    for id in tx.changed::<Connector>() {
        let form = |world: &World| Root::Connector.form(Directory::new(world, catalog), &id).ok().flatten();
        if tx.connectors.get(&id).is_some() {
            keep(space, tx, Connector::KIND.name(), &id, form(before), form(tx))?;
        }
    }
    let excess = tx.checkpoints.len().saturating_sub(MOST_KEPT);
    let old: Vec<Id<Checkpoint>> = tx.checkpoints.iter().take(excess).map(|it| it.id.clone()).collect();
    for old in old {
        tx.remove::<Checkpoint>(old.as_str());
    }
    Ok(())
}

/// What elements stand at, which have checkpoints as they do.
#[derive(Clone, Copy)]
enum Root {
    Integration,
    Connector,
}

impl Root {
    fn of_type(name: &str) -> Option<Self> {
        [(Integration::KIND, Self::Integration), (Connector::KIND, Self::Connector)]
            .into_iter()
            .find_map(|(kind, root)| (kind.name() == name).then_some(root))
    }

    /// The portable form of the one with this id; none where there is none, and of an integration without a connector.
    fn form(self, directory: Directory<'_>, id: &str) -> Result<Option<Value>, ApiError> {
        match self {
            Self::Integration => {
                let integration = directory.world.integrations.get(id);
                integration.map_or(Ok(None), |integration| integration_form(directory, integration))
            }
            // One of the catalog is the workspace's own once it is changed, and had a form before.
            Self::Connector => {
                directory.connector(id).map(|connector| connector_form(directory, &connector)).transpose()
            }
        }
    }

    /// Gives the one with this id a form back and answers it.
    async fn redefine(self, cx: &Cx, id: &str, form: Value) -> Result<Reply, ApiError> {
        match self {
            Self::Integration => integrations::routes::shown(cx, &integrations::redefine(cx, id, form).await?),
            Self::Connector => connectors::routes::shown(cx, &connector_file::redefine(cx, id, form).await?),
        }
    }
}

/// Makes the checkpoint of a definition that differs from what it was.
fn keep(
    space: &WorkspaceRuntime,
    tx: &mut Tx,
    element_type: &str,
    id: &str,
    was: Option<Value>,
    is: Option<Value>,
) -> Result<(), StoreError> {
    let Some(snapshot) = is.filter(|is| was.as_ref() != Some(is)) else { return Ok(()) };
    let last = tx.checkpoints.with_key(id).map(|known| known.checkpoint_number).max();
    // What a seed planted has its first checkpoint when it is changed, so that there is a way back.
    let first = was.filter(|_| last.is_none());
    let snapshots = first.into_iter().chain([snapshot]);
    for (number, snapshot) in (last.unwrap_or_default() + 1..).zip(snapshots) {
        tx.put(Checkpoint {
            // It takes no id away from what callers make.
            id: stable_id("checkpoint", &format!("{id}/{number}")),
            element_type: element_type.to_owned(),
            element_id: id.to_owned(),
            checkpoint_number: number,
            snapshot,
            created_at: space.clock.now(),
        })?;
    }
    Ok(())
}

struct Noticing<'a> {
    space: &'a WorkspaceRuntime,
    before: &'a World,
    tx: &'a mut Tx,
}

impl EachKind for Noticing<'_> {
    type Error = StoreError;

    fn kind<K: Seeded>(&mut self) -> Result<(), StoreError> {
        if !K::HAS_CHECKPOINTS {
            return Ok(());
        }
        for id in self.tx.changed::<K>() {
            let Some(element) = K::table(self.tx).get(&id).filter(|element| is_defined(&***element)).cloned() else {
                continue;
            };
            let was = K::table(self.before).get(&id).and_then(|was| portable(&**was, self.before).ok());
            let is = portable(&*element, self.tx).ok();
            keep(self.space, self.tx, K::KIND.name(), &id, was, is)?;
        }
        Ok(())
    }
}

fn no_checkpoint(id: &str) -> ApiError {
    ApiError::not_found(format!("checkpoint not found: `{id}`; list them with GET /checkpoints"))
}

/// A checkpoint; 404 when there is none of this id, or none any more.
pub(super) fn find(world: &World, id: &str) -> Result<Arc<Checkpoint>, ApiError> {
    world.checkpoints.get(id).cloned().ok_or_else(|| no_checkpoint(id))
}

fn gone(id: &str) -> ApiError {
    ApiError::not_found(format!("the element of checkpoint `{id}` is gone"))
}

/// What has become of an element since a checkpoint: the differences from its snapshot to the element as it is. 404 for an
/// unknown checkpoint, and for an element that is gone.
pub(super) fn diff(directory: Directory<'_>, id: &str) -> Result<Vec<Difference>, ApiError> {
    let of = find(directory.world, id)?;
    let root = Root::of_type(&of.element_type).map(|root| root.form(directory, &of.element_id)).transpose()?;
    let mut reading = Reading { world: directory.world, of: &of, now: root.flatten() };
    each_kind(&mut reading)?;
    Ok(differences(&of.snapshot, &reading.now.ok_or_else(|| gone(id))?))
}

struct Reading<'a> {
    world: &'a World,
    of: &'a Checkpoint,
    /// The portable form of the element as it is.
    now: Option<Value>,
}

impl EachKind for Reading<'_> {
    type Error = ApiError;

    fn kind<K: Seeded>(&mut self) -> Result<(), ApiError> {
        if K::KIND.name() == self.of.element_type
            && let Some(element) = K::table(self.world).get(&self.of.element_id)
        {
            self.now = Some(portable(&**element, self.world)?);
        }
        Ok(())
    }
}

/// Gives an element the definition back that it had at a checkpoint, which is a change like another, and answers the element.
/// One that is archived is restored. Fails with
/// `already_exists` where another one has its key by now, with 404 for an unknown checkpoint, and for an element that is gone.
pub(super) async fn revert(cx: &Cx, id: &str) -> Result<Reply, ApiError> {
    let of = find(&cx.world(), id)?;
    if let Some(root) = Root::of_type(&of.element_type) {
        if root.form(cx.directory(&cx.world()), &of.element_id)?.is_none() {
            return Err(gone(id));
        }
        return root.redefine(cx, &of.element_id, of.snapshot.clone()).await;
    }
    let mut tx = cx.space.data.begin().await;
    let mut reverting = Reverting { cx, tx: &mut tx, of: &of, shown: None };
    each_kind(&mut reverting)?;
    let shown = reverting.shown.ok_or_else(|| gone(id))?;
    let world = tx.commit().await?;
    cx.wake();
    shown(cx, &world, &of.element_id)
}

/// Answers an element by its id.
type ShownById = fn(&Cx, &World, &str) -> Result<Reply, ApiError>;

/// Answers an element of one kind by its id.
fn shown<K: Seeded>(cx: &Cx, world: &World, id: &str) -> Result<Reply, ApiError> {
    let element = K::table(world).get(id).cloned();
    let element = element.ok_or_else(|| ApiError::internal("the element that was put back is gone"))?;
    shown_listed(cx, &(element, None))
}

struct Reverting<'a> {
    cx: &'a Cx,
    tx: &'a mut Tx,
    of: &'a Checkpoint,
    /// How the element that was put back is answered.
    shown: Option<ShownById>,
}

impl EachKind for Reverting<'_> {
    type Error = ApiError;

    fn kind<K: Seeded>(&mut self) -> Result<(), ApiError> {
        let known =
            K::table(self.tx).get(&self.of.element_id).filter(|_| K::KIND.name() == self.of.element_type).cloned();
        let Some(known) = known else { return Ok(()) };
        let form: K::Seed = serde_json::from_value(self.of.snapshot.clone()).map_err(ApiError::internal)?;
        let now = self.cx.space.clock.now();
        let fresh = form.fresh(known.id().clone(), now);
        let mut element = (*known).clone();
        let meta = element.meta_mut();
        meta.name.clone_from(&fresh.meta().name);
        meta.description.clone_from(&fresh.meta().description);
        meta.meta = form.meta().cloned();
        meta.archived_at = None;
        meta.key.clone_from(&fresh.meta().key);
        K::Seed::redefine(&mut element, fresh);
        element.settle(self.tx);
        let parent = element.place().parent.as_ref().and_then(|id| K::table(self.tx).get(id.as_str())).cloned();
        if let Some(parent) = parent {
            element.compare_with_parent(&parent);
        }
        elements::refuse_taken(self.tx, &element)?;
        element.meta_mut().touch(&self.cx.space.ids, now);
        self.tx.put(element)?;
        self.shown = Some(shown::<K>);
        Ok(())
    }
}
