//! Servers of an app of one's own.

use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A server that answers everything so.
pub(crate) async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    answers(&server, answer).await;
    server
}

/// The same by its status alone: an app's receiver of webhooks.
pub(crate) async fn receiver(status: u16) -> MockServer {
    answering(ResponseTemplate::new(status)).await
}

/// From now on a server answers so what it had no answer to.
pub(crate) async fn answers(server: &MockServer, answer: ResponseTemplate) {
    Mock::given(any()).respond_with(answer).mount(server).await;
}
