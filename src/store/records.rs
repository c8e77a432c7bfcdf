//! This module lists each kind of record once, with its name in the database, its table in a [`World`], and the text it
//! is looked up by. Invariant: the names never change, because stored rows carry them.

use std::sync::Arc;

use crate::base::agenda::Agenda;
use crate::base::ids::Id;
use crate::nouns::action::model::Action;
use crate::nouns::agent_session::model::AgentSession;
use crate::nouns::attempt_log::model::AttemptLog;
use crate::nouns::connection::model::Connection;
use crate::nouns::connection_request::model::ConnectionRequest;
use crate::nouns::connector::model::Connector;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::flow::model::Flow;
use crate::nouns::flow_run::model::FlowRun;
use crate::nouns::integration::model::Integration;
use crate::nouns::stub::model::Stub;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::vendor::model::Grant;
use crate::nouns::webhook::model::WebhookDelivery;
use crate::nouns::workspace::model::Workspace;
use crate::store::world::{Record, Table, corrupt, decode};
use crate::store::{Row, StoreError};
use crate::world::job::model::Job;
use crate::world::scenario::model::OwnScenario;

macro_rules! records {
    ($($(#[$doc:meta])* $kind:ident($name:literal) in $table:ident, by $key:expr $(, waits $agenda:expr)?;)*) => {
        /// A kind of record; its name is the value of `record.kind`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind {
            /// There is exactly one record of this kind per workspace.
            Workspace,
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// Returns the name of the kind in the database.
            pub const fn name(self) -> &'static str {
                match self {
                    Self::Workspace => "workspace",
                    $(Self::$kind => $name,)*
                }
            }
        }

        /// Everything that a workspace holds at one moment. Copies are cheap, because tables share their rows.
        #[derive(Debug, Clone)]
        pub struct World {
            pub workspace: Arc<Workspace>,
            $($(#[$doc])* pub $table: Table<$kind>,)*
        }

        impl World {
            /// Makes a workspace that holds nothing else.
            pub fn new(workspace: Workspace) -> Self {
                Self { workspace: Arc::new(workspace), $($table: Table::default(),)* }
            }

            pub(super) fn add_rows(&self, rows: &mut Vec<Row>) -> Result<(), StoreError> {
                $(self.rows_of::<$kind>(rows)?;)*
                Ok(())
            }

            pub(super) fn load(&mut self, row: &Row) -> Result<(), StoreError> {
                match row.kind.as_str() {
                    "workspace" => self.set_workspace(decode(row)?),
                    $($name => self.$table.put(row.seq, decode(row)?),)*
                    _ => return Err(corrupt(row, "its kind is unknown")),
                }
                Ok(())
            }
        }

        $(impl Record for $kind {
            const KIND: Kind = Kind::$kind;
            fn record_id(&self) -> &Id<Self> {
                &self.id
            }
            fn index_key(&self) -> Option<&str> {
                let key: fn(&Self) -> Option<&str> = $key;
                key(self)
            }
            $(fn agenda(&self) -> Agenda {
                $agenda(self)
            })?
            fn table(world: &World) -> &Table<Self> {
                &world.$table
            }
            fn table_mut(world: &mut World) -> &mut Table<Self> {
                &mut world.$table
            }
        })*
    };
}

records! {
    /// Tenants are looked up by tenant key.
    Tenant("tenant") in tenants, by |tenant| Some(&tenant.internal_id);
    /// The workspace's own external apps are looked up by key.
    ExternalApp("external-app") in external_apps, by |app| app.meta.key.as_deref();
    /// The workspace's own connectors, and its copies of the catalog's, are looked up by key.
    Connector("connector") in connectors, by |connector| connector.meta.key.as_deref();
    /// Integrations are looked up by key.
    Integration("integration") in integrations, by |integration| integration.meta.key.as_deref();
    /// Connections are looked up by key, which several tenants may share.
    Connection("connection") in connections, by |connection| connection.meta.key.as_deref(), waits Connection::agenda;
    /// Actions are looked up by key.
    Action("action") in actions, by |action| action.meta.key.as_deref(), waits Action::agenda;
    /// Flows and flow instances are looked up by key.
    Flow("flow") in flows, by |flow| flow.meta.key.as_deref();
    /// Runs of flow instances are looked up by the connection on which they go on; those that do not have none.
    FlowRun("flow-run") in flow_runs, by FlowRun::occupied_connection, waits FlowRun::agenda;
    /// Connection requests are looked up only by id.
    ConnectionRequest("connection-request") in connection_requests, by |_| None;
    /// Attempt logs say how attempts to connect went.
    AttemptLog("connection-attempt-log") in attempt_logs, by |_| None;
    /// Agent sessions are looked up by the id of the element they work on.
    AgentSession("agent-session") in agent_sessions, by |session| Some(&session.element_id), waits AgentSession::agenda;
    /// Background jobs are looked up only by id.
    Job("job") in jobs, by |_| None, waits Job::agenda;
    /// Grants are the access that stub vendors gave, looked up by access token.
    Grant("grant") in grants, by |grant| Some(&grant.access_token);
    /// Webhook deliveries to the app are looked up only by id.
    WebhookDelivery("webhook-delivery") in deliveries, by |_| None, waits WebhookDelivery::agenda;
    /// The workspace's own scenarios are looked up by name.
    OwnScenario("scenario") in scenarios, by |own| Some(&own.scenario.name);
    /// Stubs are looked up by the key of their connector.
    Stub("stub") in stubs, by |stub| Some(&stub.connector_key);
}
