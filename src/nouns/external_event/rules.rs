//! The verbs of subscriptions, and the webhooks that come in for them.
//!
//! Source: SDK `ExternalEventSubscriptionAccessor`; DOC:docs/events.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::json::patch::Patch;
use crate::base::text::http_address;
use crate::elements::Spot;
use crate::engine::{Cx, Engine, WorkspaceRuntime};
use crate::nouns::connection as connections;
use crate::nouns::external_event::collecting::{collect, forget, pull};
use crate::nouns::external_event::model::{
    EventConfig, EventType, ExternalEvent, ExternalEventPull, ExternalEventSubscription, IncomingWebhook,
    LEAST_SECONDS, Noticed, SubscriptionStatus,
};
use crate::nouns::external_event::noticing::{MOST_NOTICED, forget_old, is_deactivated, source_of, subscription};
use crate::nouns::external_event_type::model::ExternalEventType;
use crate::store::{Tx, World};

/// The fields that a request may set; absent ones keep their value. Source: OAS.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SubscriptionBody {
    /// The name that people see; it says what it is to when absent on creation.
    name: Patch<String>,
    /// On creation: the id or key of the connection.
    connection_id: Option<String>,
    /// On creation: the key of the connection; an alternative to `connectionId`.
    connection_key: Option<String>,
    /// What it is to; needed on creation, unless an event type is named.
    config: Option<EventConfig>,
    /// On creation: the id of the external event type that it is to, instead of `config`.
    external_event_type_id: Option<String>,
    /// How often the app is asked what is new.
    pull_updates_interval_seconds: Patch<f64>,
    /// How often everything is looked through.
    full_sync_interval_seconds: Patch<f64>,
    /// Where the user's app wants its events; an http or https address.
    webhook_uri: Patch<String>,
}

impl SubscriptionBody {
    /// Sets what the body says beside `config`. Fails with 400 for a wrong value.
    fn apply(self, of: &mut ExternalEventSubscription) -> Result<(), ApiError> {
        let intervals = [
            ("pullUpdatesIntervalSeconds", self.pull_updates_interval_seconds.set()),
            ("fullSyncIntervalSeconds", self.full_sync_interval_seconds.set()),
        ];
        for (field, seconds) in intervals {
            if seconds.is_some_and(|seconds| *seconds < LEAST_SECONDS) {
                return Err(ApiError::bad_request(format!("`{field}` is a number of seconds from {LEAST_SECONDS}")));
            }
        }
        if let Some(uri) = self.webhook_uri.set()
            && http_address(uri).is_none()
        {
            return Err(ApiError::bad_request(format!("`webhookUri` is `{uri}`; it is an http or https address")));
        }
        self.name.apply_required(&mut of.name);
        self.pull_updates_interval_seconds.apply(&mut of.pull_updates_interval_seconds);
        self.full_sync_interval_seconds.apply(&mut of.full_sync_interval_seconds);
        self.webhook_uri.apply(&mut of.webhook_uri);
        Ok(())
    }
}

fn no_subscription(id: &str) -> ApiError {
    ApiError::not_found(format!(
        "external event subscription not found: `{id}`; list them with GET /external-event-subscriptions"
    ))
}

/// A subscription; 404 when it does not exist or the caller may not see it.
pub(super) fn find(cx: &Cx, id: &str) -> Result<Arc<ExternalEventSubscription>, ApiError> {
    let found = cx.world().external_event_subscriptions.get(id).cloned();
    found.filter(|it| cx.caller.may_see(it.tenant.as_str())).ok_or_else(|| no_subscription(id))
}

