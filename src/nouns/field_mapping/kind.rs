//! What field mappings have of their own as a kind of element.

use http::Method;

use crate::base::error::ApiError;
use crate::base::json::schema::check_schema;
use crate::call::router::{Access, Route, route};
use crate::elements::{Address, routes as elements};
use crate::engine::view::ViewContext;
use crate::nouns::field_mapping::model::{Direction, FieldMapping, field_mapping};
use crate::nouns::field_mapping::routes;
use crate::nouns::kind::{FieldRules, NoMore, kind_of_fields};

field_mapping!(kind_of_fields);

impl FieldRules for FieldMapping {
    type More<'a> = NoMore;

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        let schema = self.app_schema.as_ref();
        schema.map_or(Ok(()), |schema| check_schema(schema, "appSchema")).map_err(|error| ("appSchema", error))
    }

    fn more<'a>(&'a self, _: &ViewContext<'a>) -> NoMore {
        NoMore {}
    }

    /// Source: SDK `FieldMappingAccessor`; OAS (`run`).
    fn routes(base: &str, of: Address) -> Vec<Route> {
        let at = |below: &str| format!("{base}/{below}");
        match of {
            Address::Instance => Vec::new(),
            Address::Element => vec![
                route(Some(Method::POST), at("setup"), Access::Anyone, "SDK", elements::setup::<Self>),
                route(Some(Method::GET), at("app-schema"), Access::Anyone, "SDK", routes::app_schema),
                route(Some(Method::POST), at("run"), Access::Anyone, "OAS", routes::run),
            ],
        }
    }
}
