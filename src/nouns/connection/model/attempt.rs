//! The part of an attempt to connect that concerns a browser: who waits, and how its pages look. Pure types.

use serde::{Deserialize, Serialize};

use crate::base::text::http_address;

/// The colours of hosted pages. Source: SDK `ConnectUIOptions.theme`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Light or dark, as the browser prefers; this is the default.
    #[default]
    Auto,
    /// Dark text on a light page.
    Light,
    /// Light text on a dark page.
    Dark,
}

impl Theme {
    /// The theme of a name on the wire; any other name, or none, is `Auto`.
    pub fn named(name: Option<&str>) -> Self {
        match name {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::Auto,
        }
    }
}

impl std::fmt::Display for Theme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        })
    }
}

/// Who waits in a browser for an attempt to connect, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// A text that is repeated in the messages to the page that waits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_id: Option<String>,
    /// The address that the browser goes to when the attempt ends.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub redirect_uri: Option<String>,
    /// A text of the caller's that is given back with the messages and the redirect.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub custom_state: Option<String>,
    /// Whether a hosted page began the attempt: then a first attempt that fails leaves no connection.
    #[serde(default)]
    pub hosted: bool,
    #[serde(default)]
    pub theme: Theme,
}

impl Attempt {
    /// The address that the browser goes to when the attempt ends; none for anything but http addresses.
    pub fn address(&self) -> Option<url::Url> {
        http_address(self.redirect_uri.as_deref()?)
    }

    /// The same address with `told` and the caller's `customState` in its query.
    pub fn address_with(&self, told: &[(&str, &str)]) -> Option<url::Url> {
        let mut url = self.address()?;
        url.query_pairs_mut().extend_pairs(told);
        if let Some(state) = &self.custom_state {
            url.query_pairs_mut().append_pair("customState", state);
        }
        Some(url)
    }
}
