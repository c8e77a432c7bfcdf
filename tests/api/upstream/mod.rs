//! External apps, and how they are called.

mod failures;
mod forms;
mod proxy;
mod retries;
mod stubs;
