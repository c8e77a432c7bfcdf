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
use crate::base::operation::Operation;
use crate::base::pattern::{check_route, is_like, is_route};

/// Which side of the fake a call is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// A client calls the faked API.
    #[default]
    Api,
    /// The fake calls an external app, or its vendor.
    Upstream,
}

/// Which calls a rule is about: all that is said has to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct When {
    /// `api` unless said; `upstream` when `connector` is, or `webhook`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// `act` (every way to run an action), `connect`, `proxy`, `refresh`; on the upstream side `webhook`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// A route as the documentation writes it: `GET /connections/{connection}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Path; `*` stands for anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The caller's tenant key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Id or key of the integration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration: Option<String>,
    /// Id or key of the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Id or key of the action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Id or key of the flow, or of the flow instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// Key of the connector behind which the external app lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector: Option<String>,
}

/// What rules look at of a call: each noun under all its names.
#[derive(Debug, Clone, Default)]
pub struct CallFacts {
    /// Which side.
    pub side: Side,
    /// What it is, when it has a name of its own.
    pub operation: Option<Operation>,
    /// Method and route.
    pub route: String,
    /// Method.
    pub method: String,
    /// Path, without its query.
    pub path: String,
    /// The caller's tenant key.
    pub tenant: Option<String>,
    /// Id and key.
    pub integration: Vec<String>,
    /// Id and key.
    pub connection: Vec<String>,
    /// Id and key.
    pub action: Vec<String>,
    /// Id and key.
    pub flow: Vec<String>,
    /// Key.
    pub connector: Option<String>,
}

impl When {
    fn side(&self) -> Side {
        let is_upstream = self.connector.is_some() || self.operation == Some(Operation::Webhook);
        self.side.unwrap_or(if is_upstream { Side::Upstream } else { Side::Api })
    }

    /// Refuses what no call of its side ever is.
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

/// A rule. JSON: `{"name": "flaky", "on": {"operation": "act"}, "nth": 2, "fault": "disconnect"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Names it in the journal and in what fired; made up when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which calls.
    #[serde(default)]
    pub on: When,
    /// At most so often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Only at the n-th matching call, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// Not at the first n matching calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// With this probability, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Until this moment of the workspace's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What happens.
    pub fault: Effect,
}

impl Rule {
    /// Refuses what makes no sense.
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
            Effect::Respond(answer) if answer.headers.iter().any(|(name, value)| !is_header(name, value)) => {
                wrong("`respond.headers` has a name or a value that no header can have")
            }
            Effect::Respond(answer) if !(200..600).contains(&answer.status) => {
                wrong("`respond.status` is an HTTP status from 200 to 599")
            }
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

fn is_header(name: &str, value: &str) -> bool {
    http::HeaderName::try_from(name).is_ok() && http::HeaderValue::try_from(value).is_ok()
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// An error of the engine, in its envelope.
    Error(ErrorSpec),
    /// This answer.
    Respond(Answer),
    /// The call takes longer, on the workspace's clock.
    Latency(Latency),
    /// 429 when the bucket is empty.
    RateLimit(RateLimit),
    /// The connection is reset (RST) before the answer.
    Reset,
    /// The connection is closed (FIN) before the answer.
    Close,
    /// The answer breaks off in the middle of its body.
    Truncate,
    /// The headers come, the body never does.
    Stall,
    /// The body comes in small pieces.
    Dribble(Dribble),
    /// The body is no JSON.
    MalformedJson,
    /// The connection loses its credentials: the vendor has revoked them.
    Disconnect,
    /// The connection's access token has expired.
    ExpireCredentials,
    /// The vendor refuses the next refresh of the connection.
    FailRefresh,
    /// The connection will never work again without its user.
    MarkDefunct,
}

impl Effect {
    /// Its name, as in JSON.
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

    /// Whether the call goes on to be answered as usual, perhaps with something changed on the way.
    fn lets_go_on(&self) -> bool {
        matches!(
            self,
            Self::Latency(_) | Self::Disconnect | Self::ExpireCredentials | Self::FailRefresh | Self::MarkDefunct
        )
    }
}

/// An error of the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ErrorSpec {
    /// Family.
    #[serde(rename = "type")]
    pub kind: ErrorType,
    /// Which one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<ErrorKey>,
    /// SEED's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ErrorCode>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Instead of the one that type and key imply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

impl ErrorSpec {
    /// The error, named after the rule when it says nothing itself.
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

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Body: JSON, or text when it is a string.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
    /// Headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// How much longer: `{"ms": 500}`, or anything from `ms` up to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Latency {
    /// Milliseconds.
    #[serde(rename = "ms")]
    pub from: u64,
    /// Up to so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimit {
    /// So many calls at once.
    pub limit: u64,
    /// The bucket fills up within so many milliseconds of the workspace's clock.
    #[serde(default = "a_minute")]
    pub per_ms: u64,
    /// Whose calls are counted together.
    #[serde(default)]
    pub by: By,
    /// Whether the answer says when to come back.
    #[serde(default)]
    pub retry_after: bool,
}

fn a_minute() -> u64 {
    60_000
}

/// Whose calls share a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Everybody's.
    #[default]
    Workspace,
    /// Each tenant's.
    Tenant,
    /// Each connection's.
    Connection,
}

/// How slowly a body comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dribble {
    /// Bytes at a time.
    #[serde(default = "one")]
    pub bytes: usize,
    /// Milliseconds between, of real time.
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
