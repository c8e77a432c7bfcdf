//! What faults do to calls: they delay them, break connections, answer in place of the
//! external app, or cut the answer short.
//!
//! Invariant: an answer that a rule gives in place of an external app is sent and received over a real
//! local connection, so that the client code meets it as it would meet the app's own. Whether a rule
//! fires is decided in [`crate::fault`].

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use url::Url;

use crate::base::error::{ApiError, ErrorKey};
use crate::base::ids::Id;
use crate::base::message::headers::headers_of;
use crate::engine::{Engine, WorkspaceRuntime};
use crate::fault::{Answer, CallFacts, Damage, Effect, Fired, Side};
use crate::journal;
use crate::journal::Entry;
use crate::nouns::connection::connect;
use crate::nouns::connection::model::{Connection, ConnectionEvent, ConnectionState};
use crate::nouns::connector::model::Connector;
use crate::nouns::stub_vendor::model::Grant;
use crate::upstream::raw_server::{Cut, ScriptedAnswer};
use crate::upstream::{OutRequest, OutResponse, UpstreamError};

/// The body of the effect `malformedJson`: JSON that breaks off inside its second member.
const MALFORMED: &str = "{\"items\": [{\"id\": \"7\", ";

/// What the rules that match a call decided.
#[derive(Debug, Default)]
pub struct Met {
    /// The ids of the rules that fired, in the order in which they fired.
    pub rules: Vec<String>,
    /// The rule that answers or cuts the call; the last such rule to fire wins. None when the call goes on as usual.
    pub ending: Option<Fired>,
}

/// Asks the workspace's rules about a call and carries out the effects that leave the call going: latency (this waits
/// on the workspace's clock) and damage to the `connection`. Fails when the damage cannot be stored.
pub async fn meet(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    call: &CallFacts,
    connection: Option<&Id<Connection>>,
) -> Result<Met, ApiError> {
    let mut met = Met::default();
    for fired in space.faults.fire(call, space.clock.now()) {
        if let Some(damage) = fired.effect.damage() {
            let struck = match connection {
                Some(id) => strike(engine, space, id, damage).await?,
                None => false,
            };
            if !struck {
                // A call without a connection, or one that cannot be broken so: nothing has happened.
                space.faults.retract(&fired);
                continue;
            }
        }
        met.rules.push(fired.rule.clone());
        match &fired.effect {
            Effect::Latency(latency) => {
                let spread = latency.to.unwrap_or(latency.from).saturating_sub(latency.from);
                #[expect(
                    clippy::cast_precision_loss,
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a share of milliseconds"
                )]
                let more = (spread as f64 * fired.chance) as u64;
                space.clock.sleep(Duration::from_millis(latency.from.saturating_add(more))).await;
            }
            Effect::Disconnect | Effect::ExpireCredentials | Effect::FailRefresh | Effect::MarkDefunct => {}
            Effect::Error(_)
            | Effect::Respond(_)
            | Effect::RateLimit(_)
            | Effect::Reset
            | Effect::Close
            | Effect::Truncate
            | Effect::Stall
            | Effect::Dribble(_)
            | Effect::MalformedJson => met.ending = Some(fired),
        }
    }
    Ok(met)
}

/// Breaks a connection, and its grant at the fake vendor where it has one. Answers whether there was anything to break:
/// false when the connection does not exist, or has no grant and is not READY.
pub async fn strike(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    id: &Id<Connection>,
    damage: Damage,
) -> Result<bool, ApiError> {
    let mut tx = space.data.begin().await;
    let Some(connection) = tx.connections.get(id.as_str()).cloned() else { return Ok(false) };
    let token = connection.credential("access_token");
    let grant: Option<Grant> = token.and_then(|token| tx.grants.with_key(token).next()).map(|grant| (**grant).clone());
    let has_grant = grant.is_some();
    if let Some(mut grant) = grant {
        match damage {
            Damage::ExpireCredentials => grant.expires_at = Some(space.clock.now()),
            Damage::FailRefresh => grant.refuse_refresh = true,
            Damage::Disconnect | Damage::MarkDefunct => grant.revoked = true,
        }
        tx.put(grant)?;
        tx.commit().await?;
    } else {
        drop(tx);
    }
    if connection.state != ConnectionState::Ready {
        return Ok(has_grant);
    }
    match damage {
        Damage::Disconnect => {
            connect::poke(engine, space, id, ConnectionEvent::LoseCredentials, None).await?;
        }
        Damage::MarkDefunct => {
            let why = "the connection can never work again; its user has to connect anew";
            let error = ApiError::connection(ErrorKey::ConnectionIsDefunct, why);
            connect::poke(engine, space, id, ConnectionEvent::Fail, Some(error)).await?;
        }
        Damage::ExpireCredentials | Damage::FailRefresh => return Ok(has_grant),
    }
    Ok(true)
}

/// Describes a call of an external app, or of its vendor, through a connection, for rules to match. `path` is the path
/// at the app, without the connector's base address.
pub fn upstream_call(
    space: &WorkspaceRuntime,
    connection: &Connection,
    connector: &Connector,
    method: &Method,
    path: &str,
) -> CallFacts {
    let world = space.world();
    let names = |id: &str, key: Option<&str>| [Some(id), key].into_iter().flatten().map(str::to_owned).collect();
    let integration = connection.integration.as_ref().and_then(|id| world.integrations.get(id.as_str()));
    CallFacts {
        side: Side::Upstream,
        operation: None,
        route: String::new(),
        method: method.to_string(),
        path: path.to_owned(),
        tenant: world.tenants.get(connection.tenant.as_str()).map(|tenant| tenant.internal_id.clone()),
        integration: integration.map(|i| names(i.id.as_str(), i.meta.key.as_deref())).unwrap_or_default(),
        connection: names(connection.id.as_str(), connection.meta.key.as_deref()),
        action: Vec::new(),
        flow: Vec::new(),
        connector: Some(connector.key().to_owned()),
    }
}

