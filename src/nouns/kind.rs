//! Kinds that are their fields: what such a kind has of its own is a list of fields, what may stand in them
//! ([`FieldRules`]), and routes. Its stored type ([`crate::elements::model::fields`]), request body, seed form and wire form
//! are made of the list.
//!
//! Invariant: a field is one of all four forms under one name; absent and null are the same, and are left out.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::error::ApiError;
use crate::call::router::Route;
use crate::call::{Call, Reply};
use crate::elements::settings::Setting;
use crate::elements::{Address, Kind, routes};
use crate::engine::view::ViewContext;
use crate::store::World;

/// What a kind that is its fields has beside them.
pub trait FieldRules: Kind {
    /// The fields that an answer has beside those that are stored.
    type More<'a>: Serialize + JsonSchema + std::fmt::Debug;

    /// The plural and the singular by which the kind was called in paths before, see [`Kind::FORMER_NAMES`].
    const FORMER_NAMES: Option<(&'static str, &'static str)> = None;

    /// Whether changes leave checkpoints, see [`Kind::HAS_CHECKPOINTS`].
    const HAS_CHECKPOINTS: bool = true;

    /// Refuses what may not stand in a field, and names that.
    fn check(&self) -> Result<(), (&'static str, ApiError)>;

    /// What an answer has beside what is stored.
    fn more<'a>(&'a self, lens: &ViewContext<'a>) -> Self::More<'a>;

    /// What a person may set of an instance on its page, see [`Kind::settings`].
    fn settings(&self, _: &ViewContext<'_>) -> Vec<Setting> {
        Vec::new()
    }

    /// Puts in order what was said of other elements, see [`Kind::settle`].
    fn settle(&mut self, _: &World) {}

    /// Says of other elements what is true in any workspace, see [`Kind::port`].
    fn port(&mut self, _: &World) {}

    /// Refuses a query that names an element of this kind wrongly.
    fn check_query(_: &Call) -> Result<(), ApiError> {
        Ok(())
    }

    /// Handles a GET of one element.
    fn get(call: Call) -> impl Future<Output = Result<Reply, ApiError>> + Send {
        async move { routes::get::<Self>(&call) }
    }

    /// Reads the filters that only lists of this kind have.
    fn filter(_: &Call) -> Result<impl Fn(&Self) -> bool, ApiError> {
        Ok(|_: &Self| true)
    }

    /// The routes that only this kind has, see [`Kind::more_routes`].
    fn routes(_: &str, _: Address) -> Vec<Route> {
        Vec::new()
    }
}

/// What an answer has that shows what is stored and nothing more.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NoMore {}

/// What only a kind at the three layers has, which is told by its field for the universal element.
macro_rules! at_three_layers {
    ($universal:ident: $($what:tt)*) => { $($what)* };
}

/// Makes a kind of its fields: its `Kind`, and the forms beside its stored type. `parent` names the fields and query
/// fields by which an instance or version names what it is one of; a kind that stands at the three layers has
/// `universal`, the field for the universal element.
macro_rules! kind_of_fields {
    (
        $(#[$_about:meta])*
        $name:ident {
            noun: $noun:literal, plural: $plural:literal, singular: $singular:literal,
            instance: $instance:literal, source: $source:literal,
            holders: $holders:ident, body: $body:ident, seed: $seed:ident, view: $view:ident as $wire:literal,
            parent: $parent:ident, $parent_id:ident as $parent_id_name:literal, $parent_key_name:literal, $revision:ident,
            $(universal: $universal:ident as $universal_name:literal,)?
            fields: { $( $(#[$about_field:meta])* $field:ident: $type:ty, )* }
        }
    ) => {
        /// The fields that a request may set; absent ones keep their value.
        #[derive(Debug, Clone, Default, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $body {
            /// The key that code names it by, unique at its place; derived from `name` when absent on creation.
            pub key: $crate::base::json::patch::Patch<String>,
            /// The UUID; it is made when absent on creation.
            pub uuid: $crate::base::json::patch::Patch<String>,
            /// The name that people see; derived from `key` when absent on creation.
            pub name: $crate::base::json::patch::Patch<String>,
            /// A description for people.
            pub description: $crate::base::json::patch::Patch<String>,
            /// Any JSON object of your own; it replaces the stored one.
            pub meta: $crate::base::json::patch::Patch<$crate::base::JsonMap>,
            /// The key of this instance where its holder has several.
            pub instance_key: $crate::base::json::patch::Patch<String>,
            /// On creation: the id or key of what this one begins as a copy of.
            pub $parent_id: Option<String>,
            $(
                /// On creation: the id of the universal one that this one begins as a copy of.
                pub $universal: Option<String>,
                /// On creation: the id of the one that this one is a version of; when absent, the nearest one with the
                /// same key one layer up is meant.
                pub parent_id: Option<String>,
                /// On creation: the id of the integration that it belongs to.
                pub integration_id: Option<String>,
                /// On creation: the key of the integration; an alternative to `integrationId`.
                pub integration_key: Option<String>,
                /// On creation: the id of the connection that it belongs to.
                pub connection_id: Option<String>,
                /// On creation: the key of the connection; an alternative to `connectionId`.
                pub connection_key: Option<String>,
                /// On creation: the id or key of the external app that it is for.
                pub external_app_id: Option<String>,
                /// On creation: the key of the external app; an alternative to `externalAppId`.
                pub external_app_key: Option<String>,
            )?
            $( $(#[$about_field])* pub $field: $crate::base::json::patch::Patch<$type>, )*
        }

        /// The form in seeds and archives. Fields of a real export that have no meaning here are ignored.
        #[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $seed {
            /// The key; the folder's name when absent.
            #[serde(default)]
            pub key: String,
            /// The name that people see; derived from the key when absent.
            #[serde(default)]
            pub name: Option<String>,
            /// A description for people.
            #[serde(default)]
            pub description: Option<String>,
            $( $(#[$about_field])* #[serde(default)] pub $field: Option<$type>, )*
            /// Any JSON object of the user's own.
            #[serde(default)]
            pub meta: Option<$crate::base::JsonMap>,
            /// The UUID, which is the same in every workspace that it was exported to; one is made when absent.
            #[serde(default)]
            pub uuid: Option<String>,
            /// The UUID of the element that a version of it is a version of; that of the same key when absent.
            #[serde(default)]
            pub parent_uuid: Option<String>,
            /// The UUID of the integration that it stands at; its place says that already.
            #[serde(default)]
            pub integration_uuid: Option<String>,
            /// The UUID of the external app that it is for, where it is for one alone; see `externalAppKey` too.
            #[serde(default)]
            pub external_app_uuid: Option<String>,
            /// The key of that app, which does as well.
            #[serde(default)]
            pub external_app_key: Option<String>,
            #[serde(skip)]
            pub(crate) origin: $crate::elements::origin::Origin,
        }

        /// The wire form.
        #[derive(Debug, serde::Serialize, schemars::JsonSchema)]
        #[schemars(rename = $wire)]
        #[serde(rename_all = "camelCase")]
        pub struct $view<'a> {
            /// The fields that all elements have.
            #[serde(flatten)]
            pub(crate) element: $crate::nouns::integration::ElementView<'a>,
            /// The state; here it is always `READY`.
            pub(crate) state: &'static str,
            $(
                $(#[$about_field])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub(crate) $field: Option<&'a $type>,
            )*
            /// What an answer has beside what is stored.
            #[serde(flatten)]
            pub(crate) more: <$name as $crate::nouns::kind::FieldRules>::More<'a>,
            /// Whether a version was changed since it was copied from its parent.
            pub(crate) is_customized: bool,
            /// The id of what this one is an instance or version of.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub(crate) $parent_id: Option<&'a $crate::base::ids::Id<$name>>,
            /// The revision that it had when it was last copied; absent when nothing was copied.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub(crate) $revision: Option<&'a str>,
            $(
                /// The id of the universal one that this one is a version of, directly or not.
                #[serde(skip_serializing_if = "Option::is_none")]
                pub(crate) $universal: Option<$crate::base::ids::Id<$name>>,
                /// The connection of an instance; absent at other layers.
                #[serde(skip_serializing_if = "Option::is_none")]
                pub(crate) connection: Option<$crate::nouns::connection::ConnectionView<'a>>,
            )?
            /// What this one is an instance or version of.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub(crate) $parent: Option<Box<$view<'a>>>,
        }

        $(
            $crate::nouns::kind::at_three_layers!($universal: impl $body {
                $crate::elements::model::bodies::place_of_a_body!();
            });
        )?

        impl $name {
            /// Whether it is defined otherwise than another version.
            fn differs_from(&self, other: &Self) -> bool {
                let mut copy = self.clone();
                <Self as $crate::elements::Kind>::copy_definition(&mut copy, other);
                copy.is_customized = self.is_customized;
                copy.parent_revision.clone_from(&self.parent_revision);
                copy != *self
            }
        }

        impl $crate::elements::Kind for $name {
            const NOUN: &'static str = $noun;
            const PLURAL: &'static str = $plural;
            const SINGULAR: &'static str = $singular;
            const INSTANCE: &'static str = $instance;
            const SOURCE: &'static str = $source;
            const HOLDERS: $crate::elements::Holders = $crate::elements::Holders::$holders;
            const HAS_CHECKPOINTS: bool = <Self as $crate::nouns::kind::FieldRules>::HAS_CHECKPOINTS;
            const FORMER_NAMES: Option<(&'static str, &'static str)> =
                <Self as $crate::nouns::kind::FieldRules>::FORMER_NAMES;

            fn settings(
                lens: &$crate::engine::view::ViewContext<'_>,
                of: &Self,
            ) -> Vec<$crate::elements::settings::Setting> {
                $crate::nouns::kind::FieldRules::settings(of, lens)
            }

            fn settle(&mut self, world: &$crate::store::World) {
                <Self as $crate::nouns::kind::FieldRules>::settle(self, world);
            }

            fn port(&mut self, world: &$crate::store::World) {
                <Self as $crate::nouns::kind::FieldRules>::port(self, world);
            }

            fn get(
                call: $crate::call::Call,
            ) -> impl Future<Output = Result<$crate::call::Reply, $crate::base::error::ApiError>> + Send {
                <Self as $crate::nouns::kind::FieldRules>::get(call)
            }

            /// Answers a universal one whose fields are not set.
            fn blank(id: $crate::base::ids::Id<Self>, meta: $crate::elements::model::Meta) -> Self {
                let place = $crate::elements::model::place::Place::default();
                Self { id, meta, place, $( $field: None, )* is_customized: false, parent_revision: None }
            }

            fn copy_definition(&mut self, from: &Self) {
                self.meta.name.clone_from(&from.meta.name);
                self.meta.description.clone_from(&from.meta.description);
                $( self.$field.clone_from(&from.$field); )*
                self.is_customized = false;
                self.parent_revision = Some(from.meta.revision.clone());
            }

            fn is_customized(&self) -> bool {
                self.is_customized
            }

            fn mark_change(&mut self, before: &Self) {
                self.is_customized |= self.place.parent.is_some() && self.differs_from(before);
            }

            fn compare_with_parent(&mut self, parent: &Self) {
                self.is_customized = self.differs_from(parent);
            }

            type Seed = $seed;
            type View<'a> = $view<'a>;
            type Body = $body;

            fn view<'a>(
                lens: &$crate::engine::view::ViewContext<'a>,
                of: &'a Self,
                at: Option<&'a $crate::nouns::integration::model::Integration>,
            ) -> $view<'a> {
                let world = lens.directory.world;
                let above = $crate::elements::parent_of(world, of);
                $view {
                    element: lens.layered(of, at),
                    $(
                        $universal: $crate::elements::universal_parent(world, of),
                        connection: of.place.connection.as_ref()
                            .and_then(|id| world.connections.get(id.as_str()))
                            .map(|it| lens.bare_connection(it, $crate::engine::view::Secrets::Hidden)),
                    )?
                    $parent: above.map(|above| Box::new(<Self as $crate::elements::Kind>::bare(lens, above, None))),
                    ..<Self as $crate::elements::Kind>::bare(lens, of, at)
                }
            }

            fn bare<'a>(
                lens: &$crate::engine::view::ViewContext<'a>,
                of: &'a $name,
                at: Option<&'a $crate::nouns::integration::model::Integration>,
            ) -> $view<'a> {
                $view {
                    element: lens.layered_alone(of, at),
                    state: "READY",
                    $( $field: of.$field.as_ref(), )*
                    more: <$name as $crate::nouns::kind::FieldRules>::more(of, lens),
                    is_customized: of.is_customized,
                    $parent_id: of.place.parent.as_ref(),
                    $revision: of.parent_revision.as_deref(),
                    $(
                        $universal: $crate::elements::universal_parent(lens.directory.world, of),
                        connection: None,
                    )?
                    $parent: None,
                }
            }

            /// Reads the selector; an instance may also be named by what it is one of, under its own name.
            fn selector(call: &$crate::call::Call) -> Result<$crate::elements::model::Selector, $crate::base::error::ApiError> {
                <Self as $crate::nouns::kind::FieldRules>::check_query(call)?;
                let (query, mut selector) = (call.query(), call.selector()?);
                selector.parent_id = selector.parent_id.or_else(|| query.text($parent_id_name));
                selector.parent_key = selector.parent_key.or_else(|| query.text($parent_key_name));
                if Self::HOLDERS != $crate::elements::Holders::Connections {
                    selector.scope = $crate::elements::model::Scope::default();
                }
                Ok(selector)
            }

            /// Reads the filters of its own, and that by the universal one, under its own name.
            fn also(
                call: &$crate::call::Call,
            ) -> Result<impl Fn(&Self) -> bool, $crate::base::error::ApiError> {
                let passes = <Self as $crate::nouns::kind::FieldRules>::filter(call)?;
                let universal: Option<String> = None;
                $( let universal = universal.or_else(|| call.query().text($universal_name)); )?
                let world = call.cx()?.world();
                Ok(move |of: &Self| {
                    let is_of = |id: &String| {
                        $crate::elements::universal_parent(&world, of).is_some_and(|of| of.as_str() == id)
                    };
                    passes(of) && universal.as_ref().is_none_or(is_of)
                })
            }

            $(
                $crate::nouns::kind::at_three_layers!($universal: $crate::elements::kind::places_of_a_path!(););
            )?

            fn wanted(body: &$body) -> Result<$crate::elements::Wanted, $crate::base::error::ApiError> {
                let wanted = $crate::elements::Wanted {
                    parent: body.$parent_id.clone(),
                    key: body.key.set().cloned(),
                    name: body.name.set().cloned(),
                    ..$crate::elements::Wanted::default()
                };
                $(
                    let parent = wanted.parent.or_else(|| body.parent_id.clone()).or_else(|| body.$universal.clone());
                    let (scope, external_app) = (body.scope(), body.external_app());
                    let wanted = $crate::elements::Wanted { parent, scope, external_app, ..wanted };
                )?
                if wanted.key.is_none() && wanted.name.is_none() && wanted.parent.is_none() {
                    let article = $crate::base::text::article($noun);
                    return Err($crate::base::error::ApiError::bad_request(format!(
                        "{article} {} needs a `key` or a `name`",
                        $noun
                    )));
                }
                Ok(wanted)
            }

            fn more_routes(
                base: &str,
                of: $crate::elements::Address,
            ) -> Vec<$crate::call::router::Route> {
                <Self as $crate::nouns::kind::FieldRules>::routes(base, of)
            }

            fn define(
                &mut self,
                body: $body,
                change: $crate::elements::Change,
            ) -> Result<(), $crate::base::error::ApiError> {
                if change == $crate::elements::Change::Replace {
                    self.meta.clear();
                    $( self.$field = None; )*
                }
                $crate::elements::model::bodies::apply_names!(body to self);
                $( body.$field.apply(&mut self.$field); )*
                $crate::nouns::kind::FieldRules::check(self).map_err(|(_, error)| error)
            }

            $crate::elements::kind::fields_of_an_element!();
        }

        impl $crate::elements::SeedForm for $seed {
            type Of = $name;

            fn of(known: &$name) -> Self {
                Self {
                    key: known.meta.key.clone().unwrap_or_default(),
                    name: Some(known.meta.name.clone()),
                    description: known.meta.description.clone(),
                    $( $field: known.$field.clone(), )*
                    meta: known.meta.meta.clone(),
                    uuid: Some(known.meta.uuid.clone()),
                    ..Self::default()
                }
            }

            fn fresh(&self, id: $crate::base::ids::Id<$name>, now: $crate::base::clock::Timestamp) -> $name {
                let blank = $crate::elements::SeedForm::blank(self, id, now);
                $name { $( $field: self.$field.clone(), )* ..blank }
            }

            fn redefine(known: &mut $name, fresh: $name) {
                let kept = std::mem::replace(known, fresh);
                known.id = kept.id;
                known.meta = kept.meta;
                known.place = kept.place;
                known.is_customized = kept.is_customized;
                known.parent_revision = kept.parent_revision;
            }

            fn check(&self) -> Result<(), (&'static str, $crate::base::error::ApiError)> {
                let checked = self.fresh("checked".into(), $crate::base::clock::Timestamp::from_millis(0));
                $crate::nouns::kind::FieldRules::check(&checked)
            }

            $crate::elements::kind::fields_of_a_seed_form!();
        }
    };
}

pub(crate) use {at_three_layers, kind_of_fields};
