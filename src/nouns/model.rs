//! The one list of kinds: every record that a workspace holds, and every kind of element among them.
//!
//! A line says how a kind is called in the database, which field of [`crate::store::World`] holds it, its type, the text that
//! it is looked up by beside its id, what it waits for, the queue that it waits in, and what else it is found by. The
//! store's world and its loading, the routes, seeds, planting, archives and events read it from here. A further kind of
//! element is its folder, a line here and a `mod` line; one that moves by itself stands in the worker's list too.

/// Calls a macro with the list: `records { … }` move by rules of their own, `elements { … }` stand at the three layers.
macro_rules! for_each_kind {
    ($do:ident) => {
        $do! {
            records {
                /// Tenants are looked up by tenant key.
                Tenant("tenant") in tenants: crate::nouns::tenant::model::Tenant, by |tenant| Some(&tenant.internal_id);
                /// The workspace's own external apps are looked up by key.
                ExternalApp("external-app") in external_apps: crate::nouns::external_app::model::ExternalApp, by |app| app.meta.key.as_deref(), names |it, name| it.names(name);
                /// The workspace's own connectors, and its copies of the catalog's, are looked up by key.
                Connector("connector") in connectors: crate::nouns::connector::model::Connector, by |connector| connector.meta.key.as_deref(), names |it, name| it.names(name);
                /// Integrations are looked up by key.
                Integration("integration") in integrations: crate::nouns::integration::model::Integration, by |integration| integration.meta.key.as_deref(), names |it, name| it.names(name);
                /// Connections are looked up by key, which several tenants may share.
                Connection("connection") in connections: crate::nouns::connection::model::Connection, by |connection| connection.meta.key.as_deref(), waits |it| it.agenda(), names |it, name| it.names(name);
                /// Runs of flow instances are looked up by the connection on which they go on; those that do not have none.
                FlowRun("flow-run") in flow_runs: crate::nouns::flow_run::model::FlowRun, by |run| run.occupied_connection(), waits |it| it.agenda(), queues |it| it.queue(), names |it, name| it.names(name);
                /// Connection requests are looked up only by id.
                ConnectionRequest("connection-request") in connection_requests: crate::nouns::connection_request::model::ConnectionRequest, by |_| None;
                /// Attempt logs say how attempts to connect went.
                AttemptLog("connection-attempt-log") in attempt_logs: crate::nouns::attempt_log::model::AttemptLog, by |_| None;
                /// Agent sessions are looked up by the id of the element they work on.
                AgentSession("agent-session") in agent_sessions: crate::nouns::agent_session::model::AgentSession, by |session| Some(&session.element_id), waits |it| it.agenda();
                /// Checkpoints are looked up by the id of their element.
                Checkpoint("checkpoint") in checkpoints: crate::world::checkpoint::model::Checkpoint, by |it| Some(&it.element_id);
                /// Files of connectors are looked up by their connector.
                ConnectorFile("connector-file") in connector_files: crate::world::connector_file::model::ConnectorFile, by |it| Some(it.connector.as_str());
                /// Versions of connectors are looked up by their connector.
                ConnectorVersion("connector-version") in connector_versions: crate::world::connector_file::model::ConnectorVersion, by |it| Some(it.connector.as_str());
                /// Background jobs are looked up only by id.
                Job("job") in jobs: crate::world::job::model::Job, by |_| None, waits |it| it.agenda();
                /// Grants are the access that stub vendors gave, looked up by access token.
                Grant("grant") in grants: crate::nouns::stub_vendor::model::Grant, by |grant| Some(&grant.access_token), names |it, name| it.names(name);
                /// Webhook deliveries to the app are looked up only by id.
                WebhookDelivery("webhook-delivery") in deliveries: crate::nouns::webhook::model::WebhookDelivery, by |_| None, waits |it| it.agenda(), names |it, name| it.names(name);
                /// The workspace's own scenarios are looked up by name.
                OwnScenario("scenario") in scenarios: crate::world::scenario::model::OwnScenario, by |own| Some(&own.scenario.name);
                /// Records that a connection changed or made are looked up by connection and collection.
                DataRecord("data-record") in data_records: crate::nouns::data_collection::model::DataRecord, by |record| Some(&record.place);
                /// Events of the user's own app are looked up only by id.
                AppEvent("app-event") in app_events: crate::nouns::app_event::model::AppEvent, by |_| None;
                /// Subscriptions to external events are looked up by connection.
                ExternalEventSubscription("external-event-subscription") in external_event_subscriptions: crate::nouns::external_event::model::ExternalEventSubscription, by |it| Some(it.connection.as_str()), waits |it| it.agenda(), names |it, name| it.names(name);
                /// External events are looked up only by id.
                ExternalEvent("external-event") in external_events: crate::nouns::external_event::model::ExternalEvent, by |_| None;
                /// Pulls of external events are looked up only by id.
                ExternalEventPull("external-event-pull") in external_event_pulls: crate::nouns::external_event::model::ExternalEventPull, by |_| None;
                /// Webhooks that came in are looked up only by id.
                IncomingWebhook("incoming-webhook") in incoming_webhooks: crate::nouns::external_event::model::IncomingWebhook, by |_| None;
                /// Files are looked up by the secret in their address.
                File("file") in files: crate::nouns::file::model::File, by |file| Some(&file.ticket);
                /// Links between records are looked up by the table's instance that has them.
                DataLink("data-link") in data_links: crate::nouns::data_link_table::model::DataLink, by |link| Some(link.data_link_table_instance_id.as_str());
                /// Stubs are looked up by the key of their connector.
                Stub("stub") in stubs: crate::nouns::stub::model::StoredStub, by |stub| Some(&stub.connector_key);
            }
            elements {
                /// Actions are looked up by key.
                Action("action") in actions: crate::nouns::action::model::Action, by |action| action.meta.key.as_deref(), waits |it| it.agenda();
                /// Flows and flow instances are looked up by key.
                Flow("flow") in flows: crate::nouns::flow::model::Flow, by |flow| flow.meta.key.as_deref(), waits |it| it.agenda();
                /// Data sources and their instances are looked up by key.
                DataSource("data-source") in data_sources: crate::nouns::data_source::model::DataSource, by |source| source.meta.key.as_deref();
                /// Field mappings and their instances are looked up by key.
                FieldMapping("field-mapping") in field_mappings: crate::nouns::field_mapping::model::FieldMapping, by |mapping| mapping.meta.key.as_deref();
                /// App event types and subscriptions are looked up by key.
                AppEventType("app-event-type") in app_event_types: crate::nouns::app_event::model::AppEventType, by |it| it.meta.key.as_deref();
                /// Data link tables and their instances are looked up by key.
                DataLinkTable("data-link-table") in data_link_tables: crate::nouns::data_link_table::model::DataLinkTable, by |table| table.meta.key.as_deref();
                /// App data schemas and their instances are looked up by key.
                AppDataSchema("app-data-schema") in app_data_schemas: crate::nouns::app_data_schema::model::AppDataSchema, by |schema| schema.meta.key.as_deref();
                /// External event types and their versions are looked up by key.
                ExternalEventType("external-event-type") in external_event_types: crate::nouns::external_event_type::model::ExternalEventType, by |it| it.meta.key.as_deref();
                /// Packages and their versions are looked up by key; they name elements of the other kinds.
                Package("package") in packages: crate::nouns::package::model::Package, by |package| package.meta.key.as_deref();
                /// Screens are looked up by key.
                Screen("screen") in screens: crate::nouns::screen::model::Screen, by |screen| screen.meta.key.as_deref();
                /// Connected products are looked up by key.
                ConnectedProduct("connected-product") in connected_products: crate::nouns::connected_product::model::ConnectedProduct, by |product| product.meta.key.as_deref();
            }
        }
    };
}

pub(crate) use for_each_kind;
