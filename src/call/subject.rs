//! What a call is about. It is resolved once, before the call's handler runs; faults, the journal, scenarios and, where
//! it needs it, the handler itself go by it.

use std::sync::Arc;

use serde_json::Value;

use super::Call;
use super::router::Route;
use crate::base::ids::Id;
use crate::elements::model::{Meta, Scope};
use crate::engine::WorkspaceRuntime;
use crate::engine::directory::Resolved;
use crate::fault::{CallFacts, Side};
use crate::nouns::connection::model::Connection;

/// What a call is about.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The workspace whose rules it may meet.
    pub space: Arc<WorkspaceRuntime>,
    /// What rules, verifications and the journal look at.
    pub facts: CallFacts,
    /// The connection that a rule may break.
    pub connection: Option<Id<Connection>>,
    /// The input that an action or a flow is given.
    pub input: Option<Arc<Value>>,
}

/// An element under all its names.
pub fn names_of(id: &str, meta: &Meta) -> Vec<String> {
    [Some(id), meta.key.as_deref()].into_iter().flatten().map(str::to_owned).collect()
}

impl Subject {
    /// A call about nothing but what its route and path say.
    pub fn plain(call: &Call, route: &Route, space: Arc<WorkspaceRuntime>) -> Self {
        let tenant = call.who.as_ref().and_then(|(_, caller)| caller.tenant());
        let facts = CallFacts {
            side: Side::Api,
            operation: route.operation,
            route: format!("{} {}", call.method, route.path),
            method: call.method.to_string(),
            path: call.path.clone(),
            tenant: tenant.map(|tenant| tenant.internal_id.clone()),
            ..CallFacts::default()
        };
        Self { space, facts, connection: None, input: None }
    }

    /// A call about the integration and the connection that it names in path or query. None without a caller.
    pub fn in_scope(call: &Call, route: &Route) -> Option<Self> {
        call.who.as_ref()?;
        Self::of_scope(call, route, &call.scope())
    }

    /// The same, of a scope that the call names in its own way. What is not found is not there.
    pub fn of_scope(call: &Call, route: &Route, scope: &Scope) -> Option<Self> {
        let cx = call.cx().ok()?;
        let subject = Self::plain(call, route, Arc::clone(&cx.space));
        if scope.is_empty() {
            return Some(subject);
        }
        let world = cx.world();
        let found = cx.directory(&world).scope(&cx.caller, scope).unwrap_or_default();
        Some(subject.about(&found))
    }

    /// The same, about what a scope came to.
    #[must_use]
    pub fn about(mut self, found: &Resolved) -> Self {
        let world = self.space.world();
        let connection = found.connection.as_ref();
        let of_connection = || world.integrations.get(connection?.integration.as_ref()?.as_str());
        let integration = found.integration.as_ref().or_else(of_connection);
        self.facts.integration = integration.map(|i| names_of(i.id.as_str(), &i.meta)).unwrap_or_default();
        self.facts.connection = connection.map(|c| names_of(c.id.as_str(), &c.meta)).unwrap_or_default();
        self.connection = connection.map(|connection| connection.id.clone());
        self
    }
}

impl Subject {
    /// A call of a page, which has no token: its address leads to the workspace, and to the connection where there is one.
    /// Called from a snippet it has a caller, and is a call like others.
    pub fn of_page(
        call: &Call,
        route: &Route,
        found: impl FnOnce() -> Option<(Arc<WorkspaceRuntime>, Option<Arc<Connection>>)>,
    ) -> Option<Self> {
        if call.who.is_some() {
            return Self::in_scope(call, route);
        }
        let (space, connection) = found()?;
        let world = space.world();
        let tenant = connection.as_ref().and_then(|connection| world.tenants.get(connection.tenant.as_str()));
        let mut subject = Self::plain(call, route, space);
        subject.facts.tenant = tenant.map(|tenant| tenant.internal_id.clone());
        Some(subject.about(&Resolved { integration: None, connection }))
    }
}

/// The scope that a body names, each field unless `scope` has it.
pub fn scope_in(body: &Value, scope: Scope) -> Scope {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    Scope {
        integration_id: scope.integration_id.or_else(|| text("integrationId")),
        integration_key: scope.integration_key.or_else(|| text("integrationKey")),
        connection_id: scope.connection_id.or_else(|| text("connectionId")),
        connection_key: scope.connection_key.or_else(|| text("connectionKey")),
    }
}

/// What a call is about, when the handler goes on with what was found.
pub trait About: Send + 'static {
    /// What faults and the journal are told of it.
    fn subject(&self, call: &Call, route: &Route) -> Option<Subject>;
}
