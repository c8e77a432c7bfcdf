//! This module is `membrane-mock mcp`: the tools of agents, over standard input and output.

use std::process::ExitCode;

use clap::Args;

use crate::cli::ServerOptions;
use crate::cli::membrane::Target;
use crate::cli::output::ServerAccess;
use crate::mcp::{Session, Tools};

#[derive(Debug, Args)]
pub(super) struct McpOptions {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    server: ServerOptions,
}

/// Serves the tools until standard input ends: of the server that is named, else of one that is started for them.
pub(super) fn run(options: &McpOptions) -> Result<ExitCode, String> {
    // It is kept until the tools end.
    let (session, _server) = if options.target.names_server() {
        (options.target.session()?, None)
    } else {
        let server = options.server.start(0)?;
        let ServerAccess { url, key, secret, tenant, control_token, .. } = ServerAccess::of(&server)?;
        (Session { api: url, workspace: key, secret, tenant, control_token }, Some(server))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("no runtime: {error}"))?.block_on(Tools::new(session).serve_stdio())?;
    Ok(ExitCode::SUCCESS)
}
