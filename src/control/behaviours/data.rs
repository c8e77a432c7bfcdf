//! What clients rely on about data: records, data sources, field mappings, links, and events of the user's own app.

use super::{Behaviour, because, calls, is};
use crate::journal::Entry;

fn asks_for_records(entry: &Entry) -> bool {
    is(entry, "POST */data/*") || is(entry, "POST *collection/*")
}

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    because(
        "An app begins with the records of its connector's collections; what a connection changes is its own",
        "our choice",
        "the platform leaves records to the app: docs/behaviour.md#data-records",
        calls(asks_for_records),
    ),
    because(
        "Records are listed in one order for good, and a cursor names the last of a page",
        "assumed",
        "no source says what a cursor is: docs/behaviour.md#data-order",
        calls(asks_for_records),
    ),
    because(
        "A filter is values by field, a formula over the fields, or a list of conditions",
        "assumed",
        "the client sends any JSON: docs/behaviour.md#data-filter",
        calls(|e| is(e, "POST */list")),
    ),
    because(
        "Parameters that are fields pick records, and required ones are asked for",
        "assumed",
        "what a parameter does is the app's: docs/behaviour.md#data-parameters",
        calls(asks_for_records),
    ),
    because(
        "What the `extract` of a unified data model leaves out is made by the client's table of fallbacks",
        "assumed",
        "the client has the function, not where it is used: docs/behaviour.md#data-unified",
        calls(|e| asks_for_records(e) && is(e, "POST *data-source*")),
    ),
    because(
        "A record is held against the collection's schema; read-only fields are refused, and null clears one",
        "assumed",
        "apps differ: docs/behaviour.md#data-write",
        calls(|e| is(e, "POST */create") || is(e, "POST */update")),
    ),
    because(
        "An import of a field mapping reads a record's fields, an export the app's own; what they come to lies over the default",
        "assumed",
        "the client has the fields, not what reads them: docs/behaviour.md#field-mapping-import",
        calls(|e| is(e, "POST *field-mapping*/run")),
    ),
    because(
        "A table has a link once, and deleting says which: none is deleted where nothing is said",
        "assumed",
        "the client has the calls, not what they do: docs/behaviour.md#data-link-once",
        calls(|e| is(e, "* */links") || is(e, "* /data-links*")),
    ),
    because(
        "An app event is its tenant's by `tenantIdFormula` over the body, or by the subscription whose address it came to",
        "assumed",
        "the client names the formula, not what it sees: docs/behaviour.md#app-event-tenant",
        calls(|e| is(e, "POST /webhooks/app-events/*")),
    ),
    because(
        "A trigger for app events names its type by `appEvent`, `appEventType`, `appEventTypeKey`, `appEventTypeId` or `key`",
        "assumed",
        "no source has its configuration: docs/behaviour.md#app-event-flows",
        calls(|e| is(e, "POST /webhooks/app-events/*")),
    ),
    because(
        "A subscription to external events learns of what is done to a connection's records, pulled as the net effect",
        "assumed",
        "the client has the calls, not what they notice: docs/behaviour.md#external-events",
        calls(|e| is(e, "* /external-event*") || is(e, "POST /webhooks/external-events/*")),
    ),
    because(
        "An operation of a connector is a request or a snippet that the connector lists, and leaves no run log",
        "our choice",
        "on the platform it is code of the connector: docs/behaviour.md#operations",
        calls(|e| is(e, "* */operations*")),
    ),
    because(
        "An export of an element is what an archive has of it, and a clone gets a free key",
        "assumed",
        "the React package puts an export back; no source says more: docs/behaviour.md#element-export",
        calls(|e| is(e, "GET */export") || is(e, "POST */clone") || is(e, "GET */dependencies")),
    ),
    because(
        "A file is read by whoever has its address; a workspace keeps the last 100",
        "our choice",
        "the platform keeps them in a bucket: docs/behaviour.md#file",
        calls(|e| is(e, "* /files*")),
    ),
    because(
        "A package names elements by any name, and answers their ids; a screen that is missing is made on a read",
        "assumed",
        "the client has the fields alone: docs/behaviour.md#package",
        calls(|e| is(e, "* /package*") || is(e, "* /screen*")),
    ),
];
