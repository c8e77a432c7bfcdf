//! External apps, and how they are called.

mod failures;
mod proxy;
mod retries;
mod stubs;
