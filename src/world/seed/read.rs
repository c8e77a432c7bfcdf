//! Reading a seed from files, and checking it for errors that the files alone show.
//!
//! Invariant: a document that was read is complete and free of contradictions, except for connectors, which
//! [`SeedDocument::check_connectors`] compares with the catalog.

use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rust_embed::RustEmbed;

use crate::base::error::nearest;
use crate::base::text::article;
use crate::elements::model::check_key;
use crate::elements::model::place::Layered;
use crate::engine::directory::hint;
use crate::nouns::stub::model::StubSpec;
use crate::world::job::model::Files;
use crate::world::scenario::rules as scenarios;
use crate::world::seed::file::{Origin, SeedError, SeedFile, Step, collect, is_prose};
use crate::world::seed::{
    SeedAction, SeedApp, SeedConnection, SeedConnector, SeedDocument, SeedElement, SeedFlow, SeedIntegration,
};

#[derive(RustEmbed)]
#[folder = "fixtures/demo"]
struct DemoFiles;

/// Folders of element types that are not faked: their files are ignored, and reported.
const NOT_FAKED: [&str; 7] = [
    "data-sources",
    "field-mappings",
    "app-data-schemas",
    "app-event-types",
    "data-link-tables",
    "packages",
    "screens",
];

/// The fields that are read of an integration, an action and, beside its names, a flow. A real export has more.
const INTEGRATION_FIELDS: [&str; 12] = [
    "key",
    "name",
    "description",
    "connectorKey",
    "parameters",
    "optionsConfig",
    "oAuthCallbackUri",
    "logoUri",
    "meta",
    "uuid",
    "actions",
    "flows",
];
const ACTION_FIELDS: [&str; 9] = [
    "key",
    "name",
    "description",
    "type",
    "config",
    "inputSchema",
    "outputSchema",
    "outputMapping",
    "customOutputSchema",
];

const FLOW_FIELDS: [&str; 5] = ["nodes", "enabled", "autoCreateInstances", "parametersSchema", "parameters"];

impl SeedDocument {
    /// The built-in demo seed, with the catalog in it.
    pub fn demo() -> Result<Self, SeedError> {
        let files = DemoFiles::iter()
            .filter_map(|path| {
                let data = DemoFiles::get(&path)?.data;
                Some(SeedFile { path: path.to_string(), text: String::from_utf8_lossy(&data).into_owned() })
            })
            .collect();
        let mut demo = Self::from_files(files)?;
        // The files are dropped, because the demo has no errors to locate.
        demo.files = Vec::new();
        Ok(demo)
    }

    /// Reads a folder, or one file that holds the whole document. Fails with the file,
    /// line and field of the first error.
    pub fn read(path: &Path) -> Result<Self, SeedError> {
        let shown = path.display().to_string();
        let broken = |error: std::io::Error| SeedError::new(&shown, error.to_string());
        if path.is_dir() {
            let mut files = Vec::new();
            collect(path, path, &mut files).map_err(broken)?;
            files.iter().try_for_each(SeedFile::check_bounds)?;
            return Self::from_files(files);
        }
        let file = SeedFile { path: shown.clone(), text: std::fs::read_to_string(path).map_err(broken)? };
        file.check_bounds()?;
        let mut ignored = Vec::new();
        let mut document: Self = file.parse(|field| ignored.push(field))?;
        document.files = vec![file];
        document.place(&shown);
        for field in ignored {
            document.pass_over_field(&Origin { file: shown.clone(), at: Vec::new() }, &field)?;
        }
        document.check()?;
        Ok(document)
    }

    /// Notes of each element where it stands in the one file that holds them all.
    fn place(&mut self, file: &str) {
        let at = |steps: &[(&str, usize)]| Origin {
            file: file.to_owned(),
            at: steps.iter().flat_map(|(list, index)| [Step::Field((*list).to_owned()), Step::Item(*index)]).collect(),
        };
        for (index, connection) in self.connections.iter_mut().enumerate() {
            connection.origin = at(&[("connections", index)]);
        }
        for (index, action) in self.actions.iter_mut().enumerate() {
            action.origin = at(&[("actions", index)]);
        }
        for (index, flow) in self.flows.iter_mut().enumerate() {
            *flow.origin_mut() = at(&[("flows", index)]);
        }
        for (outer, integration) in self.integrations.iter_mut().enumerate() {
            integration.origin = at(&[("integrations", outer)]);
            for (index, flow) in integration.flows.iter_mut().enumerate() {
                *flow.origin_mut() = at(&[("integrations", outer), ("flows", index)]);
            }
            for (index, action) in integration.actions.iter_mut().enumerate() {
                action.origin = at(&[("integrations", outer), ("actions", index)]);
            }
        }
        for (outer, connector) in self.connectors.iter_mut().enumerate() {
            for (index, action) in connector.actions.iter_mut().enumerate() {
                action.origin = at(&[("connectors", outer), ("actions", index)]);
            }
        }
    }

