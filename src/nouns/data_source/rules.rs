//! What a configuration's `dataSource` comes to.

use std::sync::Arc;

use serde_json::Value;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::elements::Spot;
use crate::engine::directory::Directory;
use crate::nouns::connector::model::Connector;
use crate::nouns::data_source::model::DataSource;
use crate::nouns::references::name_in;

impl DataSource {
    /// The key of the collection that it is at a connector: its own, else the first that has its unified data model. Source:
    /// SDK `findUdmDefaultCollection`.
    pub fn collection_at<'a>(&'a self, connector: &'a Connector) -> Option<&'a str> {
        self.collection_key.as_deref().or_else(|| default_of(connector, self.udm.as_deref()?))
    }
}

/// The key of the first collection of a connector that has a unified data model.
fn default_of<'a>(connector: &'a Connector, udm: &str) -> Option<&'a str> {
    let has = connector.data_collections.iter().find(|collection| collection.udm.contains_key(udm));
    has.map(|collection| collection.key.as_str())
}

/// What a configuration's `dataSource` comes to at a spot.
#[derive(Debug)]
pub struct Located {
    /// The data source that it names; none where it names a collection itself.
    pub source: Option<Arc<DataSource>>,
    /// The key of the collection; whether the connector has it is not known yet.
    pub collection: String,
    /// The parameters of the collection: those of the data source, and those of the configuration over them.
    pub parameters: JsonMap,
    /// The unified data model of the records.
    pub udm: Option<String>,
}

/// Reads `{collectionKey, collectionParameters, udm}`, or the `key` or `id` of a data source, or that as a text. Fails with 400
/// where it names no collection, and with 404 for a data source that is not there.
pub fn locate(
    directory: &Directory<'_>,
    spot: Spot<'_>,
    connector: &Connector,
    named: &Value,
) -> Result<Located, ApiError> {
    let text = |name: &str| named.get(name).and_then(Value::as_str);
    let own = text("collectionKey");
    let any = name_in(named).filter(|_| own.is_none());
    let source = any.map(|any| directory.serving::<DataSource>(spot, any)).transpose()?;
    let udm = text("udm").map(str::to_owned).or_else(|| source.as_ref()?.udm.clone());
    let of_source = || source.as_ref()?.collection_at(connector);
    let collection = own.or_else(of_source).or_else(|| default_of(connector, udm.as_deref()?));
    let collection = collection.map(str::to_owned).ok_or_else(|| {
        let what =
            source.as_ref().map_or_else(|| "`dataSource`".to_owned(), |it| format!("data source `{}`", it.meta.name));
        ApiError::bad_request(format!("{what} names no collection; set its `collectionKey`"))
    })?;
    let parameters =
        [source.as_ref().and_then(|it| it.collection_parameters.as_ref()), named.get("collectionParameters")];
    let parameters = parameters.into_iter().flatten().filter_map(Value::as_object).flatten();
    let parameters = parameters.map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(Located { source, collection, parameters, udm })
}
