//! This module has the route table as data, and finds the route of a call in it. Invariant: a call has one route; where
//! two paths fit, the one with fewer `{names}` wins.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::Method;

use super::contract::Contract;
use super::subject::{About, Subject};
use crate::base::error::{ApiError, nearest};
use crate::base::operation::Operation;
use crate::call::{Call, Reply};

/// The access says who may call a route. It is checked before anything else of the route, also
/// before a 501 (`docs/behaviour.md#rights-first`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The route needs no token, as hosted pages do.
    Public,
    /// The route needs no token, and a token that comes has to be valid.
    Optional,
    /// The route needs any valid token.
    Anyone,
    /// The route needs any valid token. A browser's form may carry it as the field `token`, or within
    /// the JSON of its field `payload`.
    Form,
    /// The route needs a manager's token.
    Manager,
    /// The route belongs to the control API, which needs loopback or the control token.
    Control,
}

/// The answer of a call, still to be awaited: nothing has happened before.
pub type ReplyFuture = BoxFuture<'static, Result<Reply, ApiError>>;

/// Finds what a call of a route is about; none where the call belongs to no workspace.
pub type SubjectOf = fn(&Call, &Route) -> Option<Subject>;

/// A call whose subject is known and whose answer is prepared.
pub struct PreparedCall {
    /// What the call is about.
    pub subject: Option<Subject>,
    /// Its answer, which does nothing until it is awaited.
    pub answer: ReplyFuture,
}

/// A function that answers a call which it reads itself.
pub trait Handle: Send + Sync + 'static {
    /// Answers a call.
    fn answer(&self, call: Call) -> ReplyFuture;
}

impl<F, R> Handle for F
where
    F: Fn(Call) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Reply, ApiError>> + Send + 'static,
{
    fn answer(&self, call: Call) -> ReplyFuture {
        Box::pin(self(call))
    }
}

/// Finds what a call is about and answers it with what was found.
type ResolvedHandler = Arc<dyn Fn(Call, &Route) -> PreparedCall + Send + Sync>;

/// What a route does with a call.
#[derive(Clone)]
enum Handler {
    /// The subject is for faults and the journal; the handler reads the call itself.
    Plain(Arc<dyn Handle>),
    /// The handler goes on with what was found for the subject.
    Resolved(ResolvedHandler),
}

/// One route of the table.
#[derive(Clone)]
pub struct Route {
    /// The route takes this method, or any when absent.
    pub method: Option<Method>,
    /// The path has `{names}`; `{*rest}` takes the rest of a path.
    pub path: String,
    pub access: Access,
    /// The text names the document that describes the route.
    pub source: &'static str,
    /// What is missing, for a route that answers 501.
    pub lacks: Option<Arc<str>>,
    /// What its calls are named after, when they do something that rules and scenarios have a word for.
    pub operation: Option<Operation>,
    /// What it takes and answers, where its handler says so by types.
    pub contract: Option<Contract>,
    subject: SubjectOf,
    handler: Handler,
}

impl Route {
    /// Whether the route does something: it answers 501 otherwise.
    pub fn is_faked(&self) -> bool {
        self.lacks.is_none()
    }

    /// The same, with a name for what its calls do.
    #[must_use]
    pub fn operation(self, operation: Operation) -> Self {
        Self { operation: Some(operation), ..self }
    }

    /// The same, with what it takes and answers.
    #[must_use]
    pub fn contract(self, contract: Contract) -> Self {
        Self { contract: Some(contract), ..self }
    }

    /// The same, with a body that makes sense, as JSON; nothing changes where it takes none.
    #[must_use]
    pub fn example(self, body: &'static str) -> Self {
        let contract = self.contract.map(|contract| Contract { example: Some(body), ..contract });
        Self { contract, ..self }
    }

    /// The same, where path and query alone do not say what a call is about.
    #[must_use]
    pub fn about(self, subject: SubjectOf) -> Self {
        Self { subject, ..self }
    }

    /// Resolves what a call is about, once, and prepares its answer.
    pub fn begin(&self, call: Call) -> PreparedCall {
        match &self.handler {
            Handler::Plain(handler) => {
                let (subject, handler) = ((self.subject)(&call, self), Arc::clone(handler));
                // Not even a handler that is no `async fn` does anything before its answer is awaited.
                PreparedCall { subject, answer: Box::pin(async move { handler.answer(call).await }) }
            }
            Handler::Resolved(begin) => begin(call, self),
        }
    }
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method.as_ref().map_or("ANY", Method::as_str), self.path)
    }
}

