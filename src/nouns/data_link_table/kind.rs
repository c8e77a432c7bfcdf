//! What data link tables have of their own as a kind of element.

use http::Method;

use crate::base::error::ApiError;
use crate::call::router::{Access, Route, route};
use crate::elements::Address;
use crate::engine::view::ViewContext;
use crate::nouns::data_link_table::model::{DataLinkTable, data_link_table};
use crate::nouns::data_link_table::routes;
use crate::nouns::kind::{FieldRules, NoMore, kind_of_fields};

data_link_table!(kind_of_fields);

impl FieldRules for DataLinkTable {
    type More<'a> = NoMore;

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        Ok(())
    }

    fn more<'a>(&'a self, _: &ViewContext<'a>) -> NoMore {
        NoMore {}
    }

    /// The links of an instance; at the address of a table, those of the instance of the connection that the query names.
    /// Source: SDK `DataLinkTableInstanceAccessor`; OAS.
    fn routes(base: &str, of: Address) -> Vec<Route> {
        let (at, source) = (format!("{base}/links"), if of == Address::Instance { "SDK" } else { "OAS" });
        vec![
            route(Some(Method::GET), &at, Access::Anyone, source, move |call| routes::list(call, of)),
            route(Some(Method::POST), &at, Access::Anyone, source, move |call| routes::create(call, of)),
            route(Some(Method::DELETE), &at, Access::Anyone, source, move |call| routes::delete(call, of)),
        ]
    }
}
