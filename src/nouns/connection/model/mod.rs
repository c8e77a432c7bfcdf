//! A tenant's authenticated link to one external app, and its state machine.
//!
//! Invariant: `state` changes only through [`ConnectionState::on`]; the flags on the wire are derived by
//! [`Connection::is_connected`] and its neighbours, never stored.

pub mod attempt;
pub mod ticket;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::base::agenda::{Agenda, Wait};
use crate::base::clock::Timestamp;
use crate::base::error::{ApiError, ErrorCode, ErrorKey};
use crate::base::history::{History, StateChange};
use crate::base::ids::{Id, Index, NameFn};
use crate::base::json::patch::Patch;
use crate::elements::model::Meta;
use crate::nouns::connection::model::attempt::Attempt;
use crate::nouns::connector::model::Connector;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::Integration;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::workspace::model::progress::Due;

/// The states of a connection. Source: SEED (`connect`, React types), OAS; the client's enum lacks the last two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConnectionState {
    /// The connector is being looked for, built or finalised.
    Building,
    /// The user has to do what `clientAction` says.
    ClientActionRequired,
    /// The parameters of the integration are wrong or missing.
    ConfigurationError,
    /// The connector could not be built.
    SetupFailed,
    /// The connection works: calls can go through it.
    Ready,
    /// The credentials are being revoked.
    Disconnecting,
    /// The credentials stopped working or were erased.
    Disconnected,
    /// The connection is broken in another way; its error says how.
    Error,
}

/// The events that move a connection from one state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ConnectionEvent {
    /// The building ended, and the user has to authorize.
    AskUser,
    /// The building ended with nothing left to do, or the user authorized.
    Finish,
    /// The user authorized, and the connector has to be finalised.
    Finalize,
    /// The integration's parameters turned out to be wrong.
    FailConfiguration,
    /// The connector could not be built.
    FailSetup,
    /// The connection broke in another way.
    Fail,
    /// The credentials stopped working.
    LoseCredentials,
    /// The same connection is connected again, and the user has to authorize.
    Reconnect,
    /// The same connection is connected again, and its connector is built first.
    Rebuild,
    /// The user gave up; the connection returns to the state before.
    Cancel,
    /// The credentials are to be revoked and erased.
    Disconnect,
    /// The credentials have been erased.
    Disconnected,
}

impl ConnectionState {
    /// The whole state machine (`docs/behaviour.md#connection-machine`): the state after an event, or none when the
    /// state does not allow the event. `former` is the state before a reconnect began, to which a cancel returns.
    pub fn on(self, event: ConnectionEvent, former: Option<Self>) -> Option<Self> {
        use ConnectionEvent as E;
        use ConnectionState as S;
        match (self, event) {
            (S::Building, E::AskUser) => Some(S::ClientActionRequired),
            (S::Building | S::ClientActionRequired, E::Finish) => Some(S::Ready),
            (S::ClientActionRequired, E::Finalize) => Some(S::Building),
            (S::Building, E::FailConfiguration) => Some(S::ConfigurationError),
            (S::Building, E::FailSetup) => Some(S::SetupFailed),
            (S::Building | S::Ready, E::Fail) => Some(S::Error),
            (S::Ready, E::LoseCredentials) => Some(S::Disconnected),
            (S::Ready | S::Disconnected | S::Error | S::ConfigurationError | S::SetupFailed, E::Reconnect) => {
                Some(S::ClientActionRequired)
            }
            (S::Ready | S::Disconnected | S::Error | S::ConfigurationError | S::SetupFailed, E::Rebuild) => {
                Some(S::Building)
            }
            // The user is asked again while the attempt is still open: it goes on.
            (S::ClientActionRequired, E::Reconnect) => Some(S::ClientActionRequired),
            (S::ClientActionRequired, E::Cancel) => Some(former.unwrap_or(S::ClientActionRequired)),
            (S::Ready, E::Disconnect) => Some(S::Disconnecting),
            (S::Disconnecting, E::Disconnected) => Some(S::Disconnected),
            (
                S::Building
                | S::ClientActionRequired
                | S::ConfigurationError
                | S::SetupFailed
                | S::Ready
                | S::Disconnecting
                | S::Disconnected
                | S::Error,
                _,
            ) => None,
        }
    }
}

/// A change of state, as the details of a run show it.
pub type Transition = StateChange<ConnectionState, ConnectionEvent>;

/// The last changes of a connection's state.
pub type ConnectionHistory = History<ConnectionState, ConnectionEvent>;

