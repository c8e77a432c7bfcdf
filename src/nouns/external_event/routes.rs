//! The handlers of external events: subscriptions, the address that apps tell, and the logs.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::json::set_member;
use crate::base::page::Page;
use crate::call::router::Route;
use crate::call::subject::Subject;
use crate::call::{Call, Reply};
use crate::elements;
use crate::engine::Cx;
use crate::nouns::external_event::model::ExternalEventSubscription;
use crate::nouns::external_event::rules::{self, Step, SubscriptionBody};
use crate::nouns::external_event::view::PullTelemetry;
use crate::nouns::integration::connector_at;
use crate::store::{Record, Table, World};

fn shown(cx: &Cx, of: &ExternalEventSubscription) -> Result<Reply, ApiError> {
    let world = cx.world();
    Reply::json(&cx.view(&world).event_subscription(of, true, cx.space.clock.now()))
}

/// Which subscriptions a list asks for, by the fields that everything of a subscription can be filtered by.
struct Filter {
    tenant: Option<String>,
    connection: Option<String>,
    integration: Option<String>,
    external_app: Option<String>,
    subscription: Option<String>,
    status: Option<String>,
}

impl Filter {
    fn of(call: &Call) -> Self {
        let query = call.query();
        Self {
            tenant: query.text("tenantId").or_else(|| query.text("userId")),
            connection: query.text("connectionId"),
            integration: query.text("integrationId"),
            external_app: query.text("externalAppId"),
            subscription: query.text("externalEventSubscriptionId").or_else(|| query.text("subscriptionId")),
            status: query.text("status"),
        }
    }

    /// Whether the caller may see what is of a subscription, and asks for it.
    fn takes(&self, cx: &Cx, world: &World, of: &ExternalEventSubscription, status: &impl Serialize) -> bool {
        let is =
            |wanted: &Option<String>, known: Option<&str>| wanted.as_deref().is_none_or(|wanted| Some(wanted) == known);
        let app = world.connections.get(of.connection.as_str()).and_then(|it| it.external_app.as_ref());
        cx.caller.may_see(of.tenant.as_str())
            && self.tenant.as_ref().is_none_or(|wanted| elements::is_tenant(world, &of.tenant, wanted))
            && is(&self.connection, Some(of.connection.as_str()))
            && is(&self.integration, of.integration.as_ref().map(Id::as_str))
            && is(&self.external_app, app.map(Id::as_str))
            && is(&self.subscription, Some(of.id.as_str()))
            && is(&self.status, json!(status).as_str())
    }
}

/// Refuses a `status` that there is not.
fn check_status(filter: &Filter, known: &[&str]) -> Result<(), ApiError> {
    match &filter.status {
        Some(status) if !known.contains(&status.as_str()) => {
            Err(ApiError::bad_request(format!("`status` is `{status}`; it is {}", known.join(", "))))
        }
        _ => Ok(()),
    }
}

/// `GET /external-event-subscriptions`, any token: answers a page of subscriptions. 400 for a wrong filter.
pub(crate) async fn list(call: Call) -> Result<Reply, ApiError> {
    let (cx, filter) = (call.cx()?, Filter::of(&call));
    check_status(&filter, &["subscribed", "unsubscribed", "error"])?;
    let archived = call.query().flag("includeArchived").unwrap_or_default();
    let of_type = call.query().text("externalEventTypeId");
    let world = cx.world();
    let lens = cx.view(&world);
    let page = call.page()?;
    let all = world.external_event_subscriptions.after(page.after).filter(|(_, it)| {
        (archived || it.archived_at.is_none()) && of_type.is_none() && filter.takes(&cx, &world, it, &it.status)
    });
    let page: Page<_> = page.take(all.map(|(at, it)| (at, &**it)));
    Reply::json(&page.map(|it| lens.event_subscription(it, true, cx.space.clock.now())))
}

