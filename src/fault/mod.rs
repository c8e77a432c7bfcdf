//! Faults: rules that break a call on cue. A rule is *when* + *how often* + *what* (`docs/behaviour.md#fault-rule`).
//!
//! Invariant: whether a rule fires is a function of its own count of matching calls, the workspace's seed and its clock,
//! so the same calls meet the same faults, and what fired can be played again.

mod book;
mod build;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use book::{Book, Fired, Firing, Sheet, Standing};
pub use build::{Fault, Which, act, any_call, connect, flow_run, proxy, route, upstream};

use crate::base::clock::Timestamp;
use crate::base::error::{ApiError, ErrorCode, ErrorKey, ErrorType};
use crate::base::message::headers::{HeaderProblem, headers_of};
use crate::base::operation::Operation;
pub use crate::base::operation::Side;
use crate::base::pattern::{check_route, is_like, is_route};

/// Which calls a rule is about: a call must match every field that is given, and without any field
/// every call of the API matches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct When {
    /// The side of the calls: `api` when a client calls the fake, `upstream` when the fake calls an
    /// external app or sends a webhook. When absent, it is `upstream` if `connector` is given or
    /// `operation` is `webhook`, and `api` otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// What the call does, for calls that have a name: `act` (every way to run an action), `flowRun` (every way
    /// to run a flow), `connect`, `proxy` or `refresh`; on the upstream side only `webhook`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// The route that is called, with its method, as the documentation writes it: `GET /connections/{connection}`. It
    /// is for the api side only, and a route that does not exist is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The HTTP method of the call, in upper or lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path of the call without its query; `*` stands for any text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The key of the tenant that calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The id or the key of the integration that the call is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration: Option<String>,
    /// The id or the key of the connection that the call is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The id or the key of the action that the call runs; it is for the api side only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The id or key of the flow, or of the flow instance, that the call runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// The key of the connector behind which the called external app lies; it is for the upstream side only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector: Option<String>,
}

/// What rules look at of a call; an element is listed under all its names.
#[derive(Debug, Clone, Default)]
pub struct CallFacts {
    pub side: Side,
    /// The call's name, when it has one of its own.
    pub operation: Option<Operation>,
    /// The call's method and route, as in `GET /connections/{connection}`.
    pub route: String,
    pub method: String,
    /// The call's path, without its query.
    pub path: String,
    /// The key of the tenant that calls.
    pub tenant: Option<String>,
    /// The id and the key of the integration.
    pub integration: Vec<String>,
    /// The id and the key of the connection.
    pub connection: Vec<String>,
    /// The id and the key of the action.
    pub action: Vec<String>,
    /// The flow that is run, by the names in the call, id and key, and the ids of what it is a version of.
    pub flow: Vec<String>,
    /// The key of the connector, on the upstream side.
    pub connector: Option<String>,
}

impl When {
    fn side(&self) -> Side {
        let is_upstream = self.connector.is_some() || self.operation == Some(Operation::Webhook);
        self.side.unwrap_or(if is_upstream { Side::Upstream } else { Side::Api })
    }

    /// Refuses conditions that no call of its side ever meets.
    fn check(&self) -> Result<(), ApiError> {
        let wrong = |why: &str| Err(ApiError::bad_request(why.to_owned()));
        let is_webhook = self.operation == Some(Operation::Webhook);
        match self.side() {
            Side::Api if self.connector.is_some() => {
                wrong("`on.connector` is of the upstream side; leave `on.side` out, or say `upstream`")
            }
            Side::Api if is_webhook => {
                wrong("a webhook is sent, so it is of the upstream side; leave `on.side` out, or say `upstream`")
            }
            Side::Upstream if self.operation.is_some() && !is_webhook => {
                wrong("on the upstream side only `webhook` is an operation; use `on.method` and `on.path`")
            }
            Side::Upstream if self.action.is_some() || self.flow.is_some() => wrong(
                "a call of the upstream side is of no action and of no flow; use `on.connection`, `on.method` and `on.path`",
            ),
            Side::Upstream if self.route.is_some() => {
                wrong("`on.route` is of the api side; use `on.method` and `on.path`")
            }
            Side::Api | Side::Upstream => Ok(()),
        }
    }

