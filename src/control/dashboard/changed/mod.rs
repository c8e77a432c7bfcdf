//! Pages of what one changes: faults, scenarios, the clock, snapshots.

pub(super) mod clock;
pub(super) mod faults;
pub(super) mod scenarios;
pub(super) mod snapshots;