/// `POST /external-event-subscriptions`, any token: makes a subscription, subscribed, and answers it. 400 for a wrong body,
/// 404 for a connection, collection or event that is not there.
pub(crate) async fn create(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: SubscriptionBody = call.json()?;
    shown(&cx, &*rules::create(&cx, body).await?)
}

/// `GET /external-event-subscriptions/{id}`, any token: answers a subscription. 404 for one that the caller may not see.
pub(crate) async fn get(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &*rules::find(&cx, call.param("id")?)?)
}

/// `PATCH /external-event-subscriptions/{id}`, any token: changes the fields that are sent and answers it. 400 for a wrong
/// value.
pub(crate) async fn patch(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let body: SubscriptionBody = call.json()?;
    shown(&cx, &*rules::update(&cx, call.param("id")?, body).await?)
}

/// `DELETE` and the verbs of a subscription, any token: does a step with it and answers it. 400 for an archived one.
pub(crate) async fn take(call: Call, step: Step) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    shown(&cx, &*rules::take(&cx, call.param("id")?, step).await?)
}

/// `POST /external-event-subscriptions/{id}/pull-events`, any token: collects what is new and answers the pull. 400 for a
/// subscription that does not listen.
pub(crate) async fn pull(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let id = rules::pull_now(&cx, call.param("id")?).await?;
    shown_pull(&cx, id.as_str())
}

/// `GET /external-event-subscriptions/{id}/dependencies`, any token: answers the connection that it is behind.
pub(crate) async fn dependencies(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let of = rules::find(&cx, call.param("id")?)?;
    Reply::json(&json!([{ "type": "Connection", "key": of.connection }]))
}

/// `POST /webhooks/external-events/{key}`, no token: takes a webhook in and answers `{collectedEventIds}`. 404 for an unknown
/// key, and where nobody listens.
pub(crate) async fn receive(call: Call) -> Result<Reply, ApiError> {
    let key = call.param("key")?;
    let (space, of) = rules::of_webhook(&call.engine, key).ok_or_else(|| {
        ApiError::not_found(format!("no external event subscription has `{key}` in its `incomingWebhookUri`"))
    })?;
    let tenant = space.world().tenants.get(of.tenant.as_str()).cloned();
    let tenant = tenant.ok_or_else(|| ApiError::not_found("the tenant of the subscription is gone"))?;
    let cx = Cx::of_tenant(&call.engine, &space, tenant);
    let body = call.any_json()?;
    if body.is_none() && of.collection.is_none() {
        return Err(ApiError::bad_request("the webhook has no body; send the event as JSON"));
    }
    let body = body.unwrap_or(Value::Null);
    let collected = rules::take_webhook(&cx, &of, body).await?;
    Reply::json(&json!({ "collectedEventIds": collected }))
}

/// `GET /integrations/{selector}/events`, any token: answers the events of the connector as an array.
pub(crate) async fn list_of_integration(call: Call) -> Result<Reply, ApiError> {
    let connector = connector_at(&call)?;
    let items = connector.events.iter();
    Reply::json(
        &items.map(|it| json!({ "key": it.key, "name": it.name, "description": it.description })).collect::<Vec<_>>(),
    )
}

/// `GET /integrations/{selector}/events/{key}`, any token: answers an event of the connector; 404 for none of that key.
pub(crate) async fn get_of_integration(call: Call) -> Result<Reply, ApiError> {
    Reply::json(connector_at(&call)?.event(call.param("key")?)?)
}

/// The workspace that a webhook is sent to.
pub(crate) fn about(call: &Call, route: &Route) -> Option<Subject> {
    Subject::of_page(call, route, || {
        let (space, _) = rules::of_webhook(&call.engine, call.param("key").ok()?)?;
        Some((space, None))
    })
}

fn subscription_of<'w>(world: &'w World, id: &str) -> Option<&'w ExternalEventSubscription> {
    world.external_event_subscriptions.get(id).map(|it| &**it)
}

