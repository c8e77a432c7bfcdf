//! The handlers of `/checkpoints`, for managers.

use std::sync::Arc;

use crate::base::error::{ApiError, nearest};
use crate::base::page::Page;
use crate::call::{Call, Reply};
use crate::nouns::references::types;
use crate::world::checkpoint::model::Checkpoint;
use crate::world::checkpoint::rules as checkpoints;

/// `GET /checkpoints`, a manager's token: answers a page of checkpoints, oldest first; of one element where `elementId` or
/// `elementType` says so.
pub(crate) async fn list(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (element_type, element_id) = (call.query().text("elementType"), call.query().text("elementId"));
    if let Some(named) = element_type.as_ref().filter(|named| !types().any(|known| known == named.as_str())) {
        let near = nearest(named, types()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(ApiError::bad_request(format!("`elementType` is `{named}`, which no checkpoint has{near}")));
    }
    let world = cx.world();
    let wanted = world.checkpoints.after(call.page()?.after).filter(|(_, it)| {
        element_type.as_ref().is_none_or(|wanted| it.element_type == *wanted)
            && element_id.as_ref().is_none_or(|wanted| it.element_id == *wanted)
    });
    let page: Page<Arc<Checkpoint>> = call.page()?.take(wanted.map(|(at, it)| (at, Arc::clone(it))));
    Reply::json(&page)
}

/// `GET /checkpoints/{id}`, a manager's token: answers a checkpoint; 404 when there is none.
pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&*checkpoints::find(&call.cx()?.world(), call.param("id")?)?)
}

/// `GET /checkpoints/{id}/diff`, a manager's token: answers what the checkpoint changed, as a list of `{op, path, value?,
/// oldValue?}`.
pub(crate) async fn diff(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&checkpoints::diff(&call.cx()?.world(), call.param("id")?)?)
}

/// `POST /checkpoints/{id}/revert`, a manager's token: gives the element the definition of the checkpoint back and answers it.
pub(crate) async fn revert(call: Call) -> Result<Reply, ApiError> {
    checkpoints::revert(&call.cx()?, call.param("id")?).await
}
