//! Pages of what is there: connections, tenants, elements, apps.

pub(super) mod connection;
pub(super) mod connections;
pub(super) mod elements;
pub(super) mod tenant;
pub(super) mod upstream;
pub(super) mod upstreams;
