//! This module runs a server: an [`Engine`] behind a listener, on threads of its own. The library and
//! the binary both start it here.
//!
//! Invariant: it runs on its own thread and runtime, so it goes on answering while a test blocks, and it
//! stops when its handle is dropped.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_cors::Cors;
use actix_http::error::DispatchError;
use actix_http::{HttpService, Request};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpRequest, web};
use tokio::net::TcpSocket;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::base::clock::real_sleep;
use crate::base::config::Config;
use crate::base::error::ApiError;
use crate::call::router::Router;
use crate::edge::serve::Edge;
use crate::edge::under_way::UnderWay;
use crate::edge::wire::{self, Wire};
use crate::edge::{departure, serve as edge};
use crate::engine::{Cx, Engine, InnerCall, tokens as auth};
use crate::upstream::{FOR_CLIENT, has_room};
use crate::world::{spaces, worker};
use crate::{control, edge as api};

/// A connection may be idle for this long. Source: our choice: longer than clients keep theirs (Node's 5 s), so that
/// none sends its next call just when this end closes.
const IDLE: Duration = Duration::from_secs(75);

/// Calls that are under way when the server stops have this long to be answered.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// The error says why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {why}")]
    Listen {
        /// The server was to listen on this address and port.
        address: String,
        /// The system gave this reason.
        why: String,
    },
    /// The address lies beyond loopback, and no control token is set.
    #[error("listening on {0} lets others control this server; give --control-token too")]
    Exposed(std::net::IpAddr),
    /// The engine could not start, because of a seed or the database.
    #[error("{0}")]
    Engine(#[from] ApiError),
    /// The server's thread ended before the server was ready.
    #[error("the server's thread died: {0}")]
    Thread(String),
}

/// A running server; it stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    engine: Arc<Engine>,
    address: SocketAddr,
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Running {
    engine: Arc<Engine>,
    address: SocketAddr,
    runtime: Handle,
}

impl Server {
    /// Starts a server and waits until it answers.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let (ready, stop, thread) = Self::spawn(config)?;
        let running = ready.await.map_err(|_| StartError::Thread("it ended early".into()))??;
        Ok(Self::of(running, stop, thread))
    }

    /// Starts a server as [`Self::start`] does, for callers without a runtime; it blocks.
    pub fn start_blocking(config: Config) -> Result<Self, StartError> {
        let (ready, stop, thread) = Self::spawn(config)?;
        let running = ready.blocking_recv().map_err(|_| StartError::Thread("it ended early".into()))??;
        Ok(Self::of(running, stop, thread))
    }

    fn of(running: Running, stop: oneshot::Sender<()>, thread: JoinHandle<()>) -> Self {
        Self {
            engine: running.engine,
            address: running.address,
            runtime: running.runtime,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    #[expect(clippy::type_complexity, reason = "the two ends of a thread, used twice above")]
    fn spawn(
        config: Config,
    ) -> Result<(oneshot::Receiver<Result<Running, StartError>>, oneshot::Sender<()>, JoinHandle<()>), StartError> {
        auth::install_crypto();
        if !config.host.is_loopback() && config.control_token.is_none() {
            return Err(StartError::Exposed(config.host));
        }
        let (ready_in, ready) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("membrane-mock".into())
            .spawn(move || run_thread(config, ready_in, stopped))
            .map_err(|error| StartError::Thread(error.to_string()))?;
        Ok((ready, stop, thread))
    }

    /// Returns the address that clients are told, without a trailing slash.
    pub fn url(&self) -> &str {
        self.engine.own_base()
    }

    /// Returns the address by which this machine reaches the server, without a trailing slash.
    pub fn own_address(&self) -> &str {
        self.engine.own_address()
    }

    /// Returns the address and port that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the engine behind the server.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Returns the server's runtime, for callers without one.
    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Stops the server and waits until it has ended.
    pub fn stop(mut self) {
        self.stop_now();
    }

    fn stop_now(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop_now();
    }
}

fn run_thread(config: Config, ready: oneshot::Sender<Result<Running, StartError>>, stopped: oneshot::Receiver<()>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            ready.send(Err(StartError::Thread(error.to_string()))).ok();
            return;
        }
    };
    runtime.block_on(async move {
        let (server, running, under_way) = match bring_up(config).await {
            Ok(up) => up,
            Err(error) => {
                ready.send(Err(error)).ok();
                return;
            }
        };
        let handle = server.handle();
        let engine = Arc::clone(&running.engine);
        let serving = tokio::spawn(server);
        let working = tokio::spawn(worker::run(Arc::downgrade(&engine)));
        ready.send(Ok(running)).ok();
        stopped.await.ok();
        // Nobody new is let in; who waits for an answer gets it, unless that takes too long.
        handle.pause().await;
        tokio::select! {
            () = under_way.ended() => {}
            () = real_sleep(LAST_ANSWERS) => {}
        }
        handle.stop(false).await;
        working.abort();
        serving.await.ok();
        engine.db.close().await;
    });
}

