//! The one trait of kinds of element, and of the form in which seeds and archives describe them.
//!
//! Invariant: nothing generic asks which kind it is; what a kind has of its own is said here and nowhere else.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::call::router::Route;
use crate::call::{Call, Reply};
use crate::elements::model::place::Place;
use crate::elements::model::{Meta, Selector, title_of};
use crate::elements::origin::Origin;
use crate::elements::settings::Setting;
use crate::elements::{self, Change, Holders, Listed, Wanted, routes};
use crate::engine::Cx;
use crate::engine::catalog::{Catalog, CatalogTable};
use crate::engine::view::ViewContext;
use crate::nouns::integration::model::Integration;
use crate::store::{Record, World};

/// A kind of element that stands at the three layers, or is universal with instances of tenants. The default methods suit a
/// kind that has nothing of its own to do.
pub trait Kind: Record + Clone + PartialEq {
    /// The name of the kind in messages, such as `flow`.
    const NOUN: &'static str;
    /// The name of the kind in paths, such as `flows`.
    const PLURAL: &'static str;
    /// The name of one of the kind in paths, such as `flow`.
    const SINGULAR: &'static str;
    /// The name of an instance in paths, such as `flow-instance`; the list of them has an `s` more.
    const INSTANCE: &'static str;
    /// Where its routes are documented.
    const SOURCE: &'static str;
    /// Whether changes of elements leave checkpoints; not where the client's list of types lacks the kind, since it could not
    /// read them.
    const HAS_CHECKPOINTS: bool = true;
    /// Whether a version that nobody has changed takes over what its parent becomes. Source: DOC (field mapping instances:
    /// “updates to the base field mapping are automatically applied”), IAPP (a flow instance is a copy); that the other kinds
    /// do as field mappings is assumed.
    const FOLLOWS_PARENT: bool = true;
    /// Who has versions of its universal elements.
    const HOLDERS: Holders = Holders::Connections;

    fn id(&self) -> &Id<Self> {
        self.record_id()
    }
    fn meta(&self) -> &Meta;
    fn meta_mut(&mut self) -> &mut Meta;
    fn place(&self) -> &Place<Self>;
    fn place_mut(&mut self) -> &mut Place<Self>;
    /// Makes a universal element that has no definition yet.
    fn blank(id: Id<Self>, meta: Meta) -> Self;
    /// Takes over the definition of another version, so that nothing counts as customised any more.
    fn copy_definition(&mut self, from: &Self);
    /// Whether a version was changed since it was copied from its parent.
    fn is_customized(&self) -> bool;
    /// Marks a version as changed where its definition is another than before; nothing for a kind that marks it part by part.
    fn mark_change(&mut self, _before: &Self) {}
    /// Says of a version that was defined whole, as seeds and archives do, whether it differs from its parent.
    fn compare_with_parent(&mut self, parent: &Self);

    /// The plural and the singular by which the kind was called in paths before; both names are served.
    const FORMER_NAMES: Option<(&'static str, &'static str)> = None;

    /// What a person may set of an instance on its page; nothing where there is no such.
    fn settings(_: &ViewContext<'_>, _: &Self) -> Vec<Setting> {
        Vec::new()
    }

    /// The same of one node of an instance; none for a kind that has no nodes. Fails with 404 for an unknown one.
    fn settings_of_node(_: &Self, _: &str) -> Option<Result<Vec<Setting>, ApiError>> {
        None
    }

    /// Puts in order what a request or seed said of other elements of the workspace.
    fn settle(&mut self, _: &World) {}

    /// Says of other elements what is true in any workspace, for an archive.
    fn port(&mut self, _: &World) {}

    /// Whether the element is the catalog's: it is run by id and shown with an empty key.
    fn is_public(&self) -> bool {
        false
    }

    /// Whether a universal one does something by itself, where no version of it is.
    fn applies_by_itself(&self) -> bool {
        true
    }

    /// The key; empty for elements of the catalog (SEED) and for those without one.
    fn key(&self) -> &str {
        if self.is_public() { "" } else { self.meta().key.as_deref().unwrap_or_default() }
    }

    /// The catalog's elements of this kind; none where it has no such kind.
    fn shared(_: &Catalog) -> Option<&CatalogTable<Self>> {
        None
    }