/// Makes a subscription, subscribed, and answers it. Fails with 400 for a wrong body, and with 404 for a connection,
/// collection or event that is not there.
pub(super) async fn create(cx: &Cx, body: SubscriptionBody) -> Result<Arc<ExternalEventSubscription>, ApiError> {
    let named = body.connection_id.clone().or_else(|| body.connection_key.clone());
    let named =
        named.ok_or_else(|| ApiError::bad_request("name the connection by `connectionId` or `connectionKey`"))?;
    let connection = connections::get(cx, &named)?;
    cx.directory(&cx.world()).check_usable(&connection)?;
    let config = match (&body.config, &body.external_event_type_id) {
        (Some(config), None) => config.clone(),
        (None, Some(id)) => {
            let world = cx.world();
            let of_type = cx.directory(&world).serving::<ExternalEventType>(Spot::of(&connection, None), id)?;
            EventConfig {
                event_type: EventType::ConnectorEvent,
                data_source: None,
                event_key: Some(of_type.meta.key.clone().unwrap_or_else(|| of_type.id.to_string())),
                event_parameters: None,
            }
        }
        (Some(_), Some(_)) => {
            return Err(ApiError::bad_request(
                "`config` and `externalEventTypeId` are two ways to say one thing; give one",
            ));
        }
        (None, None) => {
            return Err(ApiError::bad_request(
                "`config` is missing: `{type, dataSource}` for records, `{type, eventKey}` for other events; `externalEventTypeId` \
                 names an event type of the workspace instead",
            ));
        }
    };
    let mut tx = cx.space.data.begin().await;
    let world = (*tx).clone();
    let name = json!(config.event_type).as_str().unwrap_or_default().to_owned();
    let mut made = subscription(&cx.directory(&world), &cx.space, &connection, name, config, None)?;
    body.apply(&mut made)?;
    let id = made.id.to_string();
    tx.put(made)?;
    tx.commit().await?;
    find(cx, &id)
}

/// Changes a subscription as `change` says, and answers it. Fails with 404 for one that the caller may not see.
async fn changed(
    cx: &Cx,
    id: &str,
    change: impl FnOnce(&mut Tx, &mut ExternalEventSubscription) -> Result<(), ApiError>,
) -> Result<Arc<ExternalEventSubscription>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let known = tx.external_event_subscriptions.get(id).filter(|it| cx.caller.may_see(it.tenant.as_str()));
    let mut of = known.map(|it| (**it).clone()).ok_or_else(|| no_subscription(id))?;
    change(&mut tx, &mut of)?;
    tx.put(of)?;
    tx.commit().await?;
    cx.wake();
    find(cx, id)
}

fn refuse_archived(of: &ExternalEventSubscription) -> Result<(), ApiError> {
    let why = || ApiError::bad_request(format!("external event subscription `{}` is archived; restore it", of.name));
    of.archived_at.map_or(Ok(()), |_| Err(why()))
}

/// Refuses with 400 to change a subscription that is archived, and one of a connection that is, or is below something archived.
fn check_changeable(cx: &Cx, world: &World, of: &ExternalEventSubscription) -> Result<(), ApiError> {
    refuse_archived(of)?;
    let connection = world.connections.get(of.connection.as_str());
    connection.map_or(Ok(()), |connection| cx.directory(world).check_changeable_connection(connection))
}

/// Changes the fields of a subscription and answers it. Fails with 400 for an archived one and a wrong value.
pub(super) async fn update(
    cx: &Cx,
    id: &str,
    body: SubscriptionBody,
) -> Result<Arc<ExternalEventSubscription>, ApiError> {
    if body.external_event_type_id.is_some() {
        return Err(ApiError::bad_request("`externalEventTypeId` is given on creation; change `config` instead"));
    }
    changed(cx, id, |tx, of| {
        check_changeable(cx, tx, of)?;
        if let Some(config) = body.config.clone() {
            let world = (**tx).clone();
            let connection = world.connections.get(of.connection.as_str());
            let connection = connection.ok_or_else(|| ApiError::not_found("its connection is gone"))?;
            let source = source_of(&cx.directory(&world), connection, &config, None)?;
            (of.config, of.collection, of.udm, of.within) = (config, source.collection, source.udm, source.within);
            of.detection = source.detection;
        }
        body.apply(of)?;
        if of.due.is_some() {
            of.due = of.next_pull(cx.space.clock.now());
        }
        Ok(())
    })
    .await
}

/// What a verb makes of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It listens, if it does not already.
    Subscribe,
    /// It listens no longer; what it noticed is dropped.
    Unsubscribe,
    /// It listens anew: what it noticed is dropped, and intervals count from now.
    Resubscribe,
    /// The app is given another address to tell.
    RefreshWebhook,
    /// It is archived.
    Archive,
    /// It is restored.
    Restore,
}

