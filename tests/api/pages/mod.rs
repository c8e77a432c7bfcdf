//! Pages that a user sees in a browser.

mod connect;
mod embedded;
mod popup;
