//! What can be asked for about connections, integrations and apps. The same struct holds the flags of a command and the input of a
//! tool: its comments are the help of the one and the descriptions of the other. Source: SEED (commands and tools).

use std::str::FromStr;

use clap::Args;
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::client::{Request, Verb};

/// Whether something is wanted: `1` or `0` in a command, true or false in a tool's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(transparent)]
pub(crate) struct Switch(bool);

impl FromStr for Switch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "1" | "true" => Ok(Self(true)),
            "0" | "false" => Ok(Self(false)),
            _ => Err(format!("`{text}` is neither 1 nor 0")),
        }
    }
}

impl Serialize for Switch {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0.into())
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Value::deserialize(deserializer)?;
        let text = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Who a token belongs to.
#[derive(Debug, Clone, Default)]
pub(crate) struct WhoAmI;

impl Verb for WhoAmI {
    fn request(&self) -> Result<Request, String> {
        Ok(Request::to(Method::GET, "/self"))
    }
}

/// Lists the connections of the tenant, each with its state.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[command(rename_all = "camelCase")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListConnections {
    /// Only those of the integration with this key
    #[arg(long, value_name = "KEY")]
    integration_key: Option<String>,
    /// Only those of the integration with this id
    #[arg(long, value_name = "ID")]
    integration_id: Option<String>,
    /// Only those whose name or key has this text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    search: Option<String>,
    /// At most so many, 1 to 1000
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Go on where an earlier page ended
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

impl Verb for ListConnections {
    fn request(&self) -> Result<Request, String> {
        Ok(Request::to(Method::GET, "/connections").asking(self))
    }
}

/// Reads one connection.
#[derive(Debug, Clone, Args)]
pub(crate) struct GetConnection {
    /// The id or key of the connection
    #[arg(value_name = "ID-OR-KEY")]
    pub(crate) connection: String,
}

impl Verb for GetConnection {
    fn request(&self) -> Result<Request, String> {
        Request::new(Method::GET, "/connections/{}", &[&self.connection])
    }
}

/// Archives a connection: it is no longer listed and nothing runs through it.
#[derive(Debug, Clone, Args, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DeleteConnection {
    /// The id or key of the connection
    #[arg(value_name = "ID-OR-KEY")]
    connection_id: String,
}

impl Verb for DeleteConnection {
    fn request(&self) -> Result<Request, String> {
        Request::new(Method::DELETE, "/connections/{}", &[&self.connection_id])
    }
}

/// Lists the integrations of the workspace.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[command(rename_all = "camelCase")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListIntegrations {
    /// Only those whose name, key or description has this text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    search: Option<String>,
    /// Also those that a connector of the catalog would make, or not; the workspace's setting when absent
    #[arg(long, value_name = "1|0")]
    connectors: Option<Switch>,
    /// Also those that an external app would make, or not; the workspace's setting when absent
    #[arg(long, value_name = "1|0")]
    external_apps: Option<Switch>,
    /// Archived ones too
    #[arg(long, value_name = "1|0")]
    include_archived: Option<Switch>,
    /// At most so many, 1 to 1000
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Go on where an earlier page ended
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

impl Verb for ListIntegrations {
    fn request(&self) -> Result<Request, String> {
        Ok(Request::to(Method::GET, "/integrations").asking(self))
    }
}

/// Lists external apps.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[command(rename_all = "camelCase")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListExternalApps {
    /// Only those whose name has this text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    search: Option<String>,
    /// At most so many, 1 to 1000
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Go on where an earlier page ended
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

impl Verb for ListExternalApps {
    fn request(&self) -> Result<Request, String> {
        Ok(Request::to(Method::GET, "/external-apps").asking(self))
    }
}

/// Connects the tenant to an app: by an integration, a connector, or words; or connects a connection again.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, JsonSchema)]
#[command(rename_all = "camelCase")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Connect {
    /// Connect through the integration with this key
    #[arg(long, value_name = "KEY")]
    integration_key: Option<String>,
    /// Connect through the integration with this id
    #[arg(long, value_name = "ID")]
    integration_id: Option<String>,
    /// Connect with the connector with this key
    #[arg(long, value_name = "KEY")]
    connector_key: Option<String>,
    /// Connect with the connector with this id
    #[arg(long, value_name = "ID")]
    connector_id: Option<String>,
    /// Connect to the app with this id
    #[arg(long, value_name = "ID")]
    external_app_id: Option<String>,
    /// Connect this connection again; it keeps its id
    #[arg(long, value_name = "ID")]
    connection_id: Option<String>,
    /// The connection's own key, by which later calls name it
    #[arg(long, value_name = "KEY")]
    connection_key: Option<String>,
    /// What to connect to, in words
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    intent: Option<String>,
    /// The name that people see
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    name: Option<String>,
}

impl Verb for Connect {
    fn request(&self) -> Result<Request, String> {
        Ok(Request::to(Method::POST, "/connect").sending(self))
    }
}

/// Finds everything that has a name.
#[derive(Debug, Clone, Args, Serialize)]
#[command(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct Search {
    /// What to look for
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    q: String,
    /// Only elements of this type, such as `integration`
    #[arg(long, value_name = "TYPE")]
    element_type: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
}

impl Verb for Search {
    fn request(&self) -> Result<Request, String> {
        Ok(Request::to(Method::GET, "/search").asking(self))
    }
}
