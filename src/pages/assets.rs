//! The style sheet and the script of the dashboard, which are compiled in.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::OnceLock;

/// A file that pages of the dashboard load.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    pub text: &'static str,
    pub content_type: &'static str,
}

/// Returns the file of a name.
pub fn named(name: &str) -> Option<Asset> {
    match name {
        "dashboard.css" => Some(Asset { text: STYLE, content_type: "text/css; charset=utf-8" }),
        "dashboard.js" => Some(Asset { text: SCRIPT, content_type: "text/javascript; charset=utf-8" }),
        _ => None,
    }
}

const STYLE: &str = include_str!("assets/dashboard.css");
const SCRIPT: &str = include_str!("assets/dashboard.js");

/// Returns a text that is another one as soon as a file has changed.
pub fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let mut hasher = DefaultHasher::new();
        (STYLE, SCRIPT).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    })
}
