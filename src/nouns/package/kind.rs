//! What packages have of their own as a kind of element.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::error::ApiError;
use crate::engine::view::ViewContext;
use crate::nouns::kind::{FieldRules, kind_of_fields};
use crate::nouns::package::model::{Package, PackageElement, package};
use crate::nouns::references::{find, types};
use crate::store::World;

package!(kind_of_fields);

/// What an answer has beside what is stored.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct More {
    /// Always false: no package here is in a public catalog.
    is_public: bool,
}

impl FieldRules for Package {
    type More<'a> = More;

    /// The name that packages had before. Source: SDK `ScenariosAccessor`.
    const FORMER_NAMES: Option<(&'static str, &'static str)> = Some(("scenarios", "scenario"));

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        let unknown = self.elements.iter().flatten().find(|it| !types().any(|known| known == it.element_type));
        unknown.map_or(Ok(()), |it| {
            let why = format!(
                "`elements` has the type `{}`; there are {}",
                it.element_type,
                types().collect::<Vec<_>>().join(", ")
            );
            Err(("elements", ApiError::bad_request(why)))
        })
    }

    /// Elements may be named by UUID or key, and are answered by id.
    fn settle(&mut self, world: &World) {
        let tenant = self.place.tenant.clone();
        self.rename(|named| find(world, &named.element_type, &named.id, tenant.as_ref()).map(|it| it.id.to_owned()));
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
