//! The HTTP edge: routes, callers, bodies, documents.

mod authorizing;
mod routes;
mod serving;
