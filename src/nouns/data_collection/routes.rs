//! The handlers of data collections: of a connection's app, of an integration's connector, and of a data source instance.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::json::set_member;
use crate::call::{Call, Reply};
use crate::elements;
use crate::elements::routes::made_instance;
use crate::engine::Cx;
use crate::engine::directory::hint;
use crate::nouns::connection::model::Connection;
use crate::nouns::connection::{self as connections, connector_of};
use crate::nouns::connector::model::Connector;
use crate::nouns::data_collection::model::{DataCollection, Verb};
use crate::nouns::data_collection::records::{Collection, Request, perform};
use crate::nouns::data_collection::view::spec;
use crate::nouns::data_source::model::DataSource;
use crate::nouns::integration::connector_at;

/// A short form of each collection of a connector.
fn listed(connector: &Connector) -> Result<Reply, ApiError> {
    let collections = connector.data_collections.iter();
    let items: Vec<Value> =
        collections.map(|it| json!({ "type": "collection", "key": it.key, "name": it.name })).collect();
    Reply::json(&items)
}

/// `GET /integrations/:i/data`, any token: answers the collections of the connector as an array.
pub(crate) async fn list_of_integration(call: Call) -> Result<Reply, ApiError> {
    listed(&*connector_at(&call)?)
}

/// `GET /integrations/:i/data/:key`, any token: answers what can be done with a collection; 404 for none of that key.
pub(crate) async fn get_of_integration(call: Call) -> Result<Reply, ApiError> {
    call.whole_query();
    Reply::json(&spec(connector_at(&call)?.data_collection(call.param("key")?)?))
}

/// `GET /integrations/:i/data-collection-specs`, any token: answers what can be done with each collection, as an array.
pub(crate) async fn list_specs(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&connector_at(&call)?.data_collections.iter().map(spec).collect::<Vec<_>>())
}

/// The unified data models of a connector with the collections that have them.
fn models(connector: &Connector) -> BTreeMap<&str, Vec<&DataCollection>> {
    let mut models: BTreeMap<&str, Vec<&DataCollection>> = BTreeMap::new();
    for collection in &connector.data_collections {
        for udm in collection.udm.keys() {
            models.entry(udm).or_default().push(collection);
        }
    }
    models
}

/// `GET /integrations/:i/udm`, any token: answers the unified data models that collections of the connector have, each as
/// `{key}`. Source: SDK `ConnectorUdmListItem`.
pub(crate) async fn list_models(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&models(&*connector_at(&call)?).keys().map(|key| json!({ "key": key })).collect::<Vec<_>>())
}

/// `GET /integrations/:i/udm/:key`, any token: answers which collections have a unified data model, the first one as the
/// default; 404 where none has. Source: SDK `ConnectorUdmSpec`.
pub(crate) async fn get_model(call: Call) -> Result<Reply, ApiError> {
    let (connector, key) = (connector_at(&call)?, call.param("key")?);
    let models = models(&connector);
    let collections = models.get(key).ok_or_else(|| {
        let known = hint(key, models.keys().copied());
        ApiError::not_found(format!("unified data model not found: `{}` has no `{key}`{known}", connector.key()))
    })?;
    let mapping = |collection: &&DataCollection| {
        let model = collection.udm.get(key);
        let mut mapping = json!({ "key": collection.key });
        if let Some(fields) = model.and_then(|model| model.parse.clone()) {
            set_member(&mut mapping, "fieldsToCollection", fields);
        }
        if let Some(fields) = model.and_then(|model| model.extract.clone()) {
            set_member(&mut mapping, "fieldsFromCollection", fields);
        }
        mapping
    };
    let default = collections.first().map(|collection| json!({ "key": collection.key }));
    Reply::json(&json!({
        "key": key,
        "defaultCollection": default,
        "collectionMappings": collections.iter().map(mapping).collect::<Vec<_>>(),
    }))
}

