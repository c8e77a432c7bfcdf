//! Reading a seed from files, and checking it for errors that the files alone show.
//!
//! Invariant: a document that was read is complete and free of contradictions, except for connectors, which
//! [`SeedDocument::check_connectors`] compares with the catalog.

use std::collections::BTreeSet;
use std::path::Path;

use crate::base::error::nearest;
use crate::base::ids::stable_id;
use crate::base::text::article;
use crate::base::work::Listener;
use crate::elements::model::check_key;
use crate::elements::origin::{Origin, PathStep};
use crate::elements::{Kind, SeedForm};
use crate::engine::directory::hint;
use crate::nouns::action::seed::SeedAction;
use crate::nouns::connector::model::Connector;
use crate::nouns::data_collection::model::check_collections;
use crate::nouns::external_event::model::check_events;
use crate::nouns::operation::model::check_operations;
use crate::nouns::references;
use crate::nouns::stub::model::StubSpec;
use crate::nouns::tenant::model::check_tenant_key;
use crate::nouns::workspace::model::check_secret;
use crate::world::embedded::DEMO;
use crate::world::job::model::Files;
use crate::world::scenario::rules as scenarios;
use crate::world::seed::file::{SeedError, SeedFile, collect, is_prose};
use crate::world::seed::folder::key_of_folder;
use crate::world::seed::kinds::{Adding, Checking, KnownFields, Placing, at, is, orphan};
use crate::world::seed::{
    SeedApp, SeedConnection, SeedConnector, SeedDocument, SeedIntegration, each_kind, folders_of_kinds,
};

/// The fields that are read of an integration, beside its elements. A real export has more.
const INTEGRATION_FIELDS: [&str; 12] = [
    "key",
    "name",
    "description",
    "connectorKey",
    "connectorId",
    "connectorVersion",
    "parameters",
    "optionsConfig",
    "oAuthCallbackUri",
    "logoUri",
    "meta",
    "uuid",
];

impl SeedDocument {
    /// The built-in demo seed, with the catalog in it.
    pub fn demo() -> Result<Self, SeedError> {
        let file = |(path, text): &(&str, &str)| SeedFile { path: (*path).to_owned(), text: (*text).to_owned() };
        let mut demo = Self::from_files(DEMO.iter().map(file).collect(), &Listener::default())?;
        // The files are dropped, because the demo has no errors to locate.
        demo.files = Vec::new();
        Ok(demo)
    }

    /// Reads a folder, or one file that holds the whole document. Fails with the file,
    /// line and field of the first error.
    pub fn read(path: &Path) -> Result<Self, SeedError> {
        Self::read_aloud(path, &Listener::default())
    }

    /// Reads a seed as [`SeedDocument::read`] does, and tells how far it is. Who plants it later tells the same listener.
    pub fn read_aloud(path: &Path, listener: &Listener) -> Result<Self, SeedError> {
        let shown = path.display().to_string();
        let broken = |error: std::io::Error| SeedError::new(&shown, error.to_string());
        if path.is_dir() {
            let mut files = Vec::new();
            collect(path, path, &mut files).map_err(broken)?;
            files.iter().try_for_each(SeedFile::check_bounds)?;
            return Self::from_files(files, listener);
        }
        let file = SeedFile { path: shown.clone(), text: std::fs::read_to_string(path).map_err(broken)? };
        file.check_bounds()?;
        let mut ignored = Vec::new();
        let mut document: Self = file.parse(|field| ignored.push(field))?;
        document.files = vec![file];
        document.listener = listener.clone();
        document.place(&shown);
        for field in ignored {
            document.pass_over_field(&Origin { file: shown.clone(), at: Vec::new() }, &field)?;
        }
        document.check()?;
        Ok(document)
    }

