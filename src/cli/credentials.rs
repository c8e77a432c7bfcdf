//! This module is `membrane-mock credentials`, the counterpart of SEED's `membrane credentials`. It needs no server.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::base::config::Config;
use crate::cli::output::{print, quoted};
use crate::world::catalog;
use crate::world::spaces::DEFAULT_TENANT;

/// The credentials are the demo's constants, unless the environment sets others.
#[derive(Debug, Clone, Args)]
pub(super) struct Credentials {
    #[arg(long, env = "MEMBRANE_API_URI", hide = true)]
    api_uri: Option<String>,
    #[arg(long, env = "MEMBRANE_WORKSPACE_KEY", hide = true)]
    workspace_key: Option<String>,
    #[arg(long, env = "MEMBRANE_WORKSPACE_SECRET", hide = true, hide_env_values = true)]
    workspace_secret: Option<String>,
    #[arg(long, env = "MEMBRANE_TENANT_KEY", hide = true)]
    tenant: Option<String>,
}

/// The credentials after the environment was read.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) api_uri: String,
    pub(super) key: String,
    pub(super) secret: String,
    pub(super) tenant: String,
}

impl Credentials {
    pub(super) fn resolve(&self) -> Result<Known, String> {
        let demo = catalog::demo().map_err(|error| error.to_string())?;
        let demo = &demo.workspace;
        Ok(Known {
            api_uri: self.api_uri.clone().unwrap_or_else(|| format!("http://127.0.0.1:{}", Config::default().port)),
            key: self.workspace_key.clone().or_else(|| demo.key.clone()).unwrap_or_default(),
            secret: self.workspace_secret.clone().or_else(|| demo.secret.clone()).unwrap_or_default(),
            tenant: self
                .tenant
                .clone()
                .or_else(|| demo.default_tenant.clone())
                .unwrap_or_else(|| DEFAULT_TENANT.to_owned()),
        })
    }
}

#[derive(Debug, Args)]
pub(super) struct CredentialsOptions {
    /// Print the credentials as JSON
    #[arg(long)]
    json: bool,
    /// Print lines for a shell or an .env file
    #[arg(long, conflicts_with = "json")]
    shell: bool,
    #[command(flatten)]
    credentials: Credentials,
}

pub(super) fn run(options: &CredentialsOptions) -> Result<ExitCode, String> {
    let known = options.credentials.resolve()?;
    if options.json {
        print(
            &json!({
                "apiUri": known.api_uri,
                "workspaceKey": known.key,
                "workspaceSecret": known.secret,
                "tenantKey": known.tenant,
            })
            .to_string(),
        );
    } else if options.shell {
        for (name, value) in [
            ("MEMBRANE_API_URI", &known.api_uri),
            ("MEMBRANE_API_URL", &known.api_uri),
            ("MEMBRANE_WORKSPACE_KEY", &known.key),
            ("MEMBRANE_WORKSPACE_SECRET", &known.secret),
            ("MEMBRANE_TENANT_KEY", &known.tenant),
        ] {
            print(&format!("{name}={}", quoted(value)));
        }
    } else {
        print(&format!(
            "API URI           {}\nWorkspace key     {}\nWorkspace secret  {}\nTenant key        {}",
            known.api_uri, known.key, known.secret, known.tenant
        ));
    }
    Ok(ExitCode::SUCCESS)
}
