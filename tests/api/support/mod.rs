//! What tests share: a running fake, a client for it, and helpers by theme.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use proptest::test_runner::Config;

mod api;
mod bed;
mod calls;
pub(crate) mod contracts;
pub(crate) mod definitions;
pub(crate) mod faults;
pub(crate) mod jobs;
pub(crate) mod journal;
pub(crate) mod pages;
pub(crate) mod receivers;
pub(crate) mod routes;
pub(crate) mod served;
pub(crate) mod snippets;
pub(crate) mod tokens;

pub(crate) use api::{Answer, Api, answer, id, message, next_event, verdict};
pub(crate) use bed::{Bed, THEN};
pub(crate) use calls::{contacts, under_way, user, user_through, whoami};

/// A guard against hanging, far beyond what anything takes.
pub(crate) const GUARD: Duration = Duration::from_secs(30);

/// The text of the panic that something ends in, if it does.
pub(crate) fn panic_of(work: impl FnOnce()) -> Option<String> {
    let caught = catch_unwind(AssertUnwindSafe(work)).err()?;
    let text = caught.downcast_ref::<String>().cloned();
    text.or_else(|| caught.downcast_ref::<&str>().map(|text| (*text).to_owned()))
}

/// How many cases a property is tried with; `PROPTEST_CASES` says otherwise.
pub(crate) fn cases(few: u32) -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    Config { cases: asked.unwrap_or(few), failure_persistence: None, ..Config::default() }
}
