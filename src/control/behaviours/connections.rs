//! Connections, connecting, and what apps are told of them.

use crate::base::operation::Operation;
use crate::control::behaviours::{Behaviour, because, calls, is, is_dead, runs, webhooks};
use crate::journal::Side;
use crate::nouns::webhook::model::WorkspaceEvent;

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    because(
        "A lost connection reads DISCONNECTED; with `connectionStates: engine` it stays READY with `disconnected: true`",
        "SEED",
        "SEED wins over the client's enum: docs/behaviour.md#connection-states",
        calls(|e| is(e, "GET /connections*")),
    ),
    because(
        "A call through it is 400 `connection` with `code: CONNECTION_DISCONNECTED`; 401 by setting",
        "SEED",
        "400 tells it from a bad token, the code is always there: docs/behaviour.md#connection-lost-call",
        calls(is_dead),
    ),
    because(
        "Both refresh paths renew the credentials",
        "SDK",
        "two names for one thing: docs/behaviour.md#connection-refresh",
        calls(|e| e.operation == Some(Operation::Refresh)),
    ),
    because(
        "Webhooks carry both payload vocabularies at once",
        "DOC",
        "an app written for either page works: docs/behaviour.md#webhook-payload",
        webhooks(|_| true),
    ),
    because(
        "`connection.deleted` is told on archive",
        "DOC",
        "what archives says so, a disconnect has its own event: docs/behaviour.md#webhook-created",
        webhooks(|sent| sent.event_type == WorkspaceEvent::Deleted),
    ),
    because(
        "`/connect` answers JSON with JSON and a form with pages",
        "SDK",
        "whoever asks in a form wants pages: docs/behaviour.md#connect-json",
        calls(|e| is(e, "POST /connect") || is(e, "POST /screens/connect")),
    ),
    because(
        "Of several connections the latest READY one is the default",
        "assumed",
        "the sources do not say which: docs/behaviour.md#connection-default",
        calls(|e| runs(e) && !e.connection.is_empty()),
    ),
    because(
        "A known `connectionKey` means reconnect",
        "assumed",
        "the sources do not say what a key that is taken means: docs/behaviour.md#connection-key",
        calls(|e| e.operation == Some(Operation::Connect)),
    ),
    because(
        "Intents are matched by words, nothing is thought",
        "our choice",
        "no network, and the same answer each time: docs/behaviour.md#connect-intent, #action-intent",
        calls(|e| e.status < 300 && (is(e, "POST /actions") || e.operation == Some(Operation::Connect))),
    ),
    because(
        "Agent sessions are scripted",
        "our choice",
        "no model, no network: docs/behaviour.md#agent-scripted",
        calls(|e| is(e, "* /agent/sessions*")),
    ),
    because(
        "A new connection replaces the integration's others once READY, unless keyed or `allowMultipleConnections`",
        "IAPP",
        "a key says that another one is meant: docs/behaviour.md#connection-replace",
        calls(|e| e.operation == Some(Operation::Connect)),
    ),
    because(
        "A vendor that does not answer a refresh is asked again after 5, 10, 20, 40 s, then the connection is lost",
        "assumed",
        "no count, pause or trigger is documented: docs/behaviour.md#connection-backoff, #connection-defunct",
        calls(|e| e.side == Side::Upstream && e.path.starts_with("/oauth/token") && !(200..500).contains(&e.status)),
    ),
    because(
        "Webhooks are tried eight times, again after 1, 2, 4 … 64 s; signed only with `webhookSecret`",
        "assumed",
        "no count, pause or signature is documented: docs/behaviour.md#webhook-retry, #webhook-signature",
        webhooks(|sent| sent.attempts.len() > 1),
    ),
    because(
        "A failed build is CONFIGURATION_ERROR or SETUP_FAILED; ERROR comes of a poke, `progress` or `markDefunct`",
        "SEED",
        "SEED wins over the client's enum: docs/behaviour.md#connection-states",
        calls(|e| is(e, "GET /connections*") || e.operation == Some(Operation::Connect)),
    ),
    because(
        "Types of elements are read in any case and answered in kebab case",
        "assumed",
        "the sources spell them in several ways: docs/behaviour.md#agent-type",
        calls(|e| is(e, "* /agent/sessions*")),
    ),
    because(
        "`/connect`, `/connections`, `/connections/ensure` and `/connection-requests` lead through the same states",
        "SDK",
        "one machine behind every way in: docs/behaviour.md#connection-create",
        calls(|e| e.operation == Some(Operation::Connect) || is(e, "POST /connections")),
    ),
    because(
        "Each connection has `connected` and its opposite `disconnected`; both filter the list",
        "OAS",
        "older and newer sources read either: docs/behaviour.md#connection-flags",
        calls(|e| is(e, "GET /connections*")),
    ),
    because(
        "Tenants may share a connection key; a manager without a tenant who uses it gets 400",
        "assumed",
        "the sources do not say what a key that is taken means: docs/behaviour.md#connection-key",
        calls(|e| !e.connection.is_empty()),
    ),
    because(
        "POST `/connections` replaces nothing; a key that is taken is 400 `already_exists`",
        "assumed",
        "a program must not undo what a user did: docs/behaviour.md#connection-create",
        calls(|e| is(e, "POST /connections")),
    ),
    because(
        "A restored connection stands where it stood",
        "assumed",
        "archived is no state of the machine: docs/behaviour.md#connection-restore",
        calls(|e| is(e, "POST /connections/*/restore")),
    ),
    because(
        "`isDefunct` is true after the fault `markDefunct`, until the connection is READY again",
        "assumed",
        "no count, pause or trigger is documented: docs/behaviour.md#connection-backoff, #connection-defunct",
        calls(|e| is(e, "GET /connections*")),
    ),
];
