//! What packages have of their own as a kind of element.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::error::ApiError;
use crate::elements::model::Meta;
use crate::engine::view::ViewContext;
use crate::nouns::kind::{FieldRules, kind_of_fields};
use crate::nouns::model::for_each_kind;
use crate::nouns::package::model::{Package, PackageElement, package};
use crate::store::World;

package!(kind_of_fields);

/// What an answer has beside what is stored.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct More {
    /// Always false: no package here is in a public catalog.
    is_public: bool,
}

macro_rules! element_types {
    (
        records { $($records:tt)* }
        elements {
            $($(#[$doc:meta])* $kind:ident($name:literal) in $table:ident: $element:ty, by $key:expr $(, waits $agenda:expr)? $(, queues $queue:expr)?;)*
        }
    ) => {
        /// The types of elements that a package may name.
        const TYPES: &[&str] = &[$($name),*];

        /// The id and names of the element of a type that an id, a UUID or the key of a universal one names.
        fn element<'w>(world: &'w World, of_type: &str, named: &str) -> Option<(&'w str, &'w Meta)> {
            match of_type {
                $($name => world
                    .$table
                    .get(named)
                    .or_else(|| world.$table.iter().find(|it| it.meta.uuid == named))
                    .or_else(|| {
                        let is_meant = |it: &&std::sync::Arc<$element>| {
                            it.meta.key.as_deref() == Some(named) && it.place.specificity() == 0 && !it.meta.is_archived()
                        };
                        world.$table.iter().find(is_meant)
                    })
                    .map(|it| (it.id.as_str(), &it.meta)),)*
                _ => None,
            }
        }
    };
}

for_each_kind!(element_types);

impl FieldRules for Package {
    type More<'a> = More;

    /// The name that packages had before. Source: SDK `ScenariosAccessor`.
    const FORMER_NAMES: Option<(&'static str, &'static str)> = Some(("scenarios", "scenario"));

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        let unknown = self.elements.iter().flatten().find(|it| !TYPES.contains(&it.element_type.as_str()));
        unknown.map_or(Ok(()), |it| {
            let why = format!("`elements` has the type `{}`; there are {}", it.element_type, TYPES.join(", "));
            Err(("elements", ApiError::bad_request(why)))
        })
    }

    /// Elements may be named by UUID or key, and are answered by id.
    fn settle(&mut self, world: &World) {
        self.rename(|named| element(world, &named.element_type, &named.id).map(|(id, _)| id.to_owned()));
    }

    /// Ids are other ones in another workspace, and UUIDs are the same.
    fn port(&mut self, world: &World) {
        self.rename(|named| element(world, &named.element_type, &named.id).map(|(_, meta)| meta.uuid.clone()));
    }

    fn more<'a>(&'a self, _: &ViewContext<'a>) -> More {
        More { is_public: false }
    }
}

impl Package {
    /// Gives its elements the names that there are for them.
    fn rename(&mut self, name: impl Fn(&PackageElement) -> Option<String>) {
        for named in self.elements.iter_mut().flatten() {
            if let Some(name) = name(named) {
                named.id = name;
            }
        }
    }
}
