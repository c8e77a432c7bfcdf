//! Headers whose names callers choose. Invariant: a set of them has at most [`MOST_HEADERS`] names, because the map of
//! headers panics when it grows too large.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

/// The most headers that one call, answer, stub or rule may have.
pub const MOST_HEADERS: usize = 200;

/// Why a set of headers cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderProblem {
    /// There are too many.
    Many(usize),
    /// No header can have this name, or the value that is given with it.
    Wrong(String),
}

impl fmt::Display for HeaderProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Many(count) => write!(f, "`headers` has {count} names; {MOST_HEADERS} are the most"),
            Self::Wrong(name) => write!(f, "`headers.{name}` is not a valid HTTP header"),
        }
    }
}

/// Makes headers of names and values; of names that differ only in case the last one counts.
///
/// ```
/// use membrane_mock::base::message::headers::headers_of;
///
/// assert_eq!(headers_of([("X-Page", "2")]).unwrap()["x-page"], "2");
/// assert_eq!(headers_of([("a b", "1")]).unwrap_err().to_string(), "`headers.a b` is not a valid HTTP header");
/// ```
pub fn headers_of<N: AsRef<str>, V: AsRef<str>>(
    pairs: impl IntoIterator<Item = (N, V)>,
) -> Result<HeaderMap, HeaderProblem> {
    let mut headers = HeaderMap::new();
    let mut count = 0_usize;
    for (name, value) in pairs {
        count = count.saturating_add(1);
        if count > MOST_HEADERS {
            continue;
        }
        let wrong = || HeaderProblem::Wrong(name.as_ref().to_owned());
        let key = HeaderName::try_from(name.as_ref()).map_err(|_| wrong())?;
        headers.insert(key, HeaderValue::try_from(value.as_ref()).map_err(|_| wrong())?);
    }
    if count > MOST_HEADERS { Err(HeaderProblem::Many(count)) } else { Ok(headers) }
}

/// Returns the token behind the scheme `Bearer`, in any case (RFC 9110 §11.1).
pub fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim_start().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_headers_than_a_map_can_hold_are_refused() {
        let many = (0..40_000).map(|n| (format!("x-{n}"), "1"));
        assert_eq!(headers_of(many), Err(HeaderProblem::Many(40_000)));
        let most = (0..MOST_HEADERS).map(|n| (format!("x-{n}"), "1"));
        assert_eq!(headers_of(most).map(|headers| headers.len()), Ok(MOST_HEADERS));
    }
}