    /// Reads the files of an archive. Fails as [`SeedDocument::read`] does.
    pub fn of_archive(files: &Files) -> Result<Self, SeedError> {
        let file = |(path, text): (&String, &String)| SeedFile { path: path.clone(), text: text.clone() };
        let files: Vec<SeedFile> = files.iter().map(file).collect();
        files.iter().try_for_each(SeedFile::check_bounds)?;
        Ok(Self { is_archive: true, ..Self::from_files(files)? })
    }

    fn from_files(mut files: Vec<SeedFile>) -> Result<Self, SeedError> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut document = Self { files, ..Self::default() };
        let files = document.files.clone();
        // A folder's own file is read before the files below it.
        let is_below = |file: &SeedFile| {
            ["integrations/", "connectors/"].iter().any(|folder| file.path.starts_with(folder))
                && file.path.split('/').count() > 3
        };
        let (below, above): (Vec<&SeedFile>, Vec<&SeedFile>) = files.iter().partition(|file| is_below(file));
        for file in above.into_iter().chain(below) {
            document.add(file)?;
        }
        document.check()?;
        Ok(document)
    }

    fn add(&mut self, file: &SeedFile) -> Result<(), SeedError> {
        let parts: Vec<&str> = file.path.split('/').collect();
        match parts.as_slice() {
            [name] if is(name, "workspace") => self.workspace = file.parse(|_| ())?,
            ["external-apps", _] => self.external_apps.extend(parse_many::<SeedApp>(file)?),
            ["connections", _] => {
                let connections = parse_many::<SeedConnection>(file)?.into_iter().enumerate();
                self.connections.extend(connections.map(|(index, mut connection)| {
                    connection.origin = origin_in(file, index);
                    connection
                }));
            }
            ["stubs", connector, _] => {
                let stubs = parse_many::<StubSpec>(file)?;
                for (index, stub) in stubs.iter().enumerate() {
                    let checked = stub.check();
                    checked.map_err(|error| origin_in(file, index).error(&self.files, error.message.clone()))?;
                }
                self.stubs.entry((*connector).to_owned()).or_default().extend(stubs);
            }
            ["connectors", key, name] if is(name, "spec") || is(name, key) => {
                self.connectors.push(file.parse::<SeedConnector>(|_| ())?);
            }
            ["connectors", key, "actions", _] => {
                let action = self.element_in::<SeedAction>(file, "")?;
                let owner = self.connectors.iter_mut().find(|connector| connector.key == key_of_folder(key));
                owner.ok_or_else(|| orphan(file, "connector", key))?.actions.push(action);
            }
            ["integrations", key, name] if is(name, "spec") || is(name, key) => {
                let mut ignored = Vec::new();
                let mut integration = file.parse::<SeedIntegration>(|field| ignored.push(field))?;
                integration.origin = origin_in(file, 0);
                for field in ignored {
                    self.pass_over_field(&integration.origin, &field)?;
                }
                if integration.key.is_empty() {
                    integration.key = key_of_folder(key);
                }
                self.integrations.push(integration);
            }
            ["integrations", key, "actions", action, name] if is(name, "spec") || is(name, action) => {
                let action = self.element_in::<SeedAction>(file, action)?;
                let owner = self.integrations.iter_mut().find(|integration| integration.key == key_of_folder(key));
                owner.ok_or_else(|| orphan(file, "integration", key))?.actions.push(action);
            }
            ["integrations", key, "flows", flow, name] if is(name, "spec") || is(name, flow) => {
                let flow = self.element_in::<SeedFlow>(file, flow)?;
                let owner = self.integrations.iter_mut().find(|integration| integration.key == key_of_folder(key));
                owner.ok_or_else(|| orphan(file, "integration", key))?.flows.push(flow);
            }
            ["scenarios", _] => self.scenarios.push(scenarios::parse(&file.path, &file.text)?),
            ["actions", key, name] if is(name, "spec") || is(name, key) => {
                let action = self.element_in::<SeedAction>(file, key)?;
                self.actions.push(action);
            }
            ["flows", key, name] if is(name, "spec") || is(name, key) => {
                let flow = self.element_in::<SeedFlow>(file, key)?;
                self.flows.push(flow);
            }
            parts if parts.iter().any(|part| NOT_FAKED.contains(part)) => self.passed_over.push(file.path.clone()),
            [.., name] if name.starts_with('.') || is_prose(name) => {}
            _ => {
                return Err(SeedError::new(
                    &file.path,
                    "is in no place that a seed has; known are workspace.yaml, external-apps/, connectors/<key>/, \
                     integrations/<key>/, actions/<key>/, flows/<key>/, connections/, scenarios/ and stubs/<connector>/",
                ));
            }
        }
        Ok(())
    }

    /// Reads an element's file; the name of its folder gives the key when the file has none.
    fn element_in<S: SeedElement>(&mut self, file: &SeedFile, folder: &str) -> Result<S, SeedError> {
        let mut ignored = Vec::new();
        let mut element = file.parse::<S>(|field| ignored.push(field))?;
        *element.origin_mut() = origin_in(file, 0);
        for field in ignored {
            self.pass_over_field(element.origin(), &field)?;
        }
        if element.key().is_empty() {
            *element.key_mut() = key_of_folder(folder);
        }
        Ok(element)
    }

    /// Handles a field that has no meaning here: it is ignored and reported, because an export may have it, but refused
    /// when it looks like a known one misspelt.
    fn pass_over_field(&mut self, origin: &Origin, field: &str) -> Result<(), SeedError> {
        let name = field.rsplit('.').next().unwrap_or(field);
        let known = INTEGRATION_FIELDS.iter().chain(&ACTION_FIELDS).chain(&FLOW_FIELDS).copied();
        let near = nearest(name, known).filter(|near| misspells(name, near));
        if let Some(near) = near {
            let message = format!("field `{field}` is unknown; did you mean `{near}`?");
            return Err(origin.field(name).error(&self.files, message));
        }
        self.passed_over.push(format!("{}: field `{field}`", origin.file));
        Ok(())
    }

    /// Refuses a seed that contradicts itself: a wrong clock or progress, a missing key, an
    /// unknown integration, a wrong stub.
    pub fn check(&self) -> Result<(), SeedError> {
        let first = self.files.first().map_or("seed", |file| file.path.as_str());
        let of_workspace = self.files.iter().find(|file| is(&file.path, "workspace"));
        let workspace = Origin {
            file: of_workspace.map_or(first, |file| file.path.as_str()).to_owned(),
            at: if of_workspace.is_some() { Vec::new() } else { vec![Step::Field("workspace".into())] },
        };
        self.workspace
            .clock()
            .map_err(|why| workspace.field("clock").error(&self.files, format!("field `clock`: {why}")))?;
        let progress = self.workspace.mock().progress.check();
        progress.map_err(|error| workspace.field("progress").error(&self.files, error.message.clone()))?;
        for integration in &self.integrations {
            if integration.key.is_empty() {
                return Err(integration.origin.error(&self.files, "field `key`: an integration has none"));
            }
            let key = check_key(&integration.key, "key");
            key.map_err(|error| integration.origin.field("key").error(&self.files, error.message.clone()))?;
        }
        let of_integrations = self.integrations.iter().flat_map(|integration| &integration.actions);
        let of_connectors = self.connectors.iter().flat_map(|connector| &connector.actions);
        for action in self.actions.iter().chain(of_integrations).chain(of_connectors) {
            self.check_element(action)?;
        }
        let of_integrations = self.integrations.iter().flat_map(|integration| &integration.flows);
        self.flows.iter().chain(of_integrations).try_for_each(|flow| self.check_element(flow))?;
        for connection in &self.connections {
            if !self.integrations.iter().any(|integration| integration.key == connection.integration) {
                let keys = self.integrations.iter().map(|integration| integration.key.as_str());
                let why = format!(
                    "connection `{}`: field `integration`: the seed has no integration `{}`{}",
                    connection.key,
                    connection.integration,
                    hint(&connection.integration, keys)
                );
                return Err(connection.origin.field("integration").error(&self.files, why));
            }
        }
        for (connector, stubs) in &self.stubs {
            for (index, stub) in stubs.iter().enumerate() {
                let at = vec![Step::Field("stubs".into()), Step::Field(connector.clone()), Step::Item(index)];
                let origin = Origin { file: first.to_owned(), at };
                stub.check().map_err(|error| origin.error(&self.files, error.message.clone()))?;
            }
        }
        Ok(())
    }

    /// Refuses an element without a key, and one that could not be made.
    fn check_element<S: SeedElement>(&self, element: &S) -> Result<(), SeedError> {
        let noun = <S::Of as Layered>::NOUN;
        if element.key().is_empty() {
            let article = article(noun);
            return Err(element.origin().error(&self.files, format!("field `key`: {article} {noun} has none")));
        }
        let key = check_key(element.key(), "key");
        key.map_err(|error| element.origin().field("key").error(&self.files, error.message.clone()))?;
        element.check().map_err(|(field, error)| {
            let why = format!("{noun} `{}`: {}", element.key(), error.message);
            element.origin().field(field).error(&self.files, why)
        })
    }

    /// Refuses integrations and stubs that name a connector which neither the seed nor the catalog has.
    pub fn check_connectors(&self, catalog: &[&str]) -> Result<(), SeedError> {
        let own = self.connectors.iter().map(|connector| connector.key.as_str());
        let known: Vec<&str> = own.chain(catalog.iter().copied()).collect();
        for integration in &self.integrations {
            let key = integration.connector_key.as_deref().unwrap_or(&integration.key);
            if !known.contains(&key) {
                let why = format!("field `connectorKey`: there is no connector `{key}`{}", hint(key, known));
                return Err(integration.origin.field("connectorKey").error(&self.files, why));
            }
        }
        if let Some(key) = self.stubs.keys().find(|key| !known.contains(&key.as_str())) {
            let folder = format!("stubs/{key}/");
            let file = self.files.iter().find(|file| file.path.starts_with(&folder)).or(self.files.first());
            let origin = Origin {
                file: file.map_or("seed", |file| file.path.as_str()).to_owned(),
                at: vec![Step::Field("stubs".into()), Step::Field(key.clone())],
            };
            let why = format!("stubs for `{key}`, but there is no such connector{}", hint(key, known));
            return Err(origin.error(&self.files, why));
        }
        Ok(())
    }
}

