//! Seeds: a folder or one file of YAML or JSON that describes a workspace (product.md §12).
//!
//! Invariant: a seed is read whole before anything is planted; an error carries file, line and field.

use std::collections::BTreeMap;
use std::path::Path;

use rust_embed::RustEmbed;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clock::ClockMode;
use crate::model::JsonMap;
use crate::model::action::ActionType;
use crate::model::connector::{Apply, AuthType, OauthConfig, TestCall};
use crate::model::progress::ProgressSettings;
use crate::model::schema::check_schema;
use crate::model::stub::StubSpec;
use crate::model::workspace::{MockSettings, Settings};

/// Why a seed cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{file}{}: {message}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct SeedError {
    /// The file.
    pub file: String,
    /// The line, when known.
    pub line: Option<usize>,
    /// The field and what is wrong with it.
    pub message: String,
}

impl SeedError {
    fn new(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, message: message.into() }
    }
}

/// A seed, read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SeedDocument {
    /// The workspace.
    pub workspace: SeedWorkspace,
    /// External apps.
    pub external_apps: Vec<SeedApp>,
    /// Connectors.
    pub connectors: Vec<SeedConnector>,
    /// Integrations with their actions.
    pub integrations: Vec<SeedIntegration>,
    /// Universal actions.
    pub actions: Vec<SeedAction>,
    /// Connections, READY unless said.
    pub connections: Vec<SeedConnection>,
    /// Stubs per connector.
    pub stubs: BTreeMap<String, Vec<StubSpec>>,
    /// Files that were passed over: element types that are not faked.
    #[serde(skip)]
    pub passed_over: Vec<String>,
}

/// `workspace.yaml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SeedWorkspace {
    /// Key.
    pub key: Option<String>,
    /// Secret.
    pub secret: Option<String>,
    /// For people.
    pub name: Option<String>,
    /// Tenants.
    pub tenants: Vec<SeedTenant>,
    /// The tenant that `credentials` names.
    pub default_tenant: Option<String>,
    /// The platform's settings.
    pub settings: Settings,
    /// The fake's settings.
    pub mock: MockSettings,
    /// `system`, or a moment at which time stands still.
    pub clock: Option<String>,
    /// When state machines move; the same as `mock.progress`.
    pub progress: Option<ProgressSettings>,
}

impl SeedWorkspace {
    /// The fake's settings with `progress` in its place.
    pub fn mock(&self) -> MockSettings {
        let mut mock = self.mock.clone();
        if let Some(progress) = &self.progress {
            mock.progress = progress.clone();
        }
        mock
    }

    /// How time runs, when the seed says.
    pub fn clock(&self) -> Result<Option<ClockMode>, String> {
        self.clock.as_deref().map(str::parse).transpose()
    }
}

/// A tenant.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeedTenant {
    /// The tenant key.
    pub key: String,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
    /// The user's own.
    #[serde(default)]
    pub fields: JsonMap,
}

/// An external app.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeedApp {
    /// Handle.
    pub key: String,
    /// For people.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// The app's site.
    #[serde(default)]
    pub app_uri: Option<String>,
    /// Its API's documentation.
    #[serde(default)]
    pub api_docs_uri: Option<String>,
    /// Kinds of app.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Higher comes first.
    #[serde(default)]
    pub popularity: u32,
}

/// A connector.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeedConnector {
    /// Handle.
    pub key: String,
    /// For people.
    pub name: String,
    /// The app, by key.
    #[serde(default)]
    pub external_app: Option<String>,
    /// Kinds of app.
    #[serde(default)]
    pub categories: Vec<String>,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// The real app's API.
    pub base_uri: String,
    /// How users authenticate.
    #[serde(rename = "type")]
    pub auth_type: AuthType,
    /// OAuth endpoints.
    #[serde(default)]
    pub oauth: Option<OauthConfig>,
    /// The form of a connection.
    #[serde(default)]
    pub input_schema: Option<Value>,
    /// The integration's parameters.
    #[serde(default)]
    pub parameters_schema: Option<Value>,
    /// How credentials go onto a request.
    #[serde(default)]
    pub apply: Option<Apply>,
    /// A call that shows whether credentials work.
    #[serde(default)]
    pub test: Option<TestCall>,
    /// Version.
    #[serde(default)]
    pub version: Option<String>,
    /// Higher comes first.
    #[serde(default)]
    pub popularity: u32,
    /// Whether the platform's shared OAuth client exists for it.
    #[serde(default = "yes")]
    pub shared_oauth_client: bool,
    /// Actions of its app's catalog.
    #[serde(default)]
    pub actions: Vec<SeedAction>,
}

fn yes() -> bool {
    true
}

/// An integration. Fields of a real export that mean nothing here are let be.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeedIntegration {
    /// Handle; the folder's name when absent.
    #[serde(default)]
    pub key: String,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// By key; its own key when absent.
    #[serde(default)]
    pub connector_key: Option<String>,
    /// OAuth client and other parameters.
    #[serde(default)]
    pub parameters: JsonMap,
    /// Its actions.
    #[serde(default)]
    pub actions: Vec<SeedAction>,
}

