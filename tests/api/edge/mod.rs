//! The HTTP edge: routes, callers, bodies, documents.

mod authorizing;
mod openapi;
mod routes;
mod serving;
mod shapes;
