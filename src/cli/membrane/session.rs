//! Whose credentials the commands use: those that are named, else those of the environment, else those that `login` kept, else the
//! demo's. Invariant: a file of credentials that another program wrote is neither used nor changed.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::JsonMap;
use crate::cli::credentials::{Credentials, Known};
use crate::cli::output::print;
use crate::client::{Client, Tokens};
use crate::mcp::Session;

/// Says who wrote a file of credentials.
const ISSUER: &str = "membrane-mock";

/// Where a command asks, and as whom.
#[derive(Debug, Args)]
pub(in crate::cli) struct Target {
    /// Ask the API at this address
    #[arg(long = "apiUri", env = "MEMBRANE_API_URI", value_name = "URL")]
    api_uri: Option<String>,
    /// Use this workspace
    #[arg(id = "of_workspace", long = "workspaceKey", env = "MEMBRANE_WORKSPACE_KEY", value_name = "KEY")]
    workspace_key: Option<String>,
    /// Sign tokens with this secret
    #[arg(
        id = "with_secret",
        long = "workspaceSecret",
        env = "MEMBRANE_WORKSPACE_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    workspace_secret: Option<String>,
    /// Act as this tenant
    #[arg(long = "tenantKey", env = "MEMBRANE_TENANT_KEY", value_name = "KEY")]
    tenant_key: Option<String>,
    /// Read what `login` kept in this folder [default: ~/.membrane]
    #[arg(long, env = "MEMBRANE_HOME", value_name = "FOLDER")]
    home: Option<String>,
}

impl Target {
    fn known(&self) -> Result<Known, String> {
        let named = Credentials::named(
            self.api_uri.clone(),
            self.workspace_key.clone(),
            self.workspace_secret.clone(),
            self.tenant_key.clone(),
        );
        named.resolve(kept(self.home.as_deref()))
    }

    /// Whether a server is named, by flag or environment.
    pub(in crate::cli) fn names_server(&self) -> bool {
        self.api_uri.as_ref().is_some_and(|uri| !uri.is_empty()) || variable("MEMBRANE_API_URL").is_some()
    }

    /// The tenant that is named.
    pub(in crate::cli) fn tenant(&self) -> Option<String> {
        self.tenant_key.clone().filter(|tenant| !tenant.is_empty())
    }

    /// The session of these credentials, for tools.
    pub(in crate::cli) fn session(&self) -> Result<Session, String> {
        let known = self.known()?;
        known.check_secret()?;
        let Known { api_uri, key, secret, tenant, .. } = known;
        Ok(Session { api: api_uri, workspace: key, secret, tenant, control_token: control_token() })
    }

    /// A client with tokens of these credentials. Where no secret is named, a token in `MEMBRANE_TOKEN` is used as it is; it has
    /// to be of the workspace and tenant that are named.
    pub(in crate::cli) fn client(&self) -> Result<Client, String> {
        let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        let Some(token) = variable("MEMBRANE_TOKEN").filter(|_| given(&self.workspace_secret).is_none()) else {
            return self.session()?.client();
        };
        let claims = claims_of(&token);
        for (claim, named) in [("workspaceKey", given(&self.workspace_key)), ("tenantKey", given(&self.tenant_key))] {
            let claimed = claims.get(claim).and_then(Value::as_str);
            if let Some(named) = named.filter(|named| claimed.is_some_and(|claimed| claimed != named)) {
                return Err(format!(
                    "MEMBRANE_TOKEN has another `{claim}` than `{named}`; name the workspace's secret, or unset it"
                ));
            }
        }
        Client::new(&self.known()?.api_uri, Tokens { tenant: token.clone(), manager: token, control: control_token() })
    }
}

/// What a token says, which is not verified; nothing for what is no token.
fn claims_of(token: &str) -> JsonMap {
    let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    payload.and_then(|payload| serde_json::from_slice(&payload).ok()).unwrap_or_default()
}

