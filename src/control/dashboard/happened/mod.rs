//! Pages of what happened: calls, runs, webhooks.

pub(super) mod calls;
pub(super) mod journal;
pub(super) mod runs;
pub(super) mod webhooks;
