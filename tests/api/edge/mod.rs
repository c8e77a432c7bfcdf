//! The HTTP edge: routes, callers, bodies, documents.

mod accessors;
mod authorizing;
mod bodies;
mod calls;
mod clients;
mod openapi;
mod routes;
mod serving;
mod shapes;
