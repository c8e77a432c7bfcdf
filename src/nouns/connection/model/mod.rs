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
use crate::base::clock::Timestamp;
use crate::base::error::{ApiError, ErrorCode, ErrorKey};
use crate::base::history::{Change, History};
use crate::base::ids::Id;
use crate::base::patch::Patch;
use crate::elements::model::Meta;
use crate::nouns::connection::model::attempt::Attempt;
use crate::nouns::connector::model::Connector;
use crate::nouns::external_app::model::ExternalApp;
use crate::nouns::integration::model::Integration;
use crate::nouns::tenant::model::Tenant;
use crate::nouns::workspace::model::progress::Due;

/// States of a connection. Source: SEED (`connect`, React types), OAS; the client's enum lacks the last two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConnectionState {
    /// The connector is looked for, built or finalised.
    Building,
    /// The user has to do something: `clientAction` says what.
    ClientActionRequired,
    /// The integration's own parameters are wrong.
    ConfigurationError,
    /// The connector could not be built.
    SetupFailed,
    /// Works.
    Ready,
    /// Credentials are being revoked.
    Disconnecting,
    /// Credentials stopped working or were erased.
    Disconnected,
    /// Broken in another way.
    Error,
}

/// What can happen to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ConnectionEvent {
    /// Building ended; the user has to authorize.
    AskUser,
    /// Building ended with nothing left to do, or the user authorized.
    Finish,
    /// The user authorized, and the connector has to be finalised.
    Finalize,
    /// The integration's parameters turned out wrong.
    FailConfiguration,
    /// The connector could not be built.
    FailSetup,
    /// Something else broke.
    Fail,
    /// The credentials stopped working.
    LoseCredentials,
    /// Connect again with the same id; the user has to authorize.
    Reconnect,
    /// Connect again with the same id; the connector is built first.
    Rebuild,
    /// The user gave up: back to the state before.
    Cancel,
    /// Revoke and erase the credentials.
    Disconnect,
    /// They are erased.
    Disconnected,
}

impl ConnectionState {
    /// The whole machine (`docs/behaviour.md#connection-machine`). None for an event that the state does not allow.
    /// `former` is the state before a reconnect began, to which a cancel returns.
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
            // Asked again while the user is still at it: the same request goes on.
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

/// One change of state, as run details show it.
pub type Transition = Change<ConnectionState, ConnectionEvent>;

/// The last of them.
pub type ConnectionHistory = History<ConnectionState, ConnectionEvent>;

/// A connection as stored. The wire form is `api::view::ConnectionView`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Id.
    pub id: Id<Connection>,
    /// Shared fields.
    #[serde(flatten)]
    pub meta: Meta,
    /// Whose it is.
    pub tenant: Id<Tenant>,
    /// Of which integration; none while an intent is being worked out.
    pub integration: Option<Id<Integration>>,
    /// By which connector.
    pub connector: Option<Id<Connector>>,
    /// Pinned version of the connector.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connector_version: Option<String>,
    /// To which app.
    pub external_app: Option<Id<ExternalApp>>,
    /// Which of the connector's auth options.
    pub auth_option_key: Option<String>,
    /// Where it stands.
    pub state: ConnectionState,
    /// Where it stood before a reconnect began.
    pub former: Option<ConnectionState>,
    /// What authenticates calls; erased by a disconnect.
    pub credentials: Option<JsonMap>,
    /// Parameters of the connector.
    pub connector_parameters: Option<Value>,
    /// What the user typed.
    pub input: Option<Value>,
    /// Why it does not work.
    pub error: Option<ApiError>,
    /// What went wrong while building.
    #[serde(default)]
    pub errors: Vec<ApiError>,
    /// What it should connect to, in words.
    pub intent: Option<String>,
    /// Names the connect page; changes with each attempt.
    pub ticket: Option<String>,
    /// Who waits in a browser for this attempt.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub attempt: Option<Attempt>,
    /// The request that started it, if one did.
    pub request: Option<String>,
    /// Archive the tenant's other connections of the integration once this one is READY
    /// (`docs/behaviour.md#connection-replace`).
    #[serde(default)]
    pub replaces_others: bool,
    /// What happens next by itself.
    pub due: Option<Due>,
    /// When the credentials are refreshed next.
    pub next_credentials_refresh_at: Option<Timestamp>,
    /// How often in a row the vendor gave no answer to a refresh.
    #[serde(default)]
    pub retry_attempts: u32,
    /// When it is asked again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_retry_timestamp: Option<Timestamp>,
    /// The agent session that builds it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub building_agent_session: Option<String>,
    /// When a call last used it.
    pub last_active_at: Option<Timestamp>,
    /// How it came to where it stands: the last changes, oldest first.
    #[serde(default, skip_serializing_if = "History::is_empty")]
    pub history: ConnectionHistory,
    /// A test connection.
    #[serde(default)]
    pub is_test: bool,
}

