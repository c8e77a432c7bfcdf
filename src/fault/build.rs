//! This module lets Rust tests write rules as they read:
//! `Fault::on(act().connection("hubspot-prod")).nth(2).disconnect()`. Invariant: it builds the same [`Rule`] that
//! the control API reads as JSON.

use serde_json::Value;

use crate::base::clock::Timestamp;
use crate::base::error::{ErrorKey, ErrorType};
use crate::base::operation::Operation;
use crate::fault::{Answer, By, Dribble, Effect, ErrorSpec, Latency, RateLimit, Rule, Side, When};

/// `Which` says which calls a rule is about; each method narrows it further.
#[derive(Debug, Clone, Default)]
pub struct Which(When);

/// Matches every call of the API.
pub fn any_call() -> Which {
    Which::default()
}

/// Matches calls that run an action: `/act`, and `/run` of an action.
pub fn act() -> Which {
    Which(When { operation: Some(Operation::Act), ..When::default() })
}

/// Calls that run a flow: `POST /flow-runs`, and `/run` of a flow.
pub fn flow_run() -> Which {
    Which(When { operation: Some(Operation::FlowRun), ..When::default() })
}

/// Matches calls that begin to connect.
pub fn connect() -> Which {
    Which(When { operation: Some(Operation::Connect), ..When::default() })
}

/// Matches calls through a connection's proxy.
pub fn proxy() -> Which {
    Which(When { operation: Some(Operation::Proxy), ..When::default() })
}

/// Matches calls of one route, such as `GET /connections/{connection}`.
pub fn route(route: &str) -> Which {
    Which(When { route: Some(route.into()), ..When::default() })
}

/// Matches calls that the fake makes to the external app behind a connector.
pub fn upstream(connector: &str) -> Which {
    Which(When { side: Some(Side::Upstream), connector: Some(connector.into()), ..When::default() })
}

impl Which {
    /// Narrows it to calls of the connection with this id or key.
    #[must_use]
    pub fn connection(mut self, selector: &str) -> Self {
        self.0.connection = Some(selector.into());
        self
    }

    /// Narrows it to calls of the integration with this id or key.
    #[must_use]
    pub fn integration(mut self, selector: &str) -> Self {
        self.0.integration = Some(selector.into());
        self
    }

    /// Narrows it to calls of the action with this id or key.
    #[must_use]
    pub fn action(mut self, selector: &str) -> Self {
        self.0.action = Some(selector.into());
        self
    }

    /// Narrows it to calls that run the flow or flow instance with this id or key.
    #[must_use]
    pub fn flow(mut self, selector: &str) -> Self {
        self.0.flow = Some(selector.into());
        self
    }

    /// Narrows it to calls of the tenant with this key.
    #[must_use]
    pub fn tenant(mut self, key: &str) -> Self {
        self.0.tenant = Some(key.into());
        self
    }

    /// Narrows it to calls with this HTTP method, in upper or lower case.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.0.method = Some(method.into());
        self
    }

    /// Narrows it to calls on this path, without the query; `*` stands for any text.
    #[must_use]
    pub fn path(mut self, pattern: &str) -> Self {
        self.0.path = Some(pattern.into());
        self
    }
}

/// A fault is a rule that a test is about to add to a workspace.
///
/// ```
/// use membrane_mock::testing::{Fault, act};
///
/// let second_call_disconnects = Fault::on(act().connection("hubspot-prod")).nth(2).disconnect();
/// # drop(second_call_disconnects);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a fault does nothing until it is added to a workspace"]
pub struct Fault(Rule);

impl Fault {
    /// Starts a rule about these calls. It breaks each of them with a 500, unless another method says how.
    pub fn on(which: Which) -> Self {
        let error = ErrorSpec { kind: ErrorType::Internal, key: None, code: None, message: None, status: None };
        Self(Rule {
            name: None,
            on: which.0,
            times: None,
            nth: None,
            after: None,
            probability: None,
            until: None,
            fault: Effect::Error(error),
        })
    }

    /// Returns the rule as the control API knows it.
    pub fn rule(self) -> Rule {
        self.0
    }

    /// Gives the rule the name under which the journal and the story show it.
    pub fn named(mut self, name: &str) -> Self {
        self.0.name = Some(name.into());
        self
    }

    /// Limits the rule to breaking this many calls.
    pub fn times(mut self, times: u64) -> Self {
        self.0.times = Some(times);
        self
    }

