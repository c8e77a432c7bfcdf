//! External events: what happens in an app behind a connection, and who is told of it.
//!
//! `model.rs` holds subscriptions and what they leave behind, `noticing.rs` which changes a subscription is told of,
//! `rules.rs` its verbs, `collecting.rs` what becomes of what it noticed, `view.rs` the wire forms, `routes.rs` the handlers.
//! Invariant: what a subscription has noticed waits in it until it is collected, so that nothing is lost while the app cannot
//! be asked, and each is collected once.

mod collecting;
pub mod model;
mod noticing;
pub mod routes;
mod rules;
mod view;

pub use noticing::{notice, problem_of};
pub(crate) use rules::Step;
pub(crate) use view::PullTelemetry;
pub use view::{EventView, PullView, SubscriptionView, WebhookView};
