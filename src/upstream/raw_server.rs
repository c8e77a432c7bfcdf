//! This module is a small HTTP server that can fail as a proper one cannot: it resets, closes, truncates,
//! stalls and slows answers. Network faults use it. Invariant: each address plays one answer, which was put
//! there beforehand, and plays it once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

use crate::base::clock::real_sleep;

/// A request whose head has more bytes than this is dropped.
const LARGEST_HEAD: usize = 64 * 1024;
/// A connection that could not be taken is tried again after this long.
const RETRY: Duration = Duration::from_millis(50);
const LARGEST_BODY: u64 = 30 * 1024 * 1024;

/// A cut says how an answer goes wrong on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The server sends RST instead of an answer.
    Reset,
    /// The server sends FIN instead of an answer.
    Close,
    /// The server sends half of the body, then FIN.
    Truncate,
    /// The server sends the head and then nothing more.
    Stall,
    /// The server sends the body in pieces, with a pause after each.
    Dribble {
        /// Each piece has this many bytes.
        bytes: usize,
        /// The pause is this long, in real time.
        every: Duration,
    },
}

/// A play is an answer that the server will give.
#[derive(Debug, Clone)]
pub struct ScriptedAnswer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The answer goes wrong in this way; it arrives whole when absent.
    pub cut: Option<Cut>,
}

type Plays = Arc<Mutex<HashMap<String, ScriptedAnswer>>>;

/// The running server; it stops when it is dropped.
#[derive(Debug)]
pub struct RawServer {
    base: Url,
    plays: Plays,
    next: AtomicU64,
    accepting: JoinHandle<()>,
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl RawServer {
    /// Starts the server on a free port of loopback, or fails when there is none.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let base = Url::parse(&format!("http://{}/", listener.local_addr()?)).map_err(std::io::Error::other)?;
        let plays = Plays::default();
        let known = Arc::clone(&plays);
        let accepting = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        let known = Arc::clone(&known);
                        tokio::spawn(async move { answer(stream, &known).await.ok() });
                    }
                    // Mostly nothing more can be opened, which passes.
                    Err(_) => real_sleep(RETRY).await,
                }
            }
        });
        Ok(Self { base, plays, next: AtomicU64::new(1), accepting })
    }

    /// Stores an answer and returns the address whose next request gets it.
    pub fn address_of(&self, play: ScriptedAnswer) -> Url {
        let name = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let mut url = self.base.clone();
        url.set_path(&name);
        self.plays.lock().unwrap_or_else(PoisonError::into_inner).insert(name, play);
        url
    }
}

/// Reads a request, and plays the answer that its address stands for.
async fn answer(mut stream: TcpStream, plays: &Plays) -> std::io::Result<()> {
    let Some((name, rest)) = request(&mut stream).await? else { return Ok(()) };
    tokio::io::copy(&mut (&mut stream).take(rest.min(LARGEST_BODY)), &mut tokio::io::sink()).await?;
    let play = plays.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
    let Some(play) = play else {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
    };
    match play.cut {
        Some(Cut::Reset) => return stream.set_zero_linger(),
        Some(Cut::Close) => return stream.shutdown().await,
        Some(Cut::Truncate | Cut::Stall | Cut::Dribble { .. }) | None => {}
    }
    stream.write_all(&head_of(&play)).await?;
    match play.cut {
        Some(Cut::Truncate) => stream.write_all(play.body.split_at(play.body.len() / 2).0).await?,
        Some(Cut::Stall) => {
            stream.flush().await?;
            // The loop ends when the client closes.
            tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
        }
        Some(Cut::Dribble { bytes, every }) => {
            for piece in play.body.chunks(bytes.max(1)) {
                stream.write_all(piece).await?;
                stream.flush().await?;
                real_sleep(every).await;
            }
        }
        Some(Cut::Reset | Cut::Close) | None => stream.write_all(&play.body).await?,
    }
    stream.shutdown().await
}

