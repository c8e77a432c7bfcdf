//! Background jobs: exports and imports of what a workspace defines.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::history::History;
use crate::base::ids::Id;
use crate::nouns::workspace::model::progress::{Due, Progress, ProgressSettings};

/// What a job does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Work {
    /// Packs what the workspace defines into an archive.
    Export,
    /// Makes the workspace define what an archive has.
    Import(ImportOptions),
}

impl Work {
    /// When it is done, per workspace.
    pub fn progress<'a>(&self, settings: &'a ProgressSettings) -> &'a Progress {
        match self {
            Self::Export => &settings.export,
            Self::Import(_) => &settings.import,
        }
    }
}

/// How an import goes about it. Source: OAS (`POST /import`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportOptions {
    /// Only says what would change.
    pub dry_run: bool,
    /// Keeps elements that the archive does not have.
    pub partial: bool,
}

/// Where a job stands. Source: SDK `AsyncRequestStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    /// Waits for its turn.
    Pending,
    /// At work.
    Active,
    /// Done.
    Completed,
    /// It came to nothing.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

/// What can happen to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum JobEvent {
    /// Its turn has come.
    Start,
    /// It is done.
    Complete,
    /// It failed.
    Fail,
    /// Somebody stops it.
    Cancel,
}

impl JobStatus {
    /// The whole machine. None for an event that the status does not allow.
    pub fn on(self, event: JobEvent) -> Option<Self> {
        match (self, event) {
            (Self::Pending, JobEvent::Start) => Some(Self::Active),
            (Self::Pending | Self::Active, JobEvent::Complete) => Some(Self::Completed),
            (Self::Pending | Self::Active, JobEvent::Fail) => Some(Self::Failed),
            (Self::Pending | Self::Active, JobEvent::Cancel) => Some(Self::Cancelled),
            (Self::Active, JobEvent::Start) | (Self::Completed | Self::Failed | Self::Cancelled, _) => None,
        }
    }

    /// Whether it has ended.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// How far it is, in percent. Source: EXP (“a number”); the steps are assumed.
    pub fn percent(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Active => 50,
            Self::Completed | Self::Failed | Self::Cancelled => 100,
        }
    }
}

/// The files of an archive: text by path.
pub type Files = BTreeMap<String, String>;

/// A job as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Id.
    pub id: Id<Job>,
    /// Whoever knows it may read the job and what came of it.
    pub access_key: String,
    /// What it does.
    pub work: Work,
    /// Where it stands.
    pub status: JobStatus,
    /// How it came there.
    #[serde(skip_serializing_if = "History::is_empty", default)]
    pub history: History<JobStatus, JobEvent>,
    /// An import's archive until it is done; an export's from then on.
    #[serde(skip_serializing_if = "Files::is_empty", default)]
    pub files: Files,
    /// What an import changed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub result: Option<Value>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ApiError>,
    /// What happens next by itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub due: Option<Due>,
    /// When it was begun.
    pub created_at: Timestamp,
}

impl Job {
    /// Takes an event: the only way to change `status`.
    pub fn apply(&mut self, event: JobEvent, now: Timestamp) -> Result<(), ApiError> {
        let to = self.status.on(event);
        self.history.step("job", &mut self.status, event, to, now)?;
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