/// Does a step with a subscription and answers it. Fails with 400 for an archived one, unless it is restored.
pub(super) async fn take(cx: &Cx, id: &str, step: Step) -> Result<Arc<ExternalEventSubscription>, ApiError> {
    changed(cx, id, |tx, of| {
        let now = cx.space.clock.now();
        if !matches!(step, Step::Archive | Step::Restore) {
            check_changeable(cx, tx, of)?;
        }
        let listens = of.notices();
        match step {
            Step::Subscribe if listens => {}
            Step::Subscribe | Step::Resubscribe => {
                (of.status, of.error, of.since) = (SubscriptionStatus::Subscribed, None, now);
                forget(of);
            }
            Step::Unsubscribe => {
                (of.status, of.error) = (SubscriptionStatus::Unsubscribed, None);
                forget(of);
            }
            Step::RefreshWebhook => of.renewals = of.renewals.saturating_add(1),
            Step::Archive => {
                of.archived_at.get_or_insert(now);
                forget(of);
            }
            Step::Restore => of.archived_at = None,
        }
        Ok(())
    })
    .await
}

/// Asks the app now what is new, and answers the pull. Fails with 400 for a subscription that does not listen.
pub(super) async fn pull_now(cx: &Cx, id: &str) -> Result<Id<ExternalEventPull>, ApiError> {
    let mut made = None;
    changed(cx, id, |tx, of| {
        refuse_archived(of)?;
        if !of.notices() {
            return Err(ApiError::bad_request("it is not subscribed, so there is nothing to pull; subscribe first"));
        }
        if is_deactivated(&cx.directory(tx), of) {
            return Err(ApiError::bad_request("its flow is out of service, so there is nothing to pull; restore it"));
        }
        made = Some(pull(&cx.engine.catalog, &cx.space, tx, of)?);
        Ok(())
    })
    .await?;
    made.ok_or_else(|| ApiError::internal("a pull is missing"))
}

/// Takes a webhook in: an event of the connector, or the word of the app that records have changed, which are then collected
/// at once. Answers the ids of the events. Fails with 404 where nobody listens.
pub(super) async fn take_webhook(
    cx: &Cx,
    of: &ExternalEventSubscription,
    body: Value,
) -> Result<Vec<Id<ExternalEvent>>, ApiError> {
    let mut tx = cx.space.data.begin().await;
    let known = tx.external_event_subscriptions.get(of.id.as_str()).cloned();
    let mut of = known.map(|it| (*it).clone()).ok_or_else(|| no_subscription(of.id.as_str()))?;
    let (now, tenant) = (cx.space.clock.now(), of.tenant.clone());
    let refusal = (!of.notices()).then(|| {
        ApiError::not_found(format!("external event subscription `{}` is not subscribed; subscribe first", of.name))
    });
    let connection = tx.connections.get(of.connection.as_str());
    let unusable = connection.and_then(|connection| cx.directory(&tx).check_usable(connection).err());
    let out_of_service = is_deactivated(&cx.directory(&tx), &of).then(|| {
        ApiError::not_found(format!(
            "the flow of external event subscription `{}` is out of service; restore it",
            of.name
        ))
    });
    let refusal = refusal.or(unusable).or(out_of_service);
    let mut collected = Vec::new();
    if refusal.is_none() {
        if of.collection.is_none() {
            // Some apps send several events at once.
            let events = if let Value::Array(events) = &body { events.clone() } else { vec![body.clone()] };
            of.noticed.extend(events.into_iter().map(|data| Noticed { record_id: None, data }));
            // Of more than are kept the last ones count.
            let excess = of.noticed.len().saturating_sub(MOST_NOTICED);
            of.noticed.drain(..excess);
        }
        collected = collect(&cx.engine.catalog, &cx.space, &mut tx, &mut of)?;
    }
    if tx.workspace.settings.enable_webhook_logs != Some(false) {
        tx.put(IncomingWebhook {
            id: cx.space.ids.id(),
            tenant,
            subscription: of.id.clone(),
            webhook_key: of.webhook_key(&cx.space.key),
            body,
            collected: collected.clone(),
            error: refusal.clone(),
            created_at: now,
        })?;
        forget_old::<IncomingWebhook>(&mut tx);
    }
    tx.put(of)?;
    tx.commit().await?;
    cx.wake();
    refusal.map_or(Ok(collected), Err)
}

/// The workspace and the subscription whose address has this key.
pub(super) fn of_webhook(
    engine: &Engine,
    key: &str,
) -> Option<(Arc<WorkspaceRuntime>, Arc<ExternalEventSubscription>)> {
    engine.spaces().into_iter().find_map(|space| {
        let world = space.world();
        let found =
            world.external_event_subscriptions.iter().find(|it| it.webhook_key(&world.workspace.key) == key).cloned();
        found.map(|found| (space, found))
    })
}
