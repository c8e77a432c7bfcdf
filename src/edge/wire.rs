//! The bytes of a connection, on their way to the HTTP server and back. It is here for what that server's parser refuses by
//! itself, without a word and without asking anybody.
//!
//! Invariant: what the parser takes passes through as it is, but for characters of the first address that most servers take
//! and this parser does not, which are percent-encoded, as a client should have done, and for the address `*`.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

use crate::base::clock::real_sleep;
use crate::base::error::ApiError;
use crate::base::message::headers::headers_of;
use crate::base::redact::masked;
use crate::call::token_of_head;
use crate::edge::serve::with_page;
use crate::engine::{Engine, tokens as auth};
use crate::journal::{Entry, Side};

/// So much of a request is kept, to tell what is wrong with its head.
const KEPT: usize = 16 * 1024;

/// The parser takes so many headers. Source: `httparse` as the HTTP server uses it.
const MOST_HEADERS: usize = 96;

/// A bare refusal has so many bytes at the most.
const LONGEST_BARE: usize = 200;

/// A connection of a client.
pub(crate) struct Wire {
    io: TcpStream,
    engine: Arc<Engine>,
    /// The beginning of what came since the last answer.
    head: Vec<u8>,
    /// Nothing has come yet.
    is_fresh: bool,
    /// What came and is still to be handed on, since it became longer.
    unread: BytesMut,
    /// What is to be sent in place of a bare refusal.
    unsent: Bytes,
    /// The parser has refused what came, and nothing else is answered.
    is_refused: bool,
}

impl Wire {
    pub(crate) fn new(io: TcpStream, engine: Arc<Engine>) -> Self {
        let (head, unread, unsent) = (Vec::new(), BytesMut::new(), Bytes::new());
        Self { io, engine, head, is_fresh: true, unread, unsent, is_refused: false }
    }

    /// The socket, for who has to look at it.
    pub(crate) fn socket(&self) -> &TcpStream {
        &self.io
    }

    /// Notes what came, and puts the first address right. `came` is where the new bytes begin.
    fn look_at(&mut self, buffer: &mut ReadBuf<'_>, came: usize) {
        let bytes = buffer.filled().get(came..).unwrap_or_default();
        if std::mem::take(&mut self.is_fresh)
            && let Some(encoded) = with_address_encoded(bytes)
        {
            buffer.set_filled(came);
            self.unread.extend_from_slice(&encoded);
            self.hand_on(buffer);
        }
        let bytes = buffer.filled().get(came..).unwrap_or_default();
        let room = KEPT.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(bytes.get(..room).unwrap_or_default());
    }

    fn hand_on(&mut self, buffer: &mut ReadBuf<'_>) {
        let length = self.unread.len().min(buffer.remaining());
        buffer.put_slice(&self.unread.split_to(length));
    }

    /// Sends what stands for a bare refusal.
    fn poll_unsent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let sent = ready!(Pin::new(&mut self.io).poll_write(cx, &self.unsent))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unsent.advance(sent);
        }
        Poll::Ready(Ok(()))
    }

    /// The answer in the envelope that stands for the parser's bare one, which is noted in a journal too.
    fn told(&self, status: u16) -> Bytes {
        // The parser takes an address of up to 65,534 bytes, and says nothing of one that is longer.
        let status = if status == 400 && self.head.len() == KEPT && is_long_address(&self.head) { 414 } else { status };
        let error = ApiError::bad_request(reason(&self.head, status)).with_status(status);
        let text = String::from_utf8_lossy(&self.head);
        let mut words = text.lines().next().unwrap_or_default().split(' ');
        let method = words.next().filter(|method| method.len() < 20).unwrap_or_default();
        // A query may carry a token.
        let path = words.next().unwrap_or_default().split('?').next().unwrap_or_default();
        let token = token_of_head(&text);
        let space = token.and_then(auth::claimed_workspace).and_then(|key| self.engine.space(&key));
        let now = space.as_ref().map(|space| space.clock.now()).or_else(|| {
            let first = self.engine.first_space().ok()?;
            Some(first.clock.now())
        });
        if let Some(now) = now {
            let shown: String = masked(path).chars().take(200).collect();
            let warnings = vec![format!("the request could not be read: {}", error.message)];
            let entry = Entry { status, warnings, ..Entry::new(Side::Api, now, method, &shown) };
            self.engine.note_call(space.as_deref(), entry);
        }
        last_answer(&with_page(error, &self.engine, space.as_deref(), "journal?failed=1"))
    }
}

