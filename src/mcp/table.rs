//! What tools there are. Names and inputs are the platform's; a tool's description is the comment of its input.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rmcp::model::{Tool, ToolAnnotations};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::client::actions::{Act, CreateAction, DeleteAction, GetAction, GetRunLog, ListActions, UpdateAction};
use crate::client::verbs::{Connect, DeleteConnection, ListConnections, ListIntegrations, WhoAmI};
use crate::client::{Answer, Verb, waiting};
use crate::mcp::{Session, docs, own};

/// What a tool does to the world, as clients are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Reads,
    Adds,
    Destroys,
}

/// What a tool gives, and the session that later tools have; none where it stays.
pub(super) type Given = (Result<Answer, String>, Option<Session>);

type Run = Box<dyn Fn(Session, JsonMap) -> BoxFuture<'static, Given> + Send + Sync>;

/// A verb as a tool that agents are offered.
pub(super) struct OneTool {
    pub(super) name: &'static str,
    effect: Effect,
    /// The JSON Schema of the input, with what the tool is for as its description.
    schema: JsonMap,
    run: Run,
}

impl OneTool {
    /// The tool as clients are told of it.
    pub(super) fn described(&self) -> Tool {
        let mut schema = self.schema.clone();
        let about = schema.shift_remove("description").unwrap_or_default();
        let annotations = ToolAnnotations::new()
            .read_only(self.effect == Effect::Reads)
            .destructive(self.effect == Effect::Destroys)
            .open_world(false);
        let about = about.as_str().unwrap_or_default().replace('\n', " ");
        Tool::new(self.name, about, Arc::new(schema)).with_annotations(annotations)
    }

    /// Does what the tool is for.
    pub(super) async fn call(&self, session: Session, input: JsonMap) -> Given {
        (self.run)(session, input).await
    }
}

/// A tool that may leave another session behind. What does not fit its input is told in words.
pub(super) fn tool<I, F>(
    name: &'static str,
    effect: Effect,
    run: impl Fn(Session, I) -> F + Send + Sync + 'static,
) -> OneTool
where
    I: DeserializeOwned + JsonSchema + 'static,
    F: Future<Output = Result<(Answer, Option<Session>), String>> + Send + 'static,
{
    // Clients show the input as it is, so nothing in it is said elsewhere.
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<I>().to_value();
    let schema = match schema.as_object_mut() {
        Some(schema) => {
            for said in ["$schema", "title"] {
                schema.shift_remove(said);
            }
            schema.entry("type").or_insert("object".into());
            schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten().for_each(without_null);
            std::mem::take(schema)
        }
        None => JsonMap::new(),
    };
    let run: Run = Box::new(move |session, input| match serde_json::from_value::<I>(Value::Object(input)) {
        Ok(input) => run(session, input)
            .map(|given| match given {
                Ok((answer, next)) => (Ok(answer), next),
                Err(why) => (Err(why), None),
            })
            .boxed(),
        Err(error) => {
            let why = format!("the input of `{name}` is wrong: {error}");
            std::future::ready((Err(why), None)).boxed()
        }
    });
    OneTool { name, effect, schema, run }
}

/// Takes `null` out of what a property may be: what is left out need not be sent.
fn without_null((_, property): (&String, &mut Value)) {
    let Some(property) = property.as_object_mut() else { return };
    let Some(kinds) = property.get("type").and_then(Value::as_array) else { return };
    let kinds: Vec<Value> = kinds.iter().filter(|kind| *kind != "null").cloned().collect();
    if let [kind] = kinds.as_slice() {
        property.insert("type".into(), kind.clone());
    }
}

/// A tool that makes one call of the API.
fn verb<V>(name: &'static str, effect: Effect) -> OneTool
where
    V: Verb + DeserializeOwned + JsonSchema + Send + Sync + 'static,
{
    tool(name, effect, async |session: Session, verb: V| Ok((session.client()?.ask(&verb).await?, None)))
}

/// An answer that no server gave.
pub(super) fn answer(body: Value) -> Answer {
    Answer { status: 200, body }
}

/// Reads the credentials of the workspace: its key and secret, the tenant, and the address of the API.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GetCredentials {}

/// Signs a token with which a client of the API acts as a tenant, or as a manager.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GetToken {
    /// The key of the tenant; the session's when absent
    tenant_key: Option<String>,
    /// Whether it acts as a manager
    #[serde(default)]
    manager: bool,
    /// How many seconds it is good for; an hour when absent
    expires_in_seconds: Option<u32>,
}

/// All tools, in the order in which they are listed.
pub(super) fn tools() -> &'static [OneTool] {
    static TOOLS: LazyLock<Vec<OneTool>> = LazyLock::new(|| {
        let mut tools = platforms();
        tools.extend(own::tools());
        tools
    });
    &TOOLS
}

/// Those that the platform's documents name. Source: SEED.
fn platforms() -> Vec<OneTool> {
    use Effect::{Adds, Destroys, Reads};
    vec![
        tool("get-credentials", Reads, async |session: Session, _: GetCredentials| {
            // One document calls the address `apiUrl`, another `apiUri`.
            let body = json!({
                "apiUrl": session.api, "apiUri": session.api, "workspaceKey": session.workspace,
                "workspaceSecret": session.secret, "tenantKey": session.tenant,
            });
            // Credentials that the server does not know help nobody.
            let known = session.client()?.ask(&WhoAmI).await?;
            Ok((if known.is_success() { answer(body) } else { known }, None))
        }),
        tool("get-membrane-token", Reads, async |session: Session, of: GetToken| {
            let lasts = Duration::from_secs(of.expires_in_seconds.unwrap_or(3_600).into());
            let tenant = of.tenant_key.as_deref().unwrap_or(&session.tenant);
            let token = session.token(Some(tenant), of.manager, lasts)?;
            Ok((answer(json!({ "token": token })), None))
        }),
        verb::<ListConnections>("list-connections", Reads),
        verb::<DeleteConnection>("delete-connection", Destroys),
        verb::<ListIntegrations>("list-integrations", Reads),
        verb::<Connect>("connect", Adds),
        verb::<ListActions>("list-actions", Reads),
        verb::<Act>("act", Destroys),
        verb::<CreateAction>("create-action", Adds),
        tool("get-action", Reads, async |session: Session, of: GetAction| {
            Ok((waiting::action(&session.client()?, &of).await?, None))
        }),
        verb::<UpdateAction>("update-action", Destroys),
        verb::<DeleteAction>("delete-action", Destroys),
        verb::<GetRunLog>("get-action-run-log", Reads),
        tool("search-docs", Reads, async |_: Session, of: docs::SearchDocs| Ok((answer(docs::search(&of)), None))),
    ]
}
