//! The form of answers, whatever they are about.

use crate::control::behaviours::{Behaviour, asks, because, calls, is, is_known, is_list, is_nobody};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    because(
        "Lists hold 100 unless asked, oldest first, logs newest first",
        "assumed",
        "no default is documented: docs/behaviour.md#list-page",
        calls(|e| is_list(e) && !asks(e, "limit")),
    ),
    because(
        "429 says when to come back only when the rule says so",
        "assumed",
        "no header is documented: docs/behaviour.md#error-429",
        calls(|e| e.status == 429),
    ),
    because(
        "Searches rank by words: what is called so first, then names, then descriptions",
        "our choice",
        "the platform's ranking is not published: docs/behaviour.md#search",
        calls(|e| is(e, "GET /search") || is(e, "GET /semantic-search")),
    ),
    because(
        "A body field that looks like one that the route has is 400",
        "our choice",
        "whoever sends one means something by it: docs/behaviour.md#body-fields",
        calls(|e| e.status == 400 && (is(e, "POST *") || is(e, "PATCH *"))),
    ),
    because(
        "`API-Version` and `membrane-api-version` are accepted and change nothing",
        "assumed",
        "documents and client name the header differently: docs/behaviour.md#api-version",
        calls(|e| is_known(e) || is_nobody(e)),
    ),
    because(
        "A cursor is a decimal number that stands for the last item shown; 0 is the start",
        "assumed",
        "an item archived between two pages skips nothing: docs/behaviour.md#list-cursor",
        calls(|e| asks(e, "cursor") || e.next_cursor.is_some()),
    ),
    because(
        "There is no `/functions`: 404",
        "assumed",
        "no source has it: docs/behaviour.md#not-faked-data",
        calls(|e| e.route.is_none() && e.path.starts_with("/functions")),
    ),
    because(
        "Packages answer under their older name `/scenarios` too",
        "SDK",
        "the client has one class for both names: docs/behaviour.md#package-scenarios",
        calls(|e| is(e, "* /scenario*")),
    ),
];
