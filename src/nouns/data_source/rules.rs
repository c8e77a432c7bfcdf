//! Finding data sources.

use std::sync::Arc;

use crate::base::error::ApiError;
use crate::engine::directory::Directory;
use crate::nouns::connection::model::Connection;
use crate::nouns::data_source::model::DataSource;

/// The data source of an id or UUID that serves a connection, or the most specific one of a key. Fails with 404 when there is
/// none.
pub fn serving(directory: &Directory<'_>, connection: &Connection, named: &str) -> Result<Arc<DataSource>, ApiError> {
    let sources = &directory.world.data_sources;
    let serves = |source: &&Arc<DataSource>| {
        let place = &source.place;
        !source.meta.is_archived()
            && (place.connection.is_none() || place.connection.as_ref() == Some(&connection.id))
            && (place.integration.is_none() || place.integration == connection.integration)
    };
    let by_key = || sources.with_key(named).filter(serves).max_by_key(|source| source.place.specificity());
    let by_uuid = || sources.iter().filter(serves).find(|source| source.meta.uuid == named);
    let found = sources.get(named).filter(serves).or_else(by_key).or_else(by_uuid);
    found.cloned().ok_or_else(|| ApiError::not_found(format!("data source not found: `{named}`")))
}
