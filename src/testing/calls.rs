//! Calls that a test makes itself, as a tenant and over HTTP. Invariant: they are real calls, so they pass through faults
//! and stand in the journal like those of the app under test.

use std::time::Duration;

use reqwest::Method;
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::base::error::ApiError;
use crate::testing::{MockTenant, TestError};

/// A test waits so long for an answer, in real time, before it is told that there is none.
const PATIENCE: Duration = Duration::from_mins(2);

/// The answer of an act that succeeded.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Acted {
    /// The output of the action; null when it has none.
    #[serde(default)]
    pub output: Value,
    /// The id of the run's log, for `GET /action-run-logs/{id}`.
    pub action_run_id: String,
}

impl MockTenant {
    /// Acts: `POST /act` with this body. An error in the envelope is [`TestError::Refused`].
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// acme.connect("github").ready().await?;
    /// let run = acme.act(json!({"key": "list-repositories"})).await?;
    /// assert!(run.output.is_array());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn act(&self, call: Value) -> Result<Acted, TestError> {
        self.call(Method::POST, "/act", Some(&call)).await
    }

    /// Calls a route of the API by GET and returns its JSON.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let found = mock.workspace().tenant("acme").get("/integrations?search=hub").await?;
    /// assert_eq!(found["items"][0]["key"], "github");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get(&self, path: &str) -> Result<Value, TestError> {
        self.get_as(path).await
    }

    /// Calls a route of the API by GET and reads its JSON as a type of the test's own.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Page {
    ///     items: Vec<serde_json::Value>,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let page: Page = mock.workspace().tenant("acme").get_as("/connections").await?;
    /// assert!(page.items.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_as<T: DeserializeOwned>(&self, path: &str) -> Result<T, TestError> {
        self.call(Method::GET, path, None).await
    }

    /// Calls a route of the API by POST with a JSON body and returns its JSON.
    ///
    /// ```
    /// use membrane_mock::testing::MockMembrane;
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockMembrane::start().await?;
    /// let acme = mock.workspace().tenant("acme");
    /// let begun = acme.post("/connect", json!({"connectorKey": "github"})).await?;
    /// assert_eq!(begun["state"], "CLIENT_ACTION_REQUIRED");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn post(&self, path: &str, body: Value) -> Result<Value, TestError> {
        self.call(Method::POST, path, Some(&body)).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, TestError> {
        let unreadable = |why: String| TestError::Unreadable(format!("{method} {path}: {why}"));
        // The fake is on this machine, whatever proxy is set for others.
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .build()
            .map_err(|error| unreadable(error.to_string()))?;
        let request = client.request(method.clone(), format!("{}{path}", self.workspace.uri()));
        let mut request = request.bearer_auth(self.token());
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.map_err(|error| unreadable(error.to_string()))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| unreadable(error.to_string()))?;
        if status.is_success() {
            let json = if text.is_empty() { "null" } else { &text };
            return serde_json::from_str(json).map_err(|error| unreadable(format!("{error} in {text}")));
        }
        match serde_json::from_str::<ApiError>(&text) {
            Ok(error) => Err(TestError::Refused(error)),
            Err(_) => Err(unreadable(format!("answered {status}: {text}"))),
        }
    }
}