    /// Notes of each element where it stands in the one file that holds them all.
    fn place(&mut self, file: &str) {
        for (index, connection) in self.connections.iter_mut().enumerate() {
            connection.origin = at(file, &[("connections", index)]);
        }
        for (outer, integration) in self.integrations.iter_mut().enumerate() {
            integration.origin = at(file, &[("integrations", outer)]);
        }
        for (outer, connector) in self.connectors.iter_mut().enumerate() {
            for (index, action) in connector.actions.iter_mut().enumerate() {
                action.origin = at(file, &[("connectors", outer), ("actions", index)]);
            }
        }
        let Ok(()) = each_kind(&mut Placing { document: self, file });
    }

    /// Reads the files of an archive. Fails as [`SeedDocument::read`] does.
    pub fn of_archive(files: &Files, listener: &Listener) -> Result<Self, SeedError> {
        let file = |(path, text): (&String, &String)| SeedFile { path: path.clone(), text: text.clone() };
        let files: Vec<SeedFile> = files.iter().map(file).collect();
        files.iter().try_for_each(SeedFile::check_bounds)?;
        Ok(Self { is_archive: true, ..Self::from_files(files, listener)? })
    }

    fn from_files(mut files: Vec<SeedFile>, listener: &Listener) -> Result<Self, SeedError> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut work = listener.begin("reading", "files", files.len());
        let mut document = Self { files, listener: listener.clone(), ..Self::default() };
        let files = document.files.clone();
        // A folder's own file is read before the files below it.
        let is_below = |file: &SeedFile| file.path.split('/').count() > 3;
        let (below, above): (Vec<&SeedFile>, Vec<&SeedFile>) = files.iter().partition(|file| is_below(file));
        for file in above.into_iter().chain(below) {
            document.add(file)?;
            work.one_done();
        }
        document.check()?;
        Ok(document)
    }

    fn add(&mut self, file: &SeedFile) -> Result<(), SeedError> {
        let parts: Vec<&str> = file.path.split('/').collect();
        if let Some(mut adding) = Adding::of(self, file, &parts) {
            each_kind(&mut adding)?;
            if adding.is_done {
                return Ok(());
            }
        }
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
            ["scenarios", _] => self.scenarios.push(scenarios::parse(&file.path, &file.text)?),
            [.., name] if name.starts_with('.') || is_prose(name) => {}
            _ => {
                let kinds = folders_of_kinds().join("/<key>/, ");
                return Err(SeedError::new(
                    &file.path,
                    format!(
                        "is in no place that a seed has; known are workspace.yaml, external-apps/, connectors/<key>/, \
                         integrations/<key>/, {kinds}/<key>/, connections/, scenarios/ and stubs/<connector>/"
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Reads an element's file; the name of its folder gives the key when the file has none.
    pub(super) fn element_in<S: SeedForm>(&mut self, file: &SeedFile, folder: &str) -> Result<S, SeedError> {
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
        // An answer of the API, which a folder that was pulled has, shows other elements too.
        if references::is_about_element(name) {
            self.passed_over.push(format!("{}: field `{field}`", origin.file));
            return Ok(());
        }
        let mut of_kinds = KnownFields(Vec::new());
        let Ok(()) = each_kind(&mut of_kinds);
        let known = INTEGRATION_FIELDS.into_iter().chain(of_kinds.0.iter().map(String::as_str));
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
            at: if of_workspace.is_some() { Vec::new() } else { vec![PathStep::Field("workspace".into())] },
        };
        self.workspace
            .clock()
            .map_err(|why| workspace.field("clock").error(&self.files, format!("field `clock`: {why}")))?;
        let wrong = |field: &str, why: String| workspace.field(field).error(&self.files, why);
        for tenant in &self.workspace.tenants {
            check_tenant_key(&tenant.key).map_err(|why| wrong("tenants", format!("the `key` of a tenant {why}")))?;
        }
        if let Some(key) = &self.workspace.default_tenant {
            check_tenant_key(key).map_err(|why| wrong("defaultTenant", format!("field `defaultTenant`: it {why}")))?;
        }
        if let Some(secret) = &self.workspace.secret {
            check_secret(secret).map_err(|why| wrong("secret", format!("field `secret`: it {why}")))?;
        }
        let progress = self.workspace.mock().progress.check();
        progress.map_err(|error| workspace.field("progress").error(&self.files, error.message.clone()))?;
        let mock = self.workspace.mock().check();
        mock.map_err(|error| workspace.field("mock").error(&self.files, error.message.clone()))?;
        let mut seen = BTreeSet::new();
        for integration in &self.integrations {
            if integration.key.is_empty() {
                return Err(integration.origin.error(&self.files, "field `key`: an integration has none"));
            }
            let key = check_key(&integration.key, "key");
            key.map_err(|error| integration.origin.field("key").error(&self.files, error.message.clone()))?;
            if !seen.insert(&integration.key) {
                let why = format!("field `key`: there is an integration `{}` already", integration.key);
                return Err(integration.origin.field("key").error(&self.files, why));
            }
        }
        for (index, connector) in self.connectors.iter().enumerate() {
            let folder = format!("connectors/{}/", connector.key);
            let own = self.files.iter().find(|file| file.path.starts_with(&folder));
            let at = [PathStep::Field("connectors".into()), PathStep::Item(index)];
            let origin = Origin {
                file: own.map_or(first, |file| file.path.as_str()).to_owned(),
                at: if own.is_some() { Vec::new() } else { at.into() },
            };
            check_collections(&connector.data_collections).map_err(|error| {
                let why = format!("connector `{}`: {}", connector.key, error.message);
                origin.field("dataCollections").error(&self.files, why)
            })?;
            check_operations(&connector.operations).map_err(|error| {
                let why = format!("connector `{}`: {}", connector.key, error.message);
                origin.field("operations").error(&self.files, why)
            })?;
            check_events(&connector.events).map_err(|error| {
                let why = format!("connector `{}`: {}", connector.key, error.message);
                origin.field("events").error(&self.files, why)
            })?;
        }
        let of_connectors = self.connectors.iter().flat_map(|connector| &connector.actions);
        of_connectors.into_iter().try_for_each(|action| self.check_element(action))?;
        each_kind(&mut Checking(self))?;
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
                let at =
                    vec![PathStep::Field("stubs".into()), PathStep::Field(connector.clone()), PathStep::Item(index)];
                let origin = Origin { file: first.to_owned(), at };
                stub.check().map_err(|error| origin.error(&self.files, error.message.clone()))?;
            }
        }
        Ok(())
    }

    /// Refuses an element without a key, and one that could not be made.
    pub(super) fn check_element<S: SeedForm>(&self, element: &S) -> Result<(), SeedError> {
        let noun = <S::Of as Kind>::NOUN;
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
            let key = integration.connector();
            // A folder that was pulled has the id of the connector, which follows from its key.
            let is_id = || known.iter().any(|known| stable_id::<Connector>("connector", known).as_str() == key);
            if !known.contains(&key) && !is_id() {
                let why = format!("field `connectorKey`: there is no connector `{key}`{}", hint(key, known));
                return Err(integration.origin.field("connectorKey").error(&self.files, why));
            }
        }
        if let Some(key) = self.stubs.keys().find(|key| !known.contains(&key.as_str())) {
            let folder = format!("stubs/{key}/");
            let file = self.files.iter().find(|file| file.path.starts_with(&folder)).or(self.files.first());
            let origin = Origin {
                file: file.map_or("seed", |file| file.path.as_str()).to_owned(),
                at: vec![PathStep::Field("stubs".into()), PathStep::Field(key.clone())],
            };
            let why = format!("stubs for `{key}`, but there is no such connector{}", hint(key, known));
            return Err(origin.error(&self.files, why));
        }
        Ok(())
    }
}

/// Whether a name is a known one with a letter or two wrong.
fn misspells(name: &str, known: &str) -> bool {
    name != known && strsim::damerau_levenshtein(name, known) <= (known.len() / 4).clamp(1, 2)
}

fn origin_in(file: &SeedFile, index: usize) -> Origin {
    let at = if file.is_list() { vec![PathStep::Item(index)] } else { Vec::new() };
    Origin { file: file.path.clone(), at }
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
