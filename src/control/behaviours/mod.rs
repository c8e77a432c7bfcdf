//! This module lists, as data, the behaviours that clients rely on and that no single route's source
//! settles: where each comes from, what was decided where sources disagree or are silent, and which calls
//! rely on it. The ledger serves the list.

mod answers;
mod connections;
mod data;
mod elements;
mod runs;
mod workspaces;

use crate::base::operation::Operation;
use crate::base::pattern::is_like;
use crate::journal::{DEAD_CONNECTION, Entry, Side};
use crate::nouns::webhook::model::WebhookDelivery;

/// An entry is one behaviour of the fake.
pub(super) struct Behaviour {
    /// The sentence says what the fake does.
    pub(super) what: &'static str,
    /// The text names the source, in the terms of [`level_of`](crate::control::fidelity::level_of).
    pub(super) source: &'static str,
    /// The text says what settles it where sources disagree or are silent, and names the
    /// rule of `docs/behaviour.md` that says more.
    pub(super) decided: &'static str,
    /// The function finds the calls or webhooks that rely on the behaviour.
    pub(super) leans: Leans,
}

/// What relies on a behaviour: everything whose answer it may change.
#[derive(Clone, Copy)]
pub(super) enum Leans {
    /// Calls of either side rely on it.
    Calls(fn(&Entry) -> bool),
    /// Webhooks to the app rely on it.
    Webhooks(fn(&WebhookDelivery) -> bool),
}

impl Leans {
    /// Returns how many entries and deliveries rely on it, as far back as the journal goes.
    pub(super) fn count<'a>(
        self,
        entries: impl Iterator<Item = &'a Entry>,
        deliveries: impl Iterator<Item = &'a WebhookDelivery>,
    ) -> usize {
        match self {
            Self::Calls(leans) => entries.filter(|entry| leans(entry)).count(),
            Self::Webhooks(leans) => deliveries.filter(|delivery| leans(delivery)).count(),
        }
    }
}

const fn because(what: &'static str, source: &'static str, decided: &'static str, leans: Leans) -> Behaviour {
    Behaviour { what, source, decided, leans }
}

const fn calls(leans: fn(&Entry) -> bool) -> Leans {
    Leans::Calls(leans)
}

const fn webhooks(leans: fn(&WebhookDelivery) -> bool) -> Leans {
    Leans::Webhooks(leans)
}

/// Returns whether a client's call has a method and a route like this pattern.
fn is(entry: &Entry, call: &str) -> bool {
    let route = entry.route.as_deref().filter(|_| entry.side == Side::Api);
    route.is_some_and(|route| is_like(&format!("{} {route}", entry.method), call))
}

/// Returns whether a call's query has a field of this name.
fn asks(entry: &Entry, field: &str) -> bool {
    let mut query = entry.path.split(['?', '&']).skip(1);
    query.any(|part| part.split('=').next() == Some(field))
}

fn is_dead(entry: &Entry) -> bool {
    entry.warnings.iter().any(|warning| warning == DEAD_CONNECTION)
}

fn is_nobody(entry: &Entry) -> bool {
    entry.caller.as_deref() == Some("unauthenticated")
}

fn is_known(entry: &Entry) -> bool {
    entry.caller.is_some() && !is_nobody(entry)
}

fn is_manager(entry: &Entry) -> bool {
    entry.caller.as_deref().is_some_and(|caller| caller.starts_with("manager"))
}

fn is_tenant(entry: &Entry) -> bool {
    entry.caller.as_deref().is_some_and(|caller| caller.starts_with("tenant:"))
}

fn runs(entry: &Entry) -> bool {
    entry.operation == Some(Operation::Act)
}

fn begins_a_flow_run(entry: &Entry) -> bool {
    entry.operation == Some(Operation::FlowRun)
}

fn is_list(entry: &Entry) -> bool {
    let below = ["GET *details", "GET *parameters", "GET *messages"];
    is(entry, "GET *s") && entry.status == 200 && !below.iter().any(|call| is(entry, call))
}

fn creates(entry: &Entry) -> bool {
    let plural =
        ["POST /connections", "POST *actions", "POST /integrations", "POST /external-apps", "POST /connectors"];
    let tenants =
        ["POST /customers", "POST /tenants", "POST /users", "POST /connection-requests", "POST /agent/sessions"];
    plural.iter().chain(&tenants).any(|call| is(entry, call))
}

/// Returns whether a query for a list of actions names an integration, a connection, an app or something narrower.
fn names_a_place(entry: &Entry) -> bool {
    let places =
        ["integrationId", "integrationKey", "connectionId", "connectionKey", "externalAppId", "externalAppKey"];
    places.iter().chain(&["id", "layer", "search"]).any(|field| asks(entry, field))
}

/// Every behaviour of the ledger, in the order in which it is served.
pub(super) fn all() -> impl Iterator<Item = &'static Behaviour> {
    [
        workspaces::BEHAVIOURS,
        connections::BEHAVIOURS,
        elements::BEHAVIOURS,
        data::BEHAVIOURS,
        runs::BEHAVIOURS,
        answers::BEHAVIOURS,
    ]
    .into_iter()
    .flatten()
}
