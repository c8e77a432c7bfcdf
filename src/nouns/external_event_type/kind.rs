//! What external event types have of their own as a kind of element.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::error::ApiError;
use crate::base::json::schema::check_schema;
use crate::engine::view::ViewContext;
use crate::nouns::external_event_type::model::{ExternalEventType, external_event_type};
use crate::nouns::kind::{FieldRules, kind_of_fields};

external_event_type!(kind_of_fields);

/// What an answer has beside what is stored.
#[derive(Debug, Serialize, JsonSchema)]
pub struct More {
    /// How its events come, where it was not said: `webhook`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    of_type: Option<&'static str>,
}

impl FieldRules for ExternalEventType {
    type More<'a> = More;

    const HAS_CHECKPOINTS: bool = false;

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        if self.r#type.as_ref().is_some_and(|given| given != "webhook") {
            return Err(("type", ApiError::bad_request("`type` of an external event type is `webhook`")));
        }
        for (schema, field) in [(&self.schema, "schema"), (&self.parameters_schema, "parametersSchema")] {
            schema.as_ref().map_or(Ok(()), |of| check_schema(of, field)).map_err(|error| (field, error))?;
        }
        Ok(())
    }

    fn more<'a>(&'a self, _: &ViewContext<'a>) -> More {
        More { of_type: self.r#type.is_none().then_some("webhook") }
    }
}