/// The name of an element's folder in an archive: its key, with characters that a folder's name cannot have
/// written as `%2F` and the like.
pub fn folder_of_key(key: &str) -> String {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b' ');
    let folder = utf8_percent_encode(key, PLAIN).to_string();
    // A folder `..` would lead out of the archive.
    match folder.strip_prefix('.') {
        Some(rest) => format!("%2E{rest}"),
        None => folder,
    }
}

fn key_of_folder(folder: &str) -> String {
    percent_decode_str(folder).decode_utf8_lossy().into_owned()
}

/// Whether a name is a known one with a letter or two wrong.
fn misspells(name: &str, known: &str) -> bool {
    name != known && strsim::damerau_levenshtein(name, known) <= (known.len() / 4).clamp(1, 2)
}

fn origin_in(file: &SeedFile, index: usize) -> Origin {
    let at = if file.is_list() { vec![Step::Item(index)] } else { Vec::new() };
    Origin { file: file.path.clone(), at }
}

fn is(file_name: &str, stem: &str) -> bool {
    file_name.rsplit_once('.').is_some_and(|(name, extension)| {
        name == stem && matches!(extension.to_ascii_lowercase().as_str(), "yaml" | "yml" | "json")
    })
}

fn orphan(file: &SeedFile, noun: &str, key: &str) -> SeedError {
    SeedError::new(&file.path, format!("there is no {noun} `{key}` in the seed to hold this file"))
}

/// Reads a file that holds one element or a list of them.
fn parse_many<T: serde::de::DeserializeOwned>(file: &SeedFile) -> Result<Vec<T>, SeedError> {
    if file.is_list() { file.parse(|_| ()) } else { Ok(vec![file.parse(|_| ())?]) }
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
}
