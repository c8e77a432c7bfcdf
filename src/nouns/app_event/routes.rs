//! The handlers of app events: the address that they are sent to, their log, and what only their types have.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::page::Page;
use crate::call::router::Route;
use crate::call::subject::Subject;
use crate::call::{Call, Reply, token_of};
use crate::elements::routes::{made_instance, shown_listed};
use crate::elements::{self, Address, Kind as _};
use crate::engine::tokens::verify;
use crate::nouns::action::run::{NodeCall, run_node};
use crate::nouns::app_event::model::{AppEvent, AppEventType};
use crate::nouns::app_event::rules;
use crate::store::World;

fn unknown(key: &str) -> ApiError {
    ApiError::not_found(format!("no app event type or subscription has the webhook key `{key}`; see its `webhookKey`"))
}

/// `/webhooks/app-events/{key}` by any method but HEAD, no token: takes an event in, or each of a list, and answers `{id,
/// launchedFlowRunIds}`: the id of the first, and the runs of all. Whose an event is may be said by a tenant's token. 404 for an
/// unknown key, 400 for an event that names no tenant, and then none is taken.
pub(crate) async fn receive(call: Call) -> Result<Reply, ApiError> {
    let key = call.param("key")?.to_owned();
    let (space, of) = rules::find(&call.engine, &key).ok_or_else(|| unknown(&key))?;
    // Who asks whether the address is there sends no event.
    if call.method == Method::HEAD {
        return Ok(Reply::empty());
    }
    // Another system's credentials say nothing here, and are no fault.
    let verified = token_of(&call.headers, "").and_then(|(token, _)| verify(&call.engine, &token).ok());
    let caller = verified.filter(|(of, _)| of.key == space.key).and_then(|(_, verified)| verified.tenant_key);
    let events = match call.any_json()? {
        Some(Value::Array(events)) if events.is_empty() => {
            return Err(ApiError::bad_request("the list has no event in it"));
        }
        Some(Value::Array(events)) => events,
        Some(event) => vec![event],
        None => vec![json!({})],
    };
    let taken = rules::take(&call.engine, &space, &of, events, caller.as_deref()).await?;
    let launched: Vec<_> = taken.iter().flat_map(|event| &event.launched).collect();
    Reply::json(&json!({ "id": taken.first().map(|event| &event.id), "launchedFlowRunIds": launched }))
}

/// The workspace that an event is sent to.
pub(crate) fn about(call: &Call, route: &Route) -> Option<Subject> {
    Subject::of_page(call, route, || {
        let (space, _) = rules::find(&call.engine, call.param("key").ok()?)?;
        Some((space, None))
    })
}

/// `GET /app-events`, any token: answers a page of the events that the caller may see, oldest first. 400 for a wrong filter.
pub(crate) async fn list(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let query = call.query();
    let id = query.text("id");
    let search = query.text("search").map(|text| text.to_lowercase());
    let tenant = query.text("tenantId").or_else(|| query.text("userId"));
    let (of_type, subscription) = (query.text("appEventTypeId"), query.text("appEventSubscriptionId"));
    // The client has `from` and `to`, the documentation the others.
    let from = query.moment("from")?.or(query.moment("startDatetime")?);
    let to = query.moment("to")?.or(query.moment("endDatetime")?);
    let world = cx.world();
    let is = |wanted: &Option<String>, known: &str| wanted.as_ref().is_none_or(|wanted| wanted == known);
    let wanted = |event: &AppEvent| {
        cx.caller.may_see(event.tenant.as_str())
            && is(&id, event.id.as_str())
            && is(&of_type, event.event_type.as_str())
            && is(&subscription, event.subscription.as_str())
            && tenant.as_ref().is_none_or(|wanted| elements::is_tenant(&world, &event.tenant, wanted))
            && search.as_ref().is_none_or(|text| is_named(&world, event, text))
            && from.is_none_or(|from| event.datetime >= from)
            && to.is_none_or(|to| event.datetime < to)
    };
    let events = world.app_events.after(call.page()?.after).filter(|(_, event)| wanted(event));
    let page: Page<Arc<AppEvent>> = call.page()?.take(events.map(|(at, event)| (at, Arc::clone(event))));
    Reply::json(&page.map(|event| rules::shown(&cx, &event)))
}

/// Whether the type of an event has a text, in lower case, in its name, key or description.
fn is_named(world: &World, event: &AppEvent, text: &str) -> bool {
    world.app_event_types.get(event.event_type.as_str()).is_some_and(|of| of.meta.matches(text))
}

/// `GET /app-events/{id}`, any token: answers an event. 404 for one that the caller may not see.
pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let id = call.param("id")?;
    let world = cx.world();
    let event = world.app_events.get(id).filter(|event| cx.caller.may_see(event.tenant.as_str()));
    let event = event.ok_or_else(|| ApiError::not_found(format!("app event not found: `{id}`")))?;
    Reply::json(&rules::shown(&cx, event))
}

/// `GET …/schema` of a type or subscription, any token: answers the JSON Schema of its events; one that says nothing where
/// none was given.
pub(super) async fn schema(call: Call, of: Address) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let selector = match of {
        Address::Element => AppEventType::selector(&call)?,
        Address::Instance => made_instance::<AppEventType>(&cx, &call).await?,
    };
    let (of, _) = elements::get::<AppEventType>(&cx, &selector)?;
    Reply::json(&of.schema.clone().unwrap_or_else(|| json!({ "type": "object" })))
}

/// `POST …/subscribe` of a subscription, any token: sends `subscribeRequest` to the user's app, where there is one, notes that
/// it was told, and answers the subscription. Fails as the request does.
pub(super) async fn subscribe(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let selector = made_instance::<AppEventType>(&cx, &call).await?;
    let (own, _) = elements::get::<AppEventType>(&cx, &selector)?;
    let mut answer = Value::Null;
    if let Some(request) = &own.subscribe_request {
        let world = cx.world();
        let webhook_uri = own.webhook_uri(cx.engine.base(), &world.workspace.key);
        let variables = crate::base::JsonMap::from_iter([("webhookUri".to_owned(), json!(webhook_uri))]);
        let call = NodeCall::to_your_app(&cx, &own.meta.name, request.clone(), variables);
        answer = run_node(&cx, call).await.0?.unwrap_or_default();
    }
    let told = elements::update(&cx, &selector, move |own: &mut AppEventType, _| {
        own.is_subscribed = Some(true);
        own.subscription_response = Some(answer).filter(|answer| !answer.is_null());
        Ok(())
    });
    shown_listed(&cx, &told.await?)
}
