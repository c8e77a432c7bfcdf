//! What app event types and subscriptions have of their own as a kind of element.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::json::schema::check_schema;
use crate::call::Call;
use crate::call::router::{Access, Route, route};
use crate::elements::Address;
use crate::engine::view::ViewContext;
use crate::nouns::app_event::model::{AppEventType, app_event_type};
use crate::nouns::app_event::routes;
use crate::nouns::kind::{FieldRules, kind_of_fields};

app_event_type!(kind_of_fields);

/// What an answer has beside what is stored.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct More {
    /// Of a type: the key in the address that events are sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_key: Option<String>,
    /// Of a type: where events of all tenants are sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    global_webhook_uri: Option<String>,
    /// Of a subscription: where the tenant's events are sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_uri: Option<String>,
    /// Of a subscription: the request that tells the user's app where to send events; its `uri` is empty where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_request: Option<Value>,
    /// Of a subscription that the user's app was not told of: `false`; otherwise what is stored is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_subscribed: Option<bool>,
}

impl FieldRules for AppEventType {
    type More<'a> = More;

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        let schema = self.schema.as_ref();
        schema.map_or(Ok(()), |of| check_schema(of, "schema")).map_err(|error| ("schema", error))?;
        if self.subscribe_request.as_ref().is_some_and(|request| request.get("uri").is_none()) {
            let why = "`subscribeRequest` is a request {uri, method, headers, query, body}";
            return Err(("subscribeRequest", ApiError::bad_request(why)));
        }
        Ok(())
    }

    fn more<'a>(&'a self, lens: &ViewContext<'a>) -> More {
        let workspace = &lens.directory.world.workspace.key;
        let (key, uri) = (self.webhook_key(workspace), self.webhook_uri(lens.base, workspace));
        if self.place.is_instance() {
            let request = self.subscribe_request.clone().unwrap_or_else(|| json!({ "uri": "" }));
            return More {
                webhook_key: None,
                global_webhook_uri: None,
                webhook_uri: Some(uri),
                subscription_request: Some(request),
                is_subscribed: self.is_subscribed.is_none().then_some(false),
            };
        }
        More {
            webhook_key: Some(key),
            global_webhook_uri: Some(uri),
            webhook_uri: None,
            subscription_request: None,
            is_subscribed: None,
        }
    }

    /// `isSubscribed`. Source: SDK `FindAppEventSubscriptionsQuery`.
    fn filter(call: &Call) -> Result<impl Fn(&Self) -> bool, ApiError> {
        let wanted = call.query().flag("isSubscribed");
        Ok(move |of: &Self| wanted.is_none_or(|wanted| of.is_subscribed.unwrap_or_default() == wanted))
    }

    /// Source: SDK `AppEventSubscriptionAccessor`; OAS (`schema`).
    fn routes(base: &str, of: Address) -> Vec<Route> {
        let schema = route(Some(Method::GET), format!("{base}/schema"), Access::Anyone, "OAS", move |call| {
            routes::schema(call, of)
        });
        let subscribe =
            route(Some(Method::POST), format!("{base}/subscribe"), Access::Anyone, "SDK", routes::subscribe);
        if of == Address::Instance { vec![schema, subscribe] } else { vec![schema] }
    }
}
