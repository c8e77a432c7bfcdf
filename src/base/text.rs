//! This module has what texts have in common: grammar for messages, and how long the words of a user may be.

use crate::base::error::ApiError;

/// The most characters of an intent, which is compared with everything that could be meant.
const LONGEST_INTENT: usize = 2_000;

/// Refuses with 400 an intent that is too long.
pub fn check_intent(intent: &str) -> Result<(), ApiError> {
    let length = intent.chars().count();
    if length <= LONGEST_INTENT {
        return Ok(());
    }
    let why = format!("`intent` has {length} characters; it has at most {LONGEST_INTENT}");
    Err(ApiError::bad_request(why).with_data(serde_json::json!({ "field": "intent" })))
}

/// Reads the address of something that can be called, `http` or `https`; none for any other text.
pub fn http_address(text: &str) -> Option<url::Url> {
    url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Returns the article, `a` or `an`, for a noun.
pub fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}
