//! What flows have of their own as a kind of element.

use std::collections::BTreeMap;

use http::Method;
use serde_json::json;

use crate::base::error::ApiError;
use crate::base::ids::Id;
use crate::base::operation::Operation;
use crate::call::router::{Access, Route, route};
use crate::call::{Call, Reply};
use crate::elements::kind::{fields_of_an_element, places_of_a_path};
use crate::elements::model::place::Place;
use crate::elements::model::{Meta, Selector};
use crate::elements::routes::put_instance;
use crate::elements::settings::{Form, Setting};
use crate::elements::{Address, Change, Kind, Wanted};
use crate::engine::view::ViewContext;
use crate::nouns::flow::model::{Customized, Flow, FlowBody, Nodes};
use crate::nouns::flow::seed::SeedFlow;
use crate::nouns::flow::view::FlowView;
use crate::nouns::flow::{routes, rules as flows};
use crate::nouns::integration::model::Integration;

impl Kind for Flow {
    const NOUN: &'static str = "flow";
    const PLURAL: &'static str = "flows";
    const SINGULAR: &'static str = "flow";
    const INSTANCE: &'static str = "flow-instance";
    const FOLLOWS_PARENT: bool = false;
    const SOURCE: &'static str = "SDK";

    /// Answers a universal, enabled flow without nodes.
    fn blank(id: Id<Self>, meta: Meta) -> Self {
        Self {
            id,
            meta,
            place: Place::default(),
            nodes: Nodes::new(),
            enabled: true,
            auto_create_instances: false,
            parameters_schema: None,
            parameters: None,
            customized: Customized::default(),
            flow_revision: None,
            due: BTreeMap::new(),
        }
    }

    fn copy_definition(&mut self, from: &Self) {
        self.meta.name.clone_from(&from.meta.name);
        self.meta.description.clone_from(&from.meta.description);
        self.nodes.clone_from(&from.nodes);
        // What the other one has changed is nothing that this one has.
        for node in self.nodes.values_mut() {
            node.is_customized = None;
        }
        self.parameters_schema.clone_from(&from.parameters_schema);
        self.parameters.clone_from(&from.parameters);
        self.customized = Customized::default();
        self.flow_revision = Some(from.meta.revision.clone());
    }

    fn is_customized(&self) -> bool {
        Flow::is_customized(self)
    }

    fn compare_with_parent(&mut self, parent: &Self) {
        for (key, node) in &mut self.nodes {
            node.is_customized = None;
            node.is_customized = (parent.nodes.get(key) != Some(node)).then_some(true);
        }
        let removes = parent.nodes.keys().any(|key| !self.nodes.contains_key(key));
        self.customized = Customized {
            name: self.meta.name != parent.meta.name,
            nodes: removes || self.nodes.values().any(|node| node.is_customized == Some(true)),
        };
    }

    type Seed = SeedFlow;

    type View<'a> = FlowView<'a>;
    type Body = FlowBody;

    /// Whether it runs, and the parameters that its nodes read.
    fn settings(_: &ViewContext<'_>, of: &Self) -> Vec<Setting> {
        let mut settings = vec![Setting::of_field("enabled", "Enabled", Form::Truth, Vec::new())];
        settings.extend(Setting::of_properties("parameters", of.parameters_schema.as_ref()));
        settings
    }

    /// The node's name, and the plain values of its `config`.
    fn settings_of_node(of: &Self, key: &str) -> Option<Result<Vec<Setting>, ApiError>> {
        let node = of.nodes.get(key).ok_or_else(|| ApiError::not_found(of.no_node(key)));
        let settings = node.map(|node| {
            let name = Setting::of_member("nodes", "name", &json!({ "type": "string", "title": "Name" }));
            let name = Setting { path: vec![key.to_owned(), "name".to_owned()], ..name };
            let mut settings = vec![name];
            settings.extend(Setting::of_values("nodes", &[key, "config"], &node.config));
            settings
        });
        Some(settings)
    }

    fn view<'a>(lens: &ViewContext<'a>, flow: &'a Self, at: Option<&'a Integration>) -> FlowView<'a> {
        lens.flow(flow, at)
    }

    fn bare<'a>(lens: &ViewContext<'a>, flow: &'a Self, at: Option<&'a Integration>) -> FlowView<'a> {
        lens.bare_flow(flow, at)
    }

    /// Reads the selector of a flow; an instance may also be named by `flowId`
    /// or `flowKey`. Source: SDK `FlowInstanceSelector`.
    fn selector(call: &Call) -> Result<Selector, ApiError> {
        let (query, selector) = (call.query(), call.selector()?);
        Ok(Selector {
            parent_id: selector.parent_id.or_else(|| query.text("flowId")),
            parent_key: selector.parent_key.or_else(|| query.text("flowKey")),
            ..selector
        })
    }

    /// Reads the filters that only lists of flows have: `enabled` and `flowKey`. Source: SDK `FindFlowInstancesQuery`.
    fn also(call: &Call) -> Result<impl Fn(&Self) -> bool, ApiError> {
        let query = call.query();
        let (enabled, key) = (query.flag("enabled"), query.text("flowKey"));
        Ok(move |flow: &Self| {
            enabled.is_none_or(|enabled| flow.enabled == enabled)
                && key.as_ref().is_none_or(|key| flow.meta.key.as_ref() == Some(key))
        })
    }

    places_of_a_path!();

    fn wanted(body: &FlowBody) -> Result<Wanted, ApiError> {
        flows::wanted(body)
    }

    fn define(&mut self, body: FlowBody, change: Change) -> Result<(), ApiError> {
        flows::define(self, body, change)
    }

    /// Nodes that the body of a new version brings are all that it has.
    fn define_new(&mut self, body: FlowBody, parent: Option<&Self>) -> Result<(), ApiError> {
        self.apply(body, parent.is_none())
    }

    /// The nodes and fields that a PUT of an instance leaves out stay (assumed), because a tenant changes some of many.
    const PUT_OF_INSTANCE: Change = Change::Merge;

    fn more_routes(base: &str, of: Address) -> Vec<Route> {
        if of == Address::Instance {
            // The older document changes one by POST; at other addresses, that makes one.
            let change = || route(Some(Method::POST), base, Access::Anyone, "OAS (older)", put_instance::<Self>);
            return base.ends_with("{instance}").then(change).into_iter().collect();
        }
        let run = route(Some(Method::POST), format!("{base}/run"), Access::Anyone, Self::SOURCE, routes::run);
        vec![run.operation(Operation::FlowRun).about(routes::about_run)]
    }

    async fn reset_instance(call: Call) -> Result<Reply, ApiError> {
        routes::reset_instance(call).await
    }

    fields_of_an_element!();
}
