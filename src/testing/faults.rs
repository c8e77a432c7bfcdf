//! Faults and checkpoints, as a test sets them.

use crate::fault::{Fault, Firing};
use crate::testing::{MockWorkspace, TestError};
use crate::world::snapshots;

/// A fault in force: gone when this is dropped. One that never fired fails the test then.
#[derive(Debug)]
#[must_use = "the fault is gone as soon as this is dropped"]
pub struct FaultGuard {
    workspace: MockWorkspace,
    name: String,
    may_not_fire: bool,
}

impl FaultGuard {
    /// It need not fire.
    pub fn may_not_fire(mut self) -> Self {
        self.may_not_fire = true;
        self
    }

    /// How many calls it has broken.
    pub fn fired(&self) -> u64 {
        self.standing().map_or(0, |standing| standing.1)
    }

    fn standing(&self) -> Option<(u64, u64)> {
        let standing = self.workspace.space().ok()?.faults.get(&self.name).ok()?;
        Some((standing.matched, standing.fired))
    }
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        let standing = self.standing();
        if let Ok(space) = self.workspace.space() {
            space.faults.remove(&self.name).ok();
        }
        // Removed by the test itself, or failing already: nothing to say.
        let Some((matched, fired)) = standing.filter(|_| !std::thread::panicking() && !self.may_not_fire) else {
            return;
        };
        assert!(fired > 0, "the fault `{}` never fired: it was about {matched} of the calls", self.name);
    }
}

impl MockWorkspace {
    /// Breaks calls until what is returned is dropped.
    ///
    /// # Panics
    /// When the fault makes no sense, such as a probability of 2 or a route that there is not, or the workspace is gone.
    #[expect(clippy::unused_async, reason = "whoever adds a fault over HTTP waits for it too")]
    pub async fn fault(&self, fault: Fault) -> FaultGuard {
        let rule = fault.rule();
        let added = self.space().and_then(|space| space.faults.add(rule));
        let name = match added {
            Ok(standing) => standing.rule.name.unwrap_or(standing.id),
            Err(error) => panic!("the fault cannot be added: {}", error.message),
        };
        FaultGuard { workspace: self.clone(), name, may_not_fire: false }
    }

    /// The seed that chance in faults derives from, and what fired so far: [`Self::play`] plays it again.
    pub fn story(&self) -> (u64, Vec<Firing>) {
        self.space().map(|space| space.faults.story()).unwrap_or_default()
    }

    /// From here on faults fire as a story tells, each at the calls it names.
    pub fn play(&self, seed: u64, story: &[Firing]) {
        if let Ok(space) = self.space() {
            space.faults.play(Some(seed), Some(story));
        }
    }

    /// Takes a checkpoint; returns its id. One of the same name is replaced.
    pub fn snapshot(&self, name: &str) -> Result<String, TestError> {
        Ok(snapshots::take(&self.engine, &*self.space()?, Some(name.to_owned()))?.id.clone())
    }

    /// Goes back to a checkpoint, by id or name: state, clock and faults.
    pub async fn restore(&self, snapshot: &str) -> Result<(), TestError> {
        snapshots::restore(&self.engine, &self.space()?, snapshot).await?;
        Ok(())
    }
}
