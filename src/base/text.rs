//! Texts that people write, each read or refused in one place (origins, addresses, durations, intents), and texts as addresses
//! have them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

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

/// Returns a text as a part of a path or of a query.
pub(crate) fn in_path(part: &str) -> String {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(part, PLAIN).to_string()
}

/// Reads the address of something that can be called, `http` or `https`; none for any other text.
pub fn http_address(text: &str) -> Option<url::Url> {
    url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Reads an origin: an address of `http` or `https` without path, query or user. It is given without a slash at its end, and
/// an empty text is none.
pub fn origin(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let wrong = || "it is an origin such as http://mock:6262, without a path".to_owned();
    let url = http_address(text).ok_or_else(wrong)?;
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    if !bare || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong());
    }
    Ok(url.origin().ascii_serialization())
}

/// Reads a duration such as `90s`, `15m`, `1h` or `7d` as milliseconds; a number alone counts `bare` of them. None for anything
/// else, and for what is too long to count.
pub fn milliseconds(text: &str, bare: u64) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len()));
    let unit = match unit {
        "" => bare,
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// Returns the article, `a` or `an`, for a noun.
pub fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}