/// A connection as stored. The wire form is `ConnectionView`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    pub id: Id<Connection>,
    #[serde(flatten)]
    pub meta: Meta,
    /// The tenant that the connection belongs to.
    pub tenant: Id<Tenant>,
    /// The integration; none while a connector is looked for or built.
    pub integration: Option<Id<Integration>>,
    /// The connector; none while one is looked for or built.
    pub connector: Option<Id<Connector>>,
    /// The connector version that was asked for; it is stored and filtered by, without other effect.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connector_version: Option<String>,
    /// The external app; none when the connector is for none.
    pub external_app: Option<Id<ExternalApp>>,
    /// The auth option that was asked for; only `default` exists.
    pub auth_option_key: Option<String>,
    /// The state, which only [`Connection::apply`] changes.
    pub state: ConnectionState,
    /// The state before a reconnect began; none when none is under way.
    pub former: Option<ConnectionState>,
    /// The credentials of calls; a disconnect erases them.
    pub credentials: Option<JsonMap>,
    /// Parameters of the connector for this connection alone; they win over the integration's.
    pub connector_parameters: Option<Value>,
    /// What the user typed into the form.
    pub input: Option<Value>,
    /// Why the connection does not work.
    pub error: Option<ApiError>,
    /// What went wrong while connecting.
    #[serde(default)]
    pub errors: Vec<ApiError>,
    /// What to connect to, in words, as the caller asked.
    pub intent: Option<String>,
    /// The secret part of the connect page's address; it changes with each attempt, and
    /// none means that no page is open.
    pub ticket: Option<String>,
    /// Who waits in a browser for this attempt.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub attempt: Option<Attempt>,
    /// The id of the connection request that the attempt answers.
    pub request: Option<String>,
    /// Whether the tenant's other connections of the integration are archived once
    /// this one is READY (`docs/behaviour.md#connection-replace`).
    #[serde(default)]
    pub replaces_others: bool,
    /// When the state changes by itself; none when it does not.
    pub due: Option<Due>,
    /// When the credentials are refreshed next, on the workspace's clock.
    pub next_credentials_refresh_at: Option<Timestamp>,
    /// How many refreshes in a row got no usable answer from the vendor.
    #[serde(default)]
    pub retry_attempts: u32,
    /// When the refresh is tried again, on the workspace's clock.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_retry_timestamp: Option<Timestamp>,
    /// The id of the agent session that builds the connector.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub building_agent_session: Option<String>,
    /// When an action last called the app through the connection.
    pub last_active_at: Option<Timestamp>,
    /// The last changes of the state, oldest first.
    #[serde(default, skip_serializing_if = "History::is_empty")]
    pub history: ConnectionHistory,
    /// Whether the connection is for tests, as its tenant was when it was made.
    #[serde(default)]
    pub is_test: bool,
}

impl Connection {
    /// What it is found by: its UUID, its tenant, its integration, and what both are together, for default connections.
    pub fn names(&self, name: &mut NameFn<'_>) {
        name(Index::Uuid, &[&self.meta.uuid]);
        name(Index::Tenant, &[self.tenant.as_str()]);
        if let Some(integration) = &self.integration {
            name(Index::Integration, &[integration.as_str()]);
            name(Index::TenantIntegration, &[self.tenant.as_str(), integration.as_str()]);
        }
    }

    /// A credential that is text, such as `access_token`; none when there are no credentials, or none of this name.
    pub fn credential(&self, name: &str) -> Option<&str> {
        self.credentials.as_ref()?.get(name)?.as_str()
    }

    /// Moves the connection by an event: the only way to change `state`. It also clears what no longer holds in the new
    /// state. Fails when the state does not allow the event.
    pub fn apply(&mut self, event: ConnectionEvent, now: Timestamp) -> Result<Transition, ApiError> {
        let (from, former) = (self.state, self.former);
        let after = |state: ConnectionState, event| state.on(event, former);
        let transition = self.history.step("connection", &mut self.state, event, after, now)?;
        let to = transition.to;
        match event {
            ConnectionEvent::Reconnect | ConnectionEvent::Rebuild => {
                self.former = self.former.or(Some(from).filter(|_| from != ConnectionState::ClientActionRequired));
            }
            ConnectionEvent::Finish
            | ConnectionEvent::FailConfiguration
            | ConnectionEvent::FailSetup
            | ConnectionEvent::Fail
            | ConnectionEvent::Cancel => self.former = None,
            ConnectionEvent::AskUser
            | ConnectionEvent::Finalize
            | ConnectionEvent::LoseCredentials
            | ConnectionEvent::Disconnect
            | ConnectionEvent::Disconnected => {}
        }
        self.due = None;
        if matches!(to, ConnectionState::Ready | ConnectionState::Disconnected | ConnectionState::Error) {
            (self.retry_attempts, self.next_retry_timestamp) = (0, None);
        }
        if matches!(
            to,
            ConnectionState::Disconnected
                | ConnectionState::Error
                | ConnectionState::SetupFailed
                | ConnectionState::ConfigurationError
        ) {
            self.next_credentials_refresh_at = None;
        }
        if to == ConnectionState::Ready {
            self.error = None;
            self.errors.clear();
            self.ticket = None;
        }
        if event == ConnectionEvent::Disconnected {
            self.credentials = None;
        }
        Ok(transition)
    }