impl Connection {
    /// Takes an event: the only way to change `state`.
    pub fn apply(&mut self, event: ConnectionEvent, now: Timestamp) -> Result<Transition, ApiError> {
        let (from, to) = (self.state, self.state.on(event, self.former));
        let transition = self.history.step("connection", &mut self.state, event, to, now)?;
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

    /// Whether calls can go through it: it has credentials, and stands at READY or did before a reconnect began.
    pub fn is_connected(&self) -> bool {
        self.credentials.is_some() && self.former.unwrap_or(self.state) == ConnectionState::Ready
    }

    /// When its credentials are to be refreshed next; none when there is nothing to refresh.
    pub fn refresh_due(&self) -> Option<Timestamp> {
        let held = self.credentials.as_ref().is_some_and(|credentials| credentials.contains_key("refresh_token"));
        let at = self.next_retry_timestamp.or(self.next_credentials_refresh_at);
        at.filter(|_| held && self.is_connected() && !self.is_archived())
    }

    /// Whether it can never work again without its user.
    pub fn is_defunct(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.key == Some(ErrorKey::ConnectionIsDefunct))
    }

    /// Whether it is archived.
    pub fn is_archived(&self) -> bool {
        self.meta.is_archived()
    }

    /// Refuses a call through an archived connection.
    pub fn refuse_archived_call(&self) -> Result<(), ApiError> {
        if self.is_archived() {
            return Err(ApiError::not_found(format!("connection not found: `{}` is archived; restore it", self.id)));
        }
        Ok(())
    }

    /// The error of a call through a connection that does not work. Source: SEED, DOC:reference/overview/errors.
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

/// Editable fields of a connection, for create, patch and put. Source: SDK `CreateConnectionRequest`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConnectionBody {
    /// For people.
    pub name: Patch<String>,
    /// 1 to 100 characters, or null.
    pub key: Patch<String>,
    /// The user's own.
    pub meta: Patch<JsonMap>,
    /// Which auth option.
    pub auth_option_key: Patch<String>,
    /// By id.
    pub integration_id: Option<String>,
    /// By UUID.
    pub integration_uuid: Option<String>,
    /// By key.
    pub integration_key: Option<String>,
    /// By id.
    pub connector_id: Option<String>,
    /// By UUID.
    pub connector_uuid: Option<String>,
    /// By key.
    pub connector_key: Option<String>,
    /// Pinned version of the connector.
    pub connector_version: Patch<String>,
    /// By id.
    pub external_app_id: Option<String>,
    /// By UUID.
    pub external_app_uuid: Option<String>,
    /// Makes it READY.
    pub credentials: Patch<JsonMap>,
    /// Parameters of the connector.
    pub connector_parameters: Patch<Value>,
    /// What the user would type.
    pub input: Patch<Value>,
    /// What it should connect to, in words.
    pub intent: Option<String>,
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
