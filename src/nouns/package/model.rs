//! The fields of packages. Pure types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::elements::model::fields::stored_type;

/// Calls a macro with the fields of packages.
macro_rules! package {
    ($do:ident) => {
        $do! {
            /// A package, or the version of one that an integration or a connection has. Source: SDK `BasePackage`.
            Package {
                noun: "package", plural: "packages", singular: "package",
                instance: "package-instance", source: "SDK",
                holders: Connections, body: PackageBody, seed: SeedPackage,
                view: PackageView as "Package",
                parent: package, package_id as "packageId", "packageKey",
                parent_package_version,
                universal: universal_package_id as "universalPackageId",
                fields: {
                    /// The elements that belong to it.
                    elements: Vec<crate::nouns::package::model::PackageElement>,
                    /// The template that it was made from; kept and answered (assumed).
                    scenario_template_id: String,
                }
            }
        }
    };
}

package!(stored_type);

pub(crate) use package;

/// An element that a package names. Source: SDK `PackageElement`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackageElement {
    /// The id of the element; what is sent may be its UUID, as `uuid` too, or the key of a universal one.
    #[serde(alias = "uuid")]
    pub id: String,
    /// The type of the element, such as `action`.
    #[serde(rename = "type")]
    pub element_type: String,
}
