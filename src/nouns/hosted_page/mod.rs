//! Hosted pages: what a person sees in a browser while connecting, and the client's embedded pages.
//!
//! `routes/mod.rs` opens pages for the client and leads through building and choosing,
//! `routes/attempt.rs` is one attempt from its connect page to its end, `routes/embed.rs` has the pages
//! beside connecting. Templates are in [`crate::pages`].
//! Invariant: a page carries a ticket or the name of a visit, never a token.

pub mod routes;

// The form of `/connect` and the theme of a page are asked for by whoever answers a browser.
pub(crate) use routes::{connect_form, theme_of};
