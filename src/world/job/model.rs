//! A background job and its state machine. Pure types.
//!
//! Invariant: `status` changes only through [`Job::apply`].

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::agenda::Agenda;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::history::History;
use crate::base::ids::Id;
use crate::nouns::workspace::model::progress::{Due, Progress, ProgressSettings};

/// The work of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum JobWork {
    /// The job packs what the workspace defines into an archive.
    Export,
    /// The job makes the workspace define what an archive has.
    Import(ImportOptions),
}

impl JobWork {
    /// The progress setting that says when such a job ends.
    pub fn progress<'a>(&self, settings: &'a ProgressSettings) -> &'a Progress {
        match self {
            Self::Export => &settings.export,
            Self::Import(_) => &settings.import,
        }
    }
}

/// How an import treats the workspace. Source: OAS (`POST /import`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportOptions {
    /// Whether the import only tells what it would change.
    pub dry_run: bool,
    /// Whether elements that the archive does not have are kept instead of archived.
    pub partial: bool,
}

/// The status of a job. Source: SDK `AsyncRequestStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    /// The job waits for its turn.
    Pending,
    /// The job is at work.
    Active,
    /// The job is done.
    Completed,
    /// The job failed; `error` says why.
    Failed,
    /// A poke cancelled the job.
    Cancelled,
}

/// The events that move a job from one status to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum JobEvent {
    /// The job's turn has come.
    Start,
    /// The job has done its work.
    Complete,
    /// The job failed at its work.
    Fail,
    /// The job is cancelled.
    Cancel,
}

impl JobStatus {
    /// The whole state machine: the status after an event, or none when the status does not allow the event.
    pub fn on(self, event: JobEvent) -> Option<Self> {
        match (self, event) {
            (Self::Pending, JobEvent::Start) => Some(Self::Active),
            (Self::Pending | Self::Active, JobEvent::Complete) => Some(Self::Completed),
            (Self::Pending | Self::Active, JobEvent::Fail) => Some(Self::Failed),
            (Self::Pending | Self::Active, JobEvent::Cancel) => Some(Self::Cancelled),
            (Self::Active, JobEvent::Start) | (Self::Completed | Self::Failed | Self::Cancelled, _) => None,
        }
    }

    /// Whether the job has completed, failed or been cancelled.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// How far the job is, in percent. Source: EXP (“a number”); the steps are assumed.
    pub fn percent(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Active => 50,
            Self::Completed | Self::Failed | Self::Cancelled => 100,
        }
    }
}

/// The files of an archive: their texts by path.
pub type Files = BTreeMap<String, String>;

/// A job as stored. The wire form is [`crate::world::job::view::JobView`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub id: Id<Job>,
    /// A secret: whoever knows it may read the job and its result.
    pub access_key: String,
    pub work: JobWork,
    pub status: JobStatus,
    /// The last changes of the status, oldest first.
    #[serde(skip_serializing_if = "History::is_empty", default)]
    pub history: History<JobStatus, JobEvent>,
    /// The archive of an import until it is done; the archive of an export from then on.
    #[serde(skip_serializing_if = "Files::is_empty", default)]
    pub files: Files,
    /// What an import changed, or would change.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub result: Option<Value>,
    /// Why the job failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ApiError>,
    /// When the job ends by itself; none when it does not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub due: Option<Due>,
    pub created_at: Timestamp,
}

impl Job {
    /// What it waits for: the next step of its state.
    pub fn agenda(&self) -> Agenda {
        Agenda::of_state(self.due.as_ref().and_then(Due::wait))
    }

    /// Moves the job by an event: the only way to change `status`. Fails when the status does not allow the event.
    pub fn apply(&mut self, event: JobEvent, now: Timestamp) -> Result<(), ApiError> {
        self.history.step("job", &mut self.status, event, JobStatus::on, now)?;
        if self.status.is_over() {
            self.due = None;
            self.files.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{JobEvent as E, JobStatus as S};

    #[test]
    fn what_is_over_stays_as_it_is() {
        for over in [S::Completed, S::Failed, S::Cancelled] {
            for event in [E::Start, E::Complete, E::Fail, E::Cancel] {
                assert_eq!(over.on(event), None);
            }
        }
        assert_eq!(S::Pending.on(E::Start).and_then(|s| s.on(E::Complete)), Some(S::Completed));
    }
}
