//! What the app was told by webhooks.

use std::sync::Arc;

use crate::nouns::webhook::model::WebhookDelivery;
use crate::testing::MockWorkspace;

/// Webhooks of a workspace, delivered or on their way.
#[derive(Debug, Clone)]
pub struct MockWebhooks {
    workspace: MockWorkspace,
}

impl MockWorkspace {
    /// Webhooks to the app at the workspace's `webhookUri`.
    pub fn webhooks(&self) -> MockWebhooks {
        MockWebhooks { workspace: self.clone() }
    }
}

impl MockWebhooks {
    /// All of them, oldest first.
    pub fn all(&self) -> Vec<Arc<WebhookDelivery>> {
        self.workspace.space().map(|space| space.world().deliveries.iter().cloned().collect()).unwrap_or_default()
    }

    /// Those of one event, such as `connection.disconnected`.
    pub fn of(&self, event: &str) -> Vec<Arc<WebhookDelivery>> {
        self.all().into_iter().filter(|delivery| delivery.event_type.name() == event).collect()
    }

    /// Checks that an event was told, and returns how.
    ///
    /// # Panics
    /// When it was not; says what was.
    #[track_caller]
    pub fn expect(&self, event: &str) -> Arc<WebhookDelivery> {
        let told: Vec<&str> = self.all().iter().map(|delivery| delivery.event_type.name()).collect();
        match self.of(event).into_iter().next_back() {
            Some(delivery) => delivery,
            None => panic!("no webhook told of `{event}`; told were {told:?}"),
        }
    }
}
