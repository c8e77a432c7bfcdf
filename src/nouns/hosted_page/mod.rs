//! Hosted pages: what a person sees in a browser.

pub mod routes;
