//! The vendor behind a connector, to whom users consent and clients ask for tokens.

mod clients;
mod oauth;