/// Sends a request through `go`, unless a rule answers or cuts the call instead. `meant` is the address that errors
/// name: a rule's answer comes from a local server whose address means nothing to the reader. The inner error is the
/// call's; the outer one says that the fake itself failed.
pub async fn send<F>(
    engine: &Arc<Engine>,
    space: &Arc<WorkspaceRuntime>,
    call: impl FnOnce() -> CallFacts,
    connection: Option<&Id<Connection>>,
    meant: &Url,
    request: OutRequest,
    go: impl FnOnce(OutRequest) -> F,
) -> Result<Result<OutResponse, UpstreamError>, ApiError>
where
    F: Future<Output = Result<OutResponse, UpstreamError>>,
{
    if space.faults.is_empty() {
        return Ok(go(request).await);
    }
    let call = call();
    let met = meet(engine, space, &call, connection).await?;
    let Some(fired) = &met.ending else {
        // The app's own entry names the rules.
        space.mark_upstream(call.connector.as_deref(), &met.rules);
        return Ok(go(request).await);
    };
    let mut was_sent = false;
    let play = match (answer_of(fired), cut_of(&fired.effect)) {
        (Some(play), _) => play,
        (None, Some(cut)) => {
            was_sent = true;
            space.mark_upstream(call.connector.as_deref(), &met.rules);
            match go(request.clone()).await {
                Ok(real) => {
                    ScriptedAnswer { status: real.status, headers: real.headers, body: real.body, cut: Some(cut) }
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        (None, None) => return Ok(go(request).await),
    };
    let url = engine.address_of(play).await?;
    let result = engine.http.send(OutRequest { url, ..request.clone() }).await;
    if !was_sent {
        space.journal.add(Entry {
            route: call.connector.clone(),
            operation: call.operation,
            status: result.as_ref().map_or(0, |response| response.status.as_u16()),
            faults: met.rules,
            ..Entry::new(journal::Side::Upstream, space.clock.now(), request.method.as_str(), &call.path)
        });
    }
    // Errors name the app's address, which the reader knows, not that of the local server.
    let result = result.map_err(|error| error.of(meant));
    Ok(result)
}

/// How an effect breaks the answer on the wire; none when the effect sends a whole answer or does not end the call.
pub fn cut_of(effect: &Effect) -> Option<Cut> {
    match effect {
        Effect::Reset => Some(Cut::Reset),
        Effect::Close => Some(Cut::Close),
        Effect::Truncate => Some(Cut::Truncate),
        Effect::Stall => Some(Cut::Stall),
        Effect::Dribble(slow) => Some(Cut::Dribble { bytes: slow.bytes, every: Duration::from_millis(slow.every_ms) }),
        Effect::Error(_)
        | Effect::Respond(_)
        | Effect::Latency(_)
        | Effect::RateLimit(_)
        | Effect::MalformedJson
        | Effect::Disconnect
        | Effect::ExpireCredentials
        | Effect::FailRefresh
        | Effect::MarkDefunct => None,
    }
}

/// The answer that a rule gives without carrying the call out; none when the call has to be carried out first (its
/// answer is then cut) or the effect does not end the call.
pub fn answer_of(fired: &Fired) -> Option<ScriptedAnswer> {
    let play = |status, body: Bytes| ScriptedAnswer { status, headers: HeaderMap::new(), body, cut: None };
    match &fired.effect {
        Effect::Error(spec) => {
            let error = spec.error(&fired.rule);
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Some(with_json(play(status, json!(error).to_string().into())))
        }
        Effect::Respond(answer) => Some(respond(answer)),
        Effect::RateLimit(limit) => {
            let error =
                ApiError::rate_limited(format!("the rate limit `{}` is exceeded; call again later", fired.rule));
            let mut play = with_json(play(StatusCode::TOO_MANY_REQUESTS, json!(error).to_string().into()));
            let seconds = fired.retry_after_ms.unwrap_or(limit.per_ms).div_ceil(1_000);
            if limit.retry_after {
                play.headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            Some(play)
        }
        Effect::MalformedJson => Some(with_json(play(StatusCode::OK, MALFORMED.into()))),
        Effect::Reset | Effect::Close => {
            Some(ScriptedAnswer { cut: cut_of(&fired.effect), ..play(StatusCode::OK, Bytes::new()) })
        }
        _ => None,
    }
}

fn with_json(mut play: ScriptedAnswer) -> ScriptedAnswer {
    play.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    play
}

fn respond(answer: &Answer) -> ScriptedAnswer {
    let body = match &answer.body {
        Value::Null => Bytes::new(),
        Value::String(text) => text.clone().into(),
        json => json.to_string().into(),
    };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut play = ScriptedAnswer { status, headers: HeaderMap::new(), body, cut: None };
    if !answer.body.is_string() && !answer.body.is_null() {
        play = with_json(play);
    }
    // They were checked when the rule was stored.
    play.headers.extend(headers_of(&answer.headers).unwrap_or_default());
    play
}
