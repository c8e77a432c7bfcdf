//! The fields of external event types. Pure types.

use crate::elements::model::fields::stored_type;

/// Calls a macro with the fields of external event types.
macro_rules! external_event_type {
    ($do:ident) => {
        $do! {
            /// An external event type. Source: DOC:reference/workspace-elements/external-events/external-event-types, where it
            /// is experimental.
            ExternalEventType {
                noun: "external event type", plural: "external-event-types", singular: "external-event-type",
                instance: "external-event-type-instance", source: "OAS",
                holders: Connections, body: ExternalEventTypeBody, seed: SeedExternalEventType,
                view: ExternalEventTypeView as "ExternalEventType",
                parent: external_event_type, external_event_type_id as "externalEventTypeId", "externalEventTypeKey",
                external_event_type_revision,
                universal: universal_external_event_type_id as "universalExternalEventTypeId",
                fields: {
                    /// How its events come; here always by webhook.
                    r#type: String,
                    /// The JSON Schema of the parameters of a subscription.
                    parameters_schema: serde_json::Value,
                    /// The JSON Schema of an event.
                    schema: serde_json::Value,
                    /// An event as an example.
                    example: serde_json::Value,
                    /// Code that tells the app where to send events; it is kept, and nothing runs it.
                    subscribe: String,
                    /// Code that makes events of what the app sends; it is kept, and nothing runs it.
                    handle: String,
                    /// Code that tells the app to stop; it is kept, and nothing runs it.
                    unsubscribe: String,
                    /// Code that keeps the subscription alive; it is kept, and nothing runs it.
                    refresh: String,
                }
            }
        }
    };
}

external_event_type!(stored_type);

pub(crate) use external_event_type;