    /// The form in which seeds and archives describe an element.
    type Seed: SeedForm<Of = Self>;
    /// The form in which an element is answered.
    type View<'a>: Serialize + JsonSchema;
    /// The form in which a request describes an element.
    type Body: DeserializeOwned + JsonSchema + Clone + Send + Sync;

    /// An element as it is answered; `at` is the integration that a universal one is looked at from.
    fn view<'a>(lens: &ViewContext<'a>, element: &'a Self, at: Option<&'a Integration>) -> Self::View<'a>;
    /// An element alone, as it is inside others.
    fn bare<'a>(lens: &ViewContext<'a>, element: &'a Self, at: Option<&'a Integration>) -> Self::View<'a>;
    /// Reads which element a call names, by the spellings of its kind.
    fn selector(call: &Call) -> Result<Selector, ApiError> {
        call.selector()
    }
    /// Reads the filters that only lists of this kind have.
    fn also(_: &Call) -> Result<impl Fn(&Self) -> bool, ApiError> {
        Ok(|_: &Self| true)
    }
    /// Sets the integration of a request body to that of the path; no path names one of a kind that tenants customise.
    fn at_integration(_: &mut Self::Body, _: &str) {}
    /// Sets the connection of a request body to that of the path.
    fn at_connection(_: &mut Self::Body, _: &str) {}
    /// What a request body says of the place and names of a new element. Fails with 400 when it does not say enough.
    fn wanted(body: &Self::Body) -> Result<Wanted, ApiError>;
    /// Changes the definition as a request body says; fields that the body leaves out stay with [`Change::Merge`] and are
    /// cleared with [`Change::Replace`]. Fails with 400 for a wrong value.
    fn define(&mut self, body: Self::Body, change: Change) -> Result<(), ApiError>;
    /// The same for a new element, which begins as a copy of its parent where it has one.
    fn define_new(&mut self, body: Self::Body, _parent: Option<&Self>) -> Result<(), ApiError> {
        self.define(body, Change::Merge)
    }
    /// Whether tenants may make elements of this kind for their own connections.
    fn tenants_may_create(_: &World) -> bool {
        false
    }
    /// Makes an element and answers it; one with a parent begins as a copy of that, under its own name.
    fn create(cx: &Cx, body: Self::Body) -> impl Future<Output = Result<Arc<Self>, ApiError>> + Send {
        async move {
            let wanted = Self::wanted(&body)?;
            let define = |element: &mut Self, world: &World| {
                let parent = element.place().parent.as_ref().and_then(|id| Self::table(world).get(id.as_str()));
                if let Some(parent) = parent {
                    let name = element.meta().name.clone();
                    element.copy_definition(parent);
                    element.meta_mut().name = name;
                }
                element.define_new(body, parent.map(|parent| &**parent))?;
                element.settle(world);
                if let Some(parent) = parent {
                    element.compare_with_parent(parent);
                }
                Ok(())
            };
            elements::create(cx, wanted, define).await
        }
    }
    /// Changes an element and answers it.
    fn update(
        cx: &Cx,
        selector: &Selector,
        body: Self::Body,
        change: Change,
    ) -> impl Future<Output = Result<Listed<Self>, ApiError>> + Send {
        elements::update(cx, selector, move |element: &mut Self, world: &World| {
            let before = element.clone();
            element.define(body, change)?;
            element.settle(world);
            element.mark_change(&before);
            Ok(())
        })
    }
    /// Handles a GET of one element.
    fn get(call: Call) -> impl Future<Output = Result<Reply, ApiError>> + Send {
        async move { routes::get::<Self>(&call) }
    }
    /// The routes that only this kind has below an address of an element, or of an instance.
    fn more_routes(_: &str, _: Address) -> Vec<Route> {
        Vec::new()
    }
    /// Handles a reset of an instance to its parent's definition.
    fn reset_instance(call: Call) -> impl Future<Output = Result<Reply, ApiError>> + Send {
        routes::reset_instance::<Self>(call)
    }
    /// What a PUT of an instance leaves of what was there. Source: SEED (PUT replaces).
    const PUT_OF_INSTANCE: Change = Change::Replace;
}

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// An element, whatever its layer.
    Element,
    /// An instance, which may be made when it is missing.
    Instance,
}