/// An action. Fields of a real export that mean nothing here are let be.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeedAction {
    /// Handle; the folder's name when absent.
    #[serde(default)]
    pub key: String,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// What it does.
    #[serde(rename = "type", default)]
    pub action_type: Option<ActionType>,
    /// How.
    #[serde(default)]
    pub config: JsonMap,
    /// What it takes.
    #[serde(default)]
    pub input_schema: Option<Value>,
    /// What it gives.
    #[serde(default)]
    pub output_schema: Option<Value>,
    /// Shapes the output.
    #[serde(default)]
    pub output_mapping: Option<Value>,
    /// What it gives, when said.
    #[serde(default)]
    pub custom_output_schema: Option<Value>,
}

impl SeedAction {
    /// With the folder's name for a key when it has none.
    fn keyed(mut self, key: &str) -> Self {
        if self.key.is_empty() {
            key.clone_into(&mut self.key);
        }
        self
    }

    /// Refuses an input schema that no validator understands. Here, not when planting: a seed is planted often.
    fn check(&self, file: &str) -> Result<(), SeedError> {
        let schema = self.input_schema.as_ref().map_or(Ok(()), |schema| check_schema(schema, "inputSchema"));
        schema.map_err(|error| SeedError::new(file, format!("action `{}`: {}", self.key, error.message)))
    }
}

/// A connection.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeedConnection {
    /// Handle.
    pub key: String,
    /// The tenant's key; the default tenant when absent.
    #[serde(default)]
    pub tenant: Option<String>,
    /// The integration's key.
    pub integration: String,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
    /// Its own credentials, instead of ones from the stub vendor.
    #[serde(default)]
    pub credentials: Option<JsonMap>,
}

#[derive(RustEmbed)]
#[folder = "fixtures/demo"]
struct DemoFiles;

struct SeedFile {
    path: String,
    text: String,
}

impl SeedDocument {
    /// The built-in demo world, with the catalog.
    pub fn demo() -> Result<Self, SeedError> {
        let files = DemoFiles::iter()
            .filter_map(|path| {
                let data = DemoFiles::get(&path)?.data;
                Some(SeedFile { path: path.to_string(), text: String::from_utf8_lossy(&data).into_owned() })
            })
            .collect();
        Self::from_files(files)
    }

    /// Reads a folder, or one file that holds the whole document.
    pub fn read(path: &Path) -> Result<Self, SeedError> {
        let shown = path.display().to_string();
        let broken = |error: std::io::Error| SeedError::new(&shown, error.to_string());
        if path.is_dir() {
            let mut files = Vec::new();
            collect(path, path, &mut files).map_err(broken)?;
            return Self::from_files(files);
        }
        let text = std::fs::read_to_string(path).map_err(broken)?;
        let document: Self = parse(&SeedFile { path: shown.clone(), text })?;
        document.check(&shown)?;
        document.check_actions(&shown)?;
        Ok(document)
    }

    fn from_files(mut files: Vec<SeedFile>) -> Result<Self, SeedError> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut document = Self::default();
        // A folder's own file comes before what lies below it.
        let mut later = Vec::new();
        for file in files {
            let below_integration = file.path.starts_with("integrations/") && file.path.split('/').count() > 3;
            let below_connector = file.path.starts_with("connectors/") && file.path.split('/').count() > 3;
            if below_integration || below_connector { later.push(file) } else { document.add(&file)? }
        }
        for file in &later {
            document.add(file)?;
        }
        document.check("seed")?;
        Ok(document)
    }

    fn add(&mut self, file: &SeedFile) -> Result<(), SeedError> {
        let parts: Vec<&str> = file.path.split('/').collect();
        match parts.as_slice() {
            [name] if is(name, "workspace") => self.workspace = parse(file)?,
            ["external-apps", _] => self.external_apps.extend(parse_many::<SeedApp>(file)?),
            ["connections", _] => self.connections.extend(parse_many::<SeedConnection>(file)?),
            ["stubs", connector, _] => {
                let stubs = parse_many::<StubSpec>(file)?;
                for stub in &stubs {
                    stub.check().map_err(|error| SeedError::new(&file.path, error.message.clone()))?;
                }
                self.stubs.entry((*connector).to_owned()).or_default().extend(stubs);
            }
            ["connectors", key, name] if is(name, "spec") || is(name, key) => {
                self.connectors.push(parse::<SeedConnector>(file)?);
            }
            ["connectors", key, "actions", _] => {
                let action = action_in(file, "")?;
                let owner = self.connectors.iter_mut().find(|connector| connector.key == *key);
                owner.ok_or_else(|| orphan(file, "connector", key))?.actions.push(action);
            }
            ["integrations", key, name] if is(name, "spec") || is(name, key) => {
                let mut integration = parse::<SeedIntegration>(file)?;
                if integration.key.is_empty() {
                    (*key).clone_into(&mut integration.key);
                }
                self.integrations.push(integration);
            }
            ["integrations", key, "actions", action, name] if is(name, "spec") || is(name, action) => {
                let action = action_in(file, action)?;
                let owner = self.integrations.iter_mut().find(|integration| integration.key == *key);
                owner.ok_or_else(|| orphan(file, "integration", key))?.actions.push(action);
            }
            ["actions", key, name] if is(name, "spec") || is(name, key) => {
                self.actions.push(action_in(file, key)?);
            }
            parts if parts.iter().any(|part| NOT_FAKED.contains(part)) => self.passed_over.push(file.path.clone()),
            [.., name] if name.starts_with('.') || is_prose(name) => {}
            _ => {
                return Err(SeedError::new(
                    &file.path,
                    "is in no place that a seed has; known are workspace.yaml, external-apps/, connectors/<key>/, \
                     integrations/<key>/, actions/<key>/, connections/ and stubs/<connector>/",
                ));
            }
        }
        Ok(())
    }

    fn check_actions(&self, file: &str) -> Result<(), SeedError> {
        let nameless = |what: &str| SeedError::new(file, format!("{what} has no `key`"));
        if self.integrations.iter().any(|integration| integration.key.is_empty()) {
            return Err(nameless("an integration"));
        }
        let of_integrations = self.integrations.iter().flat_map(|integration| &integration.actions);
        let of_connectors = self.connectors.iter().flat_map(|connector| &connector.actions);
        for action in self.actions.iter().chain(of_integrations).chain(of_connectors) {
            if action.key.is_empty() {
                return Err(nameless("an action"));
            }
            action.check(file)?;
        }
        Ok(())
    }

    fn check(&self, file: &str) -> Result<(), SeedError> {
        self.workspace.clock().map_err(|why| SeedError::new(file, format!("field `clock`: {why}")))?;
        for connection in &self.connections {
            if !self.integrations.iter().any(|integration| integration.key == connection.integration) {
                return Err(SeedError::new(
                    file,
                    format!(
                        "connection `{}` names the integration `{}`, which the seed does not have",
                        connection.key, connection.integration
                    ),
                ));
            }
        }
        for stub in self.stubs.values().flatten() {
            stub.check().map_err(|error| SeedError::new(file, error.message.clone()))?;
        }
        Ok(())
    }
}