    /// Limits the rule to breaking one call.
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Lets the rule break only the n-th of these calls, counted from 1.
    pub fn nth(mut self, nth: u64) -> Self {
        self.0.nth = Some(nth);
        self
    }

    /// Lets the first n of these calls pass.
    pub fn after(mut self, after: u64) -> Self {
        self.0.after = Some(after);
        self
    }

    /// Breaks each call with this probability, 0 to 1; chance derives from the workspace's seed.
    pub fn probability(mut self, probability: f64) -> Self {
        self.0.probability = Some(probability);
        self
    }

    /// Lets the rule break calls only until this moment of the workspace's clock.
    pub fn until(mut self, until: Timestamp) -> Self {
        self.0.until = Some(until);
        self
    }

    fn with(mut self, effect: Effect) -> Self {
        self.0.fault = effect;
        self
    }

    /// Answers with an error of the engine, in its envelope.
    pub fn error(self, kind: ErrorType, key: Option<ErrorKey>) -> Self {
        self.with(Effect::Error(ErrorSpec { kind, key, code: None, message: None, status: None }))
    }

    /// Answers with this status and this body, which is JSON, or text when it is a string.
    pub fn respond(self, status: u16, body: Value) -> Self {
        self.with(Effect::Respond(Answer { status, body, headers: std::collections::BTreeMap::new() }))
    }

    /// Adds a header to the answer that [`Self::respond`] gives; other effects ignore it.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Effect::Respond(answer) = &mut self.0.fault {
            answer.headers.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    /// Delays the call by this many milliseconds of the workspace's clock.
    pub fn latency(self, ms: u64) -> Self {
        self.with(Effect::Latency(Latency { from: ms, to: None }))
    }

    /// Delays the call by `from` to `to` milliseconds of the workspace's clock; the exact delay derives from the seed.
    pub fn latency_between(self, from: u64, to: u64) -> Self {
        self.with(Effect::Latency(Latency { from, to: Some(to) }))
    }

    /// Answers 429 with `Retry-After` once all callers together make more than `limit` calls in
    /// `per_ms` milliseconds of the workspace's clock.
    pub fn rate_limit(self, limit: u64, per_ms: u64) -> Self {
        self.rate_limit_by(By::Workspace, limit, per_ms)
    }

    /// Answers 429 as [`Self::rate_limit`] does, but counts the calls of each tenant or each connection separately.
    pub fn rate_limit_by(self, by: By, limit: u64, per_ms: u64) -> Self {
        self.with(Effect::RateLimit(RateLimit { limit, per_ms, by, retry_after: true }))
    }

    /// Leaves `Retry-After` out of the 429 of a rate limit.
    pub fn without_retry_after(mut self) -> Self {
        if let Effect::RateLimit(limit) = &mut self.0.fault {
            limit.retry_after = false;
        }
        self
    }

    /// Resets the TCP connection (RST) before the answer.
    pub fn reset(self) -> Self {
        self.with(Effect::Reset)
    }

    /// Closes the TCP connection (FIN) before the answer.
    pub fn close(self) -> Self {
        self.with(Effect::Close)
    }

    /// Breaks the answer off in the middle of its body.
    pub fn truncate(self) -> Self {
        self.with(Effect::Truncate)
    }

    /// Sends the headers of the answer but never its body.
    pub fn stall(self) -> Self {
        self.with(Effect::Stall)
    }

    /// Sends the body in pieces of `bytes` bytes, with `every_ms` milliseconds of real time between them.
    pub fn dribble(self, bytes: usize, every_ms: u64) -> Self {
        self.with(Effect::Dribble(Dribble { bytes, every_ms }))
    }

    /// Answers with a body that is not JSON.
    pub fn malformed_json(self) -> Self {
        self.with(Effect::MalformedJson)
    }

    /// Lets the vendor revoke the connection's credentials before the call.
    pub fn disconnect(self) -> Self {
        self.with(Effect::Disconnect)
    }

    /// Lets the connection's access token expire before the call.
    pub fn expire_credentials(self) -> Self {
        self.with(Effect::ExpireCredentials)
    }

    /// Lets the vendor refuse the connection's next refresh.
    pub fn fail_refresh(self) -> Self {
        self.with(Effect::FailRefresh)
    }

    /// Makes the connection defunct: it never works again unless its user reconnects it.
    pub fn mark_defunct(self) -> Self {
        self.with(Effect::MarkDefunct)
    }
}