/// The form in which seeds and archives describe an element of a kind.
pub trait SeedForm: std::fmt::Debug + Clone + Serialize + DeserializeOwned {
    /// The kind of element that it describes.
    type Of: Kind<Seed = Self>;
    /// The description of an element, as an export has it.
    fn of(element: &Self::Of) -> Self;
    /// The element that is described, at no layer yet.
    fn fresh(&self, id: Id<Self::Of>, now: Timestamp) -> Self::Of;
    /// Gives an existing element the definition of a fresh one, and leaves its identity and place.
    fn redefine(known: &mut Self::Of, fresh: Self::Of);
    /// The element that is described, without what its kind has of its own.
    fn blank(&self, id: Id<Self::Of>, now: Timestamp) -> Self::Of {
        let name = self.name().cloned().unwrap_or_else(|| title_of(self.key()));
        let (kind, described) = (Self::Of::SINGULAR, self.description().cloned());
        let meta = Meta::planted((kind, id.as_str()), self.key(), &name, described, now);
        Self::Of::blank(id, meta)
    }
    /// The key of the element; the folder's name when the file gives none.
    fn key(&self) -> &str;
    fn key_mut(&mut self) -> &mut String;
    /// The name that people see; derived from the key when there is none.
    fn name(&self) -> Option<&String>;
    /// A description for people.
    fn description(&self) -> Option<&String>;
    /// Any JSON object of the user's own.
    fn meta(&self) -> Option<&JsonMap>;
    /// The UUID, which is the same in every workspace that the element was exported to; none when the file gives none.
    fn uuid(&self) -> Option<&String>;
    /// The UUID of what a version is a version of; none when the file gives none, and that of the same key is meant.
    fn parent_uuid(&self) -> Option<&String>;
    /// The UUID or key of the external app that the element is for, where it is for one alone.
    fn external_app(&self) -> Option<&str>;
    /// The file and place where the element stands, for errors.
    fn origin(&self) -> &Origin;
    fn origin_mut(&mut self) -> &mut Origin;
    /// Refuses what could not be made, and names the field. It is checked when the seed is read,
    /// because a seed is planted often.
    fn check(&self) -> Result<(), (&'static str, ApiError)>;
}

/// The getters of a kind whose struct has the usual fields, for its `impl Kind`.
macro_rules! fields_of_an_element {
    () => {
        fn meta(&self) -> &$crate::elements::model::Meta {
            &self.meta
        }

        fn meta_mut(&mut self) -> &mut $crate::elements::model::Meta {
            &mut self.meta
        }

        fn place(&self) -> &$crate::elements::model::place::Place<Self> {
            &self.place
        }

        fn place_mut(&mut self) -> &mut $crate::elements::model::place::Place<Self> {
            &mut self.place
        }
    };
}

/// How the path of a call says where the element of its body is, for the `impl Kind` of a kind whose body has the usual fields.
macro_rules! places_of_a_path {
    () => {
        fn at_integration(body: &mut Self::Body, integration: &str) {
            body.integration_id = Some(integration.to_owned());
        }

        fn at_connection(body: &mut Self::Body, connection: &str) {
            body.connection_id = Some(connection.to_owned());
        }
    };
}

/// The getters of a seed form whose struct has the usual fields, for its `impl SeedForm`.
macro_rules! fields_of_a_seed_form {
    () => {
        fn key(&self) -> &str {
            &self.key
        }

        fn key_mut(&mut self) -> &mut String {
            &mut self.key
        }

        fn name(&self) -> Option<&String> {
            self.name.as_ref()
        }

        fn description(&self) -> Option<&String> {
            self.description.as_ref()
        }

        fn meta(&self) -> Option<&$crate::base::JsonMap> {
            self.meta.as_ref()
        }

        fn uuid(&self) -> Option<&String> {
            self.uuid.as_ref()
        }

        fn parent_uuid(&self) -> Option<&String> {
            self.parent_uuid.as_ref()
        }

        fn external_app(&self) -> Option<&str> {
            self.external_app_uuid.as_deref().or(self.external_app_key.as_deref())
        }

        fn origin(&self) -> &$crate::elements::origin::Origin {
            &self.origin
        }

        fn origin_mut(&mut self) -> &mut $crate::elements::origin::Origin {
            &mut self.origin
        }
    };
}

pub(crate) use {fields_of_a_seed_form, fields_of_an_element, places_of_a_path};