fn control_token() -> Option<String> {
    variable("MEMBRANE_MOCK_CONTROL_TOKEN")
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What `login` keeps. The secret is a fake's.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    /// The program that wrote the file.
    issuer: String,
    api_uri: String,
    workspace_key: String,
    workspace_secret: String,
    tenant_key: String,
}

fn file_in(home: Option<&str>) -> Result<PathBuf, String> {
    let folder = match home.filter(|home| !home.is_empty()) {
        Some(home) => home.into(),
        None => match (variable("MEMBRANE_HOME"), variable("HOME")) {
            (Some(home), _) => home.into(),
            (None, Some(home)) => Path::new(&home).join(".membrane"),
            (None, None) => return Err("there is no HOME to keep credentials in; name a folder with --home".into()),
        },
    };
    Ok(folder.join("credentials.json"))
}

/// The credentials that `login` kept in a folder; none where it kept none, and where the file is another program's.
pub(in crate::cli) fn kept(home: Option<&str>) -> Option<Credentials> {
    kept_in(&file_in(home).ok()?)
}

fn kept_in(file: &Path) -> Option<Credentials> {
    let text = std::fs::read_to_string(file).ok()?;
    let kept = serde_json::from_str::<Kept>(&text).ok().filter(|kept| kept.issuer == ISSUER)?;
    let Kept { api_uri, workspace_key, workspace_secret, tenant_key, .. } = kept;
    Some(Credentials::named(Some(api_uri), Some(workspace_key), Some(workspace_secret), Some(tenant_key)))
}

#[derive(Debug, Args)]
pub(in crate::cli) struct LoginOptions {
    /// The same as --tenantKey
    #[arg(long, value_name = "KEY")]
    tenant: Option<String>,
    /// Taken for compatibility: nobody is asked anything
    #[arg(long = "non-interactive")]
    non_interactive: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

/// Checks the credentials at the server and keeps them.
pub(in crate::cli) fn login(options: &LoginOptions) -> Result<ExitCode, String> {
    let mut known = options.target.known()?;
    if let Some(tenant) = options.tenant.as_ref().filter(|tenant| !tenant.is_empty()) {
        known.tenant.clone_from(tenant);
    }
    let file = file_in(options.target.home.as_deref())?;
    if file.exists() && kept_in(&file).is_none() {
        return Err(format!(
            "{} was not written by membrane-mock, so it stays; name another folder with --home",
            file.display()
        ));
    }
    let target = Target {
        api_uri: Some(known.api_uri.clone()),
        workspace_key: Some(known.key.clone()),
        workspace_secret: Some(known.secret.clone()),
        tenant_key: Some(known.tenant.clone()),
        home: options.target.home.clone(),
    };
    if !super::is_known(&target)? {
        return super::status(&target, options.json);
    }
    let kept = Kept {
        issuer: ISSUER.into(),
        api_uri: known.api_uri,
        workspace_key: known.key,
        workspace_secret: known.secret,
        tenant_key: known.tenant,
    };
    let text = serde_json::to_string_pretty(&kept).map_err(|error| error.to_string())?;
    write(&file, &text).map_err(|error| format!("{}: {error}", file.display()))?;
    super::status(&target, options.json)
}

/// Writes a file that only its owner can read, whole or not at all.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let part = file.with_extension("part");
    // What a run that ended in between has left may have another mode.
    std::fs::remove_file(&part).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    let mut written = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
    writeln!(written, "{text}")?;
    std::fs::rename(&part, file)
}

#[derive(Debug, Args)]
pub(in crate::cli) struct LogoutOptions {
    /// Forget what `login` kept in this folder [default: ~/.membrane]
    #[arg(long, env = "MEMBRANE_HOME", value_name = "FOLDER")]
    home: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Removes what `login` kept.
pub(in crate::cli) fn logout(options: &LogoutOptions) -> Result<ExitCode, String> {
    let file = file_in(options.home.as_deref())?;
    if kept_in(&file).is_some() {
        std::fs::remove_file(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    print(if options.json { r#"{"loggedIn":false}"# } else { "Logged out" });
    Ok(ExitCode::SUCCESS)
}
