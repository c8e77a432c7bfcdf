//! Versions that follow what they are versions of: one that nobody has changed takes over what its parent becomes, and an
//! instance has its parent's key.
//!
//! Invariant: this is derived from what a transaction changes, so no way to change a parent can forget it.

use std::sync::Arc;

use crate::base::ids::Index;
use crate::engine::WorkspaceRuntime;
use crate::store::{StoreError, Tx, World};
use crate::world::seed::{EachKind, Seeded, each_kind};

/// Lets the versions of what a transaction changes follow.
pub(super) fn notice(space: &WorkspaceRuntime, before: &World, tx: &mut Tx) -> Result<(), StoreError> {
    each_kind(&mut Following { space, before, tx })
}

struct Following<'a> {
    space: &'a WorkspaceRuntime,
    before: &'a World,
    tx: &'a mut Tx,
}

impl EachKind for Following<'_> {
    type Error = StoreError;

    fn kind<K: Seeded>(&mut self) -> Result<(), StoreError> {
        // Nothing stands below what is new or an instance.
        let is_above = |id: &String| K::table(self.before).get(id).is_some_and(|was| !was.place().is_instance());
        let mut changed: Vec<String> = self.tx.changed::<K>().into_iter().filter(is_above).collect();
        if changed.is_empty() {
            return Ok(());
        }
        while let Some(id) = changed.pop() {
            let Some(parent) = K::table(self.tx).get(&id).cloned() else { continue };
            let was = K::table(self.before).get(&id);
            let has_other_key = was.is_some_and(|was| was.meta().key != parent.meta().key);
            let below: Vec<Arc<K>> = K::table(self.tx).with(Index::Parent, &[&id]).cloned().collect();
            for version in below {
                let mut follows = (*version).clone();
                if has_other_key && version.place().is_instance() {
                    follows.meta_mut().key.clone_from(&parent.meta().key);
                }
                let mut compared = (*version).clone();
                compared.compare_with_parent(&parent);
                if K::FOLLOWS_PARENT && !version.is_customized() && compared.is_customized() {
                    follows.copy_definition(&parent);
                }
                if follows == *version {
                    continue;
                }
                follows.meta_mut().touch(&self.space.ids, self.space.clock.now());
                if !version.place().is_instance() {
                    changed.push(version.id().to_string());
                }
                self.tx.put(follows)?;
            }
        }
        Ok(())
    }
}
