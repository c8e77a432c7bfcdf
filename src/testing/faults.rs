//! This module lets a test break calls, play a story of faults again, and take snapshots. Invariant: a fault is in
//! force only while its guard lives.

use crate::fault::{Fault, Firing};
use crate::testing::{MockWorkspace, TestError};
use crate::world::snapshots;

/// A guard keeps a fault in force until it is dropped. Dropping it fails the test when the fault
/// never fired, unless [`Self::may_not_fire`] was called.
#[derive(Debug)]
#[must_use = "the fault is gone as soon as this is dropped"]
pub struct FaultGuard {
    workspace: MockWorkspace,
    name: String,
    may_not_fire: bool,
}

impl FaultGuard {
    /// Accepts that the fault never fires.
    ///
    /// ```
    /// use membrane_mock::testing::{Fault, MockMembrane, act};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let _guard = mock.workspace().fault(Fault::on(act())).await.may_not_fire();
    /// # Ok(())
    /// # }
    /// ```
    pub fn may_not_fire(mut self) -> Self {
        self.may_not_fire = true;
        self
    }

    /// Returns how many calls the fault has broken so far.
    ///
    /// ```
    /// use membrane_mock::testing::{Fault, MockMembrane, act};
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let workspace = mock.workspace();
    /// let guard = workspace.fault(Fault::on(act()).once()).await;
    /// let call = reqwest::Client::new().post(format!("{}/act", mock.uri()));
    /// let call = call.bearer_auth(workspace.tenant("acme").token()).json(&json!({"key": "list-contacts"}));
    /// assert_eq!(call.send().await?.status(), 500);
    /// assert_eq!(guard.fired(), 1);
    /// # Ok(())
    /// # }
    /// ```
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
        // Nothing is checked when the test has removed the fault itself, or is failing already.
        let Some((matched, fired)) = standing.filter(|_| !std::thread::panicking() && !self.may_not_fire) else {
            return;
        };
        assert!(fired > 0, "the fault `{}` never fired: it was about {matched} of the calls", self.name);
    }
}

impl MockWorkspace {
    /// Breaks calls until the returned guard is dropped.
    ///
    /// # Panics
    /// It panics when the fault makes no sense, such as a probability of 2 or a route that does not exist,
    /// or when the workspace is gone.
    ///
    /// ```
    /// use membrane_mock::testing::{Fault, MockMembrane, act};
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let workspace = mock.workspace();
    /// let guard = workspace.fault(Fault::on(act()).once()).await;
    /// let call = reqwest::Client::new().post(format!("{}/act", mock.uri()));
    /// let call = call.bearer_auth(workspace.tenant("acme").token()).json(&json!({"key": "list-contacts"}));
    /// assert_eq!(call.send().await?.status(), 500);
    /// assert_eq!(guard.fired(), 1);
    /// # Ok(())
    /// # }
    /// ```
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

    /// Returns the seed that chance in faults derives from, and what fired so far; [`Self::play`]
    /// makes the same faults happen again.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let (_seed, story) = mock.workspace().story();
    /// assert!(story.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn story(&self) -> (u64, Vec<Firing>) {
        self.space().map(|space| space.faults.story()).unwrap_or_default()
    }

    /// Makes faults fire as a story says, each at the calls it names. Nothing happens when the workspace is gone.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let (seed, story) = mock.workspace().story();
    /// mock.fork().await?.play(seed, &story);
    /// # Ok(())
    /// # }
    /// ```
    pub fn play(&self, seed: u64, story: &[Firing]) {
        if let Ok(space) = self.space() {
            space.faults.play(Some(seed), Some(story));
        }
    }

    /// Takes a snapshot of this name, which replaces an older one of the same name, and returns its id.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let workspace = mock.workspace();
    /// let connection = workspace.tenant("acme").connect("hubspot").begin().await?;
    /// workspace.snapshot("waiting")?;
    /// connection.complete_as("ada@example.com").await?;
    /// workspace.restore("waiting").await?;
    /// assert_eq!(serde_json::json!(connection.state()), "CLIENT_ACTION_REQUIRED");
    /// # Ok(())
    /// # }
    /// ```
    pub fn snapshot(&self, name: &str) -> Result<String, TestError> {
        Ok(snapshots::take(&self.engine, &*self.space()?, Some(name.to_owned()))?.id.clone())
    }

    /// Goes back to a snapshot, named by id or name: state, clock and faults. It fails when there is none.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let workspace = mock.workspace();
    /// let connection = workspace.tenant("acme").connect("hubspot").begin().await?;
    /// workspace.snapshot("waiting")?;
    /// connection.complete_as("ada@example.com").await?;
    /// workspace.restore("waiting").await?;
    /// assert_eq!(serde_json::json!(connection.state()), "CLIENT_ACTION_REQUIRED");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn restore(&self, snapshot: &str) -> Result<(), TestError> {
        snapshots::restore(&self.engine, &self.space()?, snapshot).await?;
        Ok(())
    }
}
