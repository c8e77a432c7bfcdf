//! What calls are named after: the words that rules, scenarios, verifications and the journal share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of a call that does something of its own. Each route says its own; see the route table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CallOperation")]
pub enum Operation {
    /// A call that runs an action: `/act`, and `/run` of an action however it is addressed.
    Act,
    /// A call that runs a flow: `POST /flow-runs`, and `/run` of a flow however it is addressed.
    FlowRun,
    /// A call that begins to connect, for the first time or again.
    Connect,
    /// A call through a connection's proxy.
    Proxy,
    /// A call that refreshes a connection's credentials.
    Refresh,
    /// A webhook that the fake sends to the workspace's app.
    Webhook,
}

impl Operation {
    /// All of them, in the order in which messages list them.
    pub const ALL: [Self; 6] = [Self::Act, Self::FlowRun, Self::Connect, Self::Proxy, Self::Refresh, Self::Webhook];

    /// The name as it is in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Act => "act",
            Self::FlowRun => "flowRun",
            Self::Connect => "connect",
            Self::Proxy => "proxy",
            Self::Refresh => "refresh",
            Self::Webhook => "webhook",
        }
    }
}

impl std::str::FromStr for Operation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = || Self::ALL.map(Self::name).join("`, `");
        let found = Self::ALL.into_iter().find(|operation| operation.name() == text);
        found.ok_or_else(|| format!("is `{text}`; it is one of `{}`", known()))
    }
}

/// The side of the fake that a call is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// A client calls the faked API.
    #[default]
    Api,
    /// The fake calls an external app, or its vendor.
    Upstream,
}
