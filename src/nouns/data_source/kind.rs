//! What data sources have of their own as a kind of element.

use std::sync::Arc;

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::error::ApiError;
use crate::call::router::{Access, Route, route};
use crate::elements::settings::{Form, Setting};
use crate::elements::{Address, routes as elements};
use crate::engine::view::ViewContext;
use crate::nouns::connector::model::Connector;
use crate::nouns::data_collection::{self as data, Verb, spec};
use crate::nouns::data_source::model::{DataSource, data_source};
use crate::nouns::kind::{FieldRules, kind_of_fields};

data_source!(kind_of_fields);

/// What an answer has beside what is stored.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct More {
    /// The key of the collection that has its unified data model, where it names none itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    collection_key: Option<String>,
    /// What can be done with the collection; absent where the connector has none of that key.
    #[serde(skip_serializing_if = "Option::is_none")]
    collection_spec: Option<Value>,
}

impl FieldRules for DataSource {
    type More<'a> = More;

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        let parameters = self.collection_parameters.as_ref();
        if parameters.is_some_and(|parameters| !parameters.is_object()) {
            let why = "`collectionParameters` is an object of parameters by name";
            return Err(("collectionParameters", ApiError::bad_request(why)));
        }
        for (field, seconds) in [
            ("pullUpdatesIntervalSeconds", self.pull_updates_interval_seconds),
            ("fullSyncIntervalSeconds", self.full_sync_interval_seconds),
        ] {
            if seconds.is_some_and(|seconds| seconds < 1.0) {
                return Err((field, ApiError::bad_request(format!("`{field}` is a number of seconds from 1"))));
            }
        }
        Ok(())
    }

    /// The collection, and the parameters that it takes.
    fn settings(&self, lens: &ViewContext<'_>) -> Vec<Setting> {
        let connector = self.connector(lens);
        let collections = connector.iter().flat_map(|connector| &connector.data_collections);
        let keys = collections.map(|collection| collection.key.clone()).collect();
        let at = connector.as_ref().and_then(|connector| Some((connector, self.collection_at(connector)?)));
        let collection = at.and_then(|(connector, key)| connector.data_collection(key).ok());
        let schema = collection.and_then(|collection| collection.parameters_schema.as_ref());
        let mut settings = vec![Setting::of_field("collectionKey", "Collection", Form::Text, keys).leading()];
        settings.extend(Setting::of_properties("collectionParameters", schema));
        settings
    }

    fn more<'a>(&'a self, lens: &ViewContext<'a>) -> More {
        let connector = self.connector(lens);
        let at = connector.as_ref().and_then(|connector| Some((connector, self.collection_at(connector)?)));
        let collection = at.and_then(|(connector, key)| connector.data_collection(key).ok());
        let default = at.filter(|_| self.collection_key.is_none()).map(|(_, key)| key.to_owned());
        More { collection_key: default, collection_spec: collection.map(spec) }
    }

    /// An instance's records, and a setup at every address. Source: SDK `DataSourceAccessor`, `DataSourceInstanceAccessor`.
    fn routes(base: &str, of: Address) -> Vec<Route> {
        let at = |method, below: &str| (Some(method), format!("{base}/{below}"));
        let mut all = Vec::new();
        match of {
            Address::Element => {
                let (method, path) = at(Method::POST, "setup");
                all.push(route(method, path, Access::Anyone, "SDK", elements::setup::<Self>));
            }
            Address::Instance => {
                let (method, path) = at(Method::GET, "collection");
                all.push(route(method, path, Access::Anyone, "SDK", data::get_of_instance));
                let (method, path) = at(Method::POST, "unified-fields-to-native");
                all.push(route(method, path, Access::Anyone, "SDK", data::unified_to_native));
                for verb in Verb::ALL {
                    let (method, path) = at(Method::POST, &format!("collection/{}", verb.name()));
                    let perform = move |call| data::perform_of_instance(call, verb);
                    all.push(route(method, path, Access::Anyone, "SDK", perform));
                }
            }
        }
        all
    }
}

impl DataSource {
    /// The connector of its connection or integration; none for a universal one.
    fn connector(&self, lens: &ViewContext<'_>) -> Option<Arc<Connector>> {
        let (directory, world) = (&lens.directory, lens.directory.world);
        let connection = self.place.connection.as_ref().and_then(|id| world.connections.get(id.as_str()));
        let integration = self.place.integration.as_ref().and_then(|id| world.integrations.get(id.as_str()));
        let behind = connection.and_then(|connection| directory.connector_behind(connection));
        behind.or_else(|| integration.and_then(|integration| directory.connector_for(integration)))
    }
}
