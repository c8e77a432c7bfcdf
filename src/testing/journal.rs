//! What the app did, held against what a test expects.

use std::ops::Deref;

use serde_json::Value;

use crate::base::operation::Operation;
use crate::journal::verify::{Expectation, Matcher, Verdict};
use crate::journal::{Entry, Side};
use crate::testing::MockWorkspace;

/// The requests so far, in order: a list, and questions about it.
#[derive(Debug, Clone)]
pub struct MockJournal {
    workspace: MockWorkspace,
    entries: Vec<Entry>,
}

impl Deref for MockJournal {
    type Target = [Entry];

    fn deref(&self) -> &[Entry] {
        &self.entries
    }
}

impl IntoIterator for MockJournal {
    type Item = Entry;
    type IntoIter = std::vec::IntoIter<Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl MockJournal {
    pub(super) fn of(workspace: &MockWorkspace) -> Self {
        let entries = workspace.space().map(|space| space.journal.entries()).unwrap_or_default();
        Self { workspace: workspace.clone(), entries }
    }

    fn asking(&self, matcher: Matcher) -> Asked {
        Asked { workspace: self.workspace.clone(), matcher }
    }

    /// Calls that ran an action: `/act`, and `/run` of an action.
    pub fn acts(&self) -> Asked {
        self.asking(Matcher { operation: Some(Operation::Act), ..Matcher::default() })
    }

    /// Calls that ran a flow: `POST /flow-runs`, and `/run` of a flow.
    pub fn flow_runs(&self) -> Asked {
        self.asking(Matcher { operation: Some(Operation::FlowRun), ..Matcher::default() })
    }

    /// Calls that began to connect.
    pub fn connects(&self) -> Asked {
        self.asking(Matcher { operation: Some(Operation::Connect), ..Matcher::default() })
    }

    /// Calls of the API.
    pub fn calls(&self) -> Asked {
        self.asking(Matcher { side: Some(Side::Api), ..Matcher::default() })
    }

    /// Calls of the external app behind a connector.
    pub fn upstream(&self, connector: &str) -> Asked {
        let route = Some(connector.to_owned());
        self.asking(Matcher { side: Some(Side::Upstream), route, ..Matcher::default() })
    }

    /// Checks that these calls came one after the other, others between them.
    ///
    /// # Panics
    /// When they did not; says which one, and what came near.
    #[track_caller]
    pub fn expect_in_order(&self, calls: &[Asked]) {
        let in_order = calls.iter().map(|asked| asked.matcher.clone()).collect();
        judge(&self.workspace, &Expectation { in_order, ..Expectation::default() });
    }
}

/// Calls that are asked for.
#[derive(Debug, Clone)]
#[must_use = "nothing is checked until `expect`"]
pub struct Asked {
    workspace: MockWorkspace,
    matcher: Matcher,
}

impl Asked {
    /// Of this action, by id or key.
    pub fn action(mut self, name: &str) -> Self {
        self.matcher.action = Some(name.into());
        self
    }

    /// Of this flow or flow instance, by id or key.
    pub fn flow(mut self, name: &str) -> Self {
        self.matcher.flow = Some(name.into());
        self
    }

    /// Through this connection, by id or key.
    pub fn connection(mut self, name: &str) -> Self {
        self.matcher.connection = Some(name.into());
        self
    }

    /// Of this integration, by id or key.
    pub fn integration(mut self, name: &str) -> Self {
        self.matcher.integration = Some(name.into());
        self
    }

    /// By this tenant.
    pub fn tenant(mut self, key: &str) -> Self {
        self.matcher.tenant = Some(key.into());
        self
    }

    /// With this method.
    pub fn method(mut self, method: &str) -> Self {
        self.matcher.method = Some(method.into());
        self
    }

    /// On this path, without its query.
    pub fn path(mut self, path: &str) -> Self {
        self.matcher.path = Some(path.into());
        self
    }

    /// That were answered so.
    pub fn status(mut self, status: u16) -> Self {
        self.matcher.status = Some(status);
        self
    }

    /// Whose input has at least this.
    pub fn input(mut self, input: Value) -> Self {
        self.matcher.input = Some(input);
        self
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        verdict(&self.workspace, &Expectation { calls: self.matcher.clone(), ..Expectation::default() }).count
    }

    /// Checks that there are exactly so many.
    ///
    /// # Panics
    /// When there are not; says what came near, field by field.
    #[track_caller]
    pub fn expect(self, times: usize) {
        judge(&self.workspace, &Expectation { calls: self.matcher, times: Some(times), ..Expectation::default() });
    }

    /// Checks when the answer is dropped that there are exactly so many by then.
    #[must_use = "it is checked when this is dropped"]
    pub fn expect_by_drop(self, times: usize) -> Expected {
        let expectation = Expectation { calls: self.matcher, times: Some(times), ..Expectation::default() };
        Expected { workspace: self.workspace, expectation }
    }
}

/// Checks an expectation when it is dropped, unless the test is failing already.
#[derive(Debug)]
pub struct Expected {
    workspace: MockWorkspace,
    expectation: Expectation,
}

impl Drop for Expected {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            judge(&self.workspace, &self.expectation);
        }
    }
}

fn verdict(workspace: &MockWorkspace, expectation: &Expectation) -> Verdict {
    let entries = workspace.space().map(|space| space.journal.shared()).unwrap_or_default();
    expectation.judge(entries.iter().map(|entry| &**entry))
}

#[track_caller]
fn judge(workspace: &MockWorkspace, expectation: &Expectation) {
    let verdict = verdict(workspace, expectation);
    assert!(verdict.satisfied, "{verdict}");
}
