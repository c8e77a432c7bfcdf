//! This module sends server-sent events: the results of connect attempts, and which elements change. Invariant: a
//! caller hears only of elements that it may see.
//!
//! Source: SDK (`connect()` hears `connection-events`, `useElementsBackgroundSync` hears `workspace`).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use crate::base::clock::real_sleep;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::json::member;
use crate::call::{Call, Reply};
use crate::engine::Cx;
use crate::nouns::tenant::model::Tenant;
use crate::store::World;
use crate::world::seed::{EachKind, Seeded, each_kind};

/// A comment is sent this often to keep the connection open.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Answers `GET /sse/connection-events/:requestId` with the messages that the attempt's window posts, for windows that
/// cannot. The legacy client sends no token: then the request's id, which nobody can guess, says whose messages are meant,
/// whatever workspace of this moment they come from.
pub(crate) async fn connection_events(call: Call) -> Result<Reply, ApiError> {
    let request_id = call.param("id")?.to_owned();
    let (owner, spaces) = match call.cx() {
        Ok(cx) => (Some(cx.tenant()?.id.clone()), vec![Arc::clone(&cx.space)]),
        Err(_) => (None, call.engine.spaces()),
    };
    let messages = stream::select_all(spaces.iter().map(|space| {
        stream::unfold(space.attempts.subscribe(), async |mut events| {
            let message = next(&mut events).await?;
            Some((message, events))
        })
        .boxed()
    }));
    let own = messages.filter_map(move |message| {
        let own = message.filter(|ended| {
            owner.as_ref().is_none_or(|owner| ended.tenant == *owner)
                && member(&ended.message, "requestId") == request_id.as_str()
        });
        async move { Some(own.map(|ended| ended.message)) }
    });
    Ok(reply(own))
}

/// Answers `GET /sse/workspace` with the changed elements that the caller may see.
pub(crate) async fn workspace(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let changes = cx.space.data.changes();
    let data = std::sync::Arc::clone(&cx.space.data);
    let updates = stream::unfold(changes, move |mut changes| {
        let data = std::sync::Arc::clone(&data);
        async move {
            let change = next(&mut changes).await?;
            // A reset replaces the workspace's state, so the client has to listen again.
            if data.is_closed() {
                return None;
            }
            Some((change, changes))
        }
    });
    let seen = updates.map(move |change| {
        let (kind, id) = change?;
        let world = cx.world();
        let of_caller = |owner: Option<&Id<Tenant>>| owner.is_none_or(|owner| cx.caller.may_see(owner.as_str()));
        let visible = match kind {
            "connection" => world.connections.get(&id).is_some_and(|c| cx.caller.may_see(c.tenant.as_str())),
            "flow-run" => world.flow_runs.get(&id).is_some_and(|run| of_caller(Some(&run.tenant))),
            "integration" => true,
            _ => {
                let mut looking = VisibleElement { cx: &cx, world: &world, kind, id: &id, is_visible: false };
                let Ok(()) = each_kind(&mut looking);
                looking.is_visible
            }
        };
        visible.then(|| json!({ "type": "element-update", "elementType": kind, "elementId": id }))
    });
    let first = json!({ "type": "connected", "message": "membrane-mock" });
    Ok(reply(stream::iter([Some(first)]).chain(seen)))
}

/// Looks whether an element of any kind is there and may be seen by the caller.
struct VisibleElement<'a> {
    cx: &'a Cx,
    world: &'a World,
    /// The name of the record's kind.
    kind: &'a str,
    id: &'a str,
    is_visible: bool,
}

impl EachKind for VisibleElement<'_> {
    type Error = std::convert::Infallible;

    fn kind<K: Seeded>(&mut self) -> Result<(), Self::Error> {
        if K::KIND.name() == self.kind {
            let may_see = |owner: &Id<Tenant>| self.cx.caller.may_see(owner.as_str());
            let element = K::table(self.world).get(self.id);
            self.is_visible = element.is_some_and(|element| element.place().tenant.as_ref().is_none_or(may_see));
        }
        Ok(())
    }
}

/// Returns the next event, or an empty one when it is time for a heartbeat; it returns nothing when
/// no event can come any more.
async fn next<T: Clone>(events: &mut tokio::sync::broadcast::Receiver<T>) -> Option<Option<T>> {
    tokio::select! {
        event = events.recv() => match event {
            Ok(event) => Some(Some(event)),
            // A reader that is too slow misses some events.
            Err(RecvError::Lagged(_)) => Some(None),
            Err(RecvError::Closed) => None,
        },
        () = real_sleep(HEARTBEAT) => Some(None),
    }
}

fn reply(messages: impl futures_util::Stream<Item = Option<Value>> + Send + 'static) -> Reply {
    let lines = messages.map(|message| match message {
        Some(message) => Bytes::from(format!("data: {message}\n\n")),
        None => Bytes::from_static(b":\n\n"),
    });
    // A comment is sent at once, so that the client knows that it listens.
    Reply::events(stream::iter([Bytes::from_static(b": open\n\n")]).chain(lines).boxed())
}
