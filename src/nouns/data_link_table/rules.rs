//! Links: made, found and deleted in the instances of tables, by calls, by nodes of flows and by formulas.

use serde::Deserialize;
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::json::member;
use crate::elements::model::{Scope, Selector};
use crate::elements::{self, Spot};
use crate::engine::Cx;
use crate::engine::directory::Directory;
use crate::mapping::formula::RecordOf;
use crate::nouns::connection::model::Connection;
use crate::nouns::data_link_table::model::{DataLink, DataLinkTable, LinkDirection};
use crate::nouns::references::name_in;
use crate::store::World;

/// A link to make. Source: SDK `CreateDataLinkRequest`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkBody {
    external_record_id: Value,
    app_record_id: Value,
    direction: Option<LinkDirection>,
}

/// What links have to have; what is left out does not matter.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct LinkFilter {
    pub(super) external_record_id: Option<Value>,
    pub(super) app_record_id: Option<Value>,
    pub(super) direction: Option<LinkDirection>,
}

impl LinkFilter {
    fn is_empty(&self) -> bool {
        self.external_record_id.is_none() && self.app_record_id.is_none() && self.direction.is_none()
    }

    pub(super) fn passes(&self, link: &DataLink) -> bool {
        let is = |wanted: &Option<Value>, known: &str| wanted.as_ref().is_none_or(|wanted| text_of(wanted) == known);
        is(&self.external_record_id, &link.external_record_id)
            && is(&self.app_record_id, &link.app_record_id)
            && self.direction.is_none_or(|wanted| link.direction.covers(wanted))
    }
}

/// An id as text; apps have numbers too.
fn text_of(id: &Value) -> String {
    crate::mapping::formula::plain_text(id)
}

/// Makes a link of a table's instance and answers it; one that is there already is answered as it is. Fails with 400 without
/// the ids of both records.
pub(super) async fn create(cx: &Cx, table: &DataLinkTable, body: &LinkBody) -> Result<DataLink, ApiError> {
    let (external, own) = (text_of(&body.external_record_id), text_of(&body.app_record_id));
    if external.is_empty() || own.is_empty() {
        return Err(ApiError::bad_request(
            "a link has an `externalRecordId` and an `appRecordId`, neither of them empty",
        ));
    }
    let direction = body.direction.unwrap_or(LinkDirection::Both);
    let mut tx = cx.space.data.begin().await;
    let known = tx
        .data_links
        .with_key(table.id.as_str())
        .find(|link| link.external_record_id == external && link.app_record_id == own && link.direction == direction);
    if let Some(known) = known {
        return Ok((**known).clone());
    }
    let link = DataLink {
        id: cx.space.ids.id(),
        data_link_table_instance_id: table.id.clone(),
        external_record_id: external,
        app_record_id: own,
        direction,
        created_at: cx.space.clock.now(),
    };
    tx.put(link.clone())?;
    tx.commit().await?;
    Ok(link)
}

/// Deletes the links of a table's instance that a filter describes. Fails with 400 for a filter that describes nothing, and with
/// 404 where there is none such.
pub(super) async fn delete(cx: &Cx, table: &DataLinkTable, filter: &LinkFilter) -> Result<(), ApiError> {
    if filter.is_empty() {
        return Err(ApiError::bad_request("say which links: `externalRecordId`, `appRecordId` or `direction`"));
    }
    let mut tx = cx.space.data.begin().await;
    let links = tx.data_links.with_key(table.id.as_str()).filter(|link| filter.passes(link));
    let ids: Vec<_> = links.map(|link| link.id.clone()).collect();
    if ids.is_empty() {
        return Err(ApiError::not_found(format!("data link not found: `{}` has none such", table.meta.name)));
    }
    for id in &ids {
        tx.remove::<DataLink>(id.as_str());
    }
    tx.commit().await?;
    Ok(())
}

/// What a node of a flow does with links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkVerb {
    /// It makes a link, and its output is that.
    Create,
    /// Its output is the first link that its configuration describes, or null.
    Find,
    /// It deletes the links that its configuration describes; it does not matter whether there are any.
    Delete,
}

/// Does what a node's configuration says, with a connection's instance of the table that `dataLinkTable` names. Fails where it
/// names none, and for a link without ids. Source: assumed, after `$findExternalRecordId`.
pub async fn at_node(
    cx: &Cx,
    (connection, instance_key): (&Connection, Option<&str>),
    verb: LinkVerb,
    config: Value,
) -> Result<Value, ApiError> {
    let named = [member(&config, "dataLinkTable"), member(&config, "dataLinkTableKey")].into_iter().find_map(name_in);
    let named = named.ok_or_else(|| ApiError::configuration("the node names no `config.dataLinkTable.key`"))?;
    let making = Selector {
        parent_key: Some(named.to_owned()),
        instance_key: instance_key.map(str::to_owned),
        auto_create: true,
        scope: Scope { connection_id: Some(connection.id.to_string()), ..Scope::default() },
        ..Selector::default()
    };
    let table = elements::instance::<DataLinkTable>(cx, &making).await?;
    let wrong = |error: serde_json::Error| ApiError::configuration(format!("the node's `config` is wrong: {error}"));
    if verb == LinkVerb::Create {
        let body: LinkBody = serde_json::from_value(config).map_err(wrong)?;
        let link = create(cx, &table, &body).await?;
        return serde_json::to_value(link).map_err(ApiError::internal);
    }
    let filter: LinkFilter = serde_json::from_value(config).map_err(wrong)?;
    if verb == LinkVerb::Find {
        // Ids that come to nothing describe no link.
        if filter.is_empty() {
            return Ok(Value::Null);
        }
        let found = cx.world().data_links.with_key(table.id.as_str()).find(|link| filter.passes(link)).cloned();
        return serde_json::to_value(found).map_err(ApiError::internal);
    }
    match delete(cx, &table, &filter).await {
        Err(error) if error.status() != 404 => Err(error),
        Ok(()) | Err(_) => Ok(Value::Object(JsonMap::new())),
    }
}

/// Finds ids by the links of a connection, in its instance of the table that a formula names. Source: IAPP:docs/formulas.
pub fn finder<'a>(
    directory: Directory<'a>,
    connection: &'a Connection,
    instance_key: Option<&'a str>,
) -> impl Fn(RecordOf, &Value) -> Option<String> + 'a {
    move |of, asked| {
        let named = name_in(member(asked, "dataLinkTable"))?;
        let table = directory.serving::<DataLinkTable>(Spot::of(connection, instance_key), named).ok()?;
        linked(directory.world, &table, &text_of(member(asked, "recordId")), of)
    }
}

/// The other id of the link that has an id on one side.
fn linked(world: &World, table: &DataLinkTable, record: &str, of: RecordOf) -> Option<String> {
    let mut links = world.data_links.with_key(table.id.as_str());
    links.find_map(|link| {
        // What goes out asks for the id in the app, what comes in for the user's own.
        let (wanted, known, other) = match of {
            RecordOf::ExternalApp => (LinkDirection::Export, &link.app_record_id, &link.external_record_id),
            RecordOf::OwnApp => (LinkDirection::Import, &link.external_record_id, &link.app_record_id),
        };
        (link.direction.covers(wanted) && *known == record).then(|| other.clone())
    })
}
