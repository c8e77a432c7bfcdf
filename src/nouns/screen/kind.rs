//! What screens have of their own as a kind of element.

use std::sync::Arc;

use crate::base::error::ApiError;
use crate::call::{Call, Reply};
use crate::elements::model::{Meta, check_key};
use crate::elements::{Kind as _, routes};
use crate::engine::Cx;
use crate::engine::view::ViewContext;
use crate::nouns::connection as connections;
use crate::nouns::kind::{FieldRules, kind_of_fields};
use crate::nouns::screen::model::{Screen, ScreenBlock, ScreenType, screen};

screen!(kind_of_fields);

/// What an answer has beside what is stored: the fields that every screen has, where they were not set.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub struct More {
    /// No block at all.
    #[serde(rename = "blocks", skip_serializing_if = "Option::is_none")]
    no_blocks: Option<[ScreenBlock; 0]>,
}

impl FieldRules for Screen {
    type More<'a> = More;

    fn check(&self) -> Result<(), (&'static str, ApiError)> {
        self.r#type.map(|_| ()).ok_or_else(|| ("type", ApiError::bad_request("a screen needs a `type`: `integration`")))
    }

    fn more<'a>(&'a self, _: &ViewContext<'a>) -> More {
        More { no_blocks: self.blocks.is_none().then_some([]) }
    }

    /// `type` and `key`. Source: SDK `FindScreensQuery`.
    fn filter(call: &Call) -> Result<impl Fn(&Self) -> bool, ApiError> {
        let (wanted, key) = (wanted_type(call)?, call.query().text("key"));
        Ok(move |of: &Self| {
            wanted.is_none_or(|wanted| of.r#type == Some(wanted)) && key.as_ref().is_none_or(|key| key == of.key())
        })
    }

    /// Every selector has the `type`. Source: SDK `ScreenSelector`.
    fn check_query(call: &Call) -> Result<(), ApiError> {
        wanted_type(call).map(drop)
    }

    /// With `autoCreate`, a screen that is missing is made, empty. Without a key, that of the connection's integration is
    /// meant. Source: SDK `ScreenSelector`; what it does is assumed.
    async fn get(call: Call) -> Result<Reply, ApiError> {
        wanted_type(&call)?;
        let query = call.query();
        let is_made = query.flag("autoCreate").unwrap_or_default();
        let (id, key, connection) = (query.text("id"), query.text("key"), query.text("connectionId"));
        if call.param("selector").is_ok() || id.is_some() {
            return routes::get::<Self>(&call);
        }
        let cx = call.cx()?;
        let key = match (key, connection) {
            (Some(key), _) => key,
            (None, Some(connection)) => integration_of(&cx, &connection)?,
            (None, None) => return routes::get::<Self>(&call),
        };
        let world = cx.world();
        let known = world.screens.with_key(&key).find(|screen| !screen.meta.is_archived()).cloned();
        match known {
            Some(screen) => routes::shown(&cx, &*screen, None),
            None if is_made => routes::shown(&cx, &*Self::make(&cx, &key).await?, None),
            None => Err(ApiError::not_found(format!("no matching screen: `{key}`; pass autoCreate=true to make one"))),
        }
    }
}

impl Screen {
    /// Makes an empty screen of the integration with this key, or answers the one that was made meanwhile.
    async fn make(cx: &Cx, key: &str) -> Result<Arc<Self>, ApiError> {
        check_key(key, "key")?;
        let mut tx = cx.space.data.begin().await;
        let known = tx.screens.with_key(key).find(|screen| !screen.meta.is_archived()).cloned();
        if let Some(screen) = known {
            return Ok(screen);
        }
        let meta = Meta::new(&cx.space.ids, cx.space.clock.now(), Some(key.to_owned()), None);
        let mut screen = Self::blank(cx.space.ids.id(), meta);
        screen.r#type = Some(ScreenType::Integration);
        let id = screen.id.clone();
        tx.put(screen)?;
        let world = tx.commit().await?;
        world.screens.get(id.as_str()).cloned().ok_or_else(|| ApiError::internal("a new screen is missing"))
    }
}

/// Reads the type in the query.
fn wanted_type(call: &Call) -> Result<Option<ScreenType>, ApiError> {
    let wrong = |given: &str| ApiError::bad_request(format!("`type` is `{given}`; there is `integration`"));
    let named = call.query().text("type");
    named.map(|given| if given == "integration" { Ok(ScreenType::Integration) } else { Err(wrong(&given)) }).transpose()
}

/// The key of the integration of a connection.
fn integration_of(cx: &Cx, connection: &str) -> Result<String, ApiError> {
    let connection = connections::get(cx, connection)?;
    let world = cx.world();
    let integration = connection.integration.as_ref().and_then(|id| world.integrations.get(id.as_str()));
    integration.map(|integration| integration.key().to_owned()).ok_or_else(|| {
        ApiError::not_found("the connection has no integration, so it has no screen; name the screen by `key`")
    })
}