    /// Whether calls can go through the connection: it has credentials, and it is READY
    /// or was before a reconnect began.
    pub fn is_connected(&self) -> bool {
        self.credentials.is_some() && self.former.unwrap_or(self.state) == ConnectionState::Ready
    }

    /// When the credentials have to be refreshed next; none when there is nothing to refresh.
    pub fn refresh_due(&self) -> Option<Timestamp> {
        let held = self.credentials.as_ref().is_some_and(|credentials| credentials.contains_key("refresh_token"));
        let at = self.next_retry_timestamp.or(self.next_credentials_refresh_at);
        at.filter(|_| held && self.is_connected() && !self.is_archived())
    }

    /// What it waits for: the next step of its state, and the next refresh of its credentials.
    pub fn agenda(&self) -> Agenda {
        let due = self.due.as_ref().filter(|_| !self.is_archived());
        Agenda { state: due.and_then(Due::wait), work: self.refresh_due().map(Wait::At) }
    }

    /// Whether the connection can never work again unless its user connects anew.
    pub fn is_defunct(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.key == Some(ErrorKey::ConnectionIsDefunct))
    }

    pub fn is_archived(&self) -> bool {
        self.meta.is_archived()
    }

    /// The error of a call through a connection that does not work, with the HTTP status that the
    /// workspace chose. Source: SEED, DOC:reference/overview/errors.
    pub fn disconnected_error(&self, connector_key: &str, status: u16) -> ApiError {
        let name = self.meta.key.as_deref().unwrap_or(&self.meta.name);
        let (key, why) = match self.state {
            ConnectionState::Building => (ErrorKey::ConnectionIsDefunct, "is still BUILDING; wait until it is READY"),
            ConnectionState::ClientActionRequired => {
                (ErrorKey::AccessTokenExpired, "waits for its user; open `clientAction.uiUrl` to finish connecting")
            }
            ConnectionState::ConfigurationError | ConnectionState::SetupFailed | ConnectionState::Error => {
                (ErrorKey::ConnectionIsDefunct, "does not work; see its `error` and `errors`, then connect again")
            }
            ConnectionState::Ready | ConnectionState::Disconnecting | ConnectionState::Disconnected => (
                if self.is_defunct() { ErrorKey::ConnectionIsDefunct } else { ErrorKey::AccessTokenExpired },
                "is disconnected; connect again with its `connectionId`",
            ),
        };
        let mut error = ApiError::connection(key, format!("connection `{name}` {why}"))
            .with_code(ErrorCode::ConnectionDisconnected)
            .with_data(serde_json::json!({ "connectionId": self.id, "connectorKey": connector_key }));
        if let Some(cause) = &self.error {
            error = error.caused_by(cause.clone());
        }
        if status == 400 { error } else { error.with_status(status) }
    }
}

/// The fields of a connection that a request may set; absent ones keep
/// their value. Source: SDK `CreateConnectionRequest`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConnectionBody {
    /// The name that people see; the integration's name when absent on creation.
    pub name: Patch<String>,
    /// The key that code names the connection by: 1 to 100 characters, unique for the tenant; a free key is made when
    /// absent on creation. Null removes it.
    pub key: Patch<String>,
    /// The same as `key`, as connecting calls it.
    pub connection_key: Patch<String>,
    /// Any JSON object of your own; it replaces the stored one.
    pub meta: Patch<JsonMap>,
    /// The key of the auth option; only `default` exists.
    pub auth_option_key: Patch<String>,
    /// The id or key of the integration to connect to; on a change, it must have the same connector.
    pub integration_id: Option<String>,
    /// The UUID of the integration; an alternative to `integrationId`.
    pub integration_uuid: Option<String>,
    /// The key of the integration; an alternative to `integrationId`.
    pub integration_key: Option<String>,
    /// The id or key of the connector to connect with; on a change, it must be the connection's own.
    pub connector_id: Option<String>,
    /// The UUID of the connector; an alternative to `connectorId`.
    pub connector_uuid: Option<String>,
    /// The key of the connector; an alternative to `connectorId`.
    pub connector_key: Option<String>,
    /// The connector version; it is stored, and lists can be filtered by it.
    pub connector_version: Patch<String>,
    /// The id or key of the external app to connect to; on a change, it must be the connection's own.
    pub external_app_id: Option<String>,
    /// The UUID of the external app; an alternative to `externalAppId`.
    pub external_app_uuid: Option<String>,
    /// The credentials of calls, as an object; they make the connection READY without a user.
    pub credentials: Patch<JsonMap>,
    /// Parameters of the connector for this connection alone, as an object; they win over the integration's.
    pub connector_parameters: Patch<Value>,
    /// What the user would type into the form, as an object.
    pub input: Patch<Value>,
    /// What to connect to, in words; the best connector is taken, or one is built.
    pub intent: Option<String>,
}

