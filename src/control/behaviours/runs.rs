//! Runs of actions and flows, and their logs.

use crate::control::behaviours::{Behaviour, because, begins_a_flow_run, calls, is, is_dead, runs};
use crate::journal::Side;

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    because(
        "`code` and `actionRunId` stand at the top level, `actionRunId` in `data` too",
        "SEED",
        "clients read either place: docs/behaviour.md#log-error-place",
        calls(|e| is_dead(e) || (e.status >= 400 && e.action_run_id.is_some())),
    ),
    because(
        "`/act` is closed to unknown fields; every `/run` spelling works beside it",
        "SEED",
        "new code calls the one, older code the other: docs/behaviour.md#run-spellings",
        calls(|e| is(e, "POST /act")),
    ),
    because(
        "The logged `action` can be sent back to `/act` as it is",
        "OAS",
        "all that the sources show, in one record: docs/behaviour.md#log-action",
        calls(|e| is(e, "GET /action-run-logs/*")),
    ),
    because(
        "Log details are the whole record with a `details` member",
        "SEED",
        "the record and the raw content at once: docs/behaviour.md#log-details",
        calls(|e| is(e, "GET *logs/{id}/details")),
    ),
    because(
        "Snippets get both generations of arguments",
        "SEED",
        "older and newer snippets run: docs/behaviour.md#act-snippet",
        calls(runs),
    ),
    because(
        "An input that does not fit its schema, and a refusing app, are 400",
        "assumed",
        "no status is documented: docs/behaviour.md#act-input, #act-upstream-error",
        calls(|e| runs(e) && e.status == 400),
    ),
    because(
        "`/act` with `api` answers the app's body alone",
        "SEED",
        "examples use it as the app's data: docs/behaviour.md#act-output",
        calls(|e| is(e, "POST /act") && e.action.is_empty()),
    ),
    because(
        "`/act` takes exactly one of `id`, `key`, `api` and `code`, else it is 400",
        "SEED",
        "the sources count three ways or four, all of them one at a time: docs/behaviour.md#act-closed",
        calls(|e| is(e, "POST /act") && e.status == 400),
    ),
    because(
        "In snippets `membrane.proxy` answers `{status, headers, data}`, `membrane.connection(…).proxy` the body",
        "DOC",
        "each answers what its own source says: docs/behaviour.md#act-snippet-proxy",
        calls(runs),
    ),
    because(
        "A run through a disconnected connection leaves a run log and no external API log",
        "assumed",
        "nothing was sent: docs/behaviour.md#log-lost",
        calls(|e| is_dead(e) && e.action_run_id.is_some()),
    ),
    because(
        "A tenant sees its own logs, a manager all; one with a tenant lists that tenant's unless told another",
        "assumed",
        "tenants never see each other's data: docs/behaviour.md#log-visibility",
        calls(|e| is(e, "GET *logs*")),
    ),
    because(
        "One flow run of a connection goes on at a time, the others wait as `queued`",
        "DOC",
        "the limits page says one: docs/behaviour.md#flow-run-turn",
        calls(begins_a_flow_run),
    ),
    because(
        "A flow run fails when any of its nodes did, though its other ways go on",
        "assumed",
        "the page tells how a node fails, not the run: docs/behaviour.md#flow-run-failed",
        calls(begins_a_flow_run),
    ),
    because(
        "A schedule trigger has `schedule {cron, timezone}` or `{intervalSeconds}`; what is due while it cannot run is passed over",
        "assumed",
        "no source has its configuration: docs/behaviour.md#flow-schedule",
        calls(|e| is(e, "* *flow*")),
    ),
    because(
        "Nodes on data links are configured as the formulas that ask for them: `dataLinkTable {key}` and the ids of a link",
        "assumed",
        "no source has their configuration: docs/behaviour.md#flow-run-links",
        calls(begins_a_flow_run),
    ),
    because(
        "A run's output is an object of lists by node, as that of a For Each; a node's `data` is JSON text",
        "assumed",
        "the client has the calls, not what they do: docs/behaviour.md#flow-run-output, #flow-run-instance",
        calls(|e| is(e, "GET /flow-runs/*output*")),
    ),
    because(
        "Running a flow at a connection makes its instance when there is none",
        "assumed",
        "the client has the calls, not what they do: docs/behaviour.md#flow-run-output, #flow-run-instance",
        calls(|e| is(e, "POST */flows/*/run") || is(e, "POST /flow/run")),
    ),
    because(
        "Calls to your app carry a token that says whose they are; it ends in real time whatever the workspace's clock says",
        "real-use",
        "the vendor's receivers check it; how long it lasts is assumed: docs/behaviour.md#your-app-token",
        calls(|e| runs(e) || begins_a_flow_run(e)),
    ),
    because(
        "Every `/act` and `/run` that could be read writes a run log, also one that is refused",
        "SEED",
        "a refused call needs evidence most: docs/behaviour.md#log-always",
        calls(|e| e.action_run_id.is_some()),
    ),
    because(
        "Logs of calls show the app's real address, and in `sentTo` where they went",
        "our choice",
        "a reader looks for the app's address, not the fake's: docs/behaviour.md#log-address",
        calls(|e| is(e, "GET /external-api-logs*")),
    ),
    because(
        "A catalog action repeats a call that got 429 or 503 as often as `upstreamRetries` says, by default never",
        "our choice",
        "catalog actions have their retries from the platform: docs/behaviour.md#act-retry",
        calls(|e| e.side == Side::Upstream && matches!(e.status, 429 | 503)),
    ),
    because(
        "The output of a flow node that lists is all records as a list, that of one that finds a record that record or null",
        "real-use",
        "public flows read them so: docs/behaviour.md#flow-run-records",
        calls(begins_a_flow_run),
    ),
];
