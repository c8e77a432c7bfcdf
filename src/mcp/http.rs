//! The protocol over HTTP, at `/__mock/mcp`: a call a request, without sessions. The query names whom the tools act for:
//! `?workspace=<key>&tenant=<key>`, the first workspace and its default tenant when absent.

use std::convert::Infallible;
use std::sync::Arc;

use ::http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use crate::base::error::ApiError;
use crate::call::contract::check_query;
use crate::call::router::{Access, Route, route};
use crate::call::{Call, Reply};
use crate::control::space_named;
use crate::mcp::{Session, Tools};

/// The routes of the protocol. `GET` and `DELETE` are of sessions, which there are none of: they are 405.
pub(crate) fn routes() -> Vec<Route> {
    [Method::POST, Method::GET, Method::DELETE]
        .map(|method| route(Some(method), "/__mock/mcp", Access::Control, "our choice", serve))
        .to_vec()
}

/// `POST /__mock/mcp`: a message of the protocol, and its answer as JSON.
async fn serve(call: Call) -> Result<Reply, ApiError> {
    check_query(&call, &["workspace", "tenant"])?;
    let query = call.query();
    let space = match query.text("workspace") {
        Some(key) => space_named(&call, &key)?,
        None => call.engine.first_space()?,
    };
    let session = {
        let world = space.world();
        Session {
            api: call.engine.own_address().to_owned(),
            workspace: world.workspace.key.clone(),
            secret: world.workspace.secret.clone(),
            tenant: query.text("tenant").unwrap_or_else(|| world.workspace.default_tenant.clone()),
            control_token: call.engine.config.control_token.clone(),
        }
    };
    // Who may call, and from where, was asked before, as of every control call.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(usize::MAX)
        .disable_allowed_hosts();
    let tools = Tools::new(session);
    let service =
        StreamableHttpService::new(move || Ok(tools.clone()), Arc::new(NeverSessionManager::default()), config);
    let mut request = Request::builder().method(call.method.clone()).uri(&call.path);
    if let Some(headers) = request.headers_mut() {
        headers.clone_from(&call.headers);
    }
    let request = request.body(Full::new(call.body.clone())).map_err(ApiError::internal)?;
    let (parts, body) = service.handle(request).await.into_parts();
    let body = body.collect().await.unwrap_or_else(|never: Infallible| match never {}).to_bytes();
    let mut reply = Reply::empty();
    reply.status = StatusCode::from_u16(parts.status.as_u16()).map_err(ApiError::internal)?;
    reply.headers = parts.headers;
    let content_type = reply.headers.remove(header::CONTENT_TYPE);
    reply.content_type = content_type.and_then(|it| it.to_str().ok().map(|text| text.to_owned().into()));
    reply.body = body;
    Ok(reply)
}
