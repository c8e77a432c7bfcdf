//! What actions have of their own as a kind of element.

use std::sync::Arc;

use http::Method;

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::history::History;
use crate::base::ids::Id;
use crate::base::operation::Operation;
use crate::call::router::{Access, Route, resolved_route};
use crate::call::{Call, Reply};
use crate::elements::kind::{fields_of_an_element, places_of_a_path};
use crate::elements::model::place::Place;
use crate::elements::model::{Meta, Selector};
use crate::elements::{Address, Change, Kind, Listed, Wanted};
use crate::engine::Cx;
use crate::engine::catalog::{Catalog, CatalogTable};
use crate::engine::view::ViewContext;
use crate::nouns::action::model::{Action, ActionBody, ActionState};
use crate::nouns::action::seed::SeedAction;
use crate::nouns::action::view::ActionView;
use crate::nouns::action::{routes, rules as actions};
use crate::nouns::integration::model::Integration;
use crate::store::World;

impl Action {
    /// Whether it is defined otherwise than another version.
    fn differs_from(&self, other: &Self) -> bool {
        let mut copy = self.clone();
        copy.copy_definition(other);
        copy.is_customized = self.is_customized;
        copy != *self
    }
}

impl Kind for Action {
    const NOUN: &'static str = "action";
    const PLURAL: &'static str = "actions";
    const SINGULAR: &'static str = "action";
    const INSTANCE: &'static str = "action-instance";
    const SOURCE: &'static str = "SEED";

    fn is_public(&self) -> bool {
        self.is_public
    }

    /// Answers a universal action that is READY and has no type.
    fn blank(id: Id<Self>, meta: Meta) -> Self {
        Self {
            id,
            meta,
            state: ActionState::Ready,
            history: History::default(),
            place: Place::default(),
            action_type: None,
            config: JsonMap::new(),
            input_schema: None,
            output_schema: None,
            output_mapping: None,
            custom_output_schema: None,
            is_public: false,
            is_customized: false,
            intent: None,
            agent_session: None,
            errors: Vec::new(),
            due: None,
        }
    }

    fn copy_definition(&mut self, from: &Self) {
        self.meta.name.clone_from(&from.meta.name);
        self.meta.description.clone_from(&from.meta.description);
        self.action_type = from.action_type;
        self.config.clone_from(&from.config);
        self.input_schema.clone_from(&from.input_schema);
        self.output_schema.clone_from(&from.output_schema);
        self.output_mapping.clone_from(&from.output_mapping);
        self.custom_output_schema.clone_from(&from.custom_output_schema);
        self.is_customized = false;
    }

    fn is_customized(&self) -> bool {
        self.is_customized
    }

    fn mark_change(&mut self, before: &Self) {
        self.is_customized |= self.place.parent.is_some() && self.differs_from(before);
    }

    /// One without a type is what its versions have in common, and cannot be run.
    fn applies_by_itself(&self) -> bool {
        self.action_type.is_some()
    }

    fn compare_with_parent(&mut self, parent: &Self) {
        self.is_customized = self.differs_from(parent);
    }

    type Seed = SeedAction;

    type View<'a> = ActionView<'a>;
    type Body = ActionBody;

    fn view<'a>(lens: &ViewContext<'a>, action: &'a Self, at: Option<&'a Integration>) -> ActionView<'a> {
        lens.action(action, at)
    }

    fn bare<'a>(lens: &ViewContext<'a>, action: &'a Self, at: Option<&'a Integration>) -> ActionView<'a> {
        lens.bare_action(action, at)
    }

    places_of_a_path!();

    fn wanted(body: &ActionBody) -> Result<Wanted, ApiError> {
        actions::wanted(body)
    }

    fn define(&mut self, body: ActionBody, change: Change) -> Result<(), ApiError> {
        actions::define(self, body, change)
    }

    fn tenants_may_create(world: &World) -> bool {
        world.workspace.mock.tenant_may_create_actions
    }

    async fn create(cx: &Cx, body: ActionBody) -> Result<Arc<Self>, ApiError> {
        actions::create(cx, body).await
    }

    async fn update(cx: &Cx, selector: &Selector, body: ActionBody, change: Change) -> Result<Listed<Self>, ApiError> {
        actions::update(cx, selector, body, change).await
    }

    async fn get(call: Call) -> Result<Reply, ApiError> {
        routes::get(call).await
    }

    fn more_routes(base: &str, of: Address) -> Vec<Route> {
        if of == Address::Instance {
            return Vec::new();
        }
        let (post, path) = (Some(Method::POST), format!("{base}/run"));
        let run = resolved_route(post, &path, Access::Anyone, Self::SOURCE, routes::read_selected, routes::run);
        vec![run.operation(Operation::Act)]
    }

    fields_of_an_element!();

    fn shared(catalog: &Catalog) -> Option<&CatalogTable<Self>> {
        Some(&catalog.actions)
    }
}