fn connection_at(cx: &Cx, call: &Call) -> Result<Arc<Connection>, ApiError> {
    connections::get(cx, call.param("connection")?)
}

/// `GET /connections/:c/data`, any token: answers the collections of the connection's app as an array.
pub(crate) async fn list_of_connection(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    listed(&*connector_of(&cx, &*connection_at(&cx, &call)?)?)
}

/// `GET /connections/:c/data/:key`, any token: answers what can be done with a collection; 404 for none of that key.
pub(crate) async fn get_of_connection(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    call.whole_query();
    let connector = connector_of(&cx, &*connection_at(&cx, &call)?)?;
    Reply::json(&spec(connector.data_collection(call.param("key")?)?))
}

/// An answer that may be nothing.
fn answered(answer: &Value) -> Result<Reply, ApiError> {
    if answer.is_null() { Ok(Reply::of(StatusCode::OK, None, Bytes::new())) } else { Reply::json(answer) }
}

/// `POST /connections/:c/data/:key/<verb>`, any token: does what the verb says. The query has parameters of the collection,
/// and so has the body. Fails as [`perform`] does.
pub(crate) async fn perform_of_connection(call: Call, verb: Verb) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let collection = Collection::of(&cx, connection_at(&cx, &call)?, call.param("key")?)?;
    let mut request: Request = call.json()?;
    call.whole_query();
    let in_query = collection.read_parameters(call.query().pairs().filter(|(name, _)| name != "hash"))?;
    if !in_query.is_empty() {
        let parameters = request.parameters.take().unwrap_or_default();
        request.parameters = Some(in_query.into_iter().chain(parameters).collect());
    }
    answered(&perform(&cx, &collection, verb, &request, None).await?)
}

/// The data source instance that a call names, made if it is missing, and its collection.
async fn instance_at(cx: &Cx, call: &Call) -> Result<(Arc<DataSource>, Collection), ApiError> {
    let source = elements::in_service::<DataSource>(cx, &made_instance::<DataSource>(cx, call).await?)?;
    let connection =
        source.place.connection.as_ref().ok_or_else(|| ApiError::not_found("the data source has no connection"))?;
    let connection = connections::get(cx, connection.as_str())?;
    let connector = connector_of(cx, &connection)?;
    let key = source.collection_at(&connector).ok_or_else(|| {
        ApiError::configuration(format!(
            "data source `{}` names no collection; set its `collectionKey`",
            source.meta.name
        ))
    })?;
    let collection = Collection::of(cx, connection, key)?;
    Ok((source, collection))
}

/// `GET /data-source-instance/collection`, any token: answers what can be done with the instance's collection.
pub(crate) async fn get_of_instance(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (_, collection) = instance_at(&cx, &call).await?;
    Reply::json(&spec(collection.spec()?))
}

/// `POST /data-source-instance/collection/<verb>`, any token: does what the verb says in the instance's collection, with its
/// parameters and unified data model. Fails as [`perform`] does.
pub(crate) async fn perform_of_instance(call: Call, verb: Verb) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (source, collection) = instance_at(&cx, &call).await?;
    let mut request: Request = call.json()?;
    if let Some(Value::Object(own)) = &source.collection_parameters {
        let given = request.parameters.take().unwrap_or_default();
        request.parameters = Some(own.clone().into_iter().chain(given).collect());
    }
    answered(&perform(&cx, &collection, verb, &request, collection.shown_in(source.udm.as_deref())).await?)
}

/// `POST /data-source-instance/unified-fields-to-native`, any token: answers the fields that unified ones come to. 400 where
/// the data source names no unified data model.
pub(crate) async fn unified_to_native(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (source, collection) = instance_at(&cx, &call).await?;
    let unified: JsonMap = call.json()?;
    let udm = source.udm.as_deref().ok_or_else(|| {
        ApiError::bad_request(format!("data source `{}` names no unified data model; set its `udm`", source.meta.name))
    })?;
    Reply::json(&collection.from_unified(udm, &unified)?)
}
