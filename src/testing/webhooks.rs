//! This module shows a test which webhooks the fake sent to the app. Invariant: it lists deliveries of the workspace,
//! whether they arrived or are still being tried.

use std::sync::Arc;

use crate::nouns::webhook::model::WebhookDelivery;
use crate::testing::MockWorkspace;

/// A handle to the webhooks of a workspace, delivered or still on their way.
#[derive(Debug, Clone)]
pub struct MockWebhooks {
    workspace: MockWorkspace,
}

impl MockWorkspace {
    /// Returns a handle to the webhooks that go to the app at the workspace's `webhookUri`.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// assert!(mock.workspace().webhooks().all().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn webhooks(&self) -> MockWebhooks {
        MockWebhooks { workspace: self.clone() }
    }
}

impl MockWebhooks {
    /// Returns all webhooks, oldest first.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// assert!(mock.workspace().webhooks().all().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn all(&self) -> Vec<Arc<WebhookDelivery>> {
        self.workspace.space().map(|space| space.world().deliveries.iter().cloned().collect()).unwrap_or_default()
    }

    /// Returns the webhooks of one event, such as `connection.disconnected`, oldest first.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// assert!(mock.workspace().webhooks().of("connection.disconnected").is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn of(&self, event: &str) -> Vec<Arc<WebhookDelivery>> {
        self.all().into_iter().filter(|delivery| delivery.event_type.name() == event).collect()
    }

    /// Checks that an event was sent, and returns its latest webhook.
    ///
    /// # Panics
    /// It panics when no webhook told of the event, and says which events were sent.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let workspace = mock.workspace();
    /// let patch = reqwest::Client::new().patch(format!("{}/workspaces/{}", workspace.uri(), workspace.key()));
    /// let patch = patch.json(&json!({"webhookUri": "http://127.0.0.1:9/hook"}));
    /// patch.bearer_auth(workspace.manager_token()).send().await?.error_for_status()?;
    /// workspace.tenant("acme").connect("hubspot").ready().await?;
    /// workspace.webhooks().expect("connection.created");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn expect(&self, event: &str) -> Arc<WebhookDelivery> {
        let told: Vec<&str> = self.all().iter().map(|delivery| delivery.event_type.name()).collect();
        match self.of(event).into_iter().next_back() {
            Some(delivery) => delivery,
            None => panic!("no webhook told of `{event}`; told were {told:?}"),
        }
    }
}
