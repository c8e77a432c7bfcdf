//! Background jobs, and the archives that they take and give.

mod archives;
mod progress;