/// All records of a kind with their places in a list, newest first.
fn newest<R: Record>(all: &Table<R>) -> impl Iterator<Item = (u64, &Arc<R>)> {
    let mut all: Vec<(u64, &Arc<R>)> = all.after(0).map(|(seq, it)| (u64::MAX - seq, it)).collect();
    all.reverse();
    all.into_iter()
}

/// `GET /external-event-log-records`, any token: answers a page of events, newest first. 400 for a wrong filter.
pub(crate) async fn list_events(call: Call) -> Result<Reply, ApiError> {
    let (cx, filter) = (call.cx()?, Filter::of(&call));
    check_status(&filter, &["created", "success", "error"])?;
    let (from, to) = (call.query().moment("from")?, call.query().moment("to")?);
    let world = cx.world();
    let lens = cx.view(&world);
    let page = call.page()?;
    let all = newest(&world.external_events).filter(|(_, event)| {
        from.is_none_or(|from| event.created_at >= from)
            && to.is_none_or(|to| event.created_at < to)
            && subscription_of(&world, event.subscription.as_str())
                .is_some_and(|of| filter.takes(&cx, &world, of, &event.status))
    });
    let page: Page<_> = page.take(all.map(|(at, it)| (at, &**it)));
    Reply::json(&page.map(|it| lens.external_event(it, cx.space.clock.now())))
}

/// `GET /external-event-log-records/{id}` and `…/details`, any token: answers an event. 404 for one that the caller may not
/// see.
pub(crate) async fn get_event(call: Call) -> Result<Reply, ApiError> {
    let (cx, id) = (call.cx()?, call.param("id")?);
    let world = cx.world();
    let lens = cx.view(&world);
    let found = world.external_events.get(id).filter(|it| cx.caller.may_see(it.tenant.as_str()));
    let found = found.and_then(|it| lens.external_event(it, cx.space.clock.now()));
    Reply::json(&found.ok_or_else(|| ApiError::not_found(format!("external event not found: `{id}`")))?)
}

/// `GET /external-event-pulls`, any token: answers a page of pulls, newest first. 400 for a wrong filter.
pub(crate) async fn list_pulls(call: Call) -> Result<Reply, ApiError> {
    let (cx, filter) = (call.cx()?, Filter::of(&call));
    check_status(&filter, &["queued", "running", "success", "error"])?;
    let (from, to) = (call.query().moment("from")?, call.query().moment("to")?);
    let world = cx.world();
    let lens = cx.view(&world);
    let page = call.page()?;
    let all = newest(&world.external_event_pulls).filter(|(_, pull)| {
        from.is_none_or(|from| pull.end >= from)
            && to.is_none_or(|to| pull.end < to)
            && subscription_of(&world, pull.subscription.as_str())
                .is_some_and(|of| filter.takes(&cx, &world, of, &pull.status))
    });
    let page: Page<_> = page.take(all.map(|(at, it)| (at, &**it)));
    Reply::json(&page.map(|it| lens.event_pull(it, cx.space.clock.now())))
}

/// `GET /external-event-pulls/{id}`, any token: answers a pull. 404 for one that the caller may not see.
pub(crate) async fn get_pull(call: Call) -> Result<Reply, ApiError> {
    shown_pull(&call.cx()?, call.param("id")?)
}

fn no_pull(id: &str) -> ApiError {
    ApiError::not_found(format!("external event pull not found: `{id}`; list them with GET /external-event-pulls"))
}

fn shown_pull(cx: &Cx, id: &str) -> Result<Reply, ApiError> {
    let world = cx.world();
    let lens = cx.view(&world);
    let found = world.external_event_pulls.get(id).filter(|it| cx.caller.may_see(it.tenant.as_str()));
    let found = found.and_then(|it| lens.event_pull(it, cx.space.clock.now()));
    Reply::json(&found.ok_or_else(|| no_pull(id))?)
}

