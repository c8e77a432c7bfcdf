//! The ticket of a connection that waits for its user: an opaque text in the address of its connect page.
//!
//! Invariant: a ticket takes the place of a token, so it names one attempt of one connection and is not guessable.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Connection;

/// The address of the page on which the user continues; none when the connection does not wait for its user. The ticket
/// names workspace and connection, so the page needs no token.
pub fn page_address(base: &str, workspace: &str, connection: &Connection) -> Option<String> {
    Some(format!("{base}/connect/{}", ticket_of(workspace, connection)?))
}

/// The opaque text that names workspace, connection and attempt; none when no attempt is open.
pub fn ticket_of(workspace: &str, connection: &Connection) -> Option<String> {
    let ticket = connection.ticket.as_ref()?;
    Some(URL_SAFE_NO_PAD.encode(format!("{workspace}/{}/{ticket}", connection.id)))
}
