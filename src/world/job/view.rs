//! The wire form of a background job.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::world::job::model::{Job, JobStatus, JobWork};

/// A job as it is sent. Source: SDK `AsyncRequestStatusResponse`; EXP (`result.downloadUrl`).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Job")]
pub struct JobView {
    /// The id.
    id: Id<Job>,
    /// How far it is.
    status: JobStatus,
    /// The same in percent.
    progress: u8,
    /// Once it is completed: of an export `{downloadUrl}`, of an import what was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    /// Why it failed; absent unless it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ApiError>,
}

impl JobView {
    /// A job of a workspace in the form of its answers.
    pub fn of(engine: &Engine, space: &WorkspaceRuntime, job: &Job) -> Self {
        let result = (job.status == JobStatus::Completed).then(|| match job.work {
            JobWork::Export => json!({ "downloadUrl": download_address(engine.base(), &space.key, job) }),
            JobWork::Import(_) => json!(job.result),
        });
        Self {
            id: job.id.clone(),
            status: job.status,
            progress: job.status.percent(),
            result,
            error: job.error.clone(),
        }
    }
}

/// The address from which an export is fetched without a token; its ticket names workspace, job and access key.
fn download_address(base: &str, workspace: &str, job: &Job) -> String {
    let ticket = URL_SAFE_NO_PAD.encode(format!("{workspace}/{}/{}", job.id, job.access_key));
    format!("{base}/downloads/{ticket}")
}
