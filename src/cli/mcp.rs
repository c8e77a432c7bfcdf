//! This module is `membrane-mock mcp`: the tools of agents, over standard input and output.

use std::process::ExitCode;

use clap::Args;

use crate::cli::ServerOptions;
use crate::cli::membrane::Target;
use crate::cli::output::{ReadyFile, ServerAccess};
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
        let ready_file = options.server.ready_file.as_deref().map(ReadyFile::claim).transpose()?;
        let server = options.server.start(0)?;
        let access = ServerAccess::of(&server)?;
        let file = ready_file.map(|file| file.write(&access.json())).transpose()?;
        let ServerAccess { url, key, secret, tenant, control_token, .. } = access;
        let tenant = options.target.tenant().unwrap_or(tenant);
        (Session { api: url, workspace: key, secret, tenant, control_token }, Some((server, file)))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("no runtime: {error}"))?.block_on(Tools::new(session).serve_stdio())?;
    Ok(ExitCode::SUCCESS)
}