    fn fits(&self, call: &CallFacts) -> bool {
        let side = self.side();
        let is = |wanted: &Option<String>, own: Option<&str>| wanted.is_none() || wanted.as_deref() == own;
        let one_of = |wanted: &Option<String>, names: &[String]| wanted.as_ref().is_none_or(|w| names.contains(w));
        side == call.side
            && self.operation.is_none_or(|wanted| call.operation == Some(wanted))
            && self.route.as_ref().is_none_or(|route| is_route(route, &call.route))
            && self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&call.method))
            && self.path.as_ref().is_none_or(|pattern| is_like(&call.path, pattern))
            && is(&self.tenant, call.tenant.as_deref())
            && one_of(&self.integration, &call.integration)
            && one_of(&self.connection, &call.connection)
            && one_of(&self.action, &call.action)
            && one_of(&self.flow, &call.flow)
            && is(&self.connector, call.connector.as_deref())
    }
}

/// A fault rule: which calls it is about, how often it fires, and what it does then. Example: `{"name": "flaky", "on":
/// {"operation": "act"}, "nth": 2, "fault": "disconnect"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// The name of the rule in the journal and in the story of what fired. When absent, the rule is named after its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The calls that the rule is about; when absent, every call of the API.
    #[serde(default)]
    pub on: When,
    /// The rule fires at most this many times; when absent, there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// The rule fires only at the n-th matching call, counted from 1; when absent, at any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// The rule does not fire at the first n matching calls; when absent, it may fire from the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// The rule fires with this probability, 0 to 1, which derives from the workspace's
    /// seed; when absent, it always fires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// The rule fires only before this moment of the workspace's clock; when absent, it has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What the rule does to the call when it fires.
    pub fault: Effect,
}

impl Rule {
    /// Refuses a rule that could never fire, or whose numbers or headers make no sense, and says why.
    pub fn check(&self) -> Result<(), ApiError> {
        let wrong = |why: &str| Err(ApiError::bad_request(why.to_owned()));
        if self.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
            return wrong("`probability` lies between 0 and 1");
        }
        if self.nth == Some(0) || self.times == Some(0) {
            return wrong("`nth` and `times` count from 1");
        }
        self.on.check()?;
        if let Some(route) = &self.on.route {
            check_route("on.route", route)?;
        }
        match &self.fault {
            Effect::Error(spec) if spec.status.is_some_and(|status| !(200..600).contains(&status)) => {
                wrong("`error.status` is an HTTP status from 200 to 599")
            }
            Effect::Respond(answer) if !(200..600).contains(&answer.status) => {
                wrong("`respond.status` is an HTTP status from 200 to 599")
            }
            Effect::Respond(answer) => match headers_of(&answer.headers) {
                Ok(_) => Ok(()),
                Err(HeaderProblem::Wrong(_)) => {
                    wrong("`respond.headers` has a name or a value that no header can have")
                }
                Err(problem @ HeaderProblem::Many(_)) => wrong(&format!("`respond`: {problem}")),
            },
            Effect::RateLimit(limit) if limit.limit == 0 || limit.per_ms == 0 => {
                wrong("`rateLimit.limit` and `rateLimit.perMs` are at least 1")
            }
            Effect::Latency(latency) if latency.from > latency.to.unwrap_or(latency.from) => {
                wrong("`latency.to` is not less than `latency.ms`")
            }
            _ => Ok(()),
        }
    }
}

/// What a rule does to a call when it fires.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// The call is answered with an error of the engine, in its envelope.
    Error(ErrorSpec),
    /// The call is answered with this status, body and headers.
    Respond(Answer),
    /// The call takes longer, in milliseconds of the workspace's clock.
    Latency(Latency),
    /// The call is answered with 429 when its token bucket is empty.
    RateLimit(RateLimit),
    /// The TCP connection is reset (RST) before the answer.
    Reset,
    /// The TCP connection is closed (FIN) before the answer.
    Close,
    /// The answer breaks off in the middle of its body.
    Truncate,
    /// The answer's headers are sent, but its body never is.
    Stall,
    /// The answer's body is sent in small pieces with pauses.
    Dribble(Dribble),
    /// The answer's body is not JSON.
    MalformedJson,
    /// The connection loses its credentials before the call: the vendor has revoked them.
    Disconnect,
    /// The connection's access token has expired before the call.
    ExpireCredentials,
    /// The vendor refuses the next refresh of the connection.
    FailRefresh,
    /// The connection is defunct: it never works again unless its user reconnects it.
    MarkDefunct,
}

/// What a vendor does to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Damage {
    /// The access token has expired; the next call refreshes it.
    ExpireCredentials,
    /// The next refresh is refused.
    FailRefresh,
    /// The vendor has taken the grant back; the connection is disconnected.
    Disconnect,
    /// The connection never works again, unless its user reconnects it.
    MarkDefunct,
}

