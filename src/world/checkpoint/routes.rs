//! The handlers of `/checkpoints`, for managers.

use crate::base::error::{ApiError, nearest};
use crate::call::{Call, Reply};
use crate::nouns::references::types;
use crate::world::checkpoint::model::Checkpoint;
use crate::world::checkpoint::rules as checkpoints;

/// The types of which a client may ask, though nothing of them has checkpoints here. Source: SDK `WorkspaceElementType`.
const WITHOUT: [&str; 16] = [
    "customer",
    "app",
    "connection",
    "action-instance",
    "action-run-log-record",
    "app-data-schema-instance",
    "app-event-log-record",
    "app-event-subscription",
    "data-link-table-instance",
    "data-source-instance",
    "external-api-log-record",
    "external-event-log-record",
    "external-event-pull",
    "external-event-subscription",
    "field-mapping-instance",
    "flow-instance",
];

/// `GET /checkpoints?elementType=&elementId=`, a manager's token: answers the checkpoints of one element as an array, oldest first;
/// an empty one for an element that has none. Both are required, as OAS says; without one 400.
pub(crate) async fn list(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let [element_type, element_id] = ["elementType", "elementId"].map(|name| {
        let given = call.query().text(name).filter(|text| !text.is_empty());
        given.ok_or_else(|| {
            ApiError::bad_request(format!(
                "`{name}` is missing; checkpoints are those of one element: GET /checkpoints?elementType=action&elementId=<id>"
            ))
        })
    });
    let (element_type, element_id) = (element_type?, element_id?);
    let known = || types().chain(["integration", "connector"]).chain(WITHOUT);
    if !known().any(|known| known == element_type) {
        let near = nearest(&element_type, known()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(ApiError::bad_request(format!("`elementType` is `{element_type}`, which no checkpoint has{near}")));
    }
    let world = cx.world();
    let of = world.checkpoints.with_key(&element_id).filter(|it| it.element_type == element_type);
    Reply::json(&of.map(|it| &**it).collect::<Vec<&Checkpoint>>())
}

/// `GET /checkpoints/{id}`, a manager's token: answers a checkpoint; 404 when there is none.
pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    Reply::json(&*checkpoints::find(&call.cx()?.world(), call.param("id")?)?)
}

/// `GET /checkpoints/{id}/diff`, a manager's token: answers what has become of the element since, as a list of `{op,
/// path, value?, oldValue?}`; 404 for an element that is gone.
pub(crate) async fn diff(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    Reply::json(&checkpoints::diff(cx.directory(&cx.world()), call.param("id")?)?)
}

/// `POST /checkpoints/{id}/revert`, a manager's token: gives the element the definition of the checkpoint back and answers it.
pub(crate) async fn revert(call: Call) -> Result<Reply, ApiError> {
    checkpoints::revert(&call.cx()?, call.param("id")?).await
}