impl ConnectionBody {
    /// The key, under either of its names. Fails with 400 when they differ.
    pub fn named(mut self) -> Result<Self, ApiError> {
        match (&self.key, std::mem::replace(&mut self.connection_key, Patch::Keep)) {
            (_, Patch::Keep) => {}
            (Patch::Keep, named) => self.key = named,
            (key, named) if *key == named => {}
            _ => return Err(ApiError::bad_request("`key` and `connectionKey` are one field; give one of them")),
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::{ConnectionEvent as E, ConnectionState as S};
    use proptest::prelude::*;

    const STATES: [S; 8] = [
        S::Building,
        S::ClientActionRequired,
        S::ConfigurationError,
        S::SetupFailed,
        S::Ready,
        S::Disconnecting,
        S::Disconnected,
        S::Error,
    ];
    const EVENTS: [E; 12] = [
        E::AskUser,
        E::Finish,
        E::Finalize,
        E::FailConfiguration,
        E::FailSetup,
        E::Fail,
        E::LoseCredentials,
        E::Reconnect,
        E::Rebuild,
        E::Cancel,
        E::Disconnect,
        E::Disconnected,
    ];

    #[test]
    fn the_whole_machine() {
        let legal: Vec<String> = STATES
            .iter()
            .flat_map(|from| EVENTS.iter().map(move |event| (from, event)))
            .filter_map(|(from, event)| from.on(*event, None).map(|to| format!("{from:?} + {event:?} -> {to:?}")))
            .collect();

        insta::assert_snapshot!(legal.join("\n"), @r"
        Building + AskUser -> ClientActionRequired
        Building + Finish -> Ready
        Building + FailConfiguration -> ConfigurationError
        Building + FailSetup -> SetupFailed
        Building + Fail -> Error
        ClientActionRequired + Finish -> Ready
        ClientActionRequired + Finalize -> Building
        ClientActionRequired + Reconnect -> ClientActionRequired
        ClientActionRequired + Cancel -> ClientActionRequired
        ConfigurationError + Reconnect -> ClientActionRequired
        ConfigurationError + Rebuild -> Building
        SetupFailed + Reconnect -> ClientActionRequired
        SetupFailed + Rebuild -> Building
        Ready + Fail -> Error
        Ready + LoseCredentials -> Disconnected
        Ready + Reconnect -> ClientActionRequired
        Ready + Rebuild -> Building
        Ready + Disconnect -> Disconnecting
        Disconnecting + Disconnected -> Disconnected
        Disconnected + Reconnect -> ClientActionRequired
        Disconnected + Rebuild -> Building
        Error + Reconnect -> ClientActionRequired
        Error + Rebuild -> Building
        ");
    }

    proptest! {
        #[test]
        fn a_cancelled_reconnect_returns_to_where_it_was(
            from in prop::sample::select(vec![S::Ready, S::Disconnected, S::Error, S::ConfigurationError, S::SetupFailed])
        ) {
            let asked = from.on(E::Reconnect, None).unwrap();
            prop_assert_eq!(asked, S::ClientActionRequired);
            prop_assert_eq!(asked.on(E::Cancel, Some(from)).unwrap(), from);
        }

        #[test]
        fn every_history_can_still_reach_ready(events in prop::collection::vec(prop::sample::select(EVENTS.to_vec()), 0..40)) {
            let (mut state, mut former) = (S::Building, None);
            for event in events {
                if let Some(next) = state.on(event, former) {
                    if matches!(event, E::Reconnect | E::Rebuild) && former.is_none() {
                        former = Some(state);
                    } else if next != S::ClientActionRequired && next != S::Building {
                        former = None;
                    }
                    state = next;
                }
            }
            let way: &[E] = match state {
                S::Building | S::ClientActionRequired => &[E::Finish],
                S::Ready => &[],
                S::Disconnecting => &[E::Disconnected, E::Reconnect, E::Finish],
                S::ConfigurationError | S::SetupFailed | S::Disconnected | S::Error => &[E::Reconnect, E::Finish],
            };
            for event in way {
                state = state.on(*event, former).unwrap();
            }
            prop_assert_eq!(state, S::Ready);
        }
    }
}