/// The whole answer of an error after which the connection ends.
fn last_answer(error: &ApiError) -> Bytes {
    let (status, body) = (error.status(), serde_json::to_string(&error).unwrap_or_default());
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    Bytes::from(format!(
        "HTTP/1.1 {status} {}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {}\r\n\
         access-control-allow-origin: *\r\nconnection: close\r\n\r\n{body}",
        reason.unwrap_or_default(),
        body.len()
    ))
}

/// Who is turned away has this long to ask.
const LAST_WORD: Duration = Duration::from_millis(500);

/// Answers the first request of a connection with 503, because this process can open nothing more, and ends the connection. One
/// on which nothing is asked is ended too, so that it holds nothing.
pub(crate) async fn turn_away(mut io: TcpStream) {
    let answered = async {
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < KEPT {
            if io.read_buf(&mut head).await.is_ok_and(|length| length > 0) {
                continue;
            }
            return;
        }
        let error = ApiError::internal("too many connections are open; close some, or raise `ulimit -n`");
        io.write_all(&last_answer(&error.with_status(503))).await.ok();
        io.shutdown().await.ok();
        // Closing a socket that has something unread resets it, and the client may never see the answer.
        let mut dropped = [0; 4_096];
        while io.read(&mut dropped).await.is_ok_and(|length| length > 0) {}
    };
    tokio::select! {
        () = answered => {}
        () = real_sleep(LAST_WORD) => {}
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if !wire.unread.is_empty() {
            wire.hand_on(buffer);
            return Poll::Ready(Ok(()));
        }
        let came = buffer.filled().len();
        ready!(Pin::new(&mut wire.io).poll_read(cx, buffer))?;
        wire.look_at(buffer, came);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        ready!(wire.poll_unsent(cx))?;
        if let Some(status) = bare_refusal(bytes) {
            wire.unsent = wire.told(status);
            wire.is_refused = true;
            wire.head.clear();
            return Poll::Ready(Ok(bytes.len()));
        }
        wire.head.clear();
        Pin::new(&mut wire.io).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        ready!(wire.poll_unsent(cx))?;
        Pin::new(&mut wire.io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        ready!(wire.poll_unsent(cx))?;
        Pin::new(&mut wire.io).poll_shutdown(cx)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // Closing a socket that has something unread resets it, and the client may never see why it was refused.
        let mut dropped = [0; 4_096];
        while self.is_refused && self.io.try_read(&mut dropped).is_ok_and(|length| length > 0) {}
    }
}

/// The status of an answer that the HTTP server gave by itself: an error without a body, and with no header that answers of
/// the fake have.
fn bare_refusal(answer: &[u8]) -> Option<u16> {
    // Most answers are longer, and are not looked at.
    let short = Some(answer).filter(|answer| answer.len() <= LONGEST_BARE)?;
    let head = std::str::from_utf8(short).ok()?.strip_suffix("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let is_bare = lines.all(|line| {
        let name = line.split(':').next().unwrap_or_default();
        ["content-length", "connection", "date"].iter().any(|known| name.eq_ignore_ascii_case(known))
    });
    (is_bare && matches!(status, 400 | 408 | 431)).then_some(status)
}

/// Whether the beginning of a request is a method and then nothing but an address.
fn is_long_address(head: &[u8]) -> bool {
    let text = std::str::from_utf8(head).unwrap_or_default();
    text.split_once(' ').is_some_and(|(method, address)| {
        method.len() < 20 && method.bytes().all(|byte| byte.is_ascii_uppercase()) && address.chars().all(is_plain)
    })
}

/// What is wrong with the head of a request.
fn reason(head: &[u8], status: u16) -> String {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let headers: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    match status {
        414 => return "the address is too long; it has at most 65,534 bytes".into(),
        408 => return "the head of the request did not come to its end in time".into(),
        _ if headers.len() > MOST_HEADERS => return format!("the request has more than {MOST_HEADERS} headers"),
        431 => return "the head of the request is too large; send less in headers and query".into(),
        _ => {}
    }
    if let Some(odd) = address_in(first).and_then(|address| address.chars().find(|char| !is_plain(*char))) {
        let text = odd.to_string();
        let encoded = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC);
        return format!("the address has `{odd}`, which has to be percent-encoded, as `{encoded}`");
    }
    if !first.contains(" HTTP/1.") {
        return "this is no request of HTTP/1.1".into();
    }
    if !headers.iter().any(|line| line.to_ascii_lowercase().starts_with("host:")) {
        return "the request has no `Host`".into();
    }
    match headers.iter().find(|line| !is_header(line)) {
        Some(line) => {
            let shown: String = line.split(':').next().unwrap_or_default().chars().take(60).collect();
            format!("the header `{shown}` cannot be read")
        }
        None => "the request cannot be read as HTTP/1.1".into(),
    }
}

