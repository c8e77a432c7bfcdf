//! Evidence: action run logs, external API logs, incoming webhooks.

pub mod model;
pub mod routes;
