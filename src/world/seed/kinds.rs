//! What is done for each kind of element when a seed is read: where its files stand, and what is wrong with them.

use std::collections::BTreeSet;

use crate::base::text::article;
use crate::elements::model::Layer;
use crate::elements::origin::{Origin, PathStep};
use crate::elements::{Holders, SeedForm as _};
use crate::world::seed::file::{SeedError, SeedFile};
use crate::world::seed::folder::{field_of, key_of_folder};
use crate::world::seed::{EachKind, SeedDocument, Seeded};

/// Notes of each element of a document where it stands in the one file that holds them all.
pub(super) struct Placing<'a> {
    pub(super) document: &'a mut SeedDocument,
    pub(super) file: &'a str,
}

impl EachKind for Placing<'_> {
    type Error = std::convert::Infallible;

    fn kind<K: Seeded>(&mut self) -> Result<(), Self::Error> {
        let list = field_of(K::PLURAL);
        for (index, element) in K::of_document_mut(self.document).iter_mut().enumerate() {
            *element.origin_mut() = at(self.file, &[(&list, index)]);
        }
        for (outer, integration) in self.document.integrations.iter_mut().enumerate() {
            for (index, element) in K::of_integration_mut(integration).iter_mut().enumerate() {
                *element.origin_mut() = at(self.file, &[("integrations", outer), (&list, index)]);
            }
        }
        Ok(())
    }
}

/// The place in a file that these lists and the indexes in them lead to.
pub(super) fn at(file: &str, steps: &[(&str, usize)]) -> Origin {
    let steps = steps.iter().flat_map(|(list, index)| [PathStep::Field((*list).to_owned()), PathStep::Item(*index)]);
    Origin { file: file.to_owned(), at: steps.collect() }
}

/// Adds a file of an element to a document, when its folder is one of a kind.
pub(super) struct Adding<'a> {
    pub(super) document: &'a mut SeedDocument,
    pub(super) file: &'a SeedFile,
    /// The folder of the element's integration; none for a universal element.
    pub(super) integration: Option<&'a str>,
    /// The folder of the kind.
    pub(super) folder: &'a str,
    /// The folder of the element.
    pub(super) element: &'a str,
    /// Whether it stands where the workspace CLI writes what an integration's list has.
    pub(super) is_pulled: bool,
    /// Whether it was added.
    pub(super) is_done: bool,
}

/// What the workspace CLI has written of an element, as far as it says whose it is.
#[derive(serde::Deserialize)]
struct Pulled {
    layer: Option<Layer>,
}

impl<'a> Adding<'a> {
    /// Reads the places from a path; none when no element stands at such a path, whatever its kind. What an integration has
    /// of its own is below it in an archive, and below the element of the same key where the workspace CLI has pulled it.
    pub(super) fn of(document: &'a mut SeedDocument, file: &'a SeedFile, parts: &[&'a str]) -> Option<Self> {
        let (integration, folder, element, name) = match parts {
            ["integrations", integration, folder, element, name] => (Some(*integration), folder, element, name),
            [folder, element, integration, name] if is(name, integration) => {
                (Some(*integration), folder, element, element)
            }
            [folder, element, name] => (None, folder, element, name),
            _ => return None,
        };
        let is_pulled = parts.len() == 4;
        let is_one = is_pulled || is(name, "spec") || is(name, element);
        is_one.then_some(Self { document, file, integration, folder, element, is_pulled, is_done: false })
    }
}

impl EachKind for Adding<'_> {
    type Error = SeedError;

    fn kind<K: Seeded>(&mut self) -> Result<(), SeedError> {
        if K::PLURAL != self.folder || (self.integration.is_some() && K::HOLDERS != Holders::Connections) {
            return Ok(());
        }
        if self.is_pulled && self.file.parse::<Pulled>(|_| ())?.layer == Some(Layer::Universal) {
            // The CLI writes what a list of the integration has, and the universal element is in its own file.
            self.is_done = true;
            return Ok(());
        }
        let element = self.document.element_in::<K::Seed>(self.file, self.element)?;
        match self.integration {
            None => K::of_document_mut(self.document).push(element),
            Some(folder) => {
                let key = key_of_folder(folder);
                let owner = self.document.integrations.iter_mut().find(|integration| integration.key == key);
                let owner = owner.ok_or_else(|| orphan(self.file, "integration", folder))?;
                K::of_integration_mut(owner).push(element);
            }
        }
        self.is_done = true;
        Ok(())
    }
}

/// Checks the elements of a document.
pub(super) struct Checking<'a>(pub(super) &'a SeedDocument);

impl EachKind for Checking<'_> {
    type Error = SeedError;

    fn kind<K: Seeded>(&mut self) -> Result<(), SeedError> {
        let of_integrations = self.0.integrations.iter().flat_map(|integration| K::of_integration(integration));
        if let (Holders::Tenants | Holders::Nobody, Some(misplaced)) = (K::HOLDERS, of_integrations.clone().next()) {
            let why = format!(
                "{} {} belongs to no integration; it stands in `{}`",
                article(K::NOUN),
                K::NOUN,
                field_of(K::PLURAL)
            );
            return Err(misplaced.origin().error(&self.0.files, why));
        }
        let of_app = K::of_document(self.0).iter().find(|element| element.external_app().is_some());
        if let (Holders::Tenants | Holders::Nobody, Some(misplaced)) = (K::HOLDERS, of_app) {
            let why = format!("{} {} is for no external app", article(K::NOUN), K::NOUN);
            return Err(misplaced.origin().error(&self.0.files, why));
        }
        K::of_document(self.0).iter().chain(of_integrations).try_for_each(|element| self.0.check_element(element))?;
        let of_each = self.0.integrations.iter().map(K::of_integration);
        std::iter::once(K::of_document(self.0)).chain(of_each).try_for_each(|at_place| {
            let mut seen = BTreeSet::new();
            let twice = at_place.iter().find(|element| !seen.insert((element.key(), element.external_app())));
            twice.map_or(Ok(()), |element| {
                let why = format!("field `key`: there is {} {} `{}` already", article(K::NOUN), K::NOUN, element.key());
                Err(element.origin().field("key").error(&self.0.files, why))
            })
        })
    }
}

/// The fields that are read of elements, and those of documents that hold them.
pub(super) struct KnownFields(pub(super) Vec<String>);

impl EachKind for KnownFields {
    type Error = std::convert::Infallible;

    fn kind<K: Seeded>(&mut self) -> Result<(), Self::Error> {
        self.0.push(field_of(K::PLURAL));
        self.0.extend(crate::base::json::names::fields_of::<K::Seed>().iter().map(|field| (*field).to_owned()));
        Ok(())
    }
}

/// Whether a file has this name, and is one that is read.
pub(super) fn is(file_name: &str, stem: &str) -> bool {
    file_name.rsplit_once('.').is_some_and(|(name, extension)| {
        name == stem && matches!(extension.to_ascii_lowercase().as_str(), "yaml" | "yml" | "json")
    })
}

/// The error of a file whose owner is not there.
pub(super) fn orphan(file: &SeedFile, noun: &str, key: &str) -> SeedError {
    SeedError::new(&file.path, format!("there is no {noun} `{key}` in the seed to hold this file"))
}