/// Returns the first segment of a request's path, and how many bytes of its body are still to come; nothing when the
/// head is too large or breaks off.
async fn request(stream: &mut TcpStream) -> std::io::Result<Option<(String, u64)>> {
    let mut head = Vec::new();
    let end = loop {
        if let Some(at) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if head.len() > LARGEST_HEAD || stream.read_buf(&mut head).await? == 0 {
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(head.get(..end).unwrap_or(&head)).into_owned();
    let mut lines = text.lines();
    let path = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let name = path.trim_start_matches('/').split(['/', '?']).next().unwrap_or_default().to_owned();
    let length =
        lines.filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: u64 = length.and_then(|(_, length)| length.trim().parse().ok()).unwrap_or(0);
    let came = u64::try_from(head.len() - end).unwrap_or(0);
    Ok(Some((name, length.saturating_sub(came))))
}

fn head_of(play: &ScriptedAnswer) -> Vec<u8> {
    let reason = play.status.canonical_reason().unwrap_or_default();
    let mut head = format!("HTTP/1.1 {} {reason}\r\n", play.status.as_u16()).into_bytes();
    let own = ["content-length", "transfer-encoding", "connection"];
    for (name, value) in play.headers.iter().filter(|(name, _)| !own.contains(&name.as_str())) {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    let length = match play.cut {
        // The head promises at least one byte, so that something is missing.
        Some(Cut::Truncate | Cut::Stall) => play.body.len().max(1),
        Some(Cut::Reset | Cut::Close | Cut::Dribble { .. }) | None => play.body.len(),
    };
    head.extend_from_slice(format!("content-length: {length}\r\nconnection: close\r\n\r\n").as_bytes());
    head
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    /// What a bare socket reads of a play: pieces, and how it ended; a stall is not waited for.
    async fn played(cut: Option<Cut>, body: &'static str) -> (Vec<String>, Option<ErrorKind>) {
        let server = RawServer::start().await.unwrap();
        let play = ScriptedAnswer { status: StatusCode::OK, headers: HeaderMap::new(), body: Bytes::from(body), cut };
        let url = server.address_of(play);
        let mut stream = TcpStream::connect((url.host_str().unwrap(), url.port().unwrap())).await.unwrap();
        stream.write_all(format!("GET {} HTTP/1.1\r\nhost: x\r\n\r\n", url.path()).as_bytes()).await.unwrap();
        let (mut pieces, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            match stream.read(&mut buffer).await {
                Ok(0) => return (pieces, None),
                Ok(read) => pieces.push(String::from_utf8_lossy(&buffer[..read]).into_owned()),
                Err(error) => return (pieces, Some(error.kind())),
            }
            if cut == Some(Cut::Stall) && pieces.concat().ends_with("\r\n\r\n") {
                // The head is there, and nothing is ready after it.
                let more = stream.try_read(&mut buffer).map_err(|error| error.kind());
                assert_eq!(more, Err(ErrorKind::WouldBlock));
                return (pieces, None);
            }
        }
    }

    fn length_and_body(pieces: &[String]) -> (usize, String) {
        let text = pieces.concat();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        (length.parse().unwrap(), body.to_owned())
    }

    #[tokio::test]
    async fn the_peers_kernel_sees_what_is_played() {
        assert_eq!(played(Some(Cut::Reset), "body").await, (vec![], Some(ErrorKind::ConnectionReset)));
        assert_eq!(played(Some(Cut::Close), "body").await, (vec![], None));
        for (body, half) in [("half", "ha"), ("", "")] {
            let (pieces, end) = played(Some(Cut::Truncate), body).await;
            assert_eq!((length_and_body(&pieces), end), ((body.len().max(1), half.to_owned()), None));
            let (pieces, _) = played(Some(Cut::Stall), body).await;
            assert_eq!(length_and_body(&pieces), (body.len().max(1), String::new()));
        }
        let whole = (4, "body".to_owned());
        assert_eq!(length_and_body(&played(None, "body").await.0), whole);
        let slow = Cut::Dribble { bytes: 1, every: Duration::from_millis(5) };
        let (pieces, _) = played(Some(slow), "body").await;
        assert_eq!(length_and_body(&pieces), whole);
        assert!(pieces.len() > 2, "it comes in pieces: {pieces:?}");
    }
}
