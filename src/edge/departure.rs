//! This module notices when a client hangs up: its call is then given up, so that whatever the call started ends too.
//!
//! The HTTP server itself goes on with a call whose client closed its end. Here a closed end means that nobody waits,
//! as in most servers. A call that answers at once pays only for a timer.

use std::any::Any;
use std::net::TcpStream;
use std::os::fd::AsFd as _;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Extensions;

use crate::base::clock::real_sleep;

/// A call that takes less time than this is not watched.
const GRACE: Duration = Duration::from_millis(50);

/// A second handle on a connection's socket, which shows whether the client closed it.
struct Socket(TcpStream);

/// Keeps a handle on each new connection; the server calls it as its `on_connect`.
pub fn keep_socket(connection: &dyn Any, extensions: &mut Extensions) {
    let stream = connection.downcast_ref::<actix_web::rt::net::TcpStream>();
    if let Some(copy) = stream.and_then(|stream| stream.as_fd().try_clone_to_owned().ok()) {
        extensions.insert(Socket(copy.into()));
    }
}

/// Makes the socket of a call's connection end with RST when it is closed, and drop what is still to be sent.
pub(crate) fn reset(request: &HttpRequest) {
    let linger = nix::libc::linger { l_onoff: 1, l_linger: 0 };
    if let Some(Socket(stream)) = request.conn_data::<Socket>() {
        nix::sys::socket::setsockopt(stream, nix::sys::socket::sockopt::Linger, &linger).ok();
    }
}

/// Resolves when the client of a call has hung up; it never resolves when that cannot be told.
pub(crate) async fn departed(request: &HttpRequest) {
    real_sleep(GRACE).await;
    hung_up(request).await;
}

/// Resolves as [`departed`] does, but watches from the start, and also after the call was answered.
pub(crate) fn hung_up(request: &HttpRequest) -> impl Future<Output = ()> + Send + 'static {
    closed_end(request.conn_data::<Socket>().and_then(|socket| socket.0.try_clone().ok()))
}

async fn closed_end(copy: Option<TcpStream>) {
    let stream = copy.and_then(|copy| tokio::net::TcpStream::from_std(copy).ok());
    if let Some(stream) = stream
        && let Ok(0) | Err(_) = stream.peek(&mut [0]).await
    {
        return;
    }
    // The next request is in the pipe already, so its sender waits for this call.
    std::future::pending::<()>().await;
}
