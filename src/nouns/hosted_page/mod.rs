//! Hosted pages: what a person sees in a browser.

pub mod attempt;
pub mod embed;
pub mod routes;