/// Element types of a real export that are not faked yet: passed over, and said so.
const NOT_FAKED: [&str; 8] = [
    "flows",
    "data-sources",
    "field-mappings",
    "app-data-schemas",
    "app-event-types",
    "data-link-tables",
    "packages",
    "screens",
];

fn is(file_name: &str, stem: &str) -> bool {
    file_name.rsplit_once('.').is_some_and(|(name, extension)| {
        name == stem && matches!(extension.to_ascii_lowercase().as_str(), "yaml" | "yml" | "json")
    })
}

fn is_prose(file_name: &str) -> bool {
    file_name.rsplit_once('.').is_none_or(|(_, extension)| !matches!(extension, "yaml" | "yml" | "json"))
}

fn orphan(file: &SeedFile, noun: &str, key: &str) -> SeedError {
    SeedError::new(&file.path, format!("there is no {noun} `{key}` in the seed to hold this file"))
}

fn collect(root: &Path, at: &Path, files: &mut Vec<SeedFile>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(at)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if !is_prose(&name) {
                files.push(SeedFile { path: name, text: std::fs::read_to_string(&path)? });
            }
        }
    }
    Ok(())
}

fn parse<T: DeserializeOwned>(file: &SeedFile) -> Result<T, SeedError> {
    let reader = serde_yaml_ng::Deserializer::from_str(&file.text);
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let field = error.path().to_string();
        let inner = error.into_inner();
        let line = inner.location().map(|location| location.line());
        let message = if field == "." { inner.to_string() } else { format!("field `{field}`: {inner}") };
        SeedError { file: file.path.clone(), line, message }
    })
}

/// An action's file; its folder gives the key when it has none.
fn action_in(file: &SeedFile, folder: &str) -> Result<SeedAction, SeedError> {
    let action = parse::<SeedAction>(file)?.keyed(folder);
    action.check(&file.path)?;
    Ok(action)
}

/// A file that holds one, or a list.
fn parse_many<T: DeserializeOwned>(file: &SeedFile) -> Result<Vec<T>, SeedError> {
    let is_list = file.text.lines().map(str::trim_start).find(|line| !line.is_empty() && !line.starts_with('#'));
    if is_list.is_some_and(|line| line.starts_with('-') || line.starts_with('[')) {
        parse(file)
    } else {
        Ok(vec![parse(file)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_is_whole() {
        let demo = SeedDocument::demo().unwrap();

        assert!(demo.connectors.len() >= 10 && demo.external_apps.len() >= 40);
        assert!(demo.connectors.iter().filter(|connector| connector.actions.len() >= 5).count() >= 5);
    }

    #[test]
    fn an_error_carries_file_line_and_field() {
        let file = SeedFile {
            path: "connectors/x/spec.yaml".into(),
            text: "key: x\nname: X\nbaseUri: https://x.example\ntype: magic\n".into(),
        };

        let error = parse::<SeedConnector>(&file).unwrap_err().to_string();

        assert!(error.starts_with("connectors/x/spec.yaml:4: field `type`"), "{error}");
    }
}
