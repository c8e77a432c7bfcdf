//! This module has grammar for messages.

/// Returns the article, `a` or `an`, for a noun.
pub fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}
