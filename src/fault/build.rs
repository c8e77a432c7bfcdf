//! Rules as Rust writes them: `Fault::on(act().connection("hubspot-prod")).nth(2).disconnect()`.

use serde_json::Value;

use crate::base::clock::Timestamp;
use crate::base::error::{ErrorKey, ErrorType};
use crate::base::operation::Operation;
use crate::fault::{Answer, By, Dribble, Effect, ErrorSpec, Latency, RateLimit, Rule, Side, When};

/// Which calls a rule is about.
#[derive(Debug, Clone, Default)]
pub struct Which(When);

/// Every call of the API.
pub fn any_call() -> Which {
    Which::default()
}

/// Calls that run an action: `/act`, and `/run` of an action.
pub fn act() -> Which {
    Which(When { operation: Some(Operation::Act), ..When::default() })
}

/// Calls that run a flow: `POST /flow-runs`, and `/run` of a flow.
pub fn flow_run() -> Which {
    Which(When { operation: Some(Operation::FlowRun), ..When::default() })
}

/// Calls that begin to connect.
pub fn connect() -> Which {
    Which(When { operation: Some(Operation::Connect), ..When::default() })
}

/// Calls through a connection's proxy.
pub fn proxy() -> Which {
    Which(When { operation: Some(Operation::Proxy), ..When::default() })
}

/// Calls of one route, such as `GET /connections/{connection}`.
pub fn route(route: &str) -> Which {
    Which(When { route: Some(route.into()), ..When::default() })
}

/// Calls that the fake makes to the external app behind a connector.
pub fn upstream(connector: &str) -> Which {
    Which(When { side: Some(Side::Upstream), connector: Some(connector.into()), ..When::default() })
}

impl Which {
    /// Of this connection, by id or key.
    #[must_use]
    pub fn connection(mut self, selector: &str) -> Self {
        self.0.connection = Some(selector.into());
        self
    }

    /// Of this integration, by id or key.
    #[must_use]
    pub fn integration(mut self, selector: &str) -> Self {
        self.0.integration = Some(selector.into());
        self
    }

    /// Of this action, by id or key.
    #[must_use]
    pub fn action(mut self, selector: &str) -> Self {
        self.0.action = Some(selector.into());
        self
    }

    /// Of this flow or flow instance, by id or key.
    #[must_use]
    pub fn flow(mut self, selector: &str) -> Self {
        self.0.flow = Some(selector.into());
        self
    }

    /// Of this tenant.
    #[must_use]
    pub fn tenant(mut self, key: &str) -> Self {
        self.0.tenant = Some(key.into());
        self
    }

    /// With this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.0.method = Some(method.into());
        self
    }

    /// On this path; `*` stands for anything.
    #[must_use]
    pub fn path(mut self, pattern: &str) -> Self {
        self.0.path = Some(pattern.into());
        self
    }
}

/// A rule about to be added.
#[derive(Debug, Clone)]
#[must_use = "a fault does nothing until it is added to a workspace"]
pub struct Fault(Rule);

impl Fault {
    /// A rule about these calls, each of which it breaks by a 500 unless something else is said.
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

    /// The rule.
    pub fn rule(self) -> Rule {
        self.0
    }

    /// Names it in the journal and in what fired.
    pub fn named(mut self, name: &str) -> Self {
        self.0.name = Some(name.into());
        self
    }

    /// At most so often.
    pub fn times(mut self, times: u64) -> Self {
        self.0.times = Some(times);
        self
    }

    /// Once.
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Only at the n-th of these calls, counted from 1.
    pub fn nth(mut self, nth: u64) -> Self {
        self.0.nth = Some(nth);
        self
    }

    /// Not at the first n of these calls.
    pub fn after(mut self, after: u64) -> Self {
        self.0.after = Some(after);
        self
    }

    /// With this probability, 0 to 1.
    pub fn probability(mut self, probability: f64) -> Self {
        self.0.probability = Some(probability);
        self
    }

    /// Until this moment of the workspace's clock.
    pub fn until(mut self, until: Timestamp) -> Self {
        self.0.until = Some(until);
        self
    }

    fn with(mut self, effect: Effect) -> Self {
        self.0.fault = effect;
        self
    }

    /// An error of the engine.
    pub fn error(self, kind: ErrorType, key: Option<ErrorKey>) -> Self {
        self.with(Effect::Error(ErrorSpec { kind, key, code: None, message: None, status: None }))
    }

    /// This answer.
    pub fn respond(self, status: u16, body: Value) -> Self {
        self.with(Effect::Respond(Answer { status, body, headers: std::collections::BTreeMap::new() }))
    }

    /// A header of the answer that [`Self::respond`] gives.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Effect::Respond(answer) = &mut self.0.fault {
            answer.headers.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    /// So many milliseconds longer, on the workspace's clock.
    pub fn latency(self, ms: u64) -> Self {
        self.with(Effect::Latency(Latency { from: ms, to: None }))
    }

    /// Longer by anything from `from` to `to` milliseconds, on the workspace's clock: which, derives from its seed.
    pub fn latency_between(self, from: u64, to: u64) -> Self {
        self.with(Effect::Latency(Latency { from, to: Some(to) }))
    }

    /// 429 with `Retry-After` beyond `limit` calls in `per_ms` milliseconds, whoever calls.
    pub fn rate_limit(self, limit: u64, per_ms: u64) -> Self {
        self.rate_limit_by(By::Workspace, limit, per_ms)
    }

    /// The same, each tenant's or connection's calls counted by themselves.
    pub fn rate_limit_by(self, by: By, limit: u64, per_ms: u64) -> Self {
        self.with(Effect::RateLimit(RateLimit { limit, per_ms, by, retry_after: true }))
    }

    /// The 429 of a rate limit does not say when to come back.
    pub fn without_retry_after(mut self) -> Self {
        if let Effect::RateLimit(limit) = &mut self.0.fault {
            limit.retry_after = false;
        }
        self
    }

    /// The connection is reset before the answer.
    pub fn reset(self) -> Self {
        self.with(Effect::Reset)
    }

    /// The connection is closed before the answer.
    pub fn close(self) -> Self {
        self.with(Effect::Close)
    }

    /// The answer breaks off.
    pub fn truncate(self) -> Self {
        self.with(Effect::Truncate)
    }

    /// The headers come, the body never does.
    pub fn stall(self) -> Self {
        self.with(Effect::Stall)
    }

    /// The body comes in pieces.
    pub fn dribble(self, bytes: usize, every_ms: u64) -> Self {
        self.with(Effect::Dribble(Dribble { bytes, every_ms }))
    }

    /// The body is no JSON.
    pub fn malformed_json(self) -> Self {
        self.with(Effect::MalformedJson)
    }

    /// The vendor revokes the connection's credentials before the call.
    pub fn disconnect(self) -> Self {
        self.with(Effect::Disconnect)
    }

    /// The connection's access token has expired before the call.
    pub fn expire_credentials(self) -> Self {
        self.with(Effect::ExpireCredentials)
    }

    /// The vendor refuses the connection's next refresh.
    pub fn fail_refresh(self) -> Self {
        self.with(Effect::FailRefresh)
    }

    /// The connection will never work again without its user.
    pub fn mark_defunct(self) -> Self {
        self.with(Effect::MarkDefunct)
    }
}