/// Makes a faked route.
pub fn route(
    method: Option<Method>,
    path: impl Into<String>,
    access: Access,
    source: &'static str,
    handler: impl Handle,
) -> Route {
    let handler = Handler::Plain(Arc::new(handler));
    Route {
        method,
        path: path.into(),
        access,
        source,
        lacks: None,
        operation: None,
        contract: None,
        subject: Subject::in_scope,
        handler,
    }
}

/// Makes a route whose handler goes on with what `resolve` found. An error of it is the answer; the call is then about
/// what its path and query say.
pub fn resolved_route<S, F, R>(
    method: Option<Method>,
    path: impl Into<String>,
    access: Access,
    source: &'static str,
    resolve: fn(&Call) -> Result<S, ApiError>,
    handler: F,
) -> Route
where
    S: About,
    F: Fn(Call, S) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Reply, ApiError>> + Send + 'static,
{
    let handler = Arc::new(handler);
    let begin = move |call: Call, route: &Route| match resolve(&call) {
        Ok(found) => {
            let (subject, handler) = (found.subject(&call, route), Arc::clone(&handler));
            PreparedCall { subject, answer: Box::pin(async move { handler(call, found).await }) }
        }
        Err(error) => {
            let subject = (route.subject)(&call, route);
            PreparedCall { subject, answer: Box::pin(std::future::ready(Err(error))) }
        }
    };
    let handler = Handler::Resolved(Arc::new(begin));
    Route { handler, ..route(method, path, access, source, |_: Call| std::future::ready(Ok(Reply::empty()))) }
}

/// The `{names}` of a route, each with the text that stood in its place.
pub type Params = Vec<(String, String)>;

/// The router finds a route by method and path.
pub struct Router {
    routes: Vec<Route>,
    paths: matchit::Router<Vec<usize>>,
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Router").field("routes", &self.routes.len()).finish_non_exhaustive()
    }
}

impl Router {
    /// Builds a router. It fails when two routes cannot be told apart, which is a mistake of the fake's own.
    pub fn new(routes: Vec<Route>) -> Result<Self, ApiError> {
        let mut by_path: Vec<(String, Vec<usize>)> = Vec::new();
        for (index, route) in routes.iter().enumerate() {
            match by_path.iter_mut().find(|(path, _)| *path == route.path) {
                Some((_, indexes)) => indexes.push(index),
                None => by_path.push((route.path.clone(), vec![index])),
            }
        }
        let mut paths = matchit::Router::new();
        for (path, indexes) in by_path {
            paths.insert(path.clone(), indexes).map_err(|error| ApiError::internal(format!("{path}: {error}")))?;
        }
        Ok(Self { routes, paths })
    }

    /// Returns the route of a call and its `{names}`. The error is a 404 that names the nearest route, or
    /// a 405 that lists the methods.
    pub fn find(&self, method: &Method, path: &str) -> Result<(&Route, Params), ApiError> {
        let trimmed = if path.len() > 1 { path.trim_end_matches('/') } else { path };
        // A `{*rest}` keeps its trailing slash, so the path is tried as it came first.
        let found = self.paths.at(path).or_else(|_| self.paths.at(trimmed));
        let Ok(found) = found else { return Err(self.no_route(method, path)) };
        let routes = found.value.iter().filter_map(|index| self.routes.get(*index));
        let fits = |route: &&Route| {
            route.method.as_ref().is_none_or(|of| of == method || (*method == Method::HEAD && *of == Method::GET))
        };
        let Some(route) = routes.clone().find(fits) else {
            let allowed: Vec<&str> = routes.filter_map(|route| route.method.as_ref()).map(Method::as_str).collect();
            return Err(ApiError::bad_request(format!(
                "{method} is not allowed on {path}; it takes {}",
                allowed.join(", ")
            ))
            .with_data(serde_json::json!({ "allow": allowed }))
            .with_status(405));
        };
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let params = found.params.iter().map(|(name, value)| {
            // The part that `{*rest}` took is passed on as it was sent.
            (name.to_owned(), if name == "rest" { value.to_owned() } else { decode(value) })
        });
        Ok((route, params.collect()))
    }

    /// Returns all routes, in the order of the table.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    fn no_route(&self, method: &Method, path: &str) -> ApiError {
        let of_control = path.starts_with("/__mock");
        let known = self.routes.iter().filter(|route| (route.access == Access::Control) == of_control);
        let known = known.map(|route| route.path.as_str());
        let near = nearest(path, known).map(|near| format!("; the nearest is {near}")).unwrap_or_default();
        ApiError::not_found(format!("there is no route {method} {path}{near}"))
    }
}