fn is_header(line: &str) -> bool {
    let Some((name, value)) = line.split_once(':') else { return false };
    headers_of([(name, value.trim())]).is_ok()
}

/// The address of a request's first line.
fn address_in(line: &str) -> Option<&str> {
    line.split_once(' ')?.1.rsplit_once(" HTTP/1.").map(|(address, _)| address)
}

/// Whether a character stands in an address as it is, by the parser's rules.
fn is_plain(char: char) -> bool {
    char.is_ascii_graphic() && !matches!(char, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
}

/// The beginning of a request with the characters of its address encoded that are not plain; none when all are, and when the
/// first line is not all there.
fn with_address_encoded(bytes: &[u8]) -> Option<Vec<u8>> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let address = address_in(line)?;
    if address == "*" {
        // `OPTIONS *` asks about the server as a whole. The router would answer it by itself, without a word.
        let whole = line.replacen(" * ", " /* ", 1);
        return Some([whole.as_bytes(), bytes.get(end..)?].concat());
    }
    // A space ends an address, whatever comes after it.
    if address.contains(' ') || address.chars().all(is_plain) {
        return None;
    }
    let mut encoded = String::with_capacity(line.len());
    for char in address.chars() {
        if is_plain(char) {
            encoded.push(char);
        } else {
            let text = char.to_string();
            encoded.extend(percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC));
        }
    }
    let (before, after) = line.split_once(address)?;
    Some([before.as_bytes(), encoded.as_bytes(), after.as_bytes(), bytes.get(end..)?].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_encoded_where_it_has_to_be() {
        let encoded = |text: &str| with_address_encoded(text.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(encoded("GET /a?b=c%20d HTTP/1.1\r\nHost: x\r\n\r\n"), None);
        assert_eq!(
            encoded("GET /a?b=é&c={\"d\"} HTTP/1.1\r\nHost: {é}\r\n").as_deref(),
            Some("GET /a?b=%C3%A9&c=%7B%22d%22%7D HTTP/1.1\r\nHost: {é}\r\n")
        );
        assert_eq!(encoded("GET /a b{} HTTP/1.1\r\n"), None);
        assert_eq!(encoded("OPTIONS * HTTP/1.1\r\n").as_deref(), Some("OPTIONS /* HTTP/1.1\r\n"));
        assert_eq!(encoded("GET /é HTTP/1.1"), None, "the line is not all there");
        assert_eq!(encoded("nonsense\n"), None);
    }

    #[test]
    fn only_the_servers_own_refusals_are_bare() {
        let bare = |text: &str| bare_refusal(text.as_bytes());
        let own = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: now\r\n\r\n";
        assert_eq!(bare(own), Some(400));
        assert_eq!(bare(&own.replace("date", "vary")), None);
        assert_eq!(bare(&format!("{own}body")), None);
        assert_eq!(bare(&own.replace("400", "404")), None);
    }

    #[test]
    fn the_reason_names_what_is_wrong() {
        let many = "X: y\r\n".repeat(MOST_HEADERS + 1);
        for (head, says) in [
            (
                "GET /a?b=é HTTP/1.1\r\nHost: x\r\n\r\n",
                "the address has `é`, which has to be percent-encoded, as `%C3%A9`",
            ),
            ("GET /a HTTP/1.1\r\n\r\n", "the request has no `Host`"),
            ("hello\r\n\r\n", "this is no request of HTTP/1.1"),
            ("GET /a HTTP/1.1\r\nHost: x\r\nb c: d\r\n\r\n", "the header `b c` cannot be read"),
            (&format!("GET /a HTTP/1.1\r\nHost: x\r\n{many}\r\n"), "the request has more than 96 headers"),
        ] {
            assert_eq!(reason(head.as_bytes(), 400), says);
        }
    }
}