async fn bring_up(config: Config) -> Result<(actix_web::dev::Server, Running, Arc<UnderWay>), StartError> {
    let wanted = SocketAddr::new(config.host, config.port);
    let workers = config.workers.max(1);
    api::announce_routes();
    let table = table()?;
    // It is large while it plants, and done before anything is served.
    let engine = Box::pin(spaces::open(config)).await?;
    let pages = pages()?;
    let (inner, inner_pages) = (Arc::clone(&table), Arc::clone(&pages));
    let door = move |cx: Cx, call: InnerCall| -> futures_util::future::BoxFuture<'static, _> {
        // It is part of the call that the snippet answers.
        let (router, pages) = (Arc::clone(&inner), Arc::clone(&inner_pages));
        let edge = Edge { engine: Arc::clone(&cx.engine), router, pages, under_way: Arc::default() };
        Box::pin(async move { edge::inner(&edge, cx, call).await })
    };
    engine.door.set(Box::new(door)).ok();
    let under_way = Arc::<UnderWay>::default();
    let shared = Edge { engine: Arc::clone(&engine), router: table, pages, under_way: Arc::clone(&under_way) };
    let listen = |error: std::io::Error| {
        let is_taken = error.kind() == std::io::ErrorKind::AddrInUse;
        let help = if is_taken { "; `--port 0` picks a free port" } else { "" };
        StartError::Listen { address: wanted.to_string(), why: format!("{error}{help}") }
    };
    let listener = listener(wanted).map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let server = actix_server::Server::build().workers(workers).disable_signals().shutdown_timeout(0);
    let server = server.listen("membrane-mock", listener, move || service(&shared)).map_err(listen)?;
    let host = if address.ip().is_unspecified() { "127.0.0.1".to_owned() } else { host_text(address) };
    engine.set_own_address(format!("http://{host}:{}", address.port()));
    engine.egress.set_own(address.ip(), address.port());
    Ok((server.run(), Running { engine, address, runtime: Handle::current() }, under_way))
}

/// So many connections wait to be taken; what comes beyond that comes again by itself.
const BACKLOG: u32 = 1_024;

fn listener(address: SocketAddr) -> std::io::Result<std::net::TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// Returns what a worker does with a connection: the bytes pass through [`Wire`], and each request is answered.
fn service(
    shared: &Edge,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()> + use<> {
    let edge = shared.clone();
    let answer = move |request: HttpRequest, payload: web::Payload| {
        let edge = edge.clone();
        async move { edge::serve(&edge, request, payload).await }
    };
    let app = App::new()
        .service(web::scope("/__mock").default_service(web::to(answer.clone())))
        .service(web::scope("").wrap(cors()).default_service(web::to(answer)));
    let app = IntoServiceFactory::<_, Request>::into_factory(app).map_err(|error| error.error_response());
    let http = HttpService::build()
        .keep_alive(IDLE)
        .on_connect_ext(departure::keep_socket)
        .h1(map_config(app, |()| AppConfig::default()));
    let engine = Arc::clone(&shared.engine);
    let wire = fn_service(move |io: TcpStream| {
        let engine = Arc::clone(&engine);
        async move {
            if !has_room(FOR_CLIENT) {
                // Once nothing is left, the next connection could not even be taken.
                wire::turn_away(io).await;
                return Err(DispatchError::Io(std::io::ErrorKind::ConnectionRefused.into()));
            }
            // Answers are written in pieces, and none waits for the next.
            io.set_nodelay(true).ok();
            departure::end_when_unread(&io, engine.config.body_timeout_ms);
            let peer = io.peer_addr().ok();
            Ok((Wire::new(io, engine), peer))
        }
    });
    wire.and_then(http)
}

/// Returns the router, which is built once and is the same for every server of a process.
fn table() -> Result<Arc<Router>, ApiError> {
    static TABLE: OnceLock<Result<Arc<Router>, ApiError>> = OnceLock::new();
    let build = || {
        let mut routes = api::routes();
        routes.extend(control::routes());
        #[cfg(feature = "cli")]
        routes.extend(crate::mcp::routes());
        Router::new(routes).map(Arc::new)
    };
    TABLE.get_or_init(build).clone()
}

/// Returns the router of the dashboard's pages, which is built once too.
fn pages() -> Result<Arc<Router>, ApiError> {
    static PAGES: OnceLock<Result<Arc<Router>, ApiError>> = OnceLock::new();
    PAGES.get_or_init(|| Router::new(control::pages()).map(Arc::new)).clone()
}

fn host_text(address: SocketAddr) -> String {
    match address.ip() {
        std::net::IpAddr::V4(ip) => ip.to_string(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// Returns the CORS rule: any page may call the faked API, and every answer says so, errors too. Source: SDK, whose
/// calls in a browser are preflighted.
fn cors() -> Cors {
    Cors::default()
        .allow_any_origin()
        .send_wildcard()
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
        .allow_any_header()
        .expose_any_header()
        .max_age(600)
}
