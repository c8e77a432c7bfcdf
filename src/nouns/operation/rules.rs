//! Finding and running the operations of connectors.

use std::sync::Arc;

use serde_json::Value;

use crate::base::JsonMap;
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::json::schema::check_value;
use crate::base::json::set_member;
use crate::elements::Kind as _;
use crate::elements::model::Meta;
use crate::engine::Cx;
use crate::engine::directory::{Resolved, hint};
use crate::mapping::formula;
use crate::nouns::action::model::Action;
use crate::nouns::action::run::{NodeCall, run_node, variables};
use crate::nouns::connection::model::Connection;
use crate::nouns::connector::model::Connector;
use crate::nouns::operation::model::Operation;

/// The operation of a connector with a key. Fails with 404 when there is none, and names the nearest.
pub fn find<'c>(connector: &'c Connector, key: &str) -> Result<&'c Operation, ApiError> {
    connector.operations.iter().find(|operation| operation.key == key).ok_or_else(|| {
        let keys = connector.operations.iter().map(|operation| operation.key.as_str());
        let (connector, hint) = (connector.key(), hint(key, keys));
        ApiError::not_found(format!("operation not found: connector `{connector}` has no `{key}`{hint}"))
    })
}

impl Operation {
    /// The action that does what the operation does.
    pub fn as_action(&self) -> Action {
        let meta = Meta::planted(("operation", &self.key), &self.key, &self.name, None, Timestamp::from_millis(0));
        let mut action = Action::blank(self.key.as_str().into(), meta);
        action.action_type = Some(self.action_type);
        action.config.clone_from(&self.config);
        action
    }

    /// Refuses with 400 an input that does not fit.
    pub fn check_input(&self, input: &Value) -> Result<(), ApiError> {
        let what = || format!("the input of operation `{}`", self.name);
        self.input_schema.as_ref().map_or(Ok(()), |schema| check_value(schema, input, &what()))
    }

    /// What is answered of an output that the variables have as `output`.
    pub fn mapped(
        &self,
        output: Option<Value>,
        variables: &mut Value,
        now: Timestamp,
    ) -> Result<Option<Value>, ApiError> {
        let Some(mapping) = &self.output_mapping else { return Ok(output) };
        set_member(variables, "output", output.unwrap_or(Value::Null));
        formula::resolve(mapping, variables, now)
    }
}

/// Runs an operation through a connection and answers its output with what it logged. Fails as the request or snippet does,
/// and with 400 for an input that does not fit.
pub async fn run(
    cx: &Cx,
    connection: &Arc<Connection>,
    operation: &Operation,
    input: Value,
) -> Result<(Option<Value>, Vec<Value>), ApiError> {
    operation.check_input(&input)?;
    let world = cx.world();
    let integration = connection.integration.as_ref().and_then(|id| world.integrations.get(id.as_str())).cloned();
    let scope = Resolved { integration, connection: Some(Arc::clone(connection)) };
    let mut seen = variables(cx, &scope, input.clone(), &JsonMap::new());
    let call = NodeCall { action: operation.as_action(), scope, input, variables: JsonMap::new() };
    let (output, logs) = run_node(cx, call).await;
    match output.and_then(|output| operation.mapped(output, &mut seen, cx.space.clock.now())) {
        Ok(output) => Ok((output, logs)),
        // What was logged before it failed tells why.
        Err(mut error) => {
            error.logs.extend(logs);
            Err(error)
        }
    }
}
