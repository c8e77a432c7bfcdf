//! An attempt to connect, as far as a browser has to do with it.

use serde::{Deserialize, Serialize};

/// What hosted pages look like. Source: SDK `ConnectUIOptions.theme`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the browser prefers.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Its name on the wire; anything else is `auto`.
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
    /// Named in the messages to the page that waits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_id: Option<String>,
    /// Where the browser goes afterwards.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub redirect_uri: Option<String>,
    /// Given back with the redirect.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub custom_state: Option<String>,
    /// Whether a hosted page began it: then a cancelled first attempt leaves nothing behind.
    #[serde(default)]
    pub hosted: bool,
    /// What its pages look like.
    #[serde(default)]
    pub theme: Theme,
}

impl Attempt {
    /// Where the browser goes afterwards: http addresses only, whatever was asked for.
    pub fn address(&self) -> Option<url::Url> {
        let url = url::Url::parse(self.redirect_uri.as_deref()?).ok()?;
        matches!(url.scheme(), "http" | "https").then_some(url)
    }

    /// The same with what is told there, and what the caller gave for itself.
    pub fn address_with(&self, told: &[(&str, &str)]) -> Option<url::Url> {
        let mut url = self.address()?;
        url.query_pairs_mut().extend_pairs(told);
        if let Some(state) = &self.custom_state {
            url.query_pairs_mut().append_pair("customState", state);
        }
        Some(url)
    }
}
