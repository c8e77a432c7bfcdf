//! The tools of agents, by the Model Context Protocol: those that the platform's documents name, and the fake's own. Source: SEED.
//!
//! `session.rs` holds whom the tools act for, `table.rs` what tools there are, `own.rs` those of the fake, `docs.rs` the search in
//! what the fake's documents say, `http.rs` the protocol over HTTP. A tool calls the API as any client does, so that faults meet it
//! and the journal has it. Invariant: what goes wrong within a tool is its result, which an agent reads, and no error of the
//! protocol.

mod docs;
mod http;
mod own;
mod session;
mod table;

use std::sync::{Arc, Mutex, PoisonError};

use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::{RequestContext, RoleServer, ServiceExt as _};
use serde_json::Value;

pub(crate) use http::routes;
pub(crate) use session::Session;

use crate::client::Answer;

/// The tools as one caller of them has them.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    session: Arc<Mutex<Session>>,
}

impl Tools {
    pub(crate) fn new(session: Session) -> Self {
        Self { session: Arc::new(Mutex::new(session)) }
    }

    /// Serves whoever speaks the protocol on standard input, until it ends. The error is a sentence for the user.
    pub(crate) async fn serve_stdio(self) -> Result<(), String> {
        let running = self.serve(rmcp::transport::io::stdio_pipes()).await.map_err(|error| error.to_string())?;
        running.waiting().await.map(drop).map_err(|error| error.to_string())
    }

    fn session(&self) -> Session {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a tool gives: an answer, or why there is none.
fn result_of(answer: Result<Answer, String>) -> CallToolResult {
    let answer = match answer {
        Ok(answer) => answer,
        Err(why) => return CallToolResult::error(vec![ContentBlock::text(why)]),
    };
    let text = match &answer.body {
        Value::String(text) => text.clone(),
        body => body.to_string(),
    };
    let content = vec![ContentBlock::text(text)];
    if !answer.is_success() {
        return CallToolResult::error(content);
    }
    let mut result = CallToolResult::success(content);
    result.structured_content = Some(answer.body).filter(Value::is_object);
    result
}

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        let name = Implementation::new("membrane-mock", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build()).with_server_info(name).with_instructions(
            "A fake of the Membrane platform for tests: nothing here reaches a real app. `list-integrations` and `connect` \
             first, then `list-actions` and `act`. Tools named `mock-…` are the fake's own: they make workspaces, break \
             connections, move the clock and explain what went wrong.",
        )
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(table::tools().iter().map(table::OneTool::described).collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = table::tools().iter().find(|tool| tool.name == request.name) else {
            let names: Vec<&str> = table::tools().iter().map(|tool| tool.name).collect();
            let why = format!("there is no tool `{}`; there are {}", request.name, names.join(", "));
            return Err(ErrorData::invalid_params(why, None));
        };
        let (answer, next) = tool.call(self.session(), request.arguments.unwrap_or_default()).await;
        if let Some(next) = next {
            *self.session.lock().unwrap_or_else(PoisonError::into_inner) = next;
        }
        Ok(result_of(answer).into())
    }
}
