//! This module writes what the commands print: the environment block, the banner, the ready file.

use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::base::clock::real_now;
use crate::base::json::{member, set_member};
use crate::engine::tokens::mint;
use crate::nouns::connection::model::Connection;
use crate::server::Server;

/// The key of the demo's connection to GitHub.
const DEMO_CONNECTION: &str = "github-dev";

/// Prints a complaint on standard error.
pub(super) fn complain(message: &str) {
    // Failures of the fake's own name it already.
    let message = message.strip_prefix("membrane-mock failed: ").unwrap_or(message);
    writeln!(std::io::stderr(), "membrane-mock: {message}").ok();
}

/// Prints a result on standard output.
pub(super) fn print(text: &str) {
    writeln!(std::io::stdout(), "{text}").ok();
}

/// The access to a running server: what a client needs to know.
#[derive(Debug, Clone)]
pub(super) struct ServerAccess {
    pub(super) url: String,
    pub(super) key: String,
    pub(super) secret: String,
    pub(super) tenant: String,
    pub(super) tenant_token: String,
    pub(super) manager_token: String,
    pub(super) control_token: Option<String>,
    /// Whether the default tenant has the demo's connection to GitHub, and can call it.
    has_demo: bool,
}

impl ServerAccess {
    /// Reads the access to a server's first workspace; its tokens last a day.
    pub(super) fn of(server: &Server) -> Result<Self, String> {
        let space = server.engine().first_space().map_err(|error| error.message.clone())?;
        let world = space.world();
        let workspace = &world.workspace;
        let expires = real_now().plus(Duration::from_hours(24));
        let token = |tenant, manager| {
            mint(&workspace.key, &workspace.secret, tenant, manager, expires).map_err(|error| error.message.clone())
        };
        let of_demo = |connection: &Connection| {
            let owner = world.tenants.get(connection.tenant.as_str());
            connection.is_connected() && owner.is_some_and(|owner| owner.internal_id == workspace.default_tenant)
        };
        Ok(Self {
            has_demo: world.connections.with_key(DEMO_CONNECTION).any(|connection| of_demo(connection)),
            url: server.url().to_owned(),
            key: workspace.key.clone(),
            secret: workspace.secret.clone(),
            tenant: workspace.default_tenant.clone(),
            tenant_token: token(Some(workspace.default_tenant.as_str()), false)?,
            manager_token: token(None, true)?,
            control_token: server.engine().config.control_token.clone(),
        })
    }

    /// Returns the environment variables, under every name that public programs use. API and
    /// UI share one origin. Source: real-use.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let url = || self.url.clone();
        vec![
            ("MEMBRANE_API_URI", url()),
            ("MEMBRANE_API_URL", url()),
            ("NEXT_PUBLIC_MEMBRANE_API_URI", url()),
            ("MEMBRANE_UI_URI", url()),
            ("NEXT_PUBLIC_INTEGRATION_APP_API_URL", url()),
            ("NEXT_PUBLIC_INTEGRATION_APP_UI_URL", url()),
            ("MEMBRANE_WORKSPACE_KEY", self.key.clone()),
            ("MEMBRANE_WORKSPACE_SECRET", self.secret.clone()),
            ("INTEGRATION_APP_WORKSPACE_KEY", self.key.clone()),
            ("INTEGRATION_APP_WORKSPACE_SECRET", self.secret.clone()),
            ("MEMBRANE_TENANT_KEY", self.tenant.clone()),
            ("MEMBRANE_TOKEN", self.tenant_token.clone()),
        ]
    }

    /// Returns the JSON of the ready file and of the ready line.
    pub(super) fn json(&self) -> Value {
        let mut ready = json!({
            "url": self.url,
            "workspaceKey": self.key,
            "workspaceSecret": self.secret,
            "tenantKey": self.tenant,
            "pid": std::process::id(),
            "version": env!("CARGO_PKG_VERSION"),
        });
        if let Some(token) = &self.control_token {
            set_member(&mut ready, "controlToken", token.as_str());
        }
        ready
    }

    /// Returns the text that a person sees at the start, at most twelve lines; and the environment where it is asked for.
    pub(super) fn banner(&self, environment: bool) -> String {
        // What is pasted has to work, whatever the seed holds.
        let act = format!(r#"{{"api":{{"method":"GET","path":"/user/repos"}},"connectionKey":"{DEMO_CONNECTION}"}}"#);
        let (path, body) = if self.has_demo {
            ("act", format!(" -H 'Content-Type: application/json' -d '{act}'"))
        } else {
            ("self", String::new())
        };
        let banner = format!(
            "membrane-mock {version} is ready at {url}\n\
             \n\
             \x20 Dashboard    {url}/__mock/\n\
             \x20 Control API  {url}/__mock\n\
             \x20 Workspace    {key}, tenant {tenant}\n\
             \n\
             Try it:\n\
             curl -s {url}/{path} -H \"Authorization: Bearer {token}\"{body}\n\
             \n\
             More: credentials to copy at {url}/, or --env. Each call is a line; --quiet. Stop: Ctrl-C",
            version = env!("CARGO_PKG_VERSION"),
            url = self.url,
            key = self.key,
            tenant = self.tenant,
            token = self.tenant_token,
        );
        if environment { format!("{banner}\n\n{}", self.exports()) } else { banner }
    }

    /// Returns the environment as lines that a shell takes; the tokens last a day.
    fn exports(&self) -> String {
        let mut lines: Vec<String> =
            self.environment().iter().map(|(name, value)| format!("export {name}={}", quoted(value))).collect();
        lines.push(format!("# a manager's token: {}", self.manager_token));
        lines.join("\n")
    }
}

