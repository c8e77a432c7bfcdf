//! What app data schemas have of their own as a kind of element.

use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::call::Call;
use crate::elements::kind::fields_of_an_element;
use crate::elements::model::place::Place;
use crate::elements::model::{Meta, Scope, Selector};
use crate::elements::{Change, Holders, Kind, Wanted};
use crate::engine::view::ViewContext;
use crate::nouns::app_data_schema::model::{AppDataSchema, AppDataSchemaBody};
use crate::nouns::app_data_schema::seed::SeedAppDataSchema;
use crate::nouns::app_data_schema::view::AppDataSchemaView;
use crate::nouns::integration::model::Integration;

impl Kind for AppDataSchema {
    const NOUN: &'static str = "app data schema";
    const PLURAL: &'static str = "app-data-schemas";
    const SINGULAR: &'static str = "app-data-schema";
    const SOURCE: &'static str = "SDK";
    const HOLDERS: Holders = Holders::Tenants;

    /// Answers a universal one without a schema.
    fn blank(id: Id<Self>, meta: Meta) -> Self {
        Self {
            id,
            meta,
            place: Place::default(),
            schema: None,
            code: None,
            is_customized: false,
            parent_revision: None,
        }
    }

    fn copy_definition(&mut self, from: &Self) {
        self.meta.name.clone_from(&from.meta.name);
        self.meta.description.clone_from(&from.meta.description);
        self.schema.clone_from(&from.schema);
        self.code.clone_from(&from.code);
        self.is_customized = false;
        self.parent_revision = Some(from.meta.revision.clone());
    }

    type Seed = SeedAppDataSchema;
    type View<'a> = AppDataSchemaView<'a>;
    type Body = AppDataSchemaBody;

    fn view<'a>(lens: &ViewContext<'a>, of: &'a Self, _: Option<&'a Integration>) -> AppDataSchemaView<'a> {
        lens.app_data_schema(of)
    }

    /// Reads the selector; an instance may also be named by `appDataSchemaId` or `appDataSchemaKey`. Source: SDK
    /// `AppDataSchemaInstanceSelector`.
    fn selector(call: &Call) -> Result<Selector, ApiError> {
        let (query, selector) = (call.query(), call.selector()?);
        Ok(Selector {
            parent_id: selector.parent_id.or_else(|| query.text("appDataSchemaId")),
            parent_key: selector.parent_key.or_else(|| query.text("appDataSchemaKey")),
            scope: Scope::default(),
            ..selector
        })
    }

    fn wanted(body: &AppDataSchemaBody) -> Result<Wanted, ApiError> {
        if body.key.set().is_none() && body.name.set().is_none() {
            return Err(ApiError::bad_request(
                "an app data schema needs a `key` or a `name`, and a `schema` to say anything",
            ));
        }
        Ok(Wanted {
            parent: body.app_data_schema_id.clone(),
            key: body.key.set().cloned(),
            name: body.name.set().cloned(),
            ..Wanted::default()
        })
    }

    fn define(&mut self, body: AppDataSchemaBody, change: Change) -> Result<(), ApiError> {
        if change == Change::Replace {
            self.meta.description = None;
            self.meta.meta = None;
            self.schema = None;
            self.code = None;
            self.is_customized |= self.place.parent.is_some();
        }
        self.apply(body)
    }

    fields_of_an_element!();
}
