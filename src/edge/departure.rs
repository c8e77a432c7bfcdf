//! This module notices when a client hangs up: its call is then given up, so that whatever the call started ends too.
//!
//! The HTTP server itself goes on with a call whose client closed its end. A client that closes only the end that it writes
//! to still waits for the answer, and by the closing alone nobody can tell it from one that is gone. So it is written to:
//! whoever is gone answers with RST. A call that answers at once pays only for a timer.

use std::net::TcpStream;
use std::os::fd::AsFd as _;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Extensions;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::io::Interest;

use crate::base::clock::real_sleep;
use crate::edge::wire::Wire;

/// A call that takes less time than this is not watched.
const GRACE: Duration = Duration::from_millis(50);

/// An answer that tells nothing and that every client of HTTP/1.1 passes over. Source: RFC 9110 §15.2.
const PROBE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A comment within an event stream.
const COMMENT: Bytes = Bytes::from_static(b":\n\n");

/// A second handle on a connection's socket, which shows whether the client closed it.
struct Socket(TcpStream);

/// Keeps a handle on each new connection; the server calls it when one is made.
pub(crate) fn keep_socket(connection: &Wire, extensions: &mut Extensions) {
    if let Ok(copy) = connection.socket().as_fd().try_clone_to_owned() {
        extensions.insert(Socket(copy.into()));
    }
}

/// Makes the system end a connection whose other end takes nothing of what it asked for, for so many milliseconds.
#[cfg(target_os = "linux")]
pub(crate) fn end_when_unread(socket: &impl std::os::fd::AsFd, most_ms: u64) {
    let most = u32::try_from(most_ms).unwrap_or(u32::MAX);
    nix::sys::socket::setsockopt(socket, nix::sys::socket::sockopt::TcpUserTimeout, &most).ok();
}

/// Elsewhere no socket has that option.
#[cfg(not(target_os = "linux"))]
pub(crate) fn end_when_unread(_: &impl std::os::fd::AsFd, _: u64) {}

/// Makes the socket of a call's connection end with RST when it is closed, and drop what is still to be sent.
pub(crate) fn reset(request: &HttpRequest) {
    let linger = nix::libc::linger { l_onoff: 1, l_linger: 0 };
    if let Some(Socket(stream)) = request.conn_data::<Socket>() {
        nix::sys::socket::setsockopt(stream, nix::sys::socket::sockopt::Linger, &linger).ok();
    }
}

/// A client has this long to read the answer to a request that it did not finish.
const LAST_LOOK: Duration = Duration::from_millis(500);

/// Ends the connection of a call soon after it was answered. The HTTP server would wait for the rest of its body.
pub(crate) fn end_soon(request: &HttpRequest) {
    let copy = request.conn_data::<Socket>().and_then(|socket| socket.0.try_clone().ok());
    actix_web::rt::spawn(async move {
        real_sleep(LAST_LOOK).await;
        copy.map(|socket| socket.shutdown(std::net::Shutdown::Both));
    });
}

/// How a client has closed its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closed {
    /// It sends nothing more, and may still read.
    Half,
    /// It is gone.
    Whole,
}

/// A look at a connection's socket, which takes nothing out of it.
struct Watch(tokio::net::TcpStream);

impl Watch {
    /// None when the socket cannot be looked at.
    fn of(request: &HttpRequest) -> Option<Self> {
        let copy = request.conn_data::<Socket>()?.0.try_clone().ok()?;
        tokio::net::TcpStream::from_std(copy).ok().map(Self)
    }

    /// Waits until the client closes its end.
    async fn closed(&self) -> Closed {
        match self.0.peek(&mut [0]).await {
            Ok(0) => Closed::Half,
            // The next request is in the pipe already, and hides what comes after it.
            Ok(_) => {
                self.broken().await;
                Closed::Whole
            }
            Err(_) => Closed::Whole,
        }
    }

    /// Waits until the connection is reset.
    async fn broken(&self) {
        self.0.ready(Interest::ERROR).await.ok();
    }

    /// Writes past the HTTP server, which must not be writing itself.
    fn write(&self, text: &[u8]) {
        self.0.try_write(text).ok();
    }
}

/// Resolves when the client of a call that is not answered yet has hung up; it never resolves when that cannot be told.
pub(crate) async fn departed(request: &HttpRequest) {
    real_sleep(GRACE).await;
    let Some(watch) = Watch::of(request) else { return std::future::pending().await };
    if watch.closed().await == Closed::Half {
        // Nothing else is written to the connection before the call is answered. A client of HTTP/1.0 would take this for
        // the answer.
        if request.version() == actix_web::http::Version::HTTP_11 {
            watch.write(PROBE);
        }
        watch.broken().await;
    }
}

/// Resolves when the client of a call has closed its end, also after the call was answered.
pub(crate) fn hung_up(request: &HttpRequest) -> impl Future<Output = ()> + Send + 'static {
    let watch = Watch::of(request);
    async move {
        match watch {
            Some(watch) => drop(watch.closed().await),
            None => std::future::pending().await,
        }
    }
}

/// An event stream that ends when its client is gone. One that has closed its end gets a comment, which shows whether it
/// still reads.
pub(crate) fn while_heard(
    events: impl Stream<Item = Bytes> + Send + 'static,
    request: &HttpRequest,
) -> impl Stream<Item = Bytes> + Send + 'static {
    // Each step is what is sent next; none ends the stream.
    let looks = stream::unfold((Watch::of(request), false), async |(watch, was_probed)| {
        let Some(watch) = watch else { return std::future::pending().await };
        if was_probed {
            watch.broken().await;
            return Some((None, (Some(watch), true)));
        }
        let step = (watch.closed().await == Closed::Half).then_some(COMMENT);
        Some((step, (Some(watch), true)))
    });
    stream::select(events.map(Some).chain(stream::iter([None])), looks)
        .take_while(|step| std::future::ready(step.is_some()))
        .filter_map(std::future::ready)
}