/// Returns a value as a shell reads it, quoted when needed.
pub(super) fn quoted(value: &str) -> String {
    let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/=@%+,".contains(c));
    if plain && !value.is_empty() { value.to_owned() } else { format!("'{}'", value.replace('\'', r"'\''")) }
}

/// A path at which a ready file may be written.
#[derive(Debug)]
pub(super) struct ReadyFile {
    path: PathBuf,
}

/// The ready file exists for as long as this value does.
#[derive(Debug)]
pub(super) struct WrittenReadyFile {
    path: PathBuf,
    text: String,
}

impl ReadyFile {
    /// Removes what a server that ended without tidying up has left at a path, so that nobody takes it for this one's. The
    /// error says that the file belongs to a server that runs.
    pub(super) fn claim(path: &Path) -> Result<Self, String> {
        if path.is_dir() {
            return Err(format!("{} is a folder; --ready-file takes the path of a file", path.display()));
        }
        let left = std::fs::read(path).unwrap_or_default();
        let is_ready_file = serde_json::from_slice::<Value>(&left).is_ok_and(|left| left.get("url").is_some());
        if !is_ready_file && !left.trim_ascii().is_empty() {
            return Err(format!(
                "{} holds something else, which would be lost; give another --ready-file",
                path.display()
            ));
        }
        let left = serde_json::from_slice::<Value>(&left).unwrap_or_default();
        if let Some(url) = member(&left, "url").as_str().filter(|url| answers(url)) {
            return Err(format!(
                "{} belongs to the server at {url}, process {}; stop that, or give another --ready-file",
                path.display(),
                member(&left, "pid")
            ));
        }
        // It is made anew, and only where there is none.
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(format!("cannot remove what another server left at {}: {error}", path.display()));
            }
            Ok(()) | Err(_) => {}
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Writes the file in one step, so that a reader never sees half of it.
    pub(super) fn write(self, ready: &Value) -> Result<WrittenReadyFile, String> {
        let Self { path } = self;
        let broken = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = path.with_file_name(name);
        let mut options = std::fs::OpenOptions::new();
        let text = format!("{ready}\n");
        // The file holds the secret, so only its owner may read it.
        let opened = options.write(true).create(true).truncate(true).mode(0o600).open(&temporary);
        opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(broken)?;
        // Of several servers that begin at the same time one gets it.
        let linked = std::fs::hard_link(&temporary, &path);
        match linked {
            Ok(()) => std::fs::remove_file(&temporary).map_err(broken)?,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                std::fs::remove_file(&temporary).ok();
                return Err(format!("{} was written by another server meanwhile; give each its own", path.display()));
            }
            // There are file systems without such links.
            Err(_) => std::fs::rename(&temporary, &path).map_err(broken)?,
        }
        Ok(WrittenReadyFile { path, text })
    }
}

/// Whether something listens at the address of a server.
fn answers(url: &str) -> bool {
    let address = url::Url::parse(url).ok().and_then(|url| url.socket_addrs(|| None).ok()?.into_iter().next());
    address.is_some_and(|address| TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok())
}

impl Drop for WrittenReadyFile {
    fn drop(&mut self) {
        // One that another server has put in its place is that server's to remove.
        if std::fs::read_to_string(&self.path).is_ok_and(|text| text == self.text) {
            std::fs::remove_file(&self.path).ok();
        }
    }
}