/// `GET /external-event-pulls/{id}/telemetry`, any token: answers what a pull did. 404 for one that the caller may not see.
pub(crate) async fn pull_telemetry(call: Call) -> Result<Reply, ApiError> {
    let (cx, id) = (call.cx()?, call.param("id")?);
    let world = cx.world();
    let found = world.external_event_pulls.get(id).filter(|it| cx.caller.may_see(it.tenant.as_str()));
    let told = found.and_then(|pull| PullTelemetry::of(&world, pull));
    Reply::json(&told.ok_or_else(|| no_pull(id))?)
}

/// `GET /external-event-pulls/{id}/logs`, any token: answers what a pull logged, line by line.
pub(crate) async fn pull_logs(call: Call) -> Result<Reply, ApiError> {
    let (cx, id) = (call.cx()?, call.param("id")?);
    let world = cx.world();
    let found = world.external_event_pulls.get(id).filter(|it| cx.caller.may_see(it.tenant.as_str()));
    let pull = found.ok_or_else(|| no_pull(id))?;
    let message = match &pull.error {
        Some(error) => error.message.clone(),
        None => format!("{} events were collected", pull.collected.len()),
    };
    let level = if pull.error.is_some() { "error" } else { "info" };
    Reply::json(&json!([{ "at": pull.end, "level": level, "message": message }]))
}

/// `GET /incoming-webhooks`, any token: answers a page of webhooks that came in, newest first. 400 for a wrong filter.
pub(crate) async fn list_webhooks(call: Call) -> Result<Reply, ApiError> {
    let (cx, filter) = (call.cx()?, Filter::of(&call));
    check_status(&filter, &["success", "error"])?;
    let (from, to) = (call.query().moment("from")?, call.query().moment("to")?);
    let world = cx.world();
    let lens = cx.view(&world);
    let page = call.page()?;
    let all = newest(&world.incoming_webhooks).filter(|(_, webhook)| {
        let status = if webhook.error.is_none() { "success" } else { "error" };
        from.is_none_or(|from| webhook.created_at >= from)
            && to.is_none_or(|to| webhook.created_at < to)
            && subscription_of(&world, webhook.subscription.as_str())
                .is_some_and(|of| filter.takes(&cx, &world, of, &status))
    });
    let page: Page<_> = page.take(all.map(|(at, it)| (at, &**it)));
    Reply::json(&page.map(|it| lens.incoming_webhook(it, cx.space.clock.now())))
}

/// `GET /incoming-webhooks/{id}`, any token: answers a webhook that came in. 404 for one that the caller may not see.
pub(crate) async fn get_webhook(call: Call) -> Result<Reply, ApiError> {
    webhook(&call, false)
}

/// `GET /incoming-webhooks/{id}/details`, any token: answers a webhook that came in with what it brought, as `request.body`,
/// and its `error`. 404 for one that the caller may not see.
pub(crate) async fn get_webhook_details(call: Call) -> Result<Reply, ApiError> {
    webhook(&call, true)
}

fn webhook(call: &Call, is_whole: bool) -> Result<Reply, ApiError> {
    let (cx, id) = (call.cx()?, call.param("id")?);
    let world = cx.world();
    let lens = cx.view(&world);
    let found = world.incoming_webhooks.get(id).filter(|it| cx.caller.may_see(it.tenant.as_str()));
    let shown = found.and_then(|it| Some((it, lens.incoming_webhook(it, cx.space.clock.now())?)));
    let (webhook, shown) = shown.ok_or_else(|| ApiError::not_found(format!("incoming webhook not found: `{id}`")))?;
    let mut shown = serde_json::to_value(shown).map_err(ApiError::internal)?;
    if is_whole {
        set_member(&mut shown, "request", json!({ "body": webhook.body }));
        if let Some(error) = &webhook.error {
            set_member(&mut shown, "error", json!(error));
        }
    }
    Reply::json(&shown)
}
