//! What app data schemas have of their own as a kind of element.

use crate::base::error::ApiError;
use crate::base::json::schema::check_schema;
use crate::engine::view::ViewContext;
use crate::nouns::app_data_schema::model::{AppDataSchema, app_data_schema};
use crate::nouns::kind::{FieldRules, NoMore, kind_of_fields};

app_data_schema!(kind_of_fields);

impl FieldRules for AppDataSchema {
    type More<'a> = NoMore;

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        let schema = self.schema.as_ref();
        schema.map_or(Ok(()), |of| check_schema(of, "schema")).map_err(|error| ("schema", error))
    }

    fn more<'a>(&'a self, _: &ViewContext<'a>) -> NoMore {
        NoMore {}
    }
}