impl Effect {
    /// Returns what the effect does to a connection; none where it changes the call alone.
    pub fn damage(&self) -> Option<Damage> {
        match self {
            Self::ExpireCredentials => Some(Damage::ExpireCredentials),
            Self::FailRefresh => Some(Damage::FailRefresh),
            Self::Disconnect => Some(Damage::Disconnect),
            Self::MarkDefunct => Some(Damage::MarkDefunct),
            Self::Error(_)
            | Self::Respond(_)
            | Self::Latency(_)
            | Self::RateLimit(_)
            | Self::Reset
            | Self::Close
            | Self::Truncate
            | Self::Stall
            | Self::Dribble(_)
            | Self::MalformedJson => None,
        }
    }

    /// Returns the name of the effect, as in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Error(_) => "error",
            Self::Respond(_) => "respond",
            Self::Latency(_) => "latency",
            Self::RateLimit(_) => "rateLimit",
            Self::Reset => "reset",
            Self::Close => "close",
            Self::Truncate => "truncate",
            Self::Stall => "stall",
            Self::Dribble(_) => "dribble",
            Self::MalformedJson => "malformedJson",
            Self::Disconnect => "disconnect",
            Self::ExpireCredentials => "expireCredentials",
            Self::FailRefresh => "failRefresh",
            Self::MarkDefunct => "markDefunct",
        }
    }

    /// Returns whether the call is still answered as usual, perhaps with something changed on the way.
    fn lets_go_on(&self) -> bool {
        matches!(self, Self::Latency(_)) || self.damage().is_some()
    }
}

/// The error of the engine that a rule answers with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ErrorSpec {
    /// The family of the error, which official clients choose their error class by.
    #[serde(rename = "type")]
    pub kind: ErrorType,
    /// The key that tells apart the errors of the family; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<ErrorKey>,
    /// The code of the error, such as `CONNECTION_DISCONNECTED`; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ErrorCode>,
    /// The message of the error; when absent, it names the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The HTTP status, 200 to 599; when absent, it is the one that `type` and `key` imply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

impl ErrorSpec {
    /// Makes the error; its message names the rule when the rule gives none.
    pub fn error(&self, rule: &str) -> ApiError {
        let message = self.message.clone().unwrap_or_else(|| format!("the fault `{rule}` answers so"));
        let mut error = ApiError::of(self.kind, self.key, message);
        if let Some(code) = self.code {
            error = error.with_code(code);
        }
        match self.status {
            Some(status) => error.with_status(status),
            None => error,
        }
    }
}

/// The answer that a rule gives in place of the usual one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answer {
    /// The HTTP status of the answer, 200 to 599.
    pub status: u16,
    /// The body of the answer: JSON, or text when it is a string. When absent, the answer has no body.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
    /// The headers of the answer, by name; none when absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// How much longer a call takes: `{"ms": 500}` is exact, and with `to` it is anything from `ms` up to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Latency {
    /// The delay in milliseconds of the workspace's clock; with `to`, the shortest delay.
    #[serde(rename = "ms")]
    pub from: u64,
    /// The longest delay in milliseconds, not less than `ms`; when absent, the delay is exactly `ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
}

/// A token bucket: each call takes one token, and a call that finds none is answered with 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimit {
    /// The number of tokens in a full bucket, at least 1: so many calls may come at once.
    pub limit: u64,
    /// The milliseconds of the workspace's clock in which an empty bucket fills up, at least 1; the default is 60000.
    #[serde(default = "a_minute")]
    pub per_ms: u64,
    /// Whose calls share a bucket; the default is `workspace`.
    #[serde(default)]
    pub by: By,
    /// Whether the 429 has a `Retry-After` header; the default is false.
    #[serde(default)]
    pub retry_after: bool,
}

fn a_minute() -> u64 {
    60_000
}

/// Whose calls share a token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// All calls of the workspace share one bucket.
    #[default]
    Workspace,
    /// Each tenant's calls have a bucket of their own.
    Tenant,
    /// Each connection's calls have a bucket of their own.
    Connection,
}

/// How slowly the body of an answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dribble {
    /// The number of bytes in each piece; the default is 1.
    #[serde(default = "one")]
    pub bytes: usize,
    /// The pause between two pieces, in milliseconds of real time.
    pub every_ms: u64,
}

fn one() -> usize {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_as_it_is_written() {
        let text =
            r#"{"on":{"operation":"act"},"nth":2,"fault":{"error":{"type":"connection","key":"rate_limit_exceeded"}}}"#;
        let rule: Rule = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&rule).unwrap(), text);
        assert_eq!(serde_json::from_str::<Rule>(r#"{"fault":"reset"}"#).unwrap().fault, Effect::Reset);
    }
}
