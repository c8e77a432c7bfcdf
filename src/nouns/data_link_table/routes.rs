//! The handlers of links: those of a table's instance, and all that a caller may see.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::call::{Call, Reply};
use crate::elements::model::Selector;
use crate::elements::routes::made_instance;
use crate::elements::{self, Address, Kind as _};
use crate::engine::Cx;
use crate::nouns::data_link_table::model::{DataLink, DataLinkTable};
use crate::nouns::data_link_table::rules::{self, LinkBody, LinkFilter};

/// Reads what links have to have of a query.
fn filter_of(call: &Call) -> Result<LinkFilter, ApiError> {
    let query = call.query();
    let direction = query.text("direction");
    let read = |text: String| {
        let wrong = || ApiError::bad_request(format!("`direction` is `{text}`; it is import, export or both"));
        serde_json::from_value(json!(text)).map_err(|_| wrong())
    };
    Ok(LinkFilter {
        external_record_id: query.text("externalRecordId").map(Value::from),
        app_record_id: query.text("appRecordId").map(Value::from),
        direction: direction.map(read).transpose()?,
    })
}

/// The instance that a call names, made if it is missing. At the address of an integration's table, that of the caller's
/// connection of the integration is meant where no other is named.
async fn table_at(cx: &Cx, call: &Call, of: Address) -> Result<Arc<DataLinkTable>, ApiError> {
    let named = DataLinkTable::selector(call)?;
    let names_table = named.any.is_some() || named.id.is_some();
    if of == Address::Element && names_table && !named.scope.names_connection() {
        let above = elements::in_service::<DataLinkTable>(cx, &named)?;
        if above.place.is_instance() {
            return Ok(above);
        }
        let mut scope = named.scope.clone();
        scope.integration_id = scope.integration_id.or_else(|| above.place.integration.as_ref().map(Id::to_string));
        let parent_id = Some(above.id.to_string());
        let making = Selector { parent_id, auto_create: true, scope, any: None, id: None, ..named };
        return elements::instance::<DataLinkTable>(cx, &making).await;
    }
    elements::in_service::<DataLinkTable>(cx, &made_instance::<DataLinkTable>(cx, call).await?)
}

/// `GET …/links`, any token: answers a page of the links of an instance. 400 for a wrong filter.
pub(super) async fn list(call: Call, of: Address) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (table, filter) = (table_at(&cx, &call, of).await?, filter_of(&call)?);
    let world = cx.world();
    let links = world.data_links.after(call.page()?.after);
    let links = links.filter(|(_, link)| link.data_link_table_instance_id == table.id && filter.passes(link));
    Reply::json(&call.page()?.take(links.map(|(at, link)| (at, Arc::clone(link)))))
}

/// `POST …/links`, any token: makes a link of an instance and answers it; one that is there already is answered as it is.
/// 400 without the ids of both records.
pub(super) async fn create(call: Call, of: Address) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: LinkBody = call.json()?;
    let table = table_at(&cx, &call, of).await?;
    Reply::json(&rules::create(&cx, &table, &body).await?)
}

/// `DELETE …/links`, any token: deletes the links of an instance that the body describes, or the query, and answers `{}`. 400
/// where nothing is described, 404 where there is none such.
pub(super) async fn delete(call: Call, of: Address) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let filter: LinkFilter = if call.has_body() { call.json()? } else { filter_of(&call)? };
    let table = table_at(&cx, &call, of).await?;
    rules::delete(&cx, &table, &filter).await?;
    Reply::json(&json!({}))
}

/// Whether a caller may see a link: that of its own connection, or any as a manager.
fn may_see(cx: &Cx, link: &DataLink) -> bool {
    let world = cx.world();
    let table = world.data_link_tables.get(link.data_link_table_instance_id.as_str());
    let tenant = table.and_then(|table| table.place.tenant.as_ref());
    tenant.is_some_and(|tenant| cx.caller.may_see(tenant.as_str()))
}

/// `GET /data-links`, any token: answers a page of the links that the caller may see, of one instance where
/// `dataLinkTableInstanceId` names it.
pub(crate) async fn list_all(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (filter, table) = (filter_of(&call)?, call.query().text("dataLinkTableInstanceId"));
    let world = cx.world();
    let links = world.data_links.after(call.page()?.after).filter(|(_, link)| {
        let is_of = table.as_ref().is_none_or(|table| link.data_link_table_instance_id.as_str() == table);
        is_of && filter.passes(link) && may_see(&cx, link)
    });
    Reply::json(&call.page()?.take(links.map(|(at, link)| (at, Arc::clone(link)))))
}

/// `DELETE /data-links/:id`, any token: deletes a link for good and answers it. 404 for one that the caller may not see.
pub(crate) async fn delete_one(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let id = call.param("id")?;
    let mut tx = cx.space.data.begin().await;
    let link = tx.data_links.get(id).filter(|link| may_see(&cx, link)).cloned();
    let link = link.ok_or_else(|| ApiError::not_found(format!("data link not found: `{id}`")))?;
    tx.remove::<DataLink>(link.id.as_str());
    tx.commit().await?;
    Reply::json(&*link)
}
