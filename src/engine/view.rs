//! What wire forms are made with. Each noun adds its own to [`ViewContext`] in its `view.rs`.
//!
//! Wire forms are no part of routes, because a run log keeps them as they were at the time of the run.

use super::directory::Directory;
use super::tokens::Caller;

/// The picture of an app that has none of its own.
pub fn drawn_logo(base: &str, key: &str) -> String {
    format!("{base}/logos/{key}.svg")
}

/// What wire forms are made with: the state that is shown, the address that it is shown under, and who looks.
#[derive(Debug, Clone, Copy)]
pub struct ViewContext<'a> {
    /// State and catalog.
    pub directory: Directory<'a>,
    /// The address clients use.
    pub base: &'a str,
    /// Who looks.
    pub caller: &'a Caller,
}

/// Whether secrets are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// Shown.
    Shown,
    /// Left out.
    Hidden,
}

impl ViewContext<'_> {
    /// The address of a drawn picture.
    pub fn logo(&self, own: Option<&str>, key: &str) -> String {
        own.map_or_else(|| drawn_logo(self.base, key), str::to_owned)
    }
}
