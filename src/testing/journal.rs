//! This module checks what the app under test did against what a test expects. Invariant: a [`MockJournal`] lists the
//! entries of the moment it was taken, while checks always read the current journal.

use std::ops::Deref;

use serde_json::Value;

use crate::base::operation::Operation;
use crate::journal::verify::{Expectation, Matcher, Verdict};
use crate::journal::{Entry, Side};
use crate::testing::MockWorkspace;

/// The requests so far, in order. It is a list of entries, and it makes the questions that a test asks about them.
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

    /// Asks about calls that ran an action: `/act`, and `/run` of an action.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().journal().acts().expect(0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn acts(&self) -> Asked {
        self.asking(Matcher { operation: Some(Operation::Act), ..Matcher::default() })
    }

    /// Calls that ran a flow: `POST /flow-runs`, and `/run` of a flow.
    pub fn flow_runs(&self) -> Asked {
        self.asking(Matcher { operation: Some(Operation::FlowRun), ..Matcher::default() })
    }

    /// Asks about calls that began to connect.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().journal().connects().expect(0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn connects(&self) -> Asked {
        self.asking(Matcher { operation: Some(Operation::Connect), ..Matcher::default() })
    }

    /// Asks about all calls of the API.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().journal().calls().expect(0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn calls(&self) -> Asked {
        self.asking(Matcher { side: Some(Side::Api), ..Matcher::default() })
    }

    /// Asks about calls of the external app behind the connector with this key.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().journal().upstream("hubspot").expect(0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upstream(&self, connector: &str) -> Asked {
        let route = Some(connector.to_owned());
        self.asking(Matcher { side: Some(Side::Upstream), route, ..Matcher::default() })
    }

    /// Checks that these calls came one after the other; other calls may lie between them.
    ///
    /// # Panics
    /// It panics when they did not, and says which call is missing and which came near.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let workspace = mock.workspace();
    /// let acme = workspace.tenant("acme");
    /// acme.connect("hubspot").key("hubspot-prod").ready().await?;
    /// for key in ["create-contact", "list-contacts"] {
    ///     let act = reqwest::Client::new().post(format!("{}/act", workspace.uri())).bearer_auth(acme.token());
    ///     let call = json!({"key": key, "connectionKey": "hubspot-prod", "input": {"email": "ada@example.com"}});
    ///     act.json(&call).send().await?;
    /// }
    /// let journal = workspace.journal();
    /// journal.expect_in_order(&[journal.acts().action("create-contact"), journal.acts().action("list-contacts")]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn expect_in_order(&self, calls: &[Asked]) {
        let in_order = calls.iter().map(|asked| asked.matcher.clone()).collect();
        judge(&self.workspace, &Expectation { in_order, ..Expectation::default() });
    }
}

/// A question about calls; each method narrows it to fewer calls.
#[derive(Debug, Clone)]
#[must_use = "nothing is checked until `expect`"]
pub struct Asked {
    workspace: MockWorkspace,
    matcher: Matcher,
}

impl Asked {
    /// Narrows it to calls of the action with this id or key.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().journal().acts().action("list-contacts").expect(0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn action(mut self, name: &str) -> Self {
        self.matcher.action = Some(name.into());
        self
    }

    /// Narrows it to runs of the flow, or of the flow instance, with this id or key.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().journal().flow_runs().flow("greet").expect(0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn flow(mut self, name: &str) -> Self {
        self.matcher.flow = Some(name.into());
        self
    }

    /// Narrows it to calls through the connection with this id or key.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().journal().acts().connection("hubspot-prod").expect(0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn connection(mut self, name: &str) -> Self {
        self.matcher.connection = Some(name.into());
        self
    }

    /// Narrows it to calls of the integration with this id or key.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().journal().acts().integration("hubspot").expect(0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn integration(mut self, name: &str) -> Self {
        self.matcher.integration = Some(name.into());
        self
    }

    /// Narrows it to calls of the tenant with this key.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().journal().acts().tenant("acme").expect(0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn tenant(mut self, key: &str) -> Self {
        self.matcher.tenant = Some(key.into());
        self
    }

    /// Narrows it to calls with this HTTP method.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().journal().calls().method("DELETE").expect(0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn method(mut self, method: &str) -> Self {
        self.matcher.method = Some(method.into());
        self
    }

    /// Narrows it to calls on this path, compared without the query; `*` stands for any text.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().journal().calls().path("/connections/*").expect(0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn path(mut self, path: &str) -> Self {
        self.matcher.path = Some(path.into());
        self
    }

    /// Narrows it to calls that were answered with this HTTP status.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().journal().acts().status(429).expect(0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn status(mut self, status: u16) -> Self {
        self.matcher.status = Some(status);
        self
    }

    /// Narrows it to calls whose JSON input contains this value: objects may have more members.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().journal().acts().input(json!({"email": "ada@example.com"})).expect(0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn input(mut self, input: Value) -> Self {
        self.matcher.input = Some(input);
        self
    }

    /// Returns how many such calls there are now.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// assert_eq!(mock.workspace().journal().acts().count(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn count(&self) -> usize {
        verdict(&self.workspace, &Expectation { calls: self.matcher.clone(), ..Expectation::default() }).count
    }

    /// Checks that there are exactly `times` such calls now.
    ///
    /// # Panics
    /// It panics when there are more or fewer, and shows the calls that came near, field by field.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// mock.workspace().journal().acts().expect(0);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn expect(self, times: usize) {
        judge(&self.workspace, &Expectation { calls: self.matcher, times: Some(times), ..Expectation::default() });
    }

    /// Returns a guard that checks, when it is dropped, that there are exactly `times` such calls by then.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let _none = mock.workspace().journal().acts().expect_by_drop(0);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "it is checked when this is dropped"]
    pub fn expect_by_drop(self, times: usize) -> Expected {
        let expectation = Expectation { calls: self.matcher, times: Some(times), ..Expectation::default() };
        Expected { workspace: self.workspace, expectation }
    }
}

/// A guard that checks an expectation when it is dropped, unless the test is failing already.
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
