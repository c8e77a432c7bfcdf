//! What wire forms are made with. Each noun adds its own to [`ViewContext`] in its `view.rs`.
//!
//! Wire forms are no part of routes, because a run log keeps them as they were at the time of the run.

use super::directory::Directory;
use super::tokens::Caller;
use crate::base::text::http_address;

/// The picture of an app that has none of its own.
pub fn drawn_logo(base: &str, key: &str) -> String {
    format!("{base}/logos/{key}.svg")
}

/// The picture of an app on a page of the fake: of its `own` addresses the first that loads nothing from elsewhere, which is a
/// picture in itself or one of this machine, else a drawn one.
pub fn logo_on_page(base: &str, own: &[Option<&str>], key: &str) -> String {
    let is_at_hand = |address: &&str| {
        let is_local = |url: url::Url| match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        let is_ours = address.strip_prefix(base).is_some_and(|rest| rest.starts_with('/'));
        address.starts_with("data:image/") || is_ours || http_address(address).is_some_and(is_local)
    };
    own.iter().copied().flatten().find(is_at_hand).map_or_else(|| drawn_logo(base, key), str::to_owned)
}

/// What wire forms are made with: the state that is shown, the address that it is shown under, and who looks.
#[derive(Debug, Clone, Copy)]
pub struct ViewContext<'a> {
    /// What the workspace and the catalog hold at the moment of the view.
    pub directory: Directory<'a>,
    /// The address clients use.
    pub base: &'a str,
    /// The caller, who sees its own tenant's records and its own rights.
    pub caller: &'a Caller,
}

/// Whether secrets are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// Credentials are part of the view.
    Shown,
    /// Credentials are left out of the view.
    Hidden,
}

impl ViewContext<'_> {
    /// The address of a drawn picture.
    pub fn logo(&self, own: Option<&str>, key: &str) -> String {
        own.map_or_else(|| drawn_logo(self.base, key), str::to_owned)
    }
}
