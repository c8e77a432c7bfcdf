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
    #[arg(long, alias = "apiUri", env = "MEMBRANE_API_URI", hide = true)]
    api_uri: Option<String>,
    #[arg(long, alias = "workspaceKey", env = "MEMBRANE_WORKSPACE_KEY", hide = true)]
    workspace_key: Option<String>,
    #[arg(long, alias = "workspaceSecret", env = "MEMBRANE_WORKSPACE_SECRET", hide = true, hide_env_values = true)]
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
    /// Whether the secret is the workspace's, and not the demo's for want of another one.
    has_secret: bool,
}

impl Known {
    /// Refuses to sign with the demo's secret for another workspace.
    pub(super) fn check_secret(&self) -> Result<(), String> {
        if self.has_secret {
            return Ok(());
        }
        Err(format!(
            "the secret of workspace `{}` is not known; give it by --workspaceSecret or MEMBRANE_WORKSPACE_SECRET",
            self.key
        ))
    }
}

impl Credentials {
    /// Credentials of which some are named.
    pub(super) fn named(
        api_uri: Option<String>,
        workspace_key: Option<String>,
        workspace_secret: Option<String>,
        tenant: Option<String>,
    ) -> Self {
        Self { api_uri, workspace_key, workspace_secret, tenant }
    }

    /// The credentials, with those that were kept for what is not named, and the demo's for what is in neither.
    pub(super) fn resolve(&self, kept: Option<Self>) -> Result<Known, String> {
        let demo = catalog::demo().map_err(|error| error.to_string())?;
        let demo = &demo.workspace;
        let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        let named = Self::named(
            given(&self.api_uri).or_else(|| given(&std::env::var("MEMBRANE_API_URL").ok())),
            given(&self.workspace_key),
            given(&self.workspace_secret),
            given(&self.tenant),
        );
        let kept = kept.unwrap_or_else(|| Self::named(None, None, None, None));
        // Another workspace has another secret.
        let is_kept = named.workspace_key.is_none() || named.workspace_key == kept.workspace_key;
        let (kept_key, kept_secret) = if is_kept { (kept.workspace_key, kept.workspace_secret) } else { (None, None) };
        let key = named.workspace_key.or(kept_key);
        let secret = named.workspace_secret.or(kept_secret);
        // Only the demo's workspace has the demo's secret.
        let has_secret = secret.is_some() || key.is_none() || key == demo.key;
        let or = |named: Option<String>, kept: Option<String>, demo: &Option<String>| named.or(kept).or(demo.clone());
        Ok(Known {
            has_secret,
            api_uri: or(named.api_uri, kept.api_uri, &None)
                .unwrap_or_else(|| format!("http://127.0.0.1:{}", Config::default().port)),
            key: key.or(demo.key.clone()).unwrap_or_default(),
            secret: secret.or(demo.secret.clone()).unwrap_or_default(),
            tenant: or(named.tenant, kept.tenant, &demo.default_tenant).unwrap_or_else(|| DEFAULT_TENANT.to_owned()),
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
    /// Print them for this tenant; the default one when absent
    #[arg(long = "tenantKey", alias = "tenant-key", value_name = "KEY")]
    tenant_key: Option<String>,
    #[command(flatten)]
    credentials: Credentials,
}

/// Prints the credentials, with those that were `kept` for what is not named.
pub(super) fn run(options: &CredentialsOptions, kept: Option<Credentials>) -> Result<ExitCode, String> {
    let known = options.credentials.resolve(kept)?;
    known.check_secret()?;
    let tenant = options.tenant_key.as_ref().unwrap_or(&known.tenant);
    if options.json {
        print(
            &json!({
                "apiUri": known.api_uri,
                "workspaceKey": known.key,
                "workspaceSecret": known.secret,
                "tenantKey": tenant,
            })
            .to_string(),
        );
    } else if options.shell {
        for (name, value) in [
            ("MEMBRANE_API_URI", &known.api_uri),
            ("MEMBRANE_API_URL", &known.api_uri),
            ("MEMBRANE_WORKSPACE_KEY", &known.key),
            ("MEMBRANE_WORKSPACE_SECRET", &known.secret),
            ("MEMBRANE_TENANT_KEY", tenant),
        ] {
            print(&format!("{name}={}", quoted(value)));
        }
    } else {
        print(&format!(
            "API URI           {}\nWorkspace key     {}\nWorkspace secret  {}\nTenant key        {tenant}",
            known.api_uri, known.key, known.secret
        ));
    }
    Ok(ExitCode::SUCCESS)
}
